"""What the environment may say, and that nonsense stops the start."""

import os
import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from traceback import format_exception_only
from unittest import mock

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

from bookings.refunds import parse_tiers

PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": "a-key-that-only-this-test-knows-9f8e7d6c5b4a-0123456789-abcdefgh",
    "ALLOWED_HOSTS": "cinema.example",
    "DATABASE_URL": "postgres://user:password@db.example:5432/movie_booking",
}
# Set to nothing in particular, so that neither the tests' own environment nor a developer's .env counts.
DEVELOPMENT = {"DEBUG": "1", "SECRET_KEY": "for-this-test", "DATABASE_URL": "sqlite:///db.sqlite3"}


KEPT = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}


def python(*arguments, **environment):
    return subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env={**KEPT, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Stopped(Exception):
    """The settings could not be read. Says what a start would say last."""


def load(expression="None", **environment):
    """Return what an expression of the settings `s` is, read as a start with this environment reads them."""
    spec = spec_from_file_location("settings_of_a_test", settings.BASE_DIR / "movie_booking" / "settings.py")
    read = module_from_spec(spec)
    with mock.patch.dict(os.environ, KEPT | environment, clear=True):
        try:
            spec.loader.exec_module(read)
        except Exception as error:
            raise Stopped("".join(format_exception_only(error)).splitlines()[-1]) from error
    return eval(expression, {"s": read})  # noqa: S307 - our own words


def test_it_starts_for_development_without_a_word():
    started = python("-c", "from movie_booking import settings as s; print(s.DEBUG)", **DEVELOPMENT)

    assert (started.returncode, started.stdout, started.stderr) == (0, "True\n", "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("WEB_CONCURRENCY", "many"),
        ("WEB_CONCURRENCY", "0"),
        ("LOCK_TIMEOUT_SECONDS", "0"),
        ("KEEP_ALIVE_SECONDS", "0"),
        ("DRAIN_SECONDS", "-1"),
        ("DRAIN_SECONDS", "301"),
        ("ANSWER_SECONDS", "10"),
        ("MAX_WAITING_PER_SHOW", "0"),
        ("DATABASE_CONNECTIONS", "2"),
        ("DATABASE_REPLICA_URL", "sqlite:///db.sqlite3"),
        ("DATABASE_REPLICA_URL", "postgres://db.example/movie_booking"),  # as DATABASE_URL is SQLite here
        ("REPLICA_MAX_LAG_SECONDS", "1"),
        ("REPLICA_MAX_LAG_SECONDS", "301"),
        ("CORS_ALLOWED_ORIGINS", "*"),
        ("CORS_ALLOWED_ORIGINS", "null"),
        ("CORS_ALLOWED_ORIGINS", "shop.example"),
        ("CORS_ALLOWED_ORIGINS", "https://shop.example,https://shop.example/"),
        ("CORS_ALLOWED_ORIGINS", "https://*.shop.example"),
        ("CORS_ALLOWED_ORIGINS", "https://Shop.example"),
        ("CORS_ALLOWED_ORIGINS", "https://shop.example:443"),
        ("CORS_ALLOWED_ORIGINS", "http://shop.example:65536"),
        ("DOCS", "private"),
        ("METRICS_TOKEN", "too-short"),
        ("METRICS_TOKEN", "it has blanks, which no header takes"),
        ("SCRIPT_NAME", "cinema"),
        ("SCRIPT_NAME", "/cinema/"),
        ("SCRIPT_NAME", "/../x?"),
        ("ACCESS_TOKEN_MINUTES", "-1"),
        ("REFRESH_TOKEN_DAYS", "forever"),
        ("TOKEN_LEEWAY_SECONDS", "-1"),
        ("TOKEN_LEEWAY_SECONDS", "301"),
        ("REFRESH_GRACE_SECONDS", "-1"),
        ("REFRESH_GRACE_SECONDS", "301"),
        ("REFRESH_GRACE_SECONDS", "7.5"),
        ("VERIFY_EMAIL", "sometimes"),
        ("RETENTION_MONTHS", "-1"),
        ("SITE_URL", "cinema.example"),
        ("PASSWORD_RESET_URL", "https://cinema.example/new#uid={uid}"),
        ("EMAIL_VERIFICATION_URL", "/mine#uid={uid}&token={token}"),
        ("EMAIL_PORT", "0"),
        ("CLEANING_MINUTES", "-1"),
        ("PRE_SHOW_MINUTES", "121"),
        ("HOLD_MINUTES", "0"),
        ("HOLD_CAP_MINUTES", "5"),
        ("HOLD_CAP_MINUTES", "1e12"),
        ("GUESTS", "perhaps"),
        ("GUEST_HOLD_MINUTES", "0"),
        ("GUEST_HOLD_MINUTES", "11"),
        ("GUEST_HOLD_CAP_MINUTES", "4"),
        ("EMAIL_SPELLINGS_AS_ONE", "perhaps"),
        ("STAFF_MAX_SEATS_PER_ORDER", "0"),
        ("STAFF_MAX_SEATS_PER_SHOW", "6001"),
        ("BOX_OFFICE_MINUTES_AFTER_START", "-1"),
        ("SWEEP_SECONDS", "0"),
        ("POLL_SECONDS", "0"),
        ("MAX_WATCHERS", "-1"),
        ("MAX_SEATS_PER_ORDER", "0"),
        ("MAX_HELD_ORDERS", "none"),
        ("IDEMPOTENCY_HOURS", "0"),
        ("DEFAULT_PRICE", "-0.01"),
        ("DEFAULT_PRICE", "cheap"),
        ("DEFAULT_PRICE", "NaN"),
        ("DEFAULT_PRICE", "9.999"),
        ("DEFAULT_PRICE", "1e-3"),
        ("HOLD_MINUTES", "10.0000001"),
        ("HOLD_MINUTES", "NaN"),
        ("HOLD_CAP_MINUTES", "30.0000000000000000000000000000001"),
        ("SWEEP_SECONDS", "15.0000001"),
        ("CANCEL_CUTOFF_MINUTES", "7.5"),
        ("CLEANING_MINUTES", "7.5"),
        ("SECURE_HSTS_SECONDS", "-1"),
        ("BEHIND_HTTPS_PROXY", "perhaps"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("ACCESS_LOG", "some"),
        ("SLOW_QUERY_SECONDS", "-1"),
        ("SENTRY_DSN", "sentry.example"),
        ("TRUSTED_PROXIES", "-1"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "http://localhost"),
        ("THROTTLE", "perhaps"),
        ("THROTTLE_LOGIN", "twenty"),
        ("THROTTLE_READ", "0/minute"),
        ("THROTTLE_BOOKING", "20/fortnight"),
        ("THROTTLE_EXPORT", "often"),
        ("PASSWORD_FAILURES", "0"),
        ("HOARDING_ORDERS", "-1"),
        ("HOARDING_HOURS", "0"),
        ("PASSWORD_PAUSE_MINUTES", "0"),
        ("DATABASE_URL", "mysql://user@db/movie_booking"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "nonsense://db"),
        ("DATABASE_URL", "postgres://u:p@h1,,h2/db"),
        ("DATABASE_URL", "postgres://u:p@h/db?options=--nonsense"),
        ("DATABASE_DIRECT_URL", "nonsense"),
        ("DATABASE_DIRECT_URL", "sqlite:///db.sqlite3"),
        ("DATABASE_URL", ""),
    ],
)
def test_a_value_that_makes_no_sense_stops_the_start_with_its_name(name, value):
    with pytest.raises(Stopped, match=name):
        load(**{**DEVELOPMENT, name: value})


def test_a_start_that_is_stopped_says_why_last():
    stopped = python("-c", "from movie_booking import settings", **DEVELOPMENT, PORT="eighty")

    assert stopped.returncode == 1
    assert "PORT" in stopped.stderr.splitlines()[-1]


def test_tls_begins_in_one_way():
    with pytest.raises(Stopped, match="EMAIL_USE_TLS"):
        load(**DEVELOPMENT, EMAIL_USE_TLS="1", EMAIL_USE_SSL="1")


def test_mails_go_to_the_console_in_development_and_to_a_server_in_production():
    mail = "s.EMAIL_BACKEND.split('.')[-2], s.EMAIL_HOST, s.EMAIL_PORT, s.PASSWORD_RESET_URL"

    assert load(mail, **DEVELOPMENT) == (
        "console",
        "",
        25,
        "http://127.0.0.1:8000/password/reset/#uid={uid}&token={token}",
    )
    site = {"ALLOWED_HOSTS": "*,.cinema.example,b.example", "SCRIPT_NAME": "/cinema", "EMAIL_USE_TLS": "1"}
    assert load(mail, **PRODUCTION | site) == (
        "smtp",
        "localhost",
        587,
        "https://cinema.example/cinema/password/reset/#uid={uid}&token={token}",
    )


@pytest.mark.parametrize("key", ["", "insecure-key-for-development-only-never-in-production"])
def test_production_wants_a_secret_key_of_its_own(key):
    with pytest.raises(Stopped, match="SECRET_KEY"):
        load(**{**PRODUCTION, "SECRET_KEY": key})


@pytest.mark.parametrize(
    "fallback", [PRODUCTION["SECRET_KEY"], "insecure-key-for-development-only-never-in-production"]
)
def test_a_fallback_is_another_key_and_not_that_of_development(fallback):
    with pytest.raises(Stopped, match="SECRET_KEY_FALLBACKS"):
        load(**PRODUCTION, SECRET_KEY_FALLBACKS=f"a-former-key,{fallback}")


def test_production_passes_the_deployment_checks():
    checked = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)

    assert (checked.returncode, checked.stdout) == (0, "System check identified no issues (0 silenced).\n"), (
        checked.stderr
    )


def test_production_redirects_to_https_unless_told_otherwise():
    flags = "s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS"

    assert load(flags, **PRODUCTION) == (True, True, True, 31536000)
    assert load(flags, **PRODUCTION, SECURE_SSL_REDIRECT="0") == (False, False, False, 0)


def test_a_forwarded_header_is_believed_only_behind_a_proxy():
    header = "getattr(s, 'SECURE_PROXY_SSL_HEADER', None)"

    assert load(header, **PRODUCTION) is None
    assert load(header, **PRODUCTION, BEHIND_HTTPS_PROXY="1") == ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.mark.parametrize(
    "name", ["SECRET_KEY_FALLBACKS", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "CORS_ALLOWED_ORIGINS"]
)
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://a.example,https://b.example", ["https://a.example", "https://b.example"]),
        ("https://a.example, https://b.example", ["https://a.example", "https://b.example"]),
        (" https://a.example\t,\n https://b.example ,", ["https://a.example", "https://b.example"]),
        (" https://a.example ", ["https://a.example"]),
        (",, https://a.example", ["https://a.example"]),
        (" ", []),
        ("", []),
    ],
)
def test_blanks_in_a_list_are_not_part_of_what_it_names(name, written, meant):
    assert load(f"s.{name}", **{**DEVELOPMENT, name: written}) == meant


@pytest.mark.parametrize(("prefix", "static"), [("", "/static/"), ("/cinema", "/cinema/static/")])
def test_static_files_too_are_below_the_path_that_a_proxy_has_the_site_at(prefix, static):
    printed = python(
        "-c",
        "from movie_booking import wsgi; from django.conf import settings; print(settings.STATIC_URL)",
        **DEVELOPMENT,
        SCRIPT_NAME=prefix,
    )

    assert printed.stdout == f"{static}\n", printed.stderr


def test_every_list_among_the_settings_may_have_blanks():
    source = (settings.BASE_DIR / "movie_booking" / "settings.py").read_text("utf-8")
    lists = re.findall(r'env\.list\("(\w+)"', source)

    assert lists == ["SECRET_KEY_FALLBACKS", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "CORS_ALLOWED_ORIGINS"]
    assert source.count("without_blanks(env.list(") == len(lists)


@pytest.mark.parametrize("tiers", ["24:100,2:50", "24:100, 2:50", " 24 : 100 ,\t2: 50 "])
def test_blanks_in_refund_tiers_are_no_mistake(tiers):
    read = load("s.REFUND_TIERS", **DEVELOPMENT, REFUND_TIERS=tiers)

    assert [(tier.hours_before, tier.percent) for tier in parse_tiers(read)] == [(24, 100), (2, 50)]


def test_minutes_may_have_places_that_are_kept():
    lasts = "s.HOLD_MINUTES, s.HOLD_CAP_MINUTES, s.SWEEP_SECONDS"

    assert load(lasts, **DEVELOPMENT) == (10.0, 30.0, 15.0)
    assert load(lasts, **DEVELOPMENT, HOLD_MINUTES="2.5", SWEEP_SECONDS="1.25") == (2.5, 7.5, 1.25)
    # As they are written: 0.1 in binary is a little more.
    assert load(lasts, **DEVELOPMENT, HOLD_MINUTES="0.1") == (0.1, 0.3, 15.0)
    assert load(lasts, **DEVELOPMENT, HOLD_MINUTES="0.1", HOLD_CAP_MINUTES="0.1") == (0.1, 0.1, 15.0)


@pytest.mark.parametrize("given", [{}, {"DEFAULT_PRICE": "12.50"}])
def test_the_default_price_is_a_decimal(given):
    price = given.get("DEFAULT_PRICE", "10.00")

    assert load("repr(s.DEFAULT_PRICE)", **DEVELOPMENT, **given) == f"Decimal('{price}')"


@pytest.mark.parametrize(
    ("url", "engine"),
    [
        ("postgres://u@h/db", "movie_booking.postgresql"),
        ("postgresql://u@h/db", "movie_booking.postgresql"),
        ("sqlite:///x.sqlite3", "django.db.backends.sqlite3"),
    ],
)
def test_bookings_are_kept_in_postgresql_or_sqlite(url, engine):
    assert load("s.DATABASES['default']['ENGINE']", **{**DEVELOPMENT, "DATABASE_URL": url}) == engine


def test_several_hosts_are_taken_for_the_database_and_for_the_way_past_a_pooler():
    url = "postgres://u:p%40ss@h1:5432,h2:5432/db?target_session_attrs=read-write"
    read = "[(d['HOST'], d['PORT'], d['PASSWORD'], d['OPTIONS']['target_session_attrs'])"
    read += " for d in (s.DATABASES['default'], s.DIRECT_DATABASE)]"

    found = load(read, **{**PRODUCTION, "DATABASE_URL": url, "DATABASE_DIRECT_URL": url})

    assert found == [("h1,h2", "5432,5432", "p@ss", "read-write")] * 2
    assert load("s.DIRECT_DATABASE", **PRODUCTION, DATABASE_DIRECT_URL="") is None


def test_a_direct_url_is_for_postgresql():
    with pytest.raises(Stopped, match="DATABASE_DIRECT_URL"):
        load(**DEVELOPMENT, DATABASE_DIRECT_URL="postgres://u@h/db")


def test_there_is_a_replica_if_one_is_named_and_it_takes_no_writes():
    assert load("list(s.DATABASES)", **PRODUCTION) == ["default"]
    replica = {"DATABASE_REPLICA_URL": "postgres://u@standby/db"}
    options = load("s.DATABASES['replica']['OPTIONS']", **PRODUCTION, **replica)
    assert "default_transaction_read_only=on" in options["options"]


def test_waits_for_locks_are_bounded_and_sqlite_transactions_begin_with_the_lock():
    options = "s.DATABASES['default']['OPTIONS']"

    postgres = load(options, **PRODUCTION, LOCK_TIMEOUT_SECONDS="7")
    sqlite = load(options, **DEVELOPMENT, LOCK_TIMEOUT_SECONDS="7")

    assert "lock_timeout=7s" in postgres["options"]
    assert sqlite["transaction_mode"] == "IMMEDIATE"


def test_there_is_nothing_left_to_migrate():
    checked = python(
        "manage.py",
        "makemigrations",
        "--check",
        "--dry-run",
        **DEVELOPMENT | {"DATABASE_URL": "sqlite://:memory:"},
    )

    assert (checked.returncode, checked.stdout) == (0, "No changes detected\n"), checked.stderr


def test_two_hundred_clients_may_come_to_the_development_server_at_once():
    command = load_command_class(get_commands()["runserver"], "runserver")

    assert command.server_cls.request_queue_size >= 200
