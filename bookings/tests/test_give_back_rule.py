"""The rule against single seats for a party that gives seats back: what it refuses, what it offers."""

from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bookings.seating.companions import companions_too_many
from bookings.seating.give_back import MAX_OFFERED, singles_freed
from bookings.seating.single_seats import is_single
from bookings.tests.drawings import parse_drawing


def judge(*rows):
    """Rows as drawn, with * for a seat that the party keeps and ! for one that it gives back."""
    plan, others, party = parse_drawing(*(row.replace("!", "*") for row in rows))
    signs = "".join(rows).replace("_", "")
    given_back = {number for number, sign in enumerate(signs, start=1) if sign == "!"}
    seats, instead = singles_freed(plan, others, party, given_back)
    return plan.labels_of(seats), [plan.labels_of(numbers) for numbers in instead]


@pytest.mark.parametrize(
    ("row", "seats", "instead"),
    [
        # One of three, from the middle
        ("oo*!*oo", "A4", ["A3", "A5"]),
        ("oo!**oo", "", []),
        # Beside a stranger
        ("x!**oo", "A2", ["A4"]),
        ("x**!oo", "", []),
        ("x!**x", "", []),  # as would be each of the three
        ("x!*x", "", []),
        ("x!!**oo", "", []),
        # At a wall or an aisle
        ("!**x", "", []),
        ("x*!_oo", "", []),
        ("x!*_oo", "A2", ["A3"]),
        # Several seats
        ("*!*!*o", "A2, A4", ["A1-A2", "A2-A3", "A3-A4", "A4-A5"]),
        ("o*!*o*!*o", "A3, A7", ["A2-A3", "A2, A6", "A2, A8", "A3-A4", "A4, A6", "A4, A8", "A6-A7", "A7-A8"]),
        ("x!!x", "", []),
        ("x!x!x", "", []),  # all that it has
        ("x!x**o", "A2", ["A5"]),
        # Only seats of the same kinds are as good
        ("o*!PPo", "", []),
        # Sofas go whole; half of one is never single, and as a neighbour it counts as any seat
        ("x!SSoo", "", []),
        ("xo!oo", "", []),
    ],
)
def test_what_a_party_may_not_give_back(row, seats, instead):
    assert judge(row) == (seats, instead)


def test_a_row_is_judged_by_itself():
    assert judge("x!x", "**ooo") == ("", [])
    assert judge("o*!*o", "o!**o") == ("A3", ["A2, B2", "A4, B2"])


def test_a_free_seat_beside_keeps_company():
    assert judge("xo!*oo") == ("", [])
    assert judge("x!o*oo") == ("", [])


@pytest.mark.parametrize(
    ("row", "too_many"),
    [("**_WC", ""), ("WWCC", ""), ("WC_C", "A3"), ("CC", "A1-A2"), ("W", ""), ("WWC", "")],
)
def test_a_companion_seat_goes_with_a_wheelchair_space_of_the_party(row, too_many):
    plan, _, _ = parse_drawing(row)

    assert plan.labels_of(companions_too_many(plan, range(1, plan.total_seats + 1))) == too_many


@st.composite
def parties(draw):
    """A plan, who else sits there, a party of up to six, and what it gives back."""
    rows = draw(st.lists(st.text(alphabet="ox**_", min_size=1, max_size=9), min_size=1, max_size=2))
    assume(all(row.strip("_") for row in rows))
    plan, others, party = parse_drawing(*rows)
    assume(1 <= len(party) <= 6)
    return plan, others, party, draw(st.sets(st.sampled_from(sorted(party)), min_size=1))


def single_after(plan, others, party, given_back):
    return {n for n in given_back if is_single(plan, others | (party - given_back), n)}


@settings(deadline=None, max_examples=300)
@given(parties())
def test_it_is_refused_exactly_if_as_many_of_the_same_row_would_leave_fewer_single(drawn):
    plan, others, party, given_back = drawn
    expected = set()
    for row in plan.rows:
        numbers = {seat.number for seat in row}
        own, gone = party & numbers, given_back & numbers
        ways = [single_after(plan, others, own, set(way)) for way in combinations(own, len(gone))]
        left = single_after(plan, others, own, gone)
        if len(left) > min(map(len, ways)):
            expected |= left

    assert set(singles_freed(plan, others, party, given_back).seats) == expected


@settings(deadline=None, max_examples=300)
@given(parties())
def test_what_is_offered_instead_is_as_much_and_is_not_refused(drawn):
    plan, others, party, given_back = drawn

    seats, instead = singles_freed(plan, others, party, given_back)

    assert bool(seats) == bool(instead)
    assert len(instead) <= MAX_OFFERED
    for numbers in instead:
        assert len(set(numbers)) == len(given_back)
        assert set(numbers) <= party
        assert singles_freed(plan, others, party, set(numbers)) == ((), ())


@settings(deadline=None, max_examples=100)
@given(parties())
def test_a_party_may_always_go_whole(drawn):
    plan, others, party, _ = drawn

    assert singles_freed(plan, others, party, party) == ((), ())
