"""Every setting, read from the environment (and from `.env`); `.env.example` explains each.

It runs as it is after `git clone`, for development. With DEBUG off it is strict: it wants a secret
key of its own, redirects to HTTPS and passes `manage.py check --deploy`. A value that makes
no sense stops the start with the name of the variable.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environs import Env, ValidationError, validate

from movie_booking import browsers, logs
from movie_booking.browsers import check_origins
from movie_booking.database_urls import parse_database_url
from movie_booking.processors import available_processors
from movie_booking.rates import Rate, parse_rate
from movie_booking.replica_settings import replica_settings


def at_most_places(places: int) -> Callable[[Decimal], None]:
    """Return a validator that refuses more decimal places than are kept, rather than to round them."""

    def check(value: Decimal) -> None:
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > places:
            raise ValidationError(f"Give at most {places} decimal places.")

    return check


def without_blanks(items: list[str]) -> list[str]:
    """Return the items of a list as they are meant, whatever blanks and empty places surround its commas."""
    return [item.strip() for item in items if item.strip()]


def rate(text: str) -> Rate | None:
    """Return what a setting of a limit says, such as 20/minute or off."""
    try:
        return parse_rate(text)
    except ValueError as error:
        raise ValidationError(str(error)) from error


BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.parser_for("rate")(rate)
env.parser_for("database")(parse_database_url)
env.parser_for("optional_database")(lambda url: parse_database_url(url) if url else None)
env.read_env(BASE_DIR / ".env", recurse=False)

# --- Identity and address ----------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=True)

DEVELOPMENT_KEY = "insecure-key-for-development-only-never-in-production"
SECRET_KEY = env.str("SECRET_KEY", default=DEVELOPMENT_KEY if DEBUG else "")
if not DEBUG and SECRET_KEY in ("", DEVELOPMENT_KEY):
    raise ImproperlyConfigured(
        "SECRET_KEY: with DEBUG off, set a long random value of your own. To make one: "
        'python -c "import secrets; print(secrets.token_urlsafe(50))"'
    )
# Keys from before SECRET_KEY was changed, or the one that comes next: what they have signed is accepted too.
SECRET_KEY_FALLBACKS = without_blanks(env.list("SECRET_KEY_FALLBACKS", default=[]))
if SECRET_KEY in SECRET_KEY_FALLBACKS or (not DEBUG and DEVELOPMENT_KEY in SECRET_KEY_FALLBACKS):
    raise ImproperlyConfigured("SECRET_KEY_FALLBACKS: neither SECRET_KEY itself nor the key of development.")

ALLOWED_HOSTS = without_blanks(env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"]))
CSRF_TRUSTED_ORIGINS = without_blanks(env.list("CSRF_TRUSTED_ORIGINS", default=[]))

# Read by `make run` and `make serve`.
HOST = env.str("HOST", default="0.0.0.0")  # nosec B104  # noqa: S104 - a server is there to be reached
PORT = env.int("PORT", default=8000, validate=validate.Range(1, 65535))
WEB_CONCURRENCY = env.int("WEB_CONCURRENCY", default=available_processors(), validate=validate.Range(1, 256))
# How long a client may be idle, and how long it may take to send its headers. Proxies are idle for up to 60.
KEEP_ALIVE_SECONDS = env.int("KEEP_ALIVE_SECONDS", default=75, validate=validate.Range(1, 3600))
# For how long a server that was told to stop goes on serving, no longer ready, so that its proxies notice. Of
# the checks that have to fail first, HAProxy makes three in six seconds, by default.
DRAIN_SECONDS = env.int("DRAIN_SECONDS", default=8, validate=validate.Range(0, 300))
# The path under which a proxy has this site: /cinema for `location /cinema/`, whether or not it cuts it off.
FORCE_SCRIPT_NAME = (
    env.str("SCRIPT_NAME", default="", validate=validate.Regexp(r"^(/[A-Za-z0-9._~-]+)*$")) or None
)

# --- HTTPS -------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
# Without the redirect the site is plain HTTP on purpose, where a secure cookie never arrives.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000, validate=validate.Range(min=0))
if not SECURE_SSL_REDIRECT:
    SECURE_HSTS_SECONDS = 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
if env.bool("BEHIND_HTTPS_PROXY", default=False):
    # Only for a proxy that always sets or strips this header: otherwise any client can claim HTTPS.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Limits ------------------------------------------------------------------------------------

# How many proxies of ours a request comes through. The address of a client follows from as many of the last
# ones of X-Forwarded-For, and no others.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0, validate=validate.Range(0, 10))
# Where all workers and hosts count together. Without it each worker process counts for itself.
REDIS_URL = env.str("REDIS_URL", default="", validate=validate.Regexp("^((redis|rediss)://.+|unix:///.+)?$"))
# Off for load tests.
THROTTLE = env.bool("THROTTLE", default=True)
# How often: so many at once, and then one after the other, as many in that time. They are for programs that
# run wild: many people share an address, in a school or a phone network.
THROTTLE_RATES: dict[str, Rate | None] = {
    # By address.
    "signup": env.rate("THROTTLE_SIGNUP", default="300/minute"),
    "login": env.rate("THROTTLE_LOGIN", default="300/minute"),
    "refresh": env.rate("THROTTLE_REFRESH", default="3000/minute"),
    "reset": env.rate("THROTTLE_RESET", default="60/minute"),
    "guest": env.rate("THROTTLE_GUEST", default="600/minute"),
    # By account or e-mail address.
    "refresh_account": env.rate("THROTTLE_REFRESH_ACCOUNT", default="300/minute"),
    "reset_account": env.rate("THROTTLE_RESET_ACCOUNT", default="10/hour"),
    "guest_email": env.rate("THROTTLE_GUEST_EMAIL", default="60/hour"),
    # By user: whatever is done with seats and orders; and all that is held of the user.
    "booking": env.rate("THROTTLE_BOOKING", default="1200/minute"),
    "export": env.rate("THROTTLE_EXPORT", default="20/hour"),
    # By user, or by address without a token.
    "read": env.rate("THROTTLE_READ", default="60000/minute"),
    # By key.
    "machine": env.rate("THROTTLE_MACHINE", default="6000/minute"),
}

# --- Applications ------------------------------------------------------------------------------

INSTALLED_APPS = [
    "movie_booking",  # before the app whose runserver it extends
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
    "django_filters",
    "drf_yasg",
    "corsheaders",
    "csp",
    "accounts",
    "movies",
    "bookings",
]

MIDDLEWARE = [
    "movie_booking.health.answer_probes",  # before all that asks, refuses or logs
    "movie_booking.request_ids.identify",
    "movie_booking.request_metrics.count_requests",  # around all that may answer
    "movie_booking.pages.PolicyMiddleware",
    "movie_booking.api.middleware.answer_headers",
    "movie_booking.api.middleware.CorsMiddleware",  # before all that may refuse
    "movie_booking.api.middleware.refuse_plain_http",  # before Django redirects it
    "django.middleware.security.SecurityMiddleware",
    "movie_booking.throttling.tell_quotas",
    "bookings.middleware.answer_polls",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "movie_booking.api.middleware.answer_options",
    "movie_booking.api.middleware.api_request_limits",
    "movie_booking.turns.one_form_at_a_time",
    "movie_booking.pages.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "movie_booking.pages.AuthenticationMiddleware",
    "movie_booking.pages.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "movie_booking.urls"
WSGI_APPLICATION = "movie_booking.wsgi.application"
TEST_RUNNER = "movie_booking.test_runner.PytestTestRunner"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database ----------------------------------------------------------------------------------

# How long a request waits for the lock of a show (or, on SQLite, of the file) before it is told to
# come back: 503 with Retry-After.
LOCK_TIMEOUT_SECONDS = env.int("LOCK_TIMEOUT_SECONDS", default=5, validate=validate.Range(1, 60))
# When a client has its answer, whatever the database does: what was sent may have been done or not. More than
# the waits for a turn and for the lock, which end in plain refusals.
ANSWER_SECONDS = env.int(
    "ANSWER_SECONDS",
    default=2 * LOCK_TIMEOUT_SECONDS + 10,
    validate=validate.Range(2 * LOCK_TIMEOUT_SECONDS + 1, 600),
)
# How many requests may wait for one show in a worker process. The next one is told to come back.
MAX_WAITING_PER_SHOW = env.int("MAX_WAITING_PER_SHOW", default=500, validate=validate.Range(1, 10_000))
# How many connections to PostgreSQL a worker process may have. A third are kept for requests that only read.
DATABASE_CONNECTIONS = env.int("DATABASE_CONNECTIONS", default=12, validate=validate.Range(3, 100))


def database_settings(config: dict[str, Any]) -> dict[str, Any]:
    """Add to what the DATABASE_URL says what bookings need of each database.

    Raises ImproperlyConfigured for a database that is neither PostgreSQL nor SQLite.
    """
    options = config.setdefault("OPTIONS", {})
    if config["ENGINE"] == "django.db.backends.postgresql":
        config["ENGINE"] = "movie_booking.postgresql"  # Django's, whose connections can be shared
        options.setdefault("connect_timeout", 5)
        options["options"] = (
            f"{options.get('options', '')} -c lock_timeout={LOCK_TIMEOUT_SECONDS}s"
            # A worker that died or hangs in the middle of a booking must not keep the show locked.
            " -c idle_in_transaction_session_timeout=30s"
        ).strip()
    elif config["ENGINE"] == "django.db.backends.sqlite3":
        # SQLite has no row locks. IMMEDIATE takes the one write lock when a transaction begins, so no
        # transaction decides on what another is about to change; WAL lets readers read meanwhile.
        options |= {
            "transaction_mode": "IMMEDIATE",
            "timeout": 4 * LOCK_TIMEOUT_SECONDS,  # its queue is not fair: give stragglers time
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
    else:
        raise ImproperlyConfigured("DATABASE_URL: use postgres://… or sqlite:///…")
    return config


DATABASES = {
    "default": database_settings(
        env.database("DATABASE_URL", default=f"sqlite:///{(BASE_DIR / 'db.sqlite3').as_posix()}")
    )
}
# A standby of it, from which what everyone may see is read; and how many seconds old that may be.
if replica := env.optional_database("DATABASE_REPLICA_URL", default=""):
    DATABASES["replica"] = replica_settings(database_settings(replica), DATABASES["default"])
REPLICA_MAX_LAG_SECONDS = env.int("REPLICA_MAX_LAG_SECONDS", default=5, validate=validate.Range(2, 300))
# Past a pooler to PostgreSQL itself, for migrations. None: as DATABASE_URL.
DIRECT_DATABASE: dict[str, Any] | None = env.optional_database("DATABASE_DIRECT_URL", default="")
if DIRECT_DATABASE:
    database_settings(DIRECT_DATABASE)
    if {DIRECT_DATABASE["ENGINE"], DATABASES["default"]["ENGINE"]} != {"movie_booking.postgresql"}:
        raise ImproperlyConfigured("DATABASE_DIRECT_URL: only with postgres://… there and in DATABASE_URL.")

# --- Accounts ----------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
LOGIN_REDIRECT_URL = "admin:index"  # where the Admin does not lead back to where one came from
# Rights by cinema.
AUTHENTICATION_BACKENDS = ["movies.access.RolesBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [{"NAME": "accounts.services.log_ins.EndLogIns"}]
PASSWORD_HASHERS = [
    "accounts.hashers.Argon2idHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # to check passwords brought from elsewhere
]

SIMPLE_JWT: dict[str, Any] = {
    "ACCESS_TOKEN_LIFETIME": timedelta(
        minutes=env.int("ACCESS_TOKEN_MINUTES", default=30, validate=validate.Range(1, 1440))
    ),
    "REFRESH_TOKEN_LIFETIME": timedelta(
        days=env.int("REFRESH_TOKEN_DAYS", default=14, validate=validate.Range(1, 365))
    ),
    # Clocks of several servers differ a little: a token of the one must not be from the future for another.
    "LEEWAY": timedelta(seconds=env.int("TOKEN_LEEWAY_SECONDS", default=10, validate=validate.Range(0, 300))),
    # An access token says for which password it was issued, and ends with it.
    "CHECK_REVOKE_TOKEN": True,
}
# For how many seconds a refresh token that was used gets the same new pair again, as the answer may have been
# lost. After that it ends all tokens of its log-in. 0: from the first.
REFRESH_GRACE_SECONDS = env.int("REFRESH_GRACE_SECONDS", default=30, validate=validate.Range(0, 300))
PASSWORD_RESET_TIMEOUT = 3600  # seconds that the link to choose a new password works
# Whether an e-mail address has to be verified, by a link that is mailed to it, before its user can book.
VERIFY_EMAIL = env.bool("VERIFY_EMAIL", default=False)
# After how many months contact data are forgotten that nothing needs any longer. 0: never.
RETENTION_MONTHS = env.int("RETENTION_MONTHS", default=0, validate=validate.Range(0, 1200))

# --- Mail --------------------------------------------------------------------------------------


def default_site_url() -> str:
    """Return where customers reach the site, as far as the other settings tell."""
    host = "127.0.0.1" if DEBUG else next((name.lstrip(".") for name in ALLOWED_HOSTS if name != "*"), HOST)
    origin = f"https://{host}" if SECURE_SSL_REDIRECT else f"http://{host}:{PORT}"
    return origin + (FORCE_SCRIPT_NAME or "")


# Never taken from a request: whoever asks for a link must not say where it leads.
SITE_URL = env.str(
    "SITE_URL", default=default_site_url(), validate=validate.Regexp("^https?://[^/ ]+(/[^ ]*)?$")
).rstrip("/")
# Mails fill in {uid} and {token}: here behind the #, so that they are in no server's log and in no Referer.
says_whose = validate.Regexp(r"^https?://[^ ]*(\{uid\}[^ ]*\{token\}|\{token\}[^ ]*\{uid\})[^ ]*$")
PASSWORD_RESET_URL = env.str(
    "PASSWORD_RESET_URL",
    default=SITE_URL + "/password/reset/#uid={uid}&token={token}",
    validate=says_whose,
)
EMAIL_VERIFICATION_URL = env.str(
    "EMAIL_VERIFICATION_URL",
    default=SITE_URL + "/email/verify/#uid={uid}&token={token}",
    validate=says_whose,
)

# The mail server. Without one, in development, mails are shown on the console.
EMAIL_HOST = env.str("EMAIL_HOST", default="" if DEBUG else "localhost")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)  # by STARTTLS
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", default=False)  # from the first byte
if EMAIL_USE_TLS and EMAIL_USE_SSL:
    raise ImproperlyConfigured("EMAIL_USE_TLS, EMAIL_USE_SSL: only one of them.")
EMAIL_PORT = env.int(
    "EMAIL_PORT",
    default=587 if EMAIL_USE_TLS else 465 if EMAIL_USE_SSL else 25,
    validate=validate.Range(1, 65535),
)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_TIMEOUT = 10  # seconds that the mail server may take for each step
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="noreply@localhost")

# After so many wrong passwords in a row for one account from one address, no more are looked at for so long.
# Each is forgotten after that time.
PASSWORD_FAILURES = env.int("PASSWORD_FAILURES", default=20, validate=validate.Range(1, 1000))
PASSWORD_PAUSE_MINUTES = env.int("PASSWORD_PAUSE_MINUTES", default=15, validate=validate.Range(1, 1440))

# --- Shows and bookings ------------------------------------------------------------------------

# Minutes a screen is kept free after each show, for cleaning and for the audience to leave and enter.
CLEANING_MINUTES = env.int("CLEANING_MINUTES", default=15, validate=validate.Range(0, 240))
# Minutes of adverts and trailers between the advertised start of a show and its film, where neither cinema
# nor show says. For shows that are scheduled from then on.
PRE_SHOW_MINUTES = env.int("PRE_SHOW_MINUTES", default=0, validate=validate.Range(0, 120))
# What all prices are in: the code of a currency with two decimals (ISO 4217).
CURRENCY = env.str("CURRENCY", default="EUR", validate=validate.Regexp("^[A-Z]{3}$"))
# What a seat costs where staff do not say.
DEFAULT_PRICE = env.decimal(
    "DEFAULT_PRICE", default=Decimal("10.00"), validate=[validate.Range(0, 9999), at_most_places(2)]
)

# How long seats are held while the customer pays, and for how long at most with every extension. A time is
# kept to the microsecond, which a millionth of a minute is a whole number of.
hold_minutes = env.decimal(
    "HOLD_MINUTES",
    default=Decimal(10),
    validate=[validate.Range(0, 240, min_inclusive=False), at_most_places(6)],
)
HOLD_MINUTES = float(hold_minutes)
HOLD_CAP_MINUTES = float(
    env.decimal(
        "HOLD_CAP_MINUTES",
        default=3 * hold_minutes,
        validate=[validate.Range(hold_minutes, 1440), at_most_places(6)],
    )
)
# How often `housekeeping`, beside the server, frees expired holds, for the sake of lists.
SWEEP_SECONDS = float(
    env.decimal("SWEEP_SECONDS", default=Decimal(15), validate=[validate.Range(1, 3600), at_most_places(6)])
)

# How many seconds clients should let pass before they ask again which seats are free: `limits/` tells them.
POLL_SECONDS = env.int("POLL_SECONDS", default=5, validate=validate.Range(1, 300))

# How many clients a worker process tells of seats as they change. The next one is told to poll.
MAX_WATCHERS = env.int("MAX_WATCHERS", default=1000, validate=validate.Range(0, 20_000))

# Whether seats are sold to guests: people without an account. Staff sell to them all the same.
GUESTS = env.bool("GUESTS", default=True)
# As HOLD_MINUTES and HOLD_CAP_MINUTES, for guests: nobody knows who they are.
guest_hold_minutes = env.decimal(
    "GUEST_HOLD_MINUTES",
    default=min(hold_minutes, Decimal(5)),
    validate=[validate.Range(0, hold_minutes, min_inclusive=False), at_most_places(6)],
)
GUEST_HOLD_MINUTES = float(guest_hold_minutes)
GUEST_HOLD_CAP_MINUTES = float(
    env.decimal(
        "GUEST_HOLD_CAP_MINUTES",
        default=2 * guest_hold_minutes,
        validate=[validate.Range(guest_hold_minutes, 1440), at_most_places(6)],
    )
)
# Whether anna+cinema@example.com counts as anna@example.com, and at Google's a.nna as anna: for the limits of
# guests, and for who signs up.
EMAIL_SPELLINGS_AS_ONE = env.bool("EMAIL_SPELLINGS_AS_ONE", default=False)

MAX_SEATS_PER_ORDER = env.int("MAX_SEATS_PER_ORDER", default=10, validate=validate.Range(1, 100))
MAX_SEATS_PER_SHOW = env.int("MAX_SEATS_PER_SHOW", default=10, validate=validate.Range(1, 6000))
MAX_HELD_ORDERS = env.int("MAX_HELD_ORDERS", default=5, validate=validate.Range(1, 1000))
# Whoever let so many orders in a row go without buying any of their seats, all of them made within so many
# hours, waits until these are over before seats are held for them again. 0: nobody does.
HOARDING_ORDERS = env.int("HOARDING_ORDERS", default=20, validate=validate.Range(0, 100))
HOARDING_HOURS = env.int("HOARDING_HOURS", default=1, validate=validate.Range(1, 720))
# What staff may sell: seats in one order, and of one show to one customer whose e-mail address is known.
STAFF_MAX_SEATS_PER_ORDER = env.int(
    "STAFF_MAX_SEATS_PER_ORDER", default=100, validate=validate.Range(1, 6000)
)
STAFF_MAX_SEATS_PER_SHOW = env.int("STAFF_MAX_SEATS_PER_SHOW", default=6000, validate=validate.Range(1, 6000))
# For how long after the start of a show the box office goes on selling: there are advertisements first.
BOX_OFFICE_MINUTES_AFTER_START = env.int(
    "BOX_OFFICE_MINUTES_AFTER_START", default=15, validate=validate.Range(0, 240)
)

# Which share of the price comes back: "hours before the show:percent", from early to late.
REFUND_TIERS = env.str("REFUND_TIERS", default="24:100,2:50")
# So many minutes before the show, its bookings can no longer be cancelled.
CANCEL_CUTOFF_MINUTES = env.int("CANCEL_CUTOFF_MINUTES", default=0, validate=validate.Range(0, 10_080))

# A show whose start was moved by more than these minutes can be given back for all of the price.
MOVE_TOLERANCE_MINUTES = env.int("MOVE_TOLERANCE_MINUTES", default=5, validate=validate.Range(0, 240))
# How long the response to a request with an Idempotency-Key is kept.
IDEMPOTENCY_HOURS = env.int("IDEMPOTENCY_HOURS", default=24, validate=validate.Range(1, 720))

# --- Browsers ----------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {"DIRECTIVES": browsers.PAGES}
# The origins whose pages may use the API: https://shop.example. Without a cookie, as the API takes none.
CORS_ALLOWED_ORIGINS = without_blanks(env.list("CORS_ALLOWED_ORIGINS", default=[], validate=check_origins))
CORS_URLS_REGEX = browsers.CORS_URLS
CORS_ALLOW_HEADERS = browsers.CORS_REQUEST_HEADERS
CORS_EXPOSE_HEADERS = browsers.CORS_RESPONSE_HEADERS
CORS_PREFLIGHT_MAX_AGE = browsers.CORS_PREFLIGHT_SECONDS
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Who may read Swagger, ReDoc and the documents that they draw: everyone, staff who are logged in, or nobody.
DOCS = env.str("DOCS", default="public", validate=validate.OneOf(("public", "staff", "off")))

# --- The API -----------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "movies.authentication.KeyAuthentication",
        "accounts.authentication.BearerAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.IsPerson"],
    "DEFAULT_THROTTLE_CLASSES": ["movie_booking.api.throttling.Throttle"],
    "DEFAULT_PARSER_CLASSES": ["movie_booking.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["movie_booking.api.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "movie_booking.api.negotiation.Negotiation",
    "DEFAULT_PAGINATION_CLASS": "movie_booking.api.pagination.Pagination",
    "DEFAULT_METADATA_CLASS": None,
    # In UTC and always to the microsecond, to which they are kept: a client can send back what it got.
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
    "EXCEPTION_HANDLER": "movie_booking.api.problems.problem_response",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "URL_FORMAT_OVERRIDE": None,
}
# How much of a refused body is still read. A client that is cut off in the middle of sending reports a
# broken connection and never sees the 413.
API_DRAINED_BYTES = 32 * 1024 * 1024
# Larger bodies are refused with 413 before anything parses them.
API_MAX_BODY_BYTES = env.int(
    "API_MAX_BODY_BYTES", default=1024 * 1024, validate=validate.Range(1024, API_DRAINED_BYTES)
)
# Django's own limit is for the forms of the Admin, and must not cut what the API takes.
DATA_UPLOAD_MAX_MEMORY_SIZE = max(2_621_440, API_MAX_BODY_BYTES)
# At the box office all seats of the largest hall can be chosen and blocked: a field each.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 7_000

SWAGGER_USE_COMPAT_RENDERERS = False
SWAGGER_SETTINGS = {
    "DEFAULT_AUTO_SCHEMA_CLASS": "movie_booking.schema.AutoSchema",
    "SECURITY_DEFINITIONS": {
        "Bearer": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Bearer <access token>`: mind the space after “Bearer”.",
        },
        "Key": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Key mbk_…`: that of a machine. It opens what it was made for.",
        },
        "Order-Key": {
            "type": "apiKey",
            "in": "header",
            "name": "Order-Key",
            "description": "The `access_key` of an order that a guest made.",
        },
    },
    "SECURITY_REQUIREMENTS": [{"Bearer": []}],  # unless an operation says otherwise
    "USE_SESSION_AUTH": False,
    "PERSIST_AUTH": False,  # for ever, that is; `token-life.js` keeps a token for as long as it is good
    "DOC_EXPANSION": "list",
    "DEFAULT_MODEL_RENDERING": "example",
    "DISPLAY_OPERATION_ID": False,
    # By name, as left to itself the page would ask its own address with `?format=`, which we do not read.
    "SPEC_URL": "schema",
    "VALIDATOR_URL": None,  # or it would ask swagger.io what it thinks of the document
}
REDOC_SETTINGS = {"SPEC_URL": "schema"}

# --- Metrics -----------------------------------------------------------------------------------

# Who sends it may read /metrics. Without it there is no such page.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="", validate=validate.Regexp("^([!-~]{16,})?$"))

# --- Time, language, static files, logs --------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"  # the API speaks UTC; a cinema has a time zone of its own
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_ROOT = BASE_DIR / "movie_booking" / "root"  # what browsers ask for at the root: /favicon.ico
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

LOG_LEVEL = env.log_level("LOG_LEVEL", default="INFO")
# A JSON object a line, for programs, or text for people.
LOG_FORMAT = env.str(
    "LOG_FORMAT", default="text" if DEBUG else "json", validate=validate.OneOf(("json", "text"))
)
# Which requests are a line: none, those that may have changed something, or all.
ACCESS_LOG = env.str(
    "ACCESS_LOG", default="off" if DEBUG else "changes", validate=validate.OneOf(("off", "changes", "all"))
)
# A statement that takes PostgreSQL as long is logged, with the time that it waited for a lock. 0: none is.
SLOW_QUERY_SECONDS = env.float("SLOW_QUERY_SECONDS", default=1.0, validate=validate.Range(0, 600))
# Where errors are sent, besides the log.
SENTRY_DSN = env.str("SENTRY_DSN", default="", validate=validate.Regexp(r"^(https?://\w+@[^/ @]+/\S+)?$"))
LOGGING = logs.configuration(LOG_LEVEL, LOG_FORMAT, sentry_dsn=SENTRY_DSN)
