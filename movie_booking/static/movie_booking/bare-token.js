// Who enters a token without the word Bearer means it all the same.
(function () {
    "use strict";
    const intercept = swaggerUiConfig.requestInterceptor;
    swaggerUiConfig.requestInterceptor = function (request) {
        request = intercept(request);
        const authorization = (request.headers?.Authorization ?? "").trim();
        if (authorization && !/\s/.test(authorization)) {
            request.headers.Authorization = "Bearer " + authorization;
        }
        return request;
    };
})();
