"""What browsers are told: what our pages may load and do, and which pages of others may use the API."""

import re
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from environs import ValidationError

# --- Pages ---------------------------------------------------------------------------------------

# Everything that a page needs comes from here, and no script stands in a page itself.
PAGES: dict[str, Any] = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "style-src-attr": [UNSAFE_INLINE],  # by which lists draw how full a show is
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "object-src": [NONE],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
}
# Swagger UI and ReDoc write styles into the page, and ReDoc searches in a worker of its own making.
DOCS_PAGES: dict[str, Any] = {
    "style-src": [SELF, UNSAFE_INLINE],
    "worker-src": [SELF, "blob:"],
    "form-action": [NONE],
}
# Posters may come from anywhere: staff give their addresses.
PICKER: dict[str, Any] = {
    "img-src": [SELF, "https:", "data:"],
    "style-src-attr": None,
    "form-action": [NONE],
}
# An answer of the API is no page. Opened as one it loads nothing, and no page of others frames it.
API_POLICY = "default-src 'none'; frame-ancestors 'none'"

# Of devices and of money our pages want nothing; full screen, for example, stays allowed.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer"),
        *("microphone", "midi", "payment", "usb"),
    )
)

# --- Pages of others -----------------------------------------------------------------------------

CORS_URLS = r"^/(?:api/|(?:openapi|swagger)\.json$)"
CORS_REQUEST_HEADERS = (
    *("accept", "authorization", "cache-control", "content-type", "idempotency-key"),
    *("if-match", "if-none-match", "last-event-id", "order-key"),
)
CORS_RESPONSE_HEADERS = (
    *("Allow", "Deprecation", "ETag", "Idempotent-Replayed", "Link", "Location"),
    *("RateLimit", "RateLimit-Policy", "Retry-After", "Sunset", "WWW-Authenticate", "X-Request-ID"),
)
CORS_PREFLIGHT_SECONDS = 7200  # the most that Chromium keeps

ORIGIN = re.compile(r"(https?)://(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::([1-9]\d{0,4}))?")
PORTS = {"http": "80", "https": "443"}


def check_origins(origins: list[str]) -> None:
    """Refuse, with ValidationError, what no browser would send as its `Origin`, and so would never match."""
    for origin in map(str.strip, origins):
        parts = ORIGIN.fullmatch(origin)
        if origin and (parts is None or parts[2] == PORTS[parts[1]] or int(parts[2] or 0) > 65_535):
            raise ValidationError(
                f"{origin!r} is no origin. Write a scheme, a name in small letters and a port that is not the"
                " usual one, without a slash at the end: https://cinema.example or http://localhost:3000."
            )
