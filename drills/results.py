"""What a drill found: numbers, and whether they are what was aimed at."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg2

from drills.failures import Drill
from drills.load import Load
from drills.processes import DidNotHappen
from drills.record import by_status, longest_without, lost, sold_twice
from drills.site import Site

READS_GO_ON = 2.0  # seconds without any, at most


@dataclass
class Result:
    name: str
    what: str
    aim: float | None
    acknowledged: int = 0
    found: int = 0
    double: int = 0
    differing_shows: int = 0
    without_bookings: float = 0.0
    without_reads: float = 0.0
    booked: dict[str, int] = field(default_factory=dict)  # how often each status was answered
    read: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0  # that the drill took
    remark: str = ""
    wrong: list[str] = field(default_factory=list)  # what must not be, on whatever machine
    late: list[str] = field(default_factory=list)  # what took longer than was aimed at

    @property
    def misses(self) -> list[str]:
        return [*self.wrong, *self.late]


def hold(site: Site, drill: Drill) -> Result:
    """Hold one drill, and return what was seen. What did not come back at all is wrong."""
    result, started = Result(drill.name, drill.what, drill.aim), time.monotonic()
    load, failure = site.load(drill.port(site)), ""
    try:
        with load:
            load.wait_for_sales(after=time.monotonic(), seconds=60)
            broken_at = time.monotonic()
            result.remark = drill.run(site, load) or ""
            site.wait_until_whole()
            load.wait_for_sales(after=time.monotonic(), seconds=60)
            whole_at = time.monotonic()
    except (DidNotHappen, psycopg2.Error) as error:
        failure = " ".join(str(error).split())
    result.booked, result.read = by_status(load.answers, "book"), by_status(load.answers, "read")
    if failure:
        result.wrong = [failure]
    else:
        count(result, site, load, broken_at, whole_at)
        result.wrong, result.late = wrong(result, drill), late(result, drill)
    result.seconds = time.monotonic() - started
    return result


def count(result: Result, site: Site, load: Load, broken_at: float, whole_at: float) -> None:
    """Compare what buyers were told with what the database has."""
    bookings = site.bookings()
    result.acknowledged = len(load.sales)
    result.found = len(load.sales) - len(lost(load.sales, bookings))
    result.double = len(sold_twice(load.sales, bookings))
    result.differing_shows = site.shows_that_differ()
    result.without_bookings = longest_without(load.sold_at(), broken_at, whole_at)
    result.without_reads = longest_without(load.read_at(), broken_at, whole_at)


def wrong(result: Result, drill: Drill) -> list[str]:
    """Return in words what was lost, doubled, broken or cut."""
    told = Counter(result.booked) + Counter(result.read)
    errors = sum(number for status, number in told.items() if status.startswith("500"))
    cut = sum(number for status, number in told.items() if not is_expected(status))
    known: Sequence[tuple[bool, str]] = [
        (result.found != result.acknowledged, f"{result.acknowledged - result.found} bookings lost"),
        (result.double > 0, f"{result.double} seats sold twice"),
        (result.differing_shows > 0, f"the counts of {result.differing_shows} shows differ"),
        (errors > 0, f"{errors} answers of 500"),
        (drill.nothing_cut and cut > 0, f"{cut} requests cut or refused"),
    ]
    return [sentence for is_so, sentence in known if is_so]


def late(result: Result, drill: Drill) -> list[str]:
    """Return in words what took longer than was aimed at."""
    known: Sequence[tuple[bool, str]] = [
        (
            drill.aim is not None and result.without_bookings > drill.aim,
            f"{result.without_bookings:.1f} s without bookings, not {drill.aim or 0:g}",
        ),
        (
            drill.reads_go_on and result.without_reads > READS_GO_ON,
            f"{result.without_reads:.1f} s without reads, not {READS_GO_ON:g}",
        ),
    ]
    return [sentence for is_so, sentence in known if is_so]


def is_expected(status: str) -> bool:
    """Whether a buyer or reader is told so while nothing is broken."""
    return status in ("200", "201", "409 seat_taken")
