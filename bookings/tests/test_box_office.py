"""Staff sell to whoever stands there: at once or for later, within limits of their own."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from accounts.actors import Channel
from accounts.tests.factories import make_staff, make_user
from bookings import services
from bookings.errors import (
    HoldExpired,
    LeavesSingleSeat,
    NotExchangeable,
    SalesClosed,
    SeatTaken,
    ShowStarted,
    TooLateToCancel,
    TooManySeats,
)
from bookings.models import Booking, BookingEvent, Guest, Order, Status
from bookings.services import Actor, GuestDetails, SeatChoice
from bookings.tests.factories import book, by, call_off, let_expire, make_order
from bookings.tests.history import assert_history_consistent
from movie_booking.errors import Invalid, NotFound
from movies.errors import ShowCancelled
from movies.models import Show
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.django_db


def seller():
    return Actor(make_staff(), Channel.ADMIN)


def sell(show, *numbers, guest=None, actor=None, hold_until=None, customer=None, **choice):
    asked = SeatChoice(numbers, **choice)
    return services.sell_seats(
        show.pk, asked, guest=guest, actor=actor or seller(), hold_until=hold_until, customer=customer
    )


def until(show):
    return show.starts_at - timedelta(hours=1)


def test_a_walk_in_says_nothing_and_has_the_seats():
    show, actor = make_show(), seller()

    order = sell(show, 5, 6, actor=actor)

    fresh = Order.objects.get()
    assert (fresh, fresh.user, fresh.guest, fresh.sold_by) == (order, None, None, actor.user)
    bookings = list(Booking.objects.order_by("seat_number"))
    assert order.known_bookings == bookings
    assert [(b.seat_number, b.status, b.user, b.price) for b in bookings] == [
        (5, "BOOKED", None, show.price),
        (6, "BOOKED", None, show.price),
    ]
    assert set(BookingEvent.objects.values_list("actor", "channel")) == {(actor.user_id, "ADMIN")}
    assert fresh.customer_name == "Walk-in"
    assert not Guest.objects.exists()
    assert_history_consistent()


def test_what_a_guest_says_is_kept_and_no_key_opens_the_order():
    order = sell(make_show(), 5, guest=GuestDetails("Ann.Smith@Example.com", "Ann Smith", "+49 30 1234-5"))

    guest = Order.objects.get().guest
    assert (order.guest, order.guest.pk) == (guest, Guest.objects.get().pk)
    assert (guest.email, guest.address) == ("Ann.Smith@Example.com", "ann.smith@example.com")
    assert (guest.surname_folded, guest.telephone_digits, guest.telephone_reversed) == (
        "smith",
        "4930" + "12345",
        "54321" + "0394",
    )
    assert (guest.access_key_hash, guest.access_salt) == ("", "")


def test_a_customer_with_an_account_is_served_too():
    user = make_user()

    order = sell(make_show(), 5, customer=user)

    assert (order.user, order.guest, order.sold_by is None) == (user, None, False)
    assert list(Order.objects.of_user(user)) == [order]


def test_staff_sell_more_than_a_customer_may_buy_and_no_more_than_they_may(settings):
    settings.MAX_SEATS_PER_SHOW, settings.STAFF_MAX_SEATS_PER_ORDER = 2, 4
    show = make_show()

    assert len(sell(show, 1, 2, 3, 4).known_bookings) == 4
    with pytest.raises(TooManySeats) as refused:
        sell(show, 11, 12, 13, 14, 15)
    assert refused.value.extra == {"limit": 4}
    assert Booking.objects.count() == 4


def test_one_customer_who_is_known_gets_no_more_of_a_show_than_staff_may_sell(settings):
    settings.STAFF_MAX_SEATS_PER_SHOW = 3
    show, ann = make_show(), GuestDetails(email="ann@example.com")
    sell(show, 1, 2, guest=ann)

    with pytest.raises(TooManySeats) as refused:
        sell(show, 3, 4, guest=GuestDetails(email="ANN@example.com"))
    assert refused.value.extra == {"limit": 3, "have": 2}
    sell(show, 3, 4)  # nobody knows whose these are
    sell(show, 5, guest=ann)


def test_a_seat_that_is_taken_is_refused_and_no_guest_is_left_behind():
    show = make_show()
    book(show, 5)

    with pytest.raises(SeatTaken) as refused:
        sell(show, 5, 6, guest=GuestDetails(name="Ann"))

    assert refused.value.extra == {"seats": [{"seat_number": 5, "reason": "booked"}]}
    assert (Booking.objects.count(), Guest.objects.count()) == (1, 0)


def test_best_available_seats_are_sold_too_and_the_single_seat_rule_is_for_the_caller_to_set_aside():
    show = make_show(screen=make_screen(seat_plan="A oooooooo", no_single_seats=True))
    sell(show, 1)

    with pytest.raises(LeavesSingleSeat):
        sell(show, 3)
    assert sell(show, 3, leave_single_seat=True).pk
    assert len(sell(show, best_available=2).known_bookings) == 2


# --- When ------------------------------------------------------------------------------------------


def test_staff_sell_before_the_sale_begins_and_after_it_has_ended():
    show = make_show()
    Show.objects.update(sales_open_at=now() + timedelta(hours=1))
    assert sell(show, 1).pk

    Show.objects.update(sales_open_at=None, starts_at=now() + timedelta(minutes=1), sales_cutoff_minutes=60)
    with pytest.raises(SalesClosed):
        book(show, 2)
    assert sell(show, 2).pk


@pytest.mark.parametrize(("minutes", "is_sold"), [(14, True), (16, False)])
def test_staff_sell_while_the_advertisements_run(minutes, is_sold):
    show = make_show()
    Show.objects.update(starts_at=now() - timedelta(minutes=minutes))

    with pytest.raises(ShowStarted):
        book(show, 1)
    if is_sold:
        assert sell(show, 1).pk
    else:
        with pytest.raises(ShowStarted):
            sell(show, 1)


def test_nothing_is_sold_of_a_show_that_is_over_a_draft_or_cancelled(settings):
    settings.BOX_OFFICE_MINUTES_AFTER_START = 240
    show = make_show()
    Show.objects.update(starts_at=now() - timedelta(minutes=100), ends_at=now() - timedelta(minutes=1))
    with pytest.raises(ShowStarted):
        sell(show, 1)

    with pytest.raises(NotFound):
        sell(make_show(status=Show.Status.DRAFT), 1)
    cancelled = make_show()
    call_off(cancelled)
    with pytest.raises(ShowCancelled):
        sell(cancelled, 1)


# --- Groups ----------------------------------------------------------------------------------------


def test_a_group_holds_seats_until_its_own_moment_and_confirms_what_is_left_of_them():
    show = make_show()
    actor = seller()
    order = sell(show, *range(1, 9), hold_until=until(show), guest=GuestDetails(name="School"), actor=actor)

    assert set(Booking.objects.values_list("status", "expires_at")) == {("HELD", until(show))}
    services.cancel_order(order, actor=actor, seat_numbers=[7, 8])
    services.confirm_order(order, actor=actor, at_box_office=True)

    assert list(Booking.objects.order_by("seat_number").values_list("status", flat=True)) == [
        *["BOOKED"] * 6,
        *["CANCELLED"] * 2,
    ]
    assert_history_consistent()


def test_a_group_that_does_not_decide_loses_the_seats_like_everyone():
    show = make_show()
    order = sell(show, 1, 2, hold_until=until(show))
    let_expire(order)

    assert services.expire_holds() == 2
    with pytest.raises(HoldExpired):
        services.confirm_order(order, actor=seller(), at_box_office=True)
    assert book(show, 1).pk


def test_staff_hold_for_longer_or_shorter_and_customers_do_not_cut_it():
    show, user = make_show(), make_user()
    order = sell(show, 1, hold_until=until(show), customer=user)
    sooner = now() + timedelta(minutes=1)

    assert services.hold_order_until(order, sooner).known_bookings[0].expires_at == sooner
    services.hold_order_until(order, until(show))
    with pytest.raises(Exception, match="cannot be held any longer"):
        services.extend_order(order)
    assert Booking.objects.get().expires_at == until(show)


@pytest.mark.parametrize(
    ("moment", "code"), [(timedelta(minutes=-1), "time_has_passed"), (timedelta(days=400), "max_value")]
)
def test_a_hold_ends_in_time(moment, code):
    show = make_show()
    order = sell(show, 9, hold_until=until(show))

    for attempt in (
        lambda: sell(show, 1, hold_until=now() + moment),
        lambda: services.hold_order_until(order, now() + moment),
    ):
        with pytest.raises(Invalid) as refused:
            attempt()
        assert refused.value.extra["errors"]["hold_until"][0].code == code
    assert Booking.objects.get().expires_at == until(show)


def test_a_hold_is_confirmed_by_staff_while_the_advertisements_run():
    show = make_show()
    order = sell(show, 1, hold_until=until(show))
    Show.objects.update(starts_at=now() - timedelta(minutes=5))
    Order.objects.update(promised_starts_at=now() - timedelta(minutes=5))
    Booking.objects.update(expires_at=now() + timedelta(minutes=5))

    with pytest.raises(ShowStarted):
        services.confirm_order(order, actor=by())
    services.confirm_order(order, actor=seller(), at_box_office=True)
    assert Booking.objects.get().status == Status.BOOKED


# --- Refunds by exception ---------------------------------------------------------------------------


def booked(*numbers, hours=48):
    show = make_show(starts_at=now() + timedelta(hours=hours))
    return make_order(show, *(numbers or (1, 2)), status=Status.BOOKED)


def test_another_share_needs_a_reason_and_is_recorded_with_it():
    order, actor = booked(hours=1), seller()  # the terms give nothing

    with pytest.raises(Invalid) as refused:
        services.cancel_order(order, actor=actor, refund_percent=80)
    assert list(refused.value.extra["errors"]) == ["reason"]
    assert set(Booking.objects.values_list("status", flat=True)) == {"BOOKED"}

    quoted = services.quote_order(order, refund_percent=80)
    services.cancel_order(order, actor=actor, refund_percent=80, reason="Heating broke")

    recorded = Booking.objects.values_list("refund_percent", "reason", "cancelled_by", "status")
    assert set(recorded) == {(80, "Heating broke", actor.user_id, "CANCELLED")}
    paid_back = sum(booking.refund_amount for booking in Booking.objects.all())
    assert (quoted.refund_percent, quoted.refund_amount) == (80, paid_back)
    assert_history_consistent()


def test_the_share_of_the_terms_needs_none():
    order = booked(hours=3)

    services.cancel_order(order, actor=seller(), seat_numbers=[1], refund_percent=50)

    assert Booking.objects.get(seat_number=1).refund_percent == 50


@pytest.mark.parametrize("share", [-1, 101])
def test_a_share_is_from_0_to_100(share):
    order = booked()

    with pytest.raises(Invalid) as refused:
        services.cancel_order(order, actor=seller(), refund_percent=share, reason="Why not")
    assert list(refused.value.extra["errors"]) == ["refund_percent"]


def test_after_the_start_and_the_cutoff_only_with_a_reason():
    order = booked()
    Order.objects.update(cancel_cutoff_minutes=10_000)
    with pytest.raises(TooLateToCancel):
        services.cancel_order(order, actor=seller())
    with pytest.raises(Invalid):
        services.cancel_order(order, actor=seller(), refund_percent=0)

    Show.objects.update(starts_at=now() - timedelta(hours=1))
    with pytest.raises(ShowStarted):
        services.cancel_order(order, actor=seller())
    assert services.quote_order(order, refund_percent=100).refund_amount == 2 * order.show.price
    services.cancel_order(order, actor=seller(), refund_percent=100, reason="The projector broke")
    assert set(Booking.objects.values_list("status", "refund_percent")) == {("CANCELLED", 100)}


def test_one_booking_is_given_back_by_exception_too_and_nothing_comes_back_for_a_hold():
    booking = book(make_show(), 1)
    services.cancel_booking(booking, actor=seller(), refund_percent=70, reason="Goodwill")
    held = make_order(make_show(), 1)
    services.cancel_order(held, actor=seller(), refund_percent=70, reason="Goodwill")

    assert list(Booking.objects.order_by("pk").values_list("refund_percent", flat=True)) == [70, None]


# --- Exchange ---------------------------------------------------------------------------------------


def test_staff_exchange_late_for_any_show_and_what_was_sold_by_whom_stays(settings):
    settings.MAX_SEATS_PER_SHOW = 1
    here, there = make_show(), make_show()
    actor = seller()
    order = sell(here, 1, 2, actor=actor)
    Show.objects.filter(pk=here.pk).update(starts_at=now() - timedelta(minutes=5))
    asked = {"from_seats": [1, 2], "to_seats": [3, 4], "to_show": there.pk}

    with pytest.raises(ShowStarted):
        services.exchange_seats(order, actor=actor, from_seats=[1, 2], to_seats=[3, 4])
    with pytest.raises(NotExchangeable):
        services.exchange_seats(order, actor=actor, **asked)
    swapped = services.exchange_seats(order, actor=actor, at_box_office=True, **asked)

    assert (swapped.show, swapped.user, swapped.guest, swapped.sold_by) == (there, None, None, actor.user)
    assert [(b.seat_number, b.status) for b in swapped.known_bookings] == [(3, "BOOKED"), (4, "BOOKED")]
    assert_history_consistent()
