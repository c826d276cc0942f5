// ReDoc would fetch the logo of its makers from their host, which would learn of each reader. We have it here.
(function () {
    "use strict";
    const ours = document.querySelector("link[rel=icon]").href;
    const from = (address) => (String(address).startsWith("https://cdn.redoc.ly/") ? ours : address);

    // React sets it in both ways.
    HTMLImageElement.prototype.setAttribute = function (name, value) {
        Element.prototype.setAttribute.call(this, name, name === "src" ? from(value) : value);
    };
    const source = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");
    Object.defineProperty(HTMLImageElement.prototype, "src", {
        ...source,
        set(value) {
            source.set.call(this, from(value));
        },
    });
})();
