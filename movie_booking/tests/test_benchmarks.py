"""The suite that `make bench` runs: it reads what PostgreSQL logs, and says plainly what was missed."""

from benchmarks.report import page
from benchmarks.stage import FASTAPI, OURS
from benchmarks.statements import LOG_PREFIX, of_request, parse_log, pgbench_script, verbs

LOG = """\
bench|11|ours|LOG:  statement: SELECT * FROM "accounts_user" WHERE "id" = 42
bench|12|ours|LOG:  statement: SELECT 'the sweeper'
bench|11|ours|LOG:  statement: BEGIN; SELECT *
\tFROM "movies_show" WHERE "id" = 4711 FOR NO KEY UPDATE
bench|11|other|LOG:  statement: SELECT 'of another server'
bench|11|ours|ERROR:  something that is no message
bench|11|ours|LOG:  execute <unnamed>: INSERT INTO t VALUES (4711, 47110, 'K7Q')
bench|11|ours|LOG:  statement: COMMIT
"""


def test_the_messages_of_a_request_are_read_from_the_log():
    assert LOG_PREFIX == "bench|%p|%d|"

    messages = of_request(parse_log(LOG, "ours"), marks=[4711])

    assert verbs(messages) == ["SELECT", "BEGIN + SELECT", "INSERT", "COMMIT"]


def test_pgbench_sends_them_with_values_of_its_own():
    messages = of_request(parse_log(LOG, "ours"), marks=[4711])

    script = pgbench_script(messages, {"user": 42, "show": 4711, "reference": "K7Q"}, "-- header")

    assert script.splitlines() == [
        "-- header",
        'SELECT * FROM "accounts_user" WHERE "id" = :user;',
        "BEGIN \\; SELECT *",
        'FROM "movies_show" WHERE "id" = :show FOR NO KEY UPDATE;',
        "INSERT INTO t VALUES (:show, 47110, ':reference');",
        "COMMIT;",
    ]


PREPARED = """\
bench|11|ours|LOG:  statement: SELECT pg_backend_pid()
bench|11|ours|LOG:  statement: BEGIN; PREPARE p_1 AS SELECT *
\tFROM "movies_show" WHERE "id" = $1; EXECUTE p_1(4711)
bench|11|ours|LOG:  statement: EXECUTE p_1(4711)
"""


def test_what_a_connection_prepared_is_prepared_once_by_each_client_of_pgbench():
    messages = of_request(parse_log(PREPARED, "ours"), marks=[4711])

    assert verbs(messages) == ["BEGIN + SELECT", "SELECT"]
    assert pgbench_script(messages, {"show": 4711}, "-- header").splitlines() == [
        "-- header",
        r"\if :prepared = 0",
        "PREPARE p_1 AS SELECT *",
        'FROM "movies_show" WHERE "id" = $1;',
        r"\set prepared 1",
        r"\endif",
        r"BEGIN \; EXECUTE p_1(:show);",
        "EXECUTE p_1(:show);",
    ]


def slices(*rates):
    latency = {"all": {"p50": 1.0, "p90": 1.0, "p99": 2.0, "p100": 3.0}}
    return [{"rate": rate, "cpu_ms": 1.5, "latency_ms": latency, "seconds": 1.0} for rate in rates]


def test_the_page_tells_what_was_missed_and_what_was_not_measured():
    results = {
        "about": {
            "packages": {"gunicorn": "27"},
            "quick": False,
            "commit": "abc",
            "day": "2026-11-29",
            "processors": 2,
            "workers": 2,
            "python": "3.11",
            "load": "wrk",
            "rounds": 3,
        },
        "slices": {"hot bookings": {OURS: slices(100, 140, 120), FASTAPI: slices(100, 100, 100)}},
        "safety": [{"sold_twice": 0, "lost": 0, "server_errors": 0, "unexpected": 0, "broken": 0}],
        "round_trips": {"book": ["SELECT"] * 5},
    }

    text = "\n".join(page(results, []))

    assert (
        "| hot bookings ÷ FastAPI as usually written | 1.20 | 1.10 – 1.30 | 1.5 | 2.2 | **missed** |" in text
    )
    assert "| round trips of a booking | 5 |  | ≤ 5 | ≤ 3 | reached |" in text
    assert "| show list ÷ FastAPI |  |  | 1.3 | 2 | – |" in text
    assert "Missed: 1 of 12." in text


def test_the_readme_has_the_table_of_the_last_run(settings):
    root = settings.BASE_DIR
    readme, page = ((root / name).read_text("utf-8") for name in ("README.md", "docs/performance/README.md"))
    shown = readme.partition("<!-- speed -->\n")[2].partition("\n\n")[0]

    assert shown.count("\n") > 10
    assert shown in page
