// Keeps the token of *Authorize* over a reload, in this tab only, and drops it when it expires.
(function () {
    "use strict";
    const SCHEME = "Bearer";
    const STORED = "swagger-token";
    let timer;

    // Earlier versions kept it for ever, where all tabs and days share it.
    for (const key of Object.keys(localStorage)) {
        if (key.endsWith("-drf-yasg-auth")) localStorage.removeItem(key);
    }

    /** When the token expires, in milliseconds, or 0 if it does not say so: then a reload forgets it. */
    function expiry(value) {
        try {
            const payload = value.trim().split(/\s+/).pop().split(".")[1];
            return JSON.parse(atob(payload.replace(/-/g, "+").replace(/_/g, "/"))).exp * 1000 || 0;
        } catch {
            return 0;
        }
    }

    function keep(value) {
        sessionStorage.removeItem(STORED);
        clearTimeout(timer);
        if (!expiry(value)) return;
        sessionStorage.setItem(STORED, value);
        timer = setTimeout(dropIfExpired, expiry(value) - Date.now());
    }

    function dropIfExpired() {
        const value = sessionStorage.getItem(STORED);
        if (value === null || Date.now() < expiry(value)) return;
        sessionStorage.removeItem(STORED);
        window.ui?.authActions.logout([SCHEME]);
    }

    // A computer that slept wakes up with its timers late.
    document.addEventListener("visibilitychange", dropIfExpired);
    window.addEventListener("focus", dropIfExpired);

    const complete = swaggerUiConfig.onComplete;
    swaggerUiConfig.onComplete = function () {
        complete?.();
        const { authorize, logout } = window.ui.authActions;
        window.ui.authActions.authorize = function (authorization) {
            authorize(authorization);
            const value = authorization[SCHEME]?.value;
            if (value) keep(value);
        };
        window.ui.authActions.logout = function (names) {
            logout(names);
            if (names.includes(SCHEME)) keep("");
        };
        dropIfExpired();
        const kept = sessionStorage.getItem(STORED);
        if (kept === null) return;
        window.ui.preauthorizeApiKey(SCHEME, kept);
        keep(kept);
    };
})();
