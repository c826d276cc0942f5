"""Which addresses of databases are read, of one host and of several."""

import pytest
from environs import ValidationError
from psycopg2.extensions import parse_dsn

from movie_booking.database_urls import parse_database_url, parse_options

NAMES = ("USER", "PASSWORD", "HOST", "PORT", "NAME")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://u:p@h/db", ("u", "p", "h", "", "db")),
        ("postgresql://u:p@h:5433/db", ("u", "p", "h", "5433", "db")),
        ("postgres://u:p@h1:5432,h2:5433/db", ("u", "p", "h1,h2", "5432,5433", "db")),
        ("postgres://u:p@h1,h2/db", ("u", "p", "h1,h2", "", "db")),
        ("postgres://u:p@h1,h2:5433,h3/db", ("u", "p", "h1,h2,h3", ",5433,", "db")),
        ("postgres://u:p@[::1]:5432,[fe80::2]/db", ("u", "p", "::1,fe80::2", "5432,", "db")),
        ("postgres://h1,h2/db", ("", "", "h1,h2", "", "db")),
        ("postgres:///db", ("", "", "", "", "db")),
        ("postgres://u@%2Fvar%2Frun/db", ("u", "", "/var/run", "", "db")),
        ("postgres://u%40x:a%2Fb%40c%3A%25d%23e%3F@h1,h2/d%20b", ("u@x", "a/b@c:%d#e?", "h1,h2", "", "d b")),
        ("postgres://u:a,b@c[d]:e@h/db", ("u", "a,b@c[d]:e", "h", "", "db")),
    ],
)
def test_hosts_ports_and_passwords_are_read(url, expected):
    config = parse_database_url(url)

    assert tuple(config[name] for name in NAMES) == expected


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:p@h1:5432,h2:5433/db",
        "postgres://u:p@h1,h2/db",
        "postgres://u%40x:a%2Fb%40c%3A%25d@[::1]:1,h2:2/db",
    ],
)
def test_they_are_what_libpq_reads(url):
    config = parse_database_url(url)
    libpq = parse_dsn(url.replace("h1,h2/", "h1:,h2:/"))

    ours = (config["USER"], config["PASSWORD"], config["HOST"], config["PORT"] or ",", config["NAME"])
    assert ours == tuple(libpq.get(name) for name in ("user", "password", "host", "port", "dbname"))


def test_parameters_of_libpq_are_kept():
    config = parse_database_url(
        "postgres://u:p@h1:5432,h2:5432/db?target_session_attrs=read-write&connect_timeout=3"
    )

    assert config["OPTIONS"] == {"target_session_attrs": "read-write", "connect_timeout": 3}


def test_sqlite_is_read_as_ever():
    assert parse_database_url("sqlite:///x.sqlite3")["NAME"] == "x.sqlite3"
    assert parse_database_url("sqlite://:memory:")["NAME"] == ":memory:"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "postgres://u:secret@h:port/db",
        "postgres://u:secret@h:70000/db",
        "postgres://u:secret@h:0/db",
        "postgres://u:secret@h1,,h2/db",
        "postgres://u:secret@h1,/db",
        "postgres://u:secret@[::1/db",
        "postgres://u:sec#ret@h/db",
        "postgres://u:secret@h/db?options=-S%205",
        "postgres://u:secret@h/db?options=5",
        "postgres://u:secret@h/db?options=-c%20a=1&options=-c%20b=2",
        "postgres://u:secret@h/db?options=-c%20application_name=%25",
        "postgres://u:secret@h/db?options=-c%20lock_timeout",
    ],
)
def test_nonsense_is_refused_without_repeating_what_may_be_a_password(url):
    with pytest.raises(ValidationError) as refused:
        parse_database_url(url)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("", {}),
        ("-c lock_timeout=5s", {"lock_timeout": "5s"}),
        (" -clock_timeout=5s  --search-path=a,b ", {"lock_timeout": "5s", "search_path": "a,b"}),
        (r"-c search_path=a,\ b -c x.y=", {"search_path": "a, b", "x.y": ""}),
    ],
)
def test_options_are_settings_by_name(options, named):
    assert parse_options(options) == named
