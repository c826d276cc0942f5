"""A refusal says what the client needs to go on: what is one's own, what is left, what may be had instead."""

import pytest
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.models import Status
from bookings.seating.single_seats import better_choices, single_seats_left
from bookings.tests.api import assert_refused, post_to
from bookings.tests.drawings import parse_drawing
from bookings.tests.factories import block, book, let_expire, make_order
from movies.tests.factories import make_screen, make_show


def hold(user, show, *seat_numbers, **fields):
    return client_for(user).post("/api/orders/", {"show": show.pk, "seat_numbers": seat_numbers, **fields})


def best(user, show, **fields):
    return client_for(user).post("/api/orders/", {"show": show.pk, **fields})


# --- Seats that are one's own ----------------------------------------------------------------------


@pytest.mark.django_db
def test_seats_of_the_asker_are_named_with_their_orders():
    show, user = make_show(), make_user()
    held, booked = make_order(show, 1, user=user), make_order(show, 2, user=user, status=Status.BOOKED)
    make_order(show, 3)

    response = hold(user, show, 1, 2, 3, 4)

    assert_refused(response, 409, "seat_taken")
    assert response.json()["seats"] == [
        {"seat_number": 1, "reason": "held_by_you", "order": held.reference},
        {"seat_number": 2, "reason": "booked", "order": booked.reference},
        {"seat_number": 3, "reason": "held"},
    ]


@pytest.mark.django_db
def test_book_and_exchange_say_so_too():
    show, user = make_show(), make_user()
    held, booked = make_order(show, 1, user=user), make_order(show, 2, user=user, status=Status.BOOKED)
    own = [{"seat_number": 1, "reason": "held_by_you", "order": held.reference}]

    response = client_for(user).post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})
    assert response.json()["seats"] == own
    assert post_to(booked, "exchange", {"from": [2], "to": [1]}).json()["seats"] == own
    other_show = make_show(movie=show.movie)
    there = make_order(other_show, 5, user=user)
    response = post_to(there, "exchange", {"from": [5], "to_show": show.pk, "to": [1]})
    assert response.json()["seats"] == own


@pytest.mark.django_db
def test_others_learn_nothing_of_an_order():
    show = make_show()
    make_order(show, 1)
    staff = make_staff("block_seats")
    block(show, "A2", staff=staff)

    # Nor do staff of the order of house seats that they blocked: it is nobody's.
    assert hold(staff, show, 1, 2).json()["seats"] == [
        {"seat_number": 1, "reason": "held"},
        {"seat_number": 2, "reason": "blocked"},
    ]


@pytest.mark.django_db
def test_a_hold_of_ones_own_that_has_expired_is_in_nobodys_way():
    show, user = make_show(), make_user()
    let_expire(make_order(show, 1, user=user))

    assert hold(user, show, 1).status_code == 201


# --- Limits ----------------------------------------------------------------------------------------


@pytest.mark.django_db
@override_settings(MAX_SEATS_PER_SHOW=3)
def test_too_many_seats_says_how_many_one_has():
    show, user = make_show(), make_user()
    book(show, 1, user=user)
    make_order(show, 2, user=user)
    let_expire(make_order(show, 3, user=user))

    response = hold(user, show, 5, 6)

    assert_refused(response, 409, "too_many_seats")
    assert (response.data["limit"], response.data["have"]) == (3, 2)


@pytest.mark.django_db
@override_settings(MAX_HELD_ORDERS=2)
def test_too_many_holds_names_those_that_there_are():
    user = make_user()
    let_expire(make_order(make_show(), 1, user=user))
    make_order(make_show(), 1)
    orders = [make_order(make_show(), 1, user=user) for _ in range(2)]

    response = hold(user, make_show(), 1)

    assert_refused(response, 409, "too_many_holds")
    assert (response.data["limit"], response.data["orders"]) == (2, [order.reference for order in orders])


# --- What is left ----------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "short"),
    [
        ({"best_available": 6}, {"available": 5}),
        ({"best_available": 2, "kind": "premium"}, {"kind": "premium", "available": 1}),
        ({"best_available": {"wheelchair": 2, "standard": 1}}, {"kind": "wheelchair", "available": 1}),
    ],
)
def test_not_enough_seats_says_how_many_are_left_of_each_kind(asked, short):
    show = make_show(screen=make_screen(seat_plan="A oooP\nB SSW"))
    make_order(show, 3)

    response = best(make_user(), show, **asked)

    assert_refused(response, 409, "not_enough_seats")
    assert response.data["left"] == {"standard": 2, "premium": 1, "sofa": 2, "wheelchair": 1}
    assert {name: response.data[name] for name in short} == short


# --- Instead of a choice that leaves a single seat -------------------------------------------------


@pytest.mark.parametrize(
    ("row", "instead"),
    [
        ("xo*oooo", ["A2", "A4", "A5", "A6", "A7"]),
        ("xo**x_oox", ["A6-A7"]),
        ("xo**ox_ooo", ["A2-A3", "A4-A5", "A7-A8", "A8-A9"]),
        ("xx*o*xxoox", ["A8-A9"]),  # both groups together
        ("xo*oo_oo*ox", ["A2, A7", "A2, A9", "A4, A7", "A4, A9"]),  # one group after the other
        ("xo**x_oo", ["A6-A7"]),
    ],
)
def test_better_choices_are_of_the_same_row_and_the_nearest_come_first(row, instead):
    plan, taken, chosen = parse_drawing(row)

    found = [plan.labels_of(numbers) for numbers in better_choices(plan, taken, chosen)]

    assert found[: len(instead)] == instead


drawn_rows = st.lists(
    st.text(alphabet="ooooxx**_P", min_size=2, max_size=14).filter(lambda row: row.strip("_")),
    min_size=1,
    max_size=2,
)


@settings(max_examples=300)
@given(drawn_rows, st.data())
def test_every_better_choice_is_free_of_the_same_kinds_and_not_refused(rows, data):
    plan, taken, chosen = parse_drawing(*rows)
    if not chosen or not single_seats_left(plan, taken, chosen):
        return
    kept = frozenset(data.draw(st.sets(st.sampled_from(sorted(chosen)), max_size=len(chosen) - 1)))

    def kinds(numbers):
        return sorted((plan.seat(number).y, plan.seat(number).kind) for number in numbers)

    for offered in better_choices(plan, taken, chosen, kept):
        party = kept | set(offered)
        assert len(party) == len(chosen)
        assert not party & taken
        assert kinds(party) == kinds(chosen)
        assert single_seats_left(plan, taken, party) == ()


@settings(max_examples=300)
@given(drawn_rows)
def test_one_group_that_is_refused_always_has_a_better_choice(rows):
    plan, taken, chosen = parse_drawing(*rows)
    one = set(sorted(chosen)[:1])
    if one and single_seats_left(plan, taken, one):
        assert better_choices(plan, taken, one)


@pytest.mark.django_db
def test_the_refusal_names_them_and_they_can_be_had():
    show = make_show(screen=make_screen(seat_plan="A oooooo", no_single_seats=True))
    make_order(show, 1)
    user = make_user()

    response = hold(user, show, 3)

    assert_refused(response, 409, "leaves_single_seat")
    assert response.json()["instead"] == [[2], [4], [5], [6]]
    assert hold(user, show, *response.json()["instead"][0]).status_code == 201


@pytest.mark.django_db
def test_in_an_exchange_what_is_kept_stays():
    show = make_show(screen=make_screen(seat_plan="A oooooooo", no_single_seats=True))
    order = make_order(show, 1, 2, status=Status.BOOKED)

    response = post_to(order, "exchange", {"from": [2], "to": [3]})

    assert_refused(response, 409, "leaves_single_seat")
    for numbers in response.json()["instead"]:
        assert len(numbers) == 1
        assert 1 not in numbers
    [nearest] = response.json()["instead"][0]
    assert post_to(order, "exchange", {"from": [2], "to": [nearest]}).status_code == 200


@pytest.mark.django_db
def test_in_an_exchange_what_one_has_already_is_no_choice():
    show = make_show(screen=make_screen(seat_plan="A oooooooo", no_single_seats=True))
    make_order(show, 1)
    order = make_order(show, 4, 5)

    response = post_to(order, "exchange", {"from": [4, 5], "to": [3, 6]})

    assert_refused(response, 409, "leaves_single_seat")
    instead = response.json()["instead"]
    assert [4, 5] not in instead
    assert post_to(order, "exchange", {"from": [4, 5], "to": instead[0]}).status_code == 200


@pytest.mark.django_db
def test_house_seats_are_offered_others_too():
    show = make_show(screen=make_screen(seat_plan="A oooooo", no_single_seats=True))
    make_order(show, 1)

    response = client_for(make_staff("block_seats")).post(f"/api/shows/{show.pk}/block/", {"seats": "A3"})

    assert response.json()["instead"] == [[2], [4], [5], [6]]
