"""What is refused when seats are exchanged for those of another show, by the rules of either."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from accounts.tests.factories import make_staff
from bookings.models import Status
from bookings.tests.api import assert_refused, post_to, statuses, swap
from bookings.tests.factories import block, change, let_expire, make_order, make_shows_of_one_movie
from bookings.tests.history import db_snapshot
from bookings.tests.moves import ask
from movies.models import Show
from movies.tests.factories import make_screen

pytestmark = pytest.mark.django_db


# --- What is given up --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("from_seats", "to_seats", "field"),
    [([7], [1], "from"), ([5, 7], [1, 2], "from"), ([5], [1, 2], "to"), ([5, 6], [1], "to")],
)
def test_only_seats_of_the_order_are_exchanged_and_for_as_many(from_seats, to_seats, field):
    show, other = make_shows_of_one_movie()
    order = make_order(show, 5, 6)
    make_order(show, 7, user=order.user)
    before = db_snapshot()

    response = swap(order, from_seats, other, to_seats)

    assert_refused(response, 400, "invalid")
    assert response.data["errors"].keys() == {field}
    assert db_snapshot() == before


def test_what_expired_or_was_given_back_is_not_exchanged():
    show, other = make_shows_of_one_movie()
    expired, cancelled, part = make_order(show, 5), make_order(show, 7), make_order(show, 9, 10)
    let_expire(expired)
    post_to(cancelled, "cancel")
    swap(part, [9], other, [9])
    before = db_snapshot()

    # Of an order that is over, also seats that it never had.
    asked = ((expired, 5), (expired, 1), (cancelled, 7), (cancelled, 1), (part, 9))
    codes = [swap(order, [seat], other, [1]).data["code"] for order, seat in asked]

    assert codes == ["hold_expired"] * 2 + ["already_cancelled"] * 3
    assert db_snapshot() == before


@pytest.mark.parametrize(("hours", "status"), [(3.1, 200), (2.9, 409)])
def test_booked_seats_are_given_up_until_the_cut_off_of_their_sale(settings, hours, status):
    settings.CANCEL_CUTOFF_MINUTES = 180
    show, other = make_shows_of_one_movie()
    Show.objects.filter(pk=show.pk).update(starts_at=now() + timedelta(hours=hours))
    order, on_hold = make_order(show, 5, status=Status.BOOKED), make_order(show, 7)
    settings.CANCEL_CUTOFF_MINUTES = 0

    response = swap(order, [5], other, [1])

    assert response.status_code == status
    if status == 409:
        assert response.data["code"] == "too_late_to_cancel"
    assert swap(on_hold, [7], other, [2]).status_code == 200


def test_seats_of_a_show_that_was_moved_are_given_up_until_it_starts(settings):
    settings.CANCEL_CUTOFF_MINUTES = 180
    show, other = make_shows_of_one_movie()
    order = make_order(show, 5, status=Status.BOOKED)
    change(show, starts_at=now() + timedelta(hours=1))

    assert swap(order, [5], other, [1]).status_code == 200


def test_sofas_are_given_up_whole():
    show, other = make_shows_of_one_movie("A ooSSo", "A oooo")
    order = make_order(show, 3, 4)

    response = swap(order, [3], other, [1])

    assert_refused(response, 409, "sold_in_pairs")
    assert response.data["seats"] == [{"seat_number": 4, "reason": "other_half"}]
    assert response.data["show"] == show.pk
    assert swap(order, [3, 4], other, [1, 2]).status_code == 200


def test_no_companion_seat_is_left_behind_without_its_wheelchair_space():
    show, other = make_shows_of_one_movie("A WCooo", "A WCoooo")
    order = make_order(show, 1, 2)

    response = swap(order, [1], other, [1])

    assert_refused(response, 409, "companion_without_wheelchair")
    assert response.data["seats"] == [{"seat_number": 2, "reason": "no_wheelchair_space"}]
    assert swap(order, [1, 2], other, [1, 2]).status_code == 200


def test_no_single_seat_is_left_behind_but_by_staff():
    show, other = make_shows_of_one_movie(no_single_seats=True)
    staff = make_staff("block_seats")
    order = make_order(show, 5, 6, 7, user=staff)

    response = swap(order, [6], other, [1])

    assert_refused(response, 409, "leaves_single_seat")
    assert response.data["instead"] == [[5], [7]]
    assert statuses(order) == {5: "HELD", 6: "HELD", 7: "HELD"}
    assert swap(order, [6], other, [1], leave_single_seat=True).status_code == 200


def test_the_override_is_for_staff():
    show, other = make_shows_of_one_movie()

    response = swap(make_order(show, 5), [5], other, [1], leave_single_seat=True)

    assert_refused(response, 403, "permission_denied")


# --- What is taken -----------------------------------------------------------------------------------


def test_every_seat_in_the_way_is_named_and_nothing_changes():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 1, 2, 3, 4, status=Status.BOOKED)
    make_order(other, 11)
    make_order(other, 12, status=Status.BOOKED)
    block(other, "B3")
    let_expire(make_order(other, 14))
    before = db_snapshot()

    response = swap(order, [1, 2, 3, 4], other, [11, 12, 13, 14])

    assert_refused(response, 409, "seat_taken")
    assert response.data["seats"] == [
        {"seat_number": 11, "reason": "held"},
        {"seat_number": 12, "reason": "booked"},
        {"seat_number": 13, "reason": "blocked"},
    ]
    assert db_snapshot() == before


@pytest.mark.parametrize(
    ("to_seats", "status", "code"),
    [
        ([6, 9], 400, "no_such_seat"),
        ([2, 4], 409, "sold_in_pairs"),
        ([1, 8], 409, "companion_without_wheelchair"),
        ([1, 3], 409, "leaves_single_seat"),
    ],
)
def test_the_new_seats_are_such_as_could_be_bought(to_seats, status, code):
    show, other = make_shows_of_one_movie("A ooooo", "A oooSSoWC", no_single_seats=True)
    order = make_order(show, 1, 2, status=Status.BOOKED)
    before = db_snapshot()

    response = swap(order, [1, 2], other, to_seats)

    assert_refused(response, status, code)
    if status == 400:
        assert response.data["errors"] == {"to": ["Seats are numbered 1 to 8."]}
    else:
        assert response.data["show"] == other.pk
    assert db_snapshot() == before


def test_a_seat_that_the_other_show_had_until_it_was_moved_is_named_as_that():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 1, status=Status.BOOKED)
    ask(other, screen=make_screen(cinema=other.screen.cinema, total_seats=20).pk)

    response = swap(order, [1], other, [45])

    assert_refused(response, 409, "show_changed")
    assert (response.data["show"], response.data["changes"]) == (
        other.pk,
        {"total_seats": {"old": 50, "new": 20}},
    )


@pytest.mark.parametrize(("already", "status"), [(1, 200), (2, 409)])
def test_seats_that_the_customer_has_of_the_other_show_count(settings, already, status):
    settings.MAX_SEATS_PER_SHOW = 3
    show, other = make_shows_of_one_movie()
    order = make_order(show, 1, 2, status=Status.BOOKED)
    make_order(other, *range(1, already + 1), user=order.user, status=Status.BOOKED)

    response = swap(order, [1, 2], other, [11, 12])

    assert response.status_code == status
    if status == 409:
        assert (response.data["code"], response.data["limit"]) == ("too_many_seats", 3)


def test_part_of_an_order_on_hold_is_one_more_order_on_hold(settings):
    settings.MAX_HELD_ORDERS = 1
    show, other = make_shows_of_one_movie()
    order = make_order(show, 1, 2)

    response = swap(order, [1], other, [1])

    assert_refused(response, 409, "too_many_holds")
    assert response.data["limit"] == 1
    assert swap(order, [1, 2], other, [1, 2]).status_code == 200


def test_part_of_a_booked_order_is_no_hold(settings):
    settings.MAX_HELD_ORDERS = 1
    show, other = make_shows_of_one_movie()
    order = make_order(show, 1, 2, status=Status.BOOKED)
    make_order(show, 5, user=order.user)

    assert swap(order, [1], other, [1]).status_code == 200


def test_each_new_seat_costs_what_its_kind_costs_now_in_the_other_show():
    show, other = make_shows_of_one_movie("A oooo", "A ooPP")
    order = make_order(show, 1, 2, status=Status.BOOKED)
    Show.objects.filter(pk=other.pk).update(price=Decimal("11.00"), premium_price=Decimal("16.00"))

    assert swap(order, [1, 2], other, [2, 3]).data["total"] == "27.00"
