"""Checking where parties would sit after a move that staff have changed by hand."""

import pytest

from bookings.seating.kinds import CHEAPEST_FIRST, KindChange, cost_of_kinds, kind_change
from bookings.seating.parties import Fault, Party, Problem, check_reseating
from bookings.tests.drawings import parse_guests
from movies.seat_plan import SeatKind, UnknownSeatError, parse_plan

STANDARD, PREMIUM, SOFA = SeatKind.STANDARD, SeatKind.PREMIUM, SeatKind.SOFA
WHEELCHAIR, COMPANION = SeatKind.WHEELCHAIR, SeatKind.COMPANION


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        # In both drawings a party's members stand in the same order
        ("oooo aabb", "oo_oo bb_aa", None),
        ("oooo aaaa", "ooo_oo aa._aa", None),
        ("oo aa", "PP aa", None),
        ("PP aa", "oo aa", None),
        ("oo ab", "o_o b_a", None),
        ("WC aa", "Wo aa", None),
        ("WCo aaa", "WCC aaa", None),
        ("SS aa", "oo aa", None),
        ("oo_o aa_b", "SS_o aa_b", None),
        # The wheelchair user and the companion
        ("Wo ab", "oW ab", (Fault.WHEELCHAIR_USER, "a", (1,))),
        ("oo ab", "Wo ab", (Fault.WHEELCHAIR_SPACE, "a", (1,))),
        ("oo ab", "Co ab", (Fault.COMPANION_SEAT, "a", (1,))),
        ("Wo_oo aa_aa", "W_CC_oo a_aa_a.", (Fault.COMPANION_SEAT, "a", (2, 3))),
        ("WCoo aaaa", "WooC aaaa", None),  # the companion sits beside on an ordinary seat
        ("WC_o_o aa_a_b", "Wo_Co a._aa", (Fault.COMPANION_APART, "a", (1,))),
        # Sofas
        ("oo ab", "oSS .ab", (Fault.HALF_SOFA, "a", (1,))),
        ("SS ab", "SS ab", None),  # as it was before
        ("SS ab", "SS ba", (Fault.HALF_SOFA, "a", (1,))),
        ("SSSS .aa.", "SSSS .aa.", None),
        ("SSSS aabb", "oSSo_SS .aa._bb", None),
        ("SSSS aa..", "SSSS .aa.", (Fault.HALF_SOFA, "a", (1, 2))),
        ("ooSS_o aa.._b", "ooSS_o .aa._b", (Fault.HALF_SOFA, "a", (2,))),
        # Alone
        ("oo aa", "o_o a_a", (Fault.ALONE, "a", (1, 2))),
        ("ooo aaa", "oo_o aa_a", (Fault.ALONE, "a", (3,))),
        ("o_oo a_aa", "oo_o aa_a", (Fault.ALONE, "a", (3,))),
        ("o_o a_a", "o__o a__a", None),
        # Some of a party
        ("ooo aaa", "ooo aa.", (Fault.NOT_WHOLE, "a", (3,))),
        ("ooo aab", "ooo ..b", None),
        ("ooo ##a", "oo #a", None),
        ("ooSS ##aa", "SSSS #.##", None),
    ],
)
def test_what_is_wrong(before, after, problem):
    plan_before, parties = parse_guests(before)
    plan_after, parties_after = parse_guests(after)
    seats_after = {party.id: party.seats for party in parties_after}
    moves = {
        old: new
        for party in parties
        for old, new in zip(party.seats, seats_after.get(party.id, ()), strict=False)
    }

    problems = check_reseating(plan_before, plan_after, parties, moves)

    first = problems[0] if problems else None
    assert first == (problem and Problem(problem[0], ord(problem[1]), problem[2]))


@pytest.mark.parametrize(
    ("moves", "problems"),
    [
        ({1: 1, 2: 2, 3: 3}, ()),
        ({}, ()),
        ({1: 1, 2: 1, 3: 3}, (Problem(Fault.SEAT_TAKEN, 1, (1, 2)), Problem(Fault.ALONE, 1, (1, 2)))),
        ({1: 1, 2: 2, 3: 2}, (Problem(Fault.SEAT_TAKEN, 1, (2,)), Problem(Fault.SEAT_TAKEN, 2, (3,)))),
        ({1: 1, 2: 2, 3: 5}, (Problem(Fault.NO_SUCH_SEAT, 2, (3,)),)),
        ({1: 1, 2: 2, 3: 0}, (Problem(Fault.NO_SUCH_SEAT, 2, (3,)),)),
        ({4: 1, 9: 2}, (Problem(Fault.NOT_SOLD, None, (4, 9)),)),
        ({2: 2}, (Problem(Fault.NOT_WHOLE, 1, (1,)),)),
    ],
)
def test_what_is_impossible(moves, problems):
    plan = parse_plan("A oooo")

    assert check_reseating(plan, plan, [Party(1, (1, 2)), Party(2, (3,))], moves) == problems


def test_a_party_with_a_seat_that_is_not_there_is_an_error():
    plan = parse_plan("A oooo")

    with pytest.raises(UnknownSeatError):
        check_reseating(plan, plan, [Party(1, (5,))], {5: 1})


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (STANDARD, STANDARD, KindChange.SAME),
        (COMPANION, STANDARD, KindChange.DEARER),
        (STANDARD, PREMIUM, KindChange.DEARER),
        (PREMIUM, SOFA, KindChange.DEARER),
        (SOFA, STANDARD, KindChange.CHEAPER),
        (STANDARD, COMPANION, KindChange.CHEAPER),
    ],
)
def test_which_kind_is_dearer(before, after, change):
    assert kind_change(before, after) == change


def test_every_kind_has_its_place_in_the_order_but_wheelchair_spaces():
    assert set(SeatKind) - set(CHEAPEST_FIRST) == {WHEELCHAIR}


@pytest.mark.parametrize(
    ("before", "after", "cost"),
    [
        ([STANDARD, PREMIUM], [PREMIUM, STANDARD], (0, 0)),
        ([STANDARD, PREMIUM], [PREMIUM, SOFA], (0, 2)),
        ([STANDARD, SOFA], [PREMIUM, PREMIUM], (1, 1)),
        ([SOFA], [STANDARD], (2, 0)),
        ([WHEELCHAIR, COMPANION], [STANDARD, WHEELCHAIR], (0, 1)),
        ([WHEELCHAIR, STANDARD], [WHEELCHAIR, COMPANION], (1, 0)),
        ([WHEELCHAIR], [STANDARD], None),
        ([STANDARD], [WHEELCHAIR], None),
        ([STANDARD], [COMPANION], None),
    ],
)
def test_what_other_kinds_cost(before, after, cost):
    assert cost_of_kinds(before, after) == cost
