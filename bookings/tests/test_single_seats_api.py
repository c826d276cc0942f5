"""The single-seat rule at every endpoint that takes seats. What it refuses: test_single_seat_rule.py."""

import pytest

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.models import Booking
from bookings.tests.api import assert_refused, post_to
from bookings.tests.factories import let_expire, make_former_staff, make_order
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.django_db

# Seat 1 is taken, so a customer who takes seat 3 leaves seat 2 single.
ENDPOINTS = ["book", "order", "exchange"]


def make_strict_show(seat_plan="A oooooo", *, no_single_seats=True):
    return make_show(screen=make_screen(seat_plan=seat_plan, no_single_seats=no_single_seats))


def take_seat_3(endpoint, show, user, **fields):
    client = client_for(user)
    if endpoint == "book":
        return client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 3, **fields})
    if endpoint == "order":
        return client.post("/api/orders/", {"show": show.pk, "seat_numbers": [3], **fields})
    order = make_order(show, 6, user=user)
    return client.post(f"/api/orders/{order.reference}/exchange/", {"from": [6], "to": [3], **fields})


def is_taken(show, seat_number):
    return Booking.objects.live().filter(show=show, seat_number=seat_number).exists()


@pytest.fixture
def show():
    show = make_strict_show()
    make_order(show, 1)
    return show


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_choice_that_leaves_a_single_seat_is_refused_and_the_seat_named(show, endpoint):
    response = take_seat_3(endpoint, show, make_user())

    assert_refused(response, 409, "leaves_single_seat")
    assert response.data["seats"] == [{"seat_number": 2, "reason": "left_single"}]
    assert not is_taken(show, 3)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_screen_without_the_rule_sells_it(endpoint):
    show = make_strict_show(no_single_seats=False)
    make_order(show, 1)

    assert take_seat_3(endpoint, show, make_user()).status_code in (200, 201)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_staff_who_may_block_seats_may_leave_one(show, endpoint):
    response = take_seat_3(endpoint, show, make_staff("block_seats"), leave_single_seat=True)

    assert response.status_code in (200, 201)
    assert is_taken(show, 3)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_staff_who_do_not_say_so_are_held_to_the_rule(show, endpoint):
    staff = make_staff("block_seats")

    assert take_seat_3(endpoint, show, staff).data["code"] == "leaves_single_seat"
    if endpoint != "exchange":
        response = take_seat_3(endpoint, show, staff, leave_single_seat=False)
        assert response.data["code"] == "leaves_single_seat"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("make_caller", [make_user, make_staff, lambda: make_former_staff("block_seats")])
def test_other_users_may_not_leave_one(show, endpoint, make_caller):
    response = take_seat_3(endpoint, show, make_caller(), leave_single_seat=True)

    assert_refused(response, 403, "permission_denied")
    assert not is_taken(show, 3)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_customer_may_ask_that_none_is_left(endpoint):
    assert take_seat_3(endpoint, make_strict_show(), make_user(), leave_single_seat=False).status_code in (
        200,
        201,
    )


def test_a_hold_that_expired_is_no_neighbour(show):
    let_expire(show.orders.get())

    assert take_seat_3("order", show, make_user()).status_code == 201


@pytest.mark.parametrize(
    ("own", "from_seats", "to_seats", "left"),
    [
        ([3, 4, 5], [4], [12], [4]),  # the seat that is given back is the single one
        ([3, 4, 5], [5], [12], []),
        ([3, 4, 5], [3, 4], [11, 12], []),
        ([3, 5], [5], [6], []),  # seat 4 was single already, and is not any more
        ([3, 5, 12], [12], [11], []),  # seat 4 was, and still is
    ],
)
def test_an_exchange_is_judged_by_where_the_party_sits_afterwards(own, from_seats, to_seats, left):
    show = make_strict_show("A oooooooo\nB oooo")
    screen = show.screen
    screen.no_single_seats = False
    screen.save()
    order = make_order(show, *own)
    screen.no_single_seats = True
    screen.save()

    response = post_to(order, "exchange", {"from": from_seats, "to": to_seats})

    assert [seat["seat_number"] for seat in response.data.get("seats", ())] == left
    assert response.status_code == (409 if left else 200)


def test_the_last_seats_are_sold_whatever_they_leave():
    show = make_strict_show("A oooo")
    make_order(show, 1, 4)

    for seat_number in (2, 3):
        response = client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": seat_number})
        assert response.status_code == 201


@pytest.mark.parametrize(("to", "status"), [(3, 200), (4, 409)])
def test_in_an_exchange_the_seat_given_back_is_free(to, status):
    """So seat 2 is not single after a move from 1 to 3; seat 5 is, between 4 and 6."""
    show = make_strict_show()
    make_order(show, 6)
    order = make_order(show, 1)

    response = post_to(order, "exchange", {"from": [1], "to": [to]})

    assert response.status_code == status
