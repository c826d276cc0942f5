"""A booking says who ended it, and why."""

import pytest

from accounts.actors import Actor, Channel
from accounts.tests.factories import client_for, make_staff, make_user
from bookings.models import Status
from bookings.services import cancel_seats
from bookings.tests.api import post_to
from bookings.tests.factories import book, call_off, give_back, let_expire, make_order, move
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.django_db


def told(booking):
    """What its customer reads of it, in its list and in its order."""
    client = client_for(booking.user)
    of_booking = client.get(f"/api/bookings/{booking.pk}/").data
    order = client.get(f"/api/orders/{booking.order.reference}/").data
    [in_order] = [each for each in order["bookings"] if each["id"] == booking.pk]
    assert in_order == of_booking
    return of_booking["status"], of_booking["ended_by"], of_booking["cancel_reason"]


def test_nobody_ended_what_is_live():
    assert told(book(make_show(), 1)) == ("BOOKED", None, None)
    assert told(make_order(make_show(), 1).bookings.get()) == ("HELD", None, None)


def test_time_ends_a_hold_before_anybody_notices():
    order = make_order(make_show(), 1)
    let_expire(order)

    assert told(order.bookings.get()) == ("EXPIRED", "time", None)


def test_a_customer_gives_it_back():
    booking = book(make_show(), 1)
    give_back(booking)

    assert told(booking) == ("CANCELLED", "customer", None)


def test_what_was_exchanged_says_so():
    order = make_order(make_show(), 1, status=Status.BOOKED)
    booking = order.bookings.get()
    assert post_to(order, "exchange", {"from": [1], "to": [2]}).status_code == 200

    assert told(booking) == ("CANCELLED", "customer", "Exchanged")


def test_staff_cancel_it():
    booking = book(make_show(), 1)
    cancel_seats(booking.show_id, [booking.pk], actor=Actor(make_staff(), Channel.ADMIN))

    assert told(booking) == ("CANCELLED", "staff", None)


@pytest.mark.parametrize("of", [make_user, make_staff])
def test_staff_cancel_the_show_and_say_why_also_to_themselves(of):
    user = of()
    booking = book(make_show(), 1, user=user)
    call_off(booking.show, "The projector is broken.", staff=user if user.is_staff else make_staff())

    assert told(booking) == ("CANCELLED", "staff", "The projector is broken.")


def test_whom_a_move_leaves_out_is_told_why():
    show = make_show(screen=make_screen(seat_plan="A oo"))
    bookings = [book(show, 1), book(show, 2)]
    move(
        show,
        screen=make_screen(cinema=show.cinema, seat_plan="A o"),
        refund_left_out=True,
        reason="A leak.",
    )

    assert sorted(map(told, bookings), key=str) == [("BOOKED", None, None), ("CANCELLED", "staff", "A leak.")]
