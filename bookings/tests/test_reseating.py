"""Reseating: who sits where after a move, drawing by drawing, and how much work that is."""

import pytest

from bookings.seating.kinds import KindChange
from bookings.seating.parties import Party, check_reseating
from bookings.seating.reseating import changes_of, reseat
from bookings.tests.drawings import draw_guests, parse_guests
from bookings.tests.steps import counting_calls
from movies.seat_plan import UnknownSeatError, parse_plan, plain_plan


def reseated(before, after):
    """The rows of the plan after, with who sits there; then who is left out."""
    plan_before, parties = parse_guests(*before)
    plan_after, _ = parse_guests(*after)
    result = reseat(plan_before, plan_after, parties)
    assert check_reseating(plan_before, plan_after, parties, result.moves) == ()
    drawn = draw_guests(plan_after, parties, result.moves)
    return drawn, "".join(chr(party.id) for party in result.left_out)


def expected(after, left_out=""):
    return [row.split()[-1] for row in after if row], left_out


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # The same plan, wherever it stands and however its seats are numbered
        (["ooPPSS_WC aab.cc_dd"], ["ooPPSS_WC aab.cc_dd"]),
        (["B oooo aabb"], ["A oooo ....", "B oooo aabb"]),
        (["oooo aabb", "oooo .cc."], ["oooooo aabb..", "oooooo .cc..."]),
        # Another aisle, as long as it leaves no member of a party alone
        (["oooo aabb"], ["oo_oo aa_bb"]),
        (["oooo aaaa"], ["oo_oo aa_aa"]),
        (["oooo abcd"], ["o_o_o_o a_b_c_d"]),
        # A party who sat apart keeps what there is of its seats
        (["oooo_oo aa.._aa"], ["oooo aaaa"]),
        (["ooo a.a"], ["oooo a.a."]),
    ],
)
def test_who_can_stay_stays(before, after):
    assert reseated(before, after) == expected(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # A party moves as a whole if a seat of it is gone, is of another kind, or is behind an aisle
        (["oooooo ..aabb"], ["ooooo bbaa."]),
        (["oooo aa.."], ["oPoo ..aa"]),
        (["oooo .aa."], ["oo_oo aa_.."]),
        (["ooo_ooo aaa_..."], ["o_oo_ooo ._.._aaa"]),
        # As far from the best place as before: in front, in a corner, in wider rows
        (
            ["A ooooo aa...", "B ooooo .....", "C ooooo ....."],
            ["K ooooo aa...", "L ooooo .....", "M ooooo ....."],
        ),
        (
            ["A ooooo .....", "B ooooo .....", "C ooooo ....b"],
            ["K ooooo .....", "L ooooo .....", "M ooooo ....b"],
        ),
        (
            ["A ooo .aa", "B ooo ...", "C ooo ..."],
            ["K ooooooooo ....aa...", "L ooooooooo .........", "M ooooooooo ........."],
        ),
        # A large party chooses before a small one
        (["A oooooo aabbbb"], ["K ooooo .bbbb", "L oo aa"]),
        # So that no seat is left single
        (["A oooo ....", "B oooo ....", "C oooo .aa."], ["K oooo ....", "L oooo ....", "M oooo aa.."]),
    ],
)
def test_who_cannot_stay_sits_in_a_place_like_the_one_before(before, after):
    assert reseated(before, after) == expected(after)


@pytest.mark.parametrize(
    ("before", "after", "left_out"),
    [
        # Wheelchair users, with the companion beside, whatever else there is
        (["A WCoo aabb"], ["K ooWC bbaa"], ""),
        (["A WC aa"], ["K W_C_WC ._._aa"], ""),
        (["A WC aa"], ["K WooC aa.."], ""),
        (["A WC aa"], ["K W_C_oo ._._.."], "a"),
        (["A WC aa"], ["K oooo ...."], "a"),
        (["A W a"], ["K oPSSC ....."], "a"),
        (["A Wo aa"], ["K WoWo aa.."], ""),
        (["A WCo aaa"], ["K Woo aaa"], ""),
        (["A WCo aaa"], ["K ooW aaa"], ""),
        (["A Wo aa"], ["K WC aa"], ""),
        (["A WCWC aaaa"], ["K CWWC aaaa"], ""),
        (["A WCWC aaaa"], ["K WC_o_WC aa_._aa"], ""),
        (["A WCoo aaaa"], ["K WC_oo aa_aa"], ""),
        (["A WCoo aaaa"], ["K CWoo aaaa"], ""),
        (["A WCoo aaaa"], ["K WC_o_o .._._."], "a"),
        (["A WCWC aabb"], ["K WC_oo aa_.."], "b"),
        # A space or a companion seat is for no other
        (["A oo ab"], ["K WCo ..a"], "b"),
        (["A oooo aaaa"], ["K WooC_oo .aa._aa"], ""),
        (["A CC ab"], ["K CoP ab."], ""),
        # Sofas as a whole
        (["A SSSS aabb"], ["K oSSSSo .aabb."], ""),
        (["A SS aa"], ["K oSSSS ...aa"], ""),
        (["A SSSS_oo aabb_cc"], ["K SS_PP_oo bb_aa_cc"], ""),
        (["A SSo aaa"], ["K SSSSo ..aaa"], ""),
        (["A oo ab"], ["K SSo ..a"], "b"),
    ],
)
def test_wheelchair_spaces_and_sofas(before, after, left_out):
    assert reseated(before, after) == expected(after, left_out)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # The own kind, however far away
        (["A oo aa"], ["K PPPP ....", "L PPPP ....", "M PPPP ....", "N oooo aa.."]),
        (["A PP aa"], ["K oooooPP .....aa"]),
        # Else a dearer one, the next first
        (["A oo aa"], ["K SSPP ..aa"]),
        (["A oo aa"], ["K PoP aa."]),
        (["A PP aa"], ["K ooSS ..aa"]),
        # Else a cheaper one
        (["A SS aa"], ["K ooPP ..aa"]),
        (["A PP aa"], ["K oo aa"]),
        (["A SSSS aabb"], ["K oo_SS bb_aa"]),
        # Those who have their own kind choose before those who have not
        (["A oo_PP aa_bb"], ["K PP_SS bb_aa"]),
        (["A oooo_PP aaaa_bb"], ["K PPPP_oo_oo ..bb_aa_aa"]),
    ],
)
def test_kinds(before, after):
    assert reseated(before, after) == expected(after)


@pytest.mark.parametrize(
    ("before", "after", "left_out"),
    [
        (["A oooo aaaa"], ["K oo_oo aa_aa"], ""),
        (["A ooooo aaaaa"], ["K ooo_ooo aaa_aa."], ""),
        (["A oooooooo aaaaaaaa"], ["K ooo_ooo_ooo aaa_aaa_aa."], ""),
        # Not with a member alone who was not
        (["A oo aa"], ["K o_o ._."], "a"),
        (["A ooo aaa"], ["K oo_oo .._.."], "a"),
        (["A o_o a_a"], ["K o_o a_a"], ""),
        # All of a party or none, and then others have its seats
        (["A oo aa", "B oo aa"], ["A oo .."], "a"),
        (["A oo aa", "B oo bb", "C oo aa"], ["A oo bb"], "a"),
        # Too few seats
        (["A oooo abbb"], ["K ooo bbb"], "a"),
        (["A ooooo abbbb"], ["K ooo a.."], "b"),
    ],
)
def test_parties_apart_and_left_out(before, after, left_out):
    assert reseated(before, after) == expected(after, left_out)


def test_a_party_that_is_seated_after_all_still_keeps_what_it_can():
    # Each has lost two seats, and there are two for both, so one of them gets all four.
    before, parties = parse_guests("oo aa", "oo aa", "oo bb", "oo bb")
    after, _ = parse_guests("C oo ..", "A oo ..")

    result = reseat(before, after, parties)

    assert [party.id for party in result.left_out] == [ord("a")]
    assert [(change.before.label, change.after.label) for change in result.changes] == [
        ("D1", "A1"),
        ("D2", "A2"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "drawn"),
    [
        (["A oo aa"], ["K o_o"], ["a_a"]),
        (["A ooo aaa"], ["K oo_o_o"], ["aa_a_."]),
        (["A oooooo aaaaaa"], ["K oo_o_o_oo"], ["aa_a_a_aa"]),
        (["A WCo aaa"], ["K WC_o"], ["aa_a"]),
        (["A WC aa"], ["K W_C"], ["._."]),
    ],
)
def test_members_may_sit_alone_if_the_caller_says_so(before, after, drawn):
    plan_before, parties = parse_guests(*before)
    plan_after, _ = parse_guests(*(f"{row} _" for row in after))

    result = reseat(plan_before, plan_after, parties, may_sit_alone=True)

    assert draw_guests(plan_after, parties, result.moves) == drawn


def test_house_seats_keep_their_label_or_are_dropped():
    before, parties = parse_guests("ooSS a###", "oo ##")
    after, _ = parse_guests("oPoSS .....")

    result = reseat(before, after, parties)

    assert draw_guests(after, parties, result.moves) == ["a###."]
    assert result.dropped == (5, 6)
    assert result.left_out == ()


def test_a_house_seat_is_given_to_no_other():
    before, parties = parse_guests("ooo ##.", "oo aa")
    after, _ = parse_guests("ooo ...")

    result = reseat(before, after, parties)

    assert draw_guests(after, parties, result.moves) == ["##."]
    assert result.left_out == (Party(ord("a"), (4, 5)),)


def test_the_result_says_what_has_changed_for_whom():
    before, parties = parse_guests("oo aa", "PP bb", "ooSS .cdd")
    after, _ = parse_guests("oo ..", "oSSPP .....")

    result = reseat(before, after, parties)

    changes = [(change.before.label, change.after.label, change.kind) for change in result.changes]
    assert result.moves == {1: 1, 2: 2, 3: 6, 4: 7, 6: 3, 7: 4, 8: 5}
    assert changes == [
        ("B1", "B4", KindChange.SAME),
        ("B2", "B5", KindChange.SAME),
        ("C2", "B1", KindChange.SAME),
        ("C3", "B2", KindChange.SAME),
        ("C4", "B3", KindChange.SAME),
    ]


def test_a_change_by_hand_is_told_in_the_same_way():
    before, _ = parse_guests("oPo abc")
    after, _ = parse_guests("oPoo ....")

    changes = changes_of(before, after, {1: 2, 2: 4, 3: 3})

    assert [(change.before.label, change.after.label, change.kind) for change in changes] == [
        ("A1", "A2", KindChange.DEARER),
        ("A2", "A4", KindChange.CHEAPER),
    ]


def test_a_seat_that_two_parties_have_is_an_error():
    plan = parse_plan("A oooo")

    with pytest.raises(ValueError, match="Two parties have seat number 2"):
        reseat(plan, plan, [Party(1, (1, 2)), Party(2, (2, 3))])


def test_a_party_with_a_seat_that_is_not_there_is_an_error():
    plan = parse_plan("A oooo")

    with pytest.raises(UnknownSeatError):
        reseat(plan, plan, [Party(1, (4, 5))])


def test_an_empty_party_is_nowhere():
    plan = parse_plan("A oooo")

    result = reseat(plan, plan, [Party(1, ())])

    assert (result.moves, result.left_out) == ({}, ())


WIDE = "\n".join(f"{row} {'o' * 20}" for row in "ABCDEFGHJKLMNPQ")  # 300 seats
NO_LABEL_IN_COMMON = "\n".join(f"Z{row} {'o' * 10}_{'o' * 10}" for row in "ABCDEFGHJKLMNPQ")


@pytest.mark.parametrize(
    ("before", "after"), [(plain_plan(300), WIDE), (WIDE, plain_plan(300)), (WIDE, NO_LABEL_IN_COMMON)]
)
def test_a_sold_out_show_of_couples_moves_at_once(before, after):
    before, after = parse_plan(before), parse_plan(after)
    couples = [Party(number, (number, number + 1)) for number in range(1, 301, 2)]

    result, calls = counting_calls(lambda: reseat(before, after, couples))

    assert result.left_out == ()
    assert sorted(result.moves.values()) == list(range(1, 301))
    assert calls < 100_000  # twice as many as it is


@pytest.mark.parametrize("size", [4, 7, 30])
def test_neither_does_it_take_many_steps_if_many_cannot_be_seated_whole(size):
    rows = [f"{row} {'_'.join(['ooo'] * 8)}" for row in "ABCDEFGHJKLMN"]
    before, after = parse_plan(plain_plan(312)), parse_plan("\n".join(rows))
    parties = [Party(first, tuple(range(first, first + size))) for first in range(1, 312 - size, size)]

    result, calls = counting_calls(lambda: reseat(before, after, parties))

    assert check_reseating(before, after, parties, result.moves) == ()
    assert calls < 500_000  # twice as many as it is


@pytest.mark.parametrize(
    ("rows", "may_sit_alone", "is_left_out"),
    [
        (["oo_ooo_oooo_ooooo_oooooo_ooooooo"] * 3, True, True),  # 81 seats
        (["oo_ooo_oooo_ooooo_oooooo_ooooooo_o_o_o_o_o"] * 4, False, False),  # 108 beside others
        (["oo_ooo_oooo_ooooo_o_o_o_o_o_o_o_o_o_o_o"] * 5, False, True),  # 70 beside others, and 55
        (["oo_ooo_oooo_ooooo_o_o_o_o_o_o_o_o_o_o_o"] * 5, True, False),
    ],
)
def test_not_all_ways_are_tried_to_take_a_party_of_a_hundred_apart(rows, may_sit_alone, is_left_out):
    before = parse_plan("A " + "o" * 100)
    after = parse_plan("\n".join(f"X{name} {row}" for name, row in zip("ABCDE", rows, strict=False)))
    party = Party(1, tuple(range(1, 101)))

    result, calls = counting_calls(lambda: reseat(before, after, [party], may_sit_alone=may_sit_alone))

    assert result.left_out == ((party,) if is_left_out else ())
    assert calls < 2_500_000  # twice as many as it is


def test_the_largest_cinema_there_is_takes_some_millions_of_calls():
    names = [one + other for one in "ABC" for other in "ABCDEFGHIJKLMNOPQRSTUVWXY"]
    rows = [f"{name} {'o' * 40}_{'o' * 40}" for name in names]
    before, after = parse_plan(plain_plan(6000)), parse_plan("\n".join(rows))
    couples = [Party(number, (number, number + 1)) for number in range(1, 6001, 2)]

    result, calls = counting_calls(lambda: reseat(before, after, couples))

    assert result.left_out == ()
    assert calls < 8_000_000  # twice as many as it is
