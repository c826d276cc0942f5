"""What comes back for a cancelled booking: quoted before, recorded after. The sums: test_refunds.py."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.models import Booking, Status
from bookings.tests.api import assert_refused, iso, post_to
from bookings.tests.factories import block, book, call_off, make_booking, make_order
from movies.models import Show
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.django_db

A_MOMENT = timedelta(seconds=30)  # longer than a test takes


def booked(starts_in=timedelta(days=3), price="9.99", **fields):
    show = make_show(starts_at=now() + starts_in, price=Decimal(price), **fields)
    return book(show, 5)


def quote(booking, user=None):
    return client_for(user or booking.user).get(f"/api/bookings/{booking.pk}/cancellation/")


def cancel(booking):
    return client_for(booking.user).post(f"/api/bookings/{booking.pk}/cancel/")


TIERS = [
    (timedelta(hours=24) + A_MOMENT, 100, "9.99", 24),
    (timedelta(hours=24) - A_MOMENT, 50, "5.00", 2),
    (timedelta(hours=2) + A_MOMENT, 50, "5.00", 2),
    (timedelta(hours=2) - A_MOMENT, 0, "0.00", None),
    (A_MOMENT, 0, "0.00", None),
]


@pytest.mark.parametrize(("starts_in", "percent", "amount", "hours"), TIERS)
def test_the_quote_says_how_much_comes_back_and_until_when(settings, starts_in, percent, amount, hours):
    settings.REFUND_TIERS = "24:100,2:50"
    booking = booked(starts_in)
    before = Booking.objects.values().get()

    response = quote(booking)

    starts_at = booking.show.starts_at
    assert response.status_code == 200
    assert response.json() == {
        "booking": booking.pk,
        "refund_percent": percent,
        "refund_amount": amount,
        "currency": "EUR",
        "valid_until": iso(starts_at - timedelta(hours=hours)) if hours else None,
        "cancel_until": iso(starts_at),
    }
    assert Booking.objects.values().get() == before


@pytest.mark.parametrize(("starts_in", "percent", "amount", "hours"), TIERS)
def test_what_was_quoted_comes_back_and_is_recorded_with_its_actor(
    settings, starts_in, percent, amount, hours
):
    settings.REFUND_TIERS = "24:100,2:50"
    booking = booked(starts_in)

    response = cancel(booking)

    booking.refresh_from_db()
    assert (response.status_code, response.data["status"]) == (200, "CANCELLED")
    assert (response.data["refund_percent"], response.data["refund_amount"]) == (percent, amount)
    assert (booking.refund_percent, booking.cancelled_by) == (percent, booking.user)
    assert quote(booking).data["code"] == "already_cancelled"


@pytest.mark.parametrize(("tiers", "percent"), [("0:100", 100), ("0:0", 0), ("72:80,48:70,1:5", 70)])
def test_the_tiers_are_a_setting(settings, tiers, percent):
    settings.REFUND_TIERS = tiers
    booking = booked(timedelta(hours=49))

    assert quote(booking).data["refund_percent"] == percent
    assert cancel(booking).data["refund_percent"] == percent


def test_the_server_does_not_start_with_tiers_that_make_no_sense(settings):
    settings.REFUND_TIERS = "2:50,24:100"

    with pytest.raises(ImproperlyConfigured, match=r"^REFUND_TIERS: .* 24 cannot follow 2\.$"):
        apps.get_app_config("bookings").ready()


def test_all_seats_of_an_order_get_the_share_of_the_moment_each_of_its_price():
    show = make_show(starts_at=now() + timedelta(hours=3), price=Decimal("9.99"))
    order = make_order(show, 5, 6, status=Status.BOOKED)
    Booking.objects.filter(seat_number=6).update(price=Decimal("20.00"))

    response = post_to(order, "cancel")

    refunds = [(row["refund_percent"], row["refund_amount"]) for row in response.data["bookings"]]
    assert refunds == [(50, "5.00"), (50, "10.00")]
    assert set(order.bookings.values_list("cancelled_by", flat=True)) == {order.user.pk}


def test_before_the_cutoff_a_booking_is_cancelled(settings):
    settings.CANCEL_CUTOFF_MINUTES = 90
    booking = booked(timedelta(minutes=90) + A_MOMENT)

    assert quote(booking).data["cancel_until"] == iso(booking.show.starts_at - timedelta(minutes=90))
    assert cancel(booking).status_code == 200


@pytest.mark.parametrize("request_", [quote, cancel, lambda booking: post_to(booking.order, "cancel")])
def test_past_the_cutoff_nothing_booked_is_cancelled(settings, request_):
    settings.CANCEL_CUTOFF_MINUTES = 90
    booking = booked(timedelta(minutes=90) - A_MOMENT)

    assert_refused(request_(booking), 409, "too_late_to_cancel")
    booking.refresh_from_db()
    assert (booking.status, booking.refund_percent) == (Status.BOOKED, None)


def test_a_booking_can_be_cancelled_at_the_very_cutoff(settings, monkeypatch):
    settings.CANCEL_CUTOFF_MINUTES = 90
    booking = booked(timedelta(minutes=90) + A_MOMENT)
    cutoff = booking.show.starts_at - timedelta(minutes=90)
    monkeypatch.setattr(timezone, "now", lambda: cutoff)

    assert quote(booking).data["cancel_until"] == iso(cutoff)
    assert cancel(booking).status_code == 200


def test_no_share_is_promised_beyond_the_cutoff(settings):
    settings.CANCEL_CUTOFF_MINUTES = 5 * 60
    booking = booked(timedelta(hours=6))

    answer = quote(booking).json()

    assert answer["refund_percent"] == 50
    assert answer["valid_until"] == answer["cancel_until"] == iso(booking.show.starts_at - timedelta(hours=5))


def test_a_hold_is_released_past_the_cutoff_too_and_nothing_was_paid(settings):
    settings.CANCEL_CUTOFF_MINUTES = 90
    order = make_order(make_show(starts_at=now() + timedelta(minutes=60)), 5)
    [booking] = order.bookings.all()

    answer = quote(booking).data

    assert (answer["refund_percent"], answer["refund_amount"], answer["valid_until"]) == (0, "0.00", None)
    assert answer["cancel_until"] == iso(booking.expires_at)
    assert cancel(booking).data["refund_percent"] is None


def test_a_hold_can_be_let_go_until_it_expires_also_once_the_show_has_started():
    order = make_order(make_show(starts_at=now() + timedelta(minutes=5)), 5)
    Show.objects.update(starts_at=now() - timedelta(minutes=1))
    [booking] = order.bookings.all()

    assert quote(booking).data["cancel_until"] == iso(booking.expires_at)


def test_a_sofa_at_the_highest_price_is_quoted():
    show = make_show(
        screen=make_screen(seat_plan="A SS"),
        starts_at=now() + timedelta(days=3),
        sofa_price=Decimal("999999.99"),
    )
    order = make_order(show, 1, 2, status=Status.BOOKED)

    assert quote(order.bookings.first()).data["refund_amount"] == "1999999.98"


def test_a_hold_is_quoted_nothing_however_early():
    [booking] = make_order(make_show(starts_at=now() + timedelta(days=3)), 5).bookings.all()

    answer = quote(booking).data

    assert (answer["refund_percent"], answer["refund_amount"], answer["valid_until"]) == (0, "0.00", None)


def test_a_sofa_that_was_exchanged_there_and_back_is_quoted_once():
    screen = make_screen(seat_plan="A SSSS")
    show = make_show(screen=screen, starts_at=now() + timedelta(days=3), sofa_price=Decimal("15.00"))
    order = make_order(show, 1, 2, status=Status.BOOKED)
    post_to(order, "exchange", {"from": [1, 2], "to": [3, 4]})
    post_to(order, "exchange", {"from": [3, 4], "to": [1, 2]})

    assert quote(order.bookings.live().get(seat_number=1)).data["refund_amount"] == "30.00"


def test_the_bookings_of_a_cancelled_show_are_refunded_in_full(settings):
    settings.REFUND_TIERS, settings.CANCEL_CUTOFF_MINUTES = "0:0", 10_080
    booking, staff = booked(timedelta(minutes=1), price="9.99"), make_user()
    held = make_booking(booking.show, seat_number=6, status=Status.HELD)

    call_off(booking.show, "No heating", staff=staff)

    booking.refresh_from_db()
    held.refresh_from_db()
    assert (booking.refund_percent, booking.refund_amount) == (100, Decimal("9.99"))
    assert (held.refund_percent, held.refund_amount) == (None, None)
    assert booking.cancelled_by == held.cancelled_by == staff


def test_staff_who_cancel_in_the_admin_are_recorded():
    booking, staff = booked(timedelta(hours=3)), make_staff("view_booking", "change_booking")
    client = Client()
    client.force_login(staff)
    client.post(
        reverse("admin:bookings_booking_changelist"),
        {"action": "cancel", "post": "yes", "_selected_action": [booking.pk]},
    )

    booking.refresh_from_db()
    assert (booking.status, booking.cancelled_by, booking.refund_percent) == (Status.CANCELLED, staff, 50)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"starts_at": now() - timedelta(minutes=1)}, "show_started"),
        ({"status": Show.Status.CANCELLED}, "show_cancelled"),
    ],
)
def test_there_is_no_quote_where_nothing_can_be_cancelled(change, code):
    booking = booked()
    Show.objects.update(**change)

    assert_refused(quote(booking), 409, code)


def test_users_get_quotes_of_their_own_bookings_only():
    booking, staff = booked(), make_user(is_staff=True, is_superuser=True)
    block(booking.show, "A1", staff=staff)

    assert_refused(quote(booking, user=staff), 404, "not_found")
    assert_refused(quote(Booking.objects.get(is_house_seat=True), user=staff), 404, "not_found")
    assert client_for().get(f"/api/bookings/{booking.pk}/cancellation/").status_code == 401


def test_a_quote_costs_two_queries(django_assert_num_queries):
    booking = booked()
    client = client_for(booking.user)

    with django_assert_num_queries(2):  # the user, and the booking with its show
        client.get(f"/api/bookings/{booking.pk}/cancellation/")
