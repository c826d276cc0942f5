"""When a drill is passed, and what is said of it."""

from pathlib import Path

import pytest

from drills import report
from drills.failures import DRILLS, QUICK, Drill
from drills.results import Result, late, wrong

ROOT = Path(__file__).resolve().parent.parent.parent


def a_drill(**wanted):
    return Drill("a", "a part broken", lambda site, load: None, **wanted)


def a_result(**seen):
    fine = {"acknowledged": 9, "found": 9, "without_bookings": 4.0, "without_reads": 3.0}
    return Result("a", "a part broken", 22.0, **fine | {"booked": {"201": 9, "409 seat_taken": 8}} | seen)


def test_a_drill_in_which_all_is_as_it_should_be_misses_nothing():
    assert wrong(a_result(), a_drill()) == late(a_result(), a_drill()) == []


@pytest.mark.parametrize(
    ("seen", "wanted", "miss"),
    [
        ({"found": 7}, {}, "2 bookings lost"),
        ({"double": 1}, {}, "1 seats sold twice"),
        ({"differing_shows": 3}, {}, "the counts of 3 shows differ"),
        ({"booked": {"201": 9, "500 server_error": 2}}, {}, "2 answers of 500"),
        ({"read": {"200": 9, "500 proxy": 1}}, {}, "1 answers of 500"),
        (
            {"booked": {"201": 9, "cut": 1}, "read": {"503 proxy": 2}},
            {"nothing_cut": True},
            "3 requests cut or refused",
        ),
    ],
)
def test_what_is_wrong_is_said(seen, wanted, miss):
    result = a_result(**seen)
    assert (wrong(result, a_drill(**wanted)), late(result, a_drill(**wanted))) == ([miss], [])


@pytest.mark.parametrize(
    ("seen", "wanted", "miss"),
    [
        ({"without_bookings": 22.1}, {}, "22.1 s without bookings, not 22"),
        ({"without_bookings": 5.1}, {"aim": 5.0}, "5.1 s without bookings, not 5"),
        ({}, {"reads_go_on": True}, "3.0 s without reads, not 2"),
    ],
)
def test_what_is_late_is_said_and_is_not_wrong(seen, wanted, miss):
    result = a_result(**seen)
    assert (wrong(result, a_drill(**wanted)), late(result, a_drill(**wanted))) == ([], [miss])


def test_a_drill_without_an_aim_takes_as_long_as_it_takes():
    assert late(a_result(without_bookings=99.0), a_drill(aim=None)) == []


def test_a_row_of_the_table_says_what_was_seen():
    result = a_result(acknowledged=1234, found=1232, remark="it was away", wrong=["2 bookings lost"])

    *_, last = report.table([result]).splitlines()

    assert last == "| a part broken (it was away) | 1,234 | 1,232 | 0 | 4.0 | 22 | 3.0 | 2 bookings lost |"


def test_the_table_stands_in_what_operators_read_too():
    pages = [(ROOT / "docs" / name).read_text("utf-8") for name in ("drills.md", "operations.md")]
    tables = [
        page[page.index("| what broke |") :].partition("\n\n")[0].partition("\n<!--")[0] for page in pages
    ]

    assert tables[0] == tables[1]
    assert tables[0].count("\n") == len(DRILLS) + 1


def test_a_new_table_takes_the_place_of_the_last_one():
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    written = report.with_table(page, [a_result()])

    assert report.table([a_result()]) in written
    assert DRILLS[0].what not in written
    assert report.with_table(written, [a_result()]) == written
    assert len(written) < len(page)


def test_the_short_form_has_drills_of_the_long_one():
    assert {drill.name for drill in QUICK} < {drill.name for drill in DRILLS}
    assert len({drill.name for drill in DRILLS}) == len(DRILLS)


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
def test_the_page_has_a_row_for_each_drill(drill):
    page = (ROOT / "docs" / "drills.md").read_text("utf-8")

    assert page.count(f"\n| {drill.what} ") == 1
