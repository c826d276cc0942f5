"""Best available: what a party is given, drawing by drawing, and what holds for every plan."""

from itertools import combinations
from math import hypot

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bookings.seating.best_available import best_available, largest_free_block
from bookings.seating.blocks import groups_of
from bookings.seating.single_seats import single_seats_left
from bookings.tests.drawings import labels_of, parse_drawing
from movies.seat_plan import SeatKind, parse_plan, plain_plan

STANDARD, PREMIUM, SOFA = SeatKind.STANDARD, SeatKind.PREMIUM, SeatKind.SOFA
WHEELCHAIR, COMPANION = SeatKind.WHEELCHAIR, SeatKind.COMPANION

EMPTY = ("ooooooooo",) * 7  # the best place is E5: the fifth row of seven, the middle of nine


def rows(signs):
    return st.text(alphabet=signs, min_size=1, max_size=10).filter(lambda row: row.strip("_"))


standard_drawings = st.lists(rows("oooxx_"), min_size=1, max_size=5)
mixed_rows = st.lists(st.sampled_from(["o", "o", "x", "P", "SS", "W", "C", "_"]), min_size=1, max_size=9)
mixed_drawings = st.lists(mixed_rows.map("".join).filter(lambda row: row.strip("_")), min_size=1, max_size=4)
takings = st.sets(st.integers(1, 40))


@pytest.mark.parametrize(
    ("rows", "seats", "chosen"),
    [
        # The middle of the row, two thirds back; a tie goes to the lower number
        (EMPTY, 1, "E5"),
        (EMPTY, 2, "E4-E5"),
        (EMPTY, 3, "E4-E6"),
        (EMPTY, 9, "E1-E9"),
        (("oooooooo",) * 4, 2, "C4-C5"),
        (("__ooo_ooo",) * 4, 3, "C1-C3"),
        # A row back or forth is as far as two seats aside
        ((*EMPTY[:4], "oooxxxxoo", *EMPTY[5:]), 1, "D5"),
        ((*EMPTY[:4], "oooooxooo", *EMPTY[5:]), 1, "E5"),
        # Walkways are distance, too
        (("ooo", "ooo", "", "", "ooo"), 3, "E1-E3"),
        # Together: an aisle separates
        (("ooo_ooo",), 3, "A1-A3"),
        (("oo_oo", "ooo__", "oo_oo"), 3, "B1-B3"),
        # Not for the sake of a block far away: one seat or one row to avoid a single
        (("ooooooo",) * 4, 5, "C1-C5"),  # C2-C6 would leave C1 and C7
        (("ooooo",) * 4, 4, "C1-C4"),  # unavoidable
        (("ooo",) * 4, 1, "C1"),  # C2 would leave two
        (("oooooo", "oooooo", "xxooxx", "oooooo"), 1, "B3"),  # C3 would leave C4
        (("oooooo", "xxxxxx", "xxxxxx", "xxooox", "xxxxxx"), 2, "D3-D4"),  # A3 is too far for that
        # Unless the rule would refuse it
        (("xoooxxxxxxooxx",), 2, "A11-A12"),
        # Split: groups near the best place and each other
        (("ooxoo", "xxxxx", "ooxoo"), 4, "C1-C2, C4-C5"),
        (("ooo", "oox", "oox", "oxx"), 4, "B1-B2, C1-C2"),
        (("ooxxxxxxxoo", "xxxxxxxxxxx", "ooxxxxxxxoo", "ooxxxxxxxoo"), 4, "C1-C2, D1-D2"),
        (("ooxoxxx", "ooxoxoo"), 4, "A1-A2, B1-B2"),  # near each other counts as much: not B1-B2, B6-B7
        (("xoo", "oox"), 3, "A2, B1-B2"),  # two well and one less so, not the other way round
        # ... into as few as can be, with no customer alone
        (("oooxxxxooxooxooxxxxooo",), 6, "A1-A3, A20-A22"),
        (("ooooxooooxoooo",), 6, "A3-A4, A6-A9"),
        (("oooxoooxooo",), 4, "A2-A3, A9-A10"),  # A5-A6 would be refused: it leaves A7
        (("ooooxox",), 5, "A1-A4, A6"),  # cannot be avoided
        (("oooox", "xxxxx", "xxoxx", "xxxxx", "oooxx"), 5, "A3-A4, E1-E3"),
        (("ooxox", "oooox"), 6, "A1-A2, B1-B4"),
        (("oxoxo", "xoxox"), 5, "A1, A3, A5, B2, B4"),
        # No seats, and a party too large for those there are
        (("xxx",), 1, None),
        (("oxo",), 3, None),
        (("oxo",), 2, "A1, A3"),
    ],
)
def test_which_seats_a_party_is_given(rows, seats, chosen):
    plan, taken, _ = parse_drawing(*rows)

    assert labels_of(plan, best_available(plan, taken, seats)) == chosen


@pytest.mark.parametrize(
    ("rows", "seats", "kind", "chosen"),
    [
        # Without a kind: standard, then premium as well, then sofas as well
        (("oooo", "PPPP", "SSSS"), 2, None, "A1-A2"),
        (("oxxo", "PPPP", "SSSS"), 2, None, "B1-B2"),
        (("oxxo", "SSSS", "oxPx"), 2, None, "B1-B2"),
        (("ooPP",), 3, None, "A1-A3"),
        (("ooSS",), 4, None, "A1-A4"),
        (("PPP",), 2, None, "A1-A2"),
        (("oo_oo", "oo_oo", "PPPP_"), 4, None, "C1-C4"),
        (("oo_oo", "PP_PP"), 4, None, "A1-A4"),
        (("oxo_PP",), 3, None, "A3-A5"),
        (("oxo_SS",), 3, None, "A3-A5"),
        (("oxoxo_PPP",), 4, None, "A5-A8"),
        (("oxo_PxP",), 4, None, "A1, A3-A4, A6"),
        (("oxo_PxP",), 5, None, None),
        (("WCoo",), 3, None, None),
        (("WCWC",), 1, None, None),
        (("oxoxoxo", "PP_PP"), 4, None, "B1-B4"),
        # A split party pays more to have fewer alone or fewer groups, but not for a better place
        (("ooooxo_xPP",), 5, None, "A2-A4, A8-A9"),
        (("ooxooxooxPPPP",), 6, None, "A7-A8, A10-A13"),
        (("oxPxPxo",), 2, None, "A1, A7"),
        # With a kind: that one only
        (("oooo", "PPPP", "SSSS"), 2, PREMIUM, "B1-B2"),
        (("ooPo",), 2, PREMIUM, None),
        (("oPPo",), 2, STANDARD, "A1, A4"),
        (("WCoo_WC",), 1, WHEELCHAIR, "A5"),
        (("WCoo_WC",), 2, WHEELCHAIR, "A1, A5"),
        (("WCoo_WC",), 1, COMPANION, "A2"),
        (("WCoo",), 2, COMPANION, None),
        (("xoWoooo_W",), 1, WHEELCHAIR, "A3"),  # it leaves A2, but wheelchair spaces are never refused
        # Sofas: whole ones
        (("SSSSSS",), 2, SOFA, "A3-A4"),
        (("SSSSSS",), 4, SOFA, "A1-A4"),
        (("SS_SS",), 4, SOFA, "A1-A4"),
        (("SSSSSS",), 3, SOFA, None),
        (("SSSSSS",), 3, None, None),
        (("SSSSSS",), 1, None, None),
        (("SSoSS",), 3, None, "A1-A3"),
        (("SSooSSoSS",), 8, None, "A1-A6, A8-A9"),
        (("SS_o_SS",), 3, None, "A1-A3"),
        # A split party sits on sofas and seats beside them, and two groups may share a row
        (("oo", "ooSS"), 5, None, "A1-A2, B2-B4"),
        (("SSSSooSSSS",), 7, None, "A1-A5, A9-A10"),  # A7-A8 would be refused: they leave A6
        (("SSSSooSSSS_SS",), 11, None, "A1-A4, A6-A12"),
        (("SSoSS", "oo"), 6, None, "A1-A2, A4-A5, B1-B2"),
        (("SSooSS", "ooo"), 7, None, "A1-A4, B1-B3"),
    ],
)
def test_which_kinds_a_party_is_given(rows, seats, kind, chosen):
    plan, taken, _ = parse_drawing(*rows)

    assert labels_of(plan, best_available(plan, taken, seats, kind=kind)) == chosen


def test_the_free_half_of_a_sofa_is_not_given():
    plan, _, _ = parse_drawing("SSSS")

    assert best_available(plan, {2}, 2, kind=SOFA) == (3, 4)
    assert largest_free_block(plan, {2}, 4) == 2


@pytest.mark.parametrize(
    ("rows", "seats", "chosen"),
    [
        (("oo_oo",), 2, "A1-A2"),
        (("oo_oo",), 3, None),
        (("oooxo", "xxxxx"), 3, "A1-A3"),
    ],
)
def test_a_party_may_insist_on_sitting_together(rows, seats, chosen):
    plan, taken, _ = parse_drawing(*rows)

    assert labels_of(plan, best_available(plan, taken, seats, adjacent="required")) == chosen


@pytest.mark.parametrize(
    ("row", "seats", "kind", "largest"),
    [
        ("oooxoo_oooo", 5, None, 4),
        ("oooxoo_oooo", 3, None, 3),  # no more than the party is
        ("xxx", 2, None, 0),
        ("ooPPSSWC", 8, None, 6),
        ("ooPPSSWC", 8, STANDARD, 2),
        ("ooPPSSWC", 8, WHEELCHAIR, 1),
        ("ooPP", 2, SOFA, 0),
        ("SSSSSSSSSS", 3, None, 2),  # sofas are sold in pairs
        ("SSSSo", 4, None, 4),
        ("SSSSo", 6, None, 5),
    ],
)
def test_how_many_of_a_party_can_still_sit_side_by_side(row, seats, kind, largest):
    plan, taken, _ = parse_drawing(row)

    assert largest_free_block(plan, taken, seats, kind and {kind: seats}) == largest


@pytest.mark.parametrize("seats", [0, -1])
def test_a_party_without_customers_is_an_error(seats):
    plan, taken, _ = parse_drawing("oooo")

    with pytest.raises(ValueError, match=f"A party has at least 1 seat, not {seats}"):
        best_available(plan, taken, seats)


def test_forty_parties_fill_all_seats():
    plan = parse_plan(plain_plan(100))
    taken: set[int] = set()
    for party in range(40):
        chosen = best_available(plan, taken, 2 + party % 2)
        assert chosen is not None
        assert taken.isdisjoint(chosen)
        taken.update(chosen)

    assert taken == set(range(1, 101))


@settings(deadline=None, max_examples=150)
@given(mixed_drawings, takings, st.integers(1, 8), st.sampled_from([None, *SeatKind]))
def test_the_seats_are_free_of_the_kind_and_as_many_as_asked(drawing, also_taken, seats, kind):
    plan, taken, _ = parse_drawing(*drawing)
    taken |= also_taken

    chosen = best_available(plan, taken, seats, kind=kind)

    assume(chosen is not None)
    assert chosen == tuple(sorted(set(chosen)))
    assert len(chosen) == seats
    assert taken.isdisjoint(chosen)
    assert {plan.seat(number).kind for number in chosen} <= ({kind} if kind else {STANDARD, PREMIUM, SOFA})
    assert {plan.seat(number).partner for number in chosen} - {None} <= set(chosen)


@settings(deadline=None, max_examples=150)
@given(mixed_drawings, takings, st.integers(1, 8))
def test_a_party_is_refused_only_if_its_seats_do_not_exist(drawing, also_taken, seats):
    plan, taken, _ = parse_drawing(*drawing)
    taken |= also_taken
    ordinary = [s for s in plan.seats if s.kind in (STANDARD, PREMIUM) and s.number not in taken]
    halves = [s for s in plan.seats if s.partner and not taken & {s.number, s.partner}]
    # An odd party needs an ordinary seat; ordinary seats or whole sofas make up the rest.
    possible = any(
        len(ordinary) >= seats - sofa_seats for sofa_seats in range(0, min(seats, len(halves)) + 1, 2)
    )

    assert (best_available(plan, taken, seats) is not None) == possible


@settings(deadline=None, max_examples=150)
@given(mixed_drawings, takings, st.integers(1, 8))
def test_no_seats_are_offered_that_would_be_refused(drawing, also_taken, seats):
    plan, taken, _ = parse_drawing(*drawing)
    taken |= also_taken

    chosen = best_available(plan, taken, seats)

    assume(chosen is not None)
    assert single_seats_left(plan, taken, set(chosen)) == ()


@settings(deadline=None, max_examples=150)
@given(standard_drawings, st.integers(1, 6))
def test_a_party_sits_together_at_the_lowest_score_that_is_not_refused(drawing, seats):
    plan, taken, _ = parse_drawing(*drawing)

    chosen = best_available(plan, taken, seats, adjacent="required")

    def score(block):
        # Counted over the whole plan, and not only beside the block as best_available does.
        centre = (min(s.x for s in plan.seats) + max(s.x for s in plan.seats)) / 2
        x, y = sum(plan.seat(number).x for number in block) / seats, plan.seat(block[0]).y
        new = singles(plan, taken | set(block)) - singles(plan, taken)
        return hypot(x - centre, 2 * (y - (plan.height - 1) * 2 / 3)) + 2 * len(new)

    blocks = [
        tuple(seat.number for seat in run[start : start + seats])
        for run in plan.runs
        for start in range(len(run) - seats + 1)
    ]
    allowed = [
        block
        for block in blocks
        if taken.isdisjoint(block) and not single_seats_left(plan, taken, set(block))
    ]
    assert (chosen is None) == (not allowed)
    if chosen:
        assert chosen in allowed
        assert score(chosen) == pytest.approx(min(map(score, allowed)))


def singles(plan, taken):
    return {
        run[at].number
        for run in plan.runs
        for at in range(len(run))
        if run[at].number not in taken
        and all(seat.number in taken for seat in (*run[max(at - 1, 0) : at], *run[at + 1 : at + 2]))
    }


@settings(deadline=None, max_examples=150)
@given(mixed_drawings, st.integers(2, 7))
def test_a_split_party_has_the_fewest_alone_and_then_the_fewest_groups(drawing, seats):
    plan, taken, _ = parse_drawing(*drawing)
    free = [s.number for s in plan.seats if s.kind in (STANDARD, PREMIUM, SOFA) and s.number not in taken]
    assume(seats <= len(free) <= 12)  # all ways to choose are tried below

    def apart(chosen):
        groups = groups_of(plan, set(chosen))
        return sum(len(group) == 1 for group in groups), len(groups)

    def is_whole(chosen):
        return {plan.seat(number).partner for number in chosen} - {None} <= set(chosen)

    chosen = best_available(plan, taken, seats)

    if chosen and best_available(plan, taken, seats, adjacent="required") is None:
        assert apart(chosen) == min(map(apart, filter(is_whole, combinations(free, seats))))


@settings(deadline=None, max_examples=100)
@given(mixed_drawings, takings)
def test_the_largest_free_block_is_the_largest_party_that_sits_together(drawing, also_taken):
    plan, taken, _ = parse_drawing(*drawing)
    taken |= also_taken
    largest = largest_free_block(plan, taken, plan.total_seats)

    together = [
        seats
        for seats in range(1, plan.total_seats + 1)
        if best_available(plan, taken, seats, adjacent="required")
    ]

    assert max(together, default=0) == largest


@settings(deadline=None, max_examples=30)
@given(standard_drawings, st.lists(st.integers(1, 5), max_size=40))
def test_parties_fill_any_plan_without_overlap_and_to_the_last_seat(drawing, parties):
    plan, taken, _ = parse_drawing(*drawing)
    for seats in [*parties, *[1] * plan.total_seats]:
        free = plan.total_seats - len(taken)
        chosen = best_available(plan, taken, seats)
        assert (chosen is not None) == (seats <= free)
        if chosen:
            assert taken.isdisjoint(chosen)
            taken |= set(chosen)

    assert len(taken) == plan.total_seats


@settings(deadline=None, max_examples=50)
@given(mixed_drawings, st.sets(st.integers(1, 40)), st.integers(1, 8))
def test_the_same_plan_always_gives_the_same_seats(drawing, numbers, seats):
    plan, _, _ = parse_drawing(*drawing)
    ascending = frozenset(sorted(numbers))
    # Another set with the same seats and another order inside.
    descending = set(range(1_000)) - (set(range(1_000)) - numbers)

    assert best_available(plan, ascending, seats) == best_available(plan, descending, seats)
