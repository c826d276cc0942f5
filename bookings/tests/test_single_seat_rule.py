"""The rule against single seats: which choices it refuses, and that a refusal always has a better offer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookings.seating.blocks import groups_of, numbers_of
from bookings.seating.single_seats import same_seats_in_row, single_seats_left
from bookings.tests.drawings import parse_drawing
from movies.seat_plan import SeatKind

rows = st.text(alphabet="oooox*_", min_size=1, max_size=14).filter(lambda row: row.strip("_"))


@pytest.mark.parametrize(
    ("row", "refused_for"),
    [
        # Between taken seats
        ("xo*oooo", ("A2",)),
        ("x*ooooo", ()),
        ("xo**ooo", ("A2",)),
        ("ooo*oox", ()),
        ("*o*oooo", ("A2",)),  # the party's own seats are taken ones to the next
        ("xo**ox_ooo", ("A2", "A5")),
        # Nor does it sit better by one group at a time, but all together
        ("xx*o*xxoox", ("A4",)),
        ("xx*o*x_oox", ("A4",)),
        ("xx*o*xxx", ()),
        # Unavoidable: nowhere in this row could the party do better
        ("xo**x", ()),
        ("xo*x", ()),
        ("xo*x_x**x", ()),  # the one has no place but its own and the other two's
        ("xo*x_xox", ("A2",)),  # one person could take the single seat that is there already
        ("xo**x_oox", ("A2",)),
        ("xo**x_oxo", ()),
        ("xooo*x", ()),
        # A single seat that was there before
        ("xox_**oo", ()),
        ("xox*ooo", ()),
        ("x*xoooo", ()),
        # An aisle, a gap or the wall is no taken seat, and no seat beyond it a neighbour
        ("o*oooo", ()),
        ("xo_*ooo", ()),
        ("xooo*o_xxx", ()),
        ("x*o_oxxx", ()),
        # Seats of another kind are not the same seats
        ("xo**x_PP", ()),
        ("xo**x_SS", ()),
        ("xo**x_WC", ()),
        # Sofas, wheelchair spaces and companion seats are never single, and are company to others
        ("xooo_WCx_**x", ()),
        ("xo*SSx", ("A2",)),
        ("*oSSx_ooo", ()),
        ("*Wxooo", ()),
    ],
)
def test_which_singles_a_choice_is_refused_for(row, refused_for):
    plan, taken, chosen = parse_drawing(row)

    assert tuple(plan.seat(number).label for number in single_seats_left(plan, taken, chosen)) == refused_for


def test_each_group_of_a_party_is_judged_in_its_own_row():
    plan, taken, chosen = parse_drawing("xo**x", "xo**oooo")

    # Two could sit in row B without leaving a single, in row A they could not.
    assert single_seats_left(plan, taken, chosen) == plan.numbers_of("B2")


def test_another_row_is_no_reason_to_refuse():
    plan, taken, chosen = parse_drawing("xo**x", "oooooo")

    assert single_seats_left(plan, taken, chosen) == ()


@pytest.mark.parametrize(
    ("row", "refused_for"), [("xooPx_ooo", ""), ("xooPx_PPP", ""), ("xooPx_oPo", "A2"), ("xooPx_Po", "A2")]
)
def test_neither_are_seats_of_other_kinds(row, refused_for):
    plan, taken, _ = parse_drawing(row)

    left = single_seats_left(plan, taken, frozenset(plan.numbers_of("A3-A4")))

    assert plan.labels_of(left) == refused_for


def test_the_last_seat_of_a_row_is_no_neighbour_of_the_first_of_the_next():
    plan, taken, chosen = parse_drawing("xo", "__*ooo")  # though B1 is drawn where A3 would be

    assert single_seats_left(plan, taken, chosen) == ()


def test_a_wheelchair_space_is_never_refused():
    plan, taken, _ = parse_drawing("xoWo_oWoo")
    space = next(seat.number for seat in plan.seats if seat.kind is SeatKind.WHEELCHAIR)

    assert single_seats_left(plan, taken, frozenset({space})) == ()


def test_a_hold_may_be_among_the_taken_seats():
    plan, taken, chosen = parse_drawing("xo*oooo")

    assert single_seats_left(plan, taken | chosen, chosen) == (2,)


@settings(deadline=None, max_examples=200)
@given(st.lists(rows, min_size=1, max_size=3))
def test_every_refusal_has_the_same_seats_to_offer_in_that_row(drawing):
    plan, taken, chosen = parse_drawing(*drawing)

    for number in single_seats_left(plan, taken, chosen):
        assert number not in taken | chosen
        row = [group for group in groups_of(plan, chosen) if group[0].y == plan.seat(number).y]
        offers = []
        for seats in (*row, sum(row, ())):
            staying = chosen - numbers_of(seats)
            for block in same_seats_in_row(plan, taken | staying, seats):
                moved = staying | numbers_of(block)
                if number not in single_seats_left(plan, taken, moved):
                    offers.append(block)
        assert offers


@settings(deadline=None, max_examples=200)
@given(st.lists(rows, min_size=1, max_size=3))
def test_all_the_seats_that_are_left_are_always_sold(drawing):
    plan, taken, _ = parse_drawing(*drawing)
    everything_left = frozenset(seat.number for seat in plan.seats) - taken

    assert single_seats_left(plan, taken, everything_left) == ()
