"""What was seen, as text: a line while it runs, and the page docs/drills.md."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from benchmarks.about import machine
from drills.processes import POSTGRESQL
from drills.results import Result
from movie_booking.tests.programs import find

COLUMNS = [
    *("what broke", "acknowledged", "found", "double"),
    *("seconds without bookings", "aim", "seconds without reads", "as aimed at?"),
]
PAGE = """\
# Drills

What `make drill` saw: parts of a site were broken on purpose while buyers bought.
[Operations](operations.md#drills) says what runs there. It wrote this page in {minutes:.0f} minutes:
{about}.

{table}
## What clients were told

Each seat is wanted by two buyers at once, so about half are told `409 seat_taken`. `proxy` is an answer of
HAProxy's, and `cut` a connection that ended without an answer.

{answers}"""


TABLE_OF_OPERATIONS = re.compile(r"(<!-- Written by make drill: -->\n).*?(?=<!-- until here. -->)", re.DOTALL)


def with_table(text: str, results: Sequence[Result]) -> str:
    """Return the page docs/operations.md with this table in place of the last one."""
    return TABLE_OF_OPERATIONS.sub(lambda found: found[1] + table(results), text)


def line(result: Result) -> str:
    seen = "; ".join(result.misses) or "as aimed at"
    return (
        f"{result.what}: {result.found} of {result.acknowledged} found, {result.double} double, "
        f"{result.without_bookings:.1f} s without bookings, {result.without_reads:.1f} s without reads, "
        f"{told(result.booked)}; reads {told(result.read)}: {seen} ({result.seconds:.0f} s)"
    )


def table(results: Sequence[Result]) -> str:
    lines = [COLUMNS, ["---"] * len(COLUMNS), *(row(result) for result in results)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def row(result: Result) -> list[str]:
    return [
        result.what + (f" ({result.remark})" if result.remark else ""),
        f"{result.acknowledged:,}",
        f"{result.found:,}",
        str(result.double),
        f"{result.without_bookings:.1f}",
        "–" if result.aim is None else f"{result.aim:g}",
        f"{result.without_reads:.1f}",
        "; ".join(result.misses) or "yes",
    ]


def page(results: Sequence[Result], seconds: float) -> str:
    answers = "".join(
        f"- **{result.what}:** bookings {told(result.booked)}; reads {told(result.read)}\n"
        for result in results
    )
    return PAGE.format(about=about(), minutes=seconds / 60, table=table(results), answers=answers)


def told(statuses: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} × {status}" for status, number in statuses.items()) or "nothing"


def about() -> str:
    """Return where and of what the run was made."""
    found = machine()
    parts = {
        "Python": found["python"],
        "PostgreSQL": version_of(str(POSTGRESQL / "postgres"), "--version"),
        "Patroni": version("patroni"),
        "etcd": version_of("etcd", "--version"),
        "HAProxy": version_of("haproxy", "-v"),
        "pgbouncer": version_of("pgbouncer", "--version"),
    }
    versions = ", ".join(f"{name} {number}" for name, number in parts.items())
    return f"commit {found['commit']}, {found['day']}, {found['processors']} processors; {versions}"


def version_of(program: str, option: str) -> str:
    command = [find(program) or program, option]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    found = re.search(r"\d+(\.\d+)+", said)
    return found[0] if found else "?"
