"""Giving back a part of an order that would leave a single seat. Which would: test_give_back_rule.py."""

import pytest
from django.urls import reverse

from accounts.tests.factories import client_for, make_staff, make_user
from bookings import services
from bookings.errors import LeavesSingleSeat
from bookings.models import Booking, Status
from bookings.tests.api import assert_refused, post_to, statuses
from bookings.tests.factories import block, book, by, let_expire, make_order, release
from bookings.tests.seats_page import cancel
from movies.models import Show
from movies.tests.factories import browser_for, make_screen, make_show

pytestmark = pytest.mark.django_db


def make_strict_show(seat_plan="A oooooo\nB oooo"):
    return make_show(screen=make_screen(seat_plan=seat_plan, no_single_seats=True))


def booking_of(order, seat_number):
    return order.bookings.get(seat_number=seat_number)


def cancel_booking(order, seat_number, user=None, **body):
    client = client_for(user or order.user)
    return client.post(f"/api/bookings/{booking_of(order, seat_number).pk}/cancel/", body)


def cancel_part(order, seat_number, user=None, **body):
    return post_to(order, "cancel", {"seat_numbers": [seat_number], **body})


def quote(order, seat_number, user=None):
    return client_for(order.user).get(f"/api/bookings/{booking_of(order, seat_number).pk}/cancellation/")


@pytest.mark.parametrize("status", [Status.HELD, Status.BOOKED])
@pytest.mark.parametrize("give_back", [cancel_booking, cancel_part, quote])
def test_the_seat_between_two_kept_ones_is_refused_and_the_others_are_offered(give_back, status):
    order = make_order(make_strict_show(), 3, 4, 5, status=status)

    response = give_back(order, 4)

    assert_refused(response, 409, "leaves_single_seat")
    assert response.data["seats"] == [{"seat_number": 4, "reason": "left_single"}]
    assert response.data["instead"] == [[3], [5]]
    assert statuses(order) == dict.fromkeys((3, 4, 5), status)


@pytest.mark.parametrize("give_back", [cancel_booking, cancel_part])
def test_what_is_offered_is_taken_back(give_back):
    order = make_order(make_strict_show(), 3, 4, 5, status=Status.BOOKED)

    assert quote(order, 5).status_code == 200
    assert give_back(order, 5).status_code == 200
    assert statuses(order) == {3: "BOOKED", 4: "BOOKED", 5: "CANCELLED"}


@pytest.mark.parametrize("body", [None, {"seat_numbers": [2, 7]}])
def test_an_order_can_always_be_given_back_whole(body):
    show = make_strict_show()
    make_order(show, 1)
    order = make_order(show, 2, 7)
    make_order(show, 3)

    assert post_to(order, "cancel", body).status_code == 200


def test_other_screens_do_not_ask():
    order = make_order(make_show(), 3, 4, 5, status=Status.BOOKED)

    assert cancel_booking(order, 4).status_code == 200


def test_a_hold_that_expired_is_no_neighbour():
    show = make_strict_show()
    stranger = make_order(show, 1, 2)
    order = make_order(show, 3, 4, 5)

    assert_refused(cancel_part(order, 3), 409, "leaves_single_seat")
    let_expire(stranger)
    assert cancel_part(order, 3).status_code == 200


@pytest.mark.parametrize("give_back", [cancel_booking, cancel_part])
def test_staff_who_may_block_seats_may_leave_one(give_back):
    staff = make_staff("block_seats")
    order = make_order(make_strict_show(), 3, 4, 5, user=staff, status=Status.BOOKED)

    assert_refused(give_back(order, 4), 409, "leaves_single_seat")
    assert give_back(order, 4, leave_single_seat=True).status_code == 200


@pytest.mark.parametrize("give_back", [cancel_booking, cancel_part])
@pytest.mark.parametrize("make_caller", [make_user, make_staff])
def test_other_users_may_not(give_back, make_caller):
    order = make_order(make_strict_show(), 3, 4, 5, user=make_caller(), status=Status.BOOKED)

    assert_refused(give_back(order, 4, leave_single_seat=True), 403, "permission_denied")
    assert statuses(order) == dict.fromkeys((3, 4, 5), "BOOKED")


# House seats


def test_blocking_is_held_to_the_rule_too():
    show = make_strict_show()
    book(show, 1)
    staff = client_for(make_staff("block_seats"))

    refused = staff.post(f"/api/shows/{show.pk}/block/", {"seats": "A3"})
    assert_refused(refused, 409, "leaves_single_seat")
    assert refused.data["seats"] == [{"seat_number": 2, "reason": "left_single"}]
    body = {"seats": "A3", "leave_single_seat": True}
    assert staff.post(f"/api/shows/{show.pk}/block/", body).status_code == 200


def test_so_is_releasing():
    show = make_strict_show()
    block(show, "A3-A5")
    staff = client_for(make_staff("block_seats"))

    refused = staff.post(f"/api/shows/{show.pk}/free/", {"seats": "A4"})
    assert_refused(refused, 409, "leaves_single_seat")
    assert refused.data["instead"] == [[3], [5]]
    body = {"seats": "A4", "leave_single_seat": True}
    assert staff.post(f"/api/shows/{show.pk}/free/", body).status_code == 200


def test_each_block_is_released_as_it_was_blocked():
    show = make_strict_show()
    block(show, "A1-A2")
    block(show, "A3")
    block(show, "A4-A5")

    assert release(show, "A3").seat_numbers == [3]  # seat 3 is single now, but it was a block of its own


def test_seats_of_several_orders_that_go_together_are_judged_together():
    show = make_strict_show()
    make_order(show, 1, 2, 3)
    make_order(show, 4, 5, 6)
    actor = by(make_staff("change_booking"))

    ids = dict(show.bookings.values_list("seat_number", "pk"))

    with pytest.raises(LeavesSingleSeat):
        services.cancel_seats(show.pk, [ids[3]], actor=actor)
    assert len(services.cancel_seats(show.pk, [ids[3], ids[4]], actor=actor)) == 2


# The Admin


def test_staff_are_told_in_the_admin_and_can_insist():
    show = make_strict_show()
    make_order(show, 3, 4, 5)
    staff = make_staff("change_booking", "block_seats", "view_show", "view_booking")

    page = cancel(browser_for(staff), show, 4).content.decode()
    assert "A4 would be left single. Instead: A3 or A5." in page
    assert Show.objects.get().live_seats == 3
    cancel(browser_for(staff), show, 4, leave_single_seat="on")
    assert Show.objects.get().live_seats == 2


def test_staff_who_may_not_block_seats_cannot_insist():
    show = make_strict_show()
    make_order(show, 3, 4, 5)

    cancel(browser_for(make_staff("change_booking", "view_show")), show, 4, leave_single_seat="on")

    assert Show.objects.get().live_seats == 3


@pytest.mark.parametrize(("seats", "left"), [([4], 3), ([3, 4, 5], 0)])
def test_the_action_on_bookings_gives_back_whole_orders(seats, left):
    show = make_strict_show()
    make_order(show, 1, 2, status=Status.BOOKED)
    order = make_order(show, 3, 4, 5, status=Status.BOOKED)
    chosen = order.bookings.filter(seat_number__in=seats).values_list("pk", flat=True)
    staff = browser_for(make_staff("change_booking", "view_booking"))

    data = {"action": "cancel", "post": "yes", "_selected_action": chosen}
    staff.post(reverse("admin:bookings_booking_changelist"), data)

    assert Booking.objects.filter(order=order, status=Status.BOOKED).count() == left
