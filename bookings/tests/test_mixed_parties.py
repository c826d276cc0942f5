"""The best available seats of several kinds: for a wheelchair, who comes along, and the rest of the party."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking
from bookings.seating.best_available import best_available_of_kinds, free_seats, largest_free_block
from bookings.seating.blocks import groups_of
from bookings.seating.single_seats import single_seats_left
from bookings.tests.api import assert_refused
from bookings.tests.drawings import labels_of, parse_drawing
from bookings.tests.factories import make_order
from bookings.tests.steps import counting_calls
from movies.seat_plan import SeatKind, parse_plan
from movies.tests.factories import make_screen, make_show

STANDARD, PREMIUM, SOFA, WHEELCHAIR, COMPANION = SeatKind


@pytest.mark.parametrize(
    ("rows", "party", "chosen"),
    [
        # Side by side in one run, if that is free
        (("ooWCoo",), {WHEELCHAIR: 1, COMPANION: 1, STANDARD: 2}, "A1-A4"),
        (("ooooo", "WCooo", "ooooo"), {WHEELCHAIR: 1, STANDARD: 1, COMPANION: 1}, "B1-B3"),
        (("ooPPoo",), {STANDARD: 1, PREMIUM: 1}, "A2-A3"),
        (("xxSSoo",), {STANDARD: 1, SOFA: 2}, "A3-A5"),
        # Otherwise as near to the scarcest as can be
        (("oooooo", "oooooo", "", "WC"), {WHEELCHAIR: 1, COMPANION: 1, STANDARD: 2}, "B1-B2, D1-D2"),
        (("WC", "", "oooo", "oooo", "oooo"), {WHEELCHAIR: 1, COMPANION: 1, STANDARD: 2}, "A1-A2, C1-C2"),
        (("oooo____WC",), {WHEELCHAIR: 1, STANDARD: 2}, "A3-A5"),
        (("WC_xxxx_WC", "oo_xxxx_xx"), {WHEELCHAIR: 1, COMPANION: 1, STANDARD: 2}, "A1-A2, B1-B2"),
        (("W__oo__W", "C__oo__C"), {WHEELCHAIR: 2, COMPANION: 2}, "A1, A4, B1, B4"),
        # Sofas whole, and none left single that need not be
        (("SSSS_oo_WC",), {WHEELCHAIR: 1, SOFA: 2}, "A3-A4, A7"),
        (("xooo", "", "PP"), {STANDARD: 2, PREMIUM: 1}, "A2-A3, C2"),
        # Not so many
        (("ooWC",), {WHEELCHAIR: 2, STANDARD: 1}, None),
        (("ooWC",), {WHEELCHAIR: 1, STANDARD: 3}, None),
        (("xSSo",), {PREMIUM: 1, STANDARD: 1}, None),
    ],
)
def test_where_a_mixed_party_sits(rows, party, chosen):
    plan, taken, _ = parse_drawing(*rows)

    assert labels_of(plan, best_available_of_kinds(plan, taken, party)) == chosen


@pytest.mark.parametrize(
    ("row", "party", "chosen", "largest"),
    [
        ("ooWCoo", {WHEELCHAIR: 1, COMPANION: 1, STANDARD: 2}, "A1-A4", 4),
        ("oo_WCo", {WHEELCHAIR: 1, COMPANION: 1, STANDARD: 2}, None, 3),
        ("oo_W_C", {WHEELCHAIR: 1, COMPANION: 1, STANDARD: 1}, None, 1),
        ("xx", {WHEELCHAIR: 1, STANDARD: 1}, None, 0),
    ],
)
def test_a_mixed_party_that_must_sit_side_by_side(row, party, chosen, largest):
    plan, taken, _ = parse_drawing(row)

    assert labels_of(plan, best_available_of_kinds(plan, taken, party, adjacent="required")) == chosen
    assert largest_free_block(plan, taken, sum(party.values()), party) == largest


@pytest.mark.parametrize("party", [{}, {STANDARD: 0}, {STANDARD: 1, WHEELCHAIR: -1}])
def test_a_party_of_no_one_is_an_error(party):
    plan, taken, _ = parse_drawing("ooW")

    with pytest.raises(ValueError, match="at least 1 seat"):
        best_available_of_kinds(plan, taken, party)


drawings = st.lists(
    st.lists(st.sampled_from(["o", "o", "P", "SS", "W", "C", "x", "_"]), min_size=1, max_size=10).map(
        "".join
    ),
    min_size=1,
    max_size=3,
).filter(lambda rows: all(row.strip("_") for row in rows))
asked = st.dictionaries(st.sampled_from(SeatKind), st.integers(1, 3), min_size=1).map(
    lambda party: {kind: seats * (2 if kind is SOFA else 1) for kind, seats in party.items()}
)


@settings(deadline=None, max_examples=200)
@given(drawings, asked)
def test_the_seats_are_as_asked_and_missing_only_if_one_kind_is_short(drawing, party):
    plan, taken, _ = parse_drawing(*drawing)

    chosen = best_available_of_kinds(plan, taken, party)

    assert (chosen is None) == any(free_seats(plan, taken, kind) < n for kind, n in party.items())
    if chosen is not None:
        assert Counter(plan.seat(number).kind for number in chosen) == party
        assert taken.isdisjoint(chosen)
        assert {plan.seat(number).partner for number in chosen} - {None} <= set(chosen)
        assert single_seats_left(plan, taken, set(chosen)) == ()


@settings(deadline=None, max_examples=200)
@given(drawings, asked)
def test_required_is_one_block_and_preferred_is_the_same_where_there_is_one(drawing, party):
    plan, taken, _ = parse_drawing(*drawing)

    together = best_available_of_kinds(plan, taken, party, adjacent="required")

    size = sum(party.values())
    assert (together is None) == (largest_free_block(plan, taken, size, party) < size)
    if together:
        assert len(groups_of(plan, set(together))) == 1
        assert best_available_of_kinds(plan, taken, party) == together


def test_the_largest_auditorium_is_searched_in_few_steps():
    row = "o" * 30 + "_" + "SS" * 8 + "_" + "oWCo" * 8
    plan = parse_plan("\n".join(f"{chr(65 + at // 26)}{chr(65 + at % 26)} {row}" for at in range(70)))
    taken = frozenset(range(1, plan.total_seats, 3))
    party = {WHEELCHAIR: 2, COMPANION: 2, STANDARD: 4, SOFA: 2}

    _, calls = counting_calls(lambda: best_available_of_kinds(plan, taken, party))

    assert calls < 500_000  # twice as many as it is


# Over HTTP


def best(show, party, **asked):
    return client_for(make_user()).post("/api/orders/", {"show": show.pk, "best_available": party, **asked})


def make_show_with(*lines, **fields):
    return make_show(screen=make_screen(seat_plan="\n".join(lines), **fields))


@pytest.mark.django_db
def test_a_wheelchair_user_comes_with_a_companion_and_friends():
    show = make_show_with("A oooo", "B WCoo", "C oooo")

    response = best(show, {"wheelchair": 1, "companion": 1, "standard": 2})

    assert response.status_code == 201
    assert [booking["seat_label"] for booking in response.data["bookings"]] == ["B1", "B2", "B3", "B4"]


@pytest.mark.django_db
def test_one_kind_is_the_same_as_naming_it():
    show = make_show_with("A oooo", "B PPPP")

    for party, more in (({"premium": 2}, {}), (2, {"kind": "premium"})):
        assert {booking["seat_label"][0] for booking in best(show, party, **more).data["bookings"]} == {"B"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("party", "message"),
    [
        ({}, "Name at least one kind of seat."),
        ({"box": 1}, "There is no such kind of seat."),
        ({"standard": 0}, "standard: Give a number of seats from 1 upwards."),
        ({"standard": -1}, "standard: Give a number of seats from 1 upwards."),
        ({"standard": "2"}, "standard: Give a number of seats from 1 upwards."),
        ({"standard": 2.0}, "standard: Give a number of seats from 1 upwards."),
        ({"standard": True}, "standard: Give a number of seats from 1 upwards."),
        ({"standard": None}, "standard: Give a number of seats from 1 upwards."),
        ({"sofa": 3}, "Sofas are sold in pairs: ask for an even number."),
        ({"standard": 6, "premium": 5}, "At most 10 seats an order."),
        ({"standard": 10**30}, "At most 10 seats an order."),
        ([1], "A valid integer is required."),
    ],
)
def test_what_is_no_party_is_invalid(party, message):
    response = best(make_show(), party)

    assert response.status_code == 400
    assert [text.startswith(message) for text in response.data["errors"]["best_available"]] == [True]


@pytest.mark.django_db
def test_a_kind_beside_kinds_is_invalid():
    response = best(make_show(), {"standard": 1}, kind="standard")

    assert response.data["errors"] == {"kind": ["Goes with a number of seats only."]}


@pytest.mark.django_db
def test_limits_apply_to_the_sum(settings):
    settings.MAX_SEATS_PER_SHOW = 3

    assert_refused(best(make_show_with("A oooWW"), {"wheelchair": 2, "standard": 2}), 409, "too_many_seats")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("party", "asked", "code", "extra"),
    [
        (
            {"wheelchair": 2, "standard": 1},
            {},
            "not_enough_seats",
            {"kind": "wheelchair", "available": 1, "largest_block": 2},
        ),
        (
            {"wheelchair": 1, "standard": 4},
            {"adjacent": "required"},
            "not_enough_seats",
            {"kind": "standard", "available": 3, "largest_block": 2},
        ),
        ({"companion": 1, "standard": 3}, {"adjacent": "required"}, "not_together", {"largest_block": 2}),
        (3, {"kind": "sofa"}, None, None),
        (4, {"kind": "sofa"}, "not_enough_seats", {"kind": "sofa", "available": 2, "largest_block": 2}),
        (6, {}, "not_enough_seats", {"available": 5, "largest_block": 2}),
    ],
)
def test_what_cannot_be_found_says_why_in_terms_of_what_was_asked(party, asked, code, extra):
    response = best(make_show_with("A oWC_oo_SS"), party, **asked)

    if code is None:
        assert response.status_code == 400
        return
    assert_refused(response, 409, code)
    assert {name: response.data.get(name) for name in extra} == extra
    assert ("kind" in response.data) == ("kind" in extra)
    assert Booking.objects.count() == 0


@pytest.mark.django_db
def test_an_odd_party_among_sofas_is_told_that_they_go_in_pairs():
    show = make_show_with("A SSSSSSSSSS")

    response = best(show, 3)

    assert_refused(response, 409, "not_enough_seats")
    assert (response.data["available"], response.data["largest_block"]) == (10, 2)
    assert response.data["detail"] == "Only sofas are left, which are sold in pairs."


@pytest.mark.django_db
def test_companions_without_as_many_wheelchair_spaces_are_refused():
    response = best(make_show_with("A WCCoo"), {"wheelchair": 1, "companion": 2})

    assert_refused(response, 409, "companion_without_wheelchair")


@pytest.mark.django_db
def test_taken_seats_are_not_given():
    show = make_show_with("A WC_oo", "B WC_oo")
    make_order(show, 5, 6)

    labels = [b["seat_label"] for b in best(show, {"wheelchair": 1, "companion": 1}).data["bookings"]]

    assert labels == ["A1", "A2"]
