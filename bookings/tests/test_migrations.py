"""Databases from before there were orders come through the migrations with all their rows."""

import pytest

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking, BookingEvent, Order, Status
from bookings.services import expire_holds
from bookings.tests.factories import book
from bookings.tests.history import assert_history_consistent, replayed
from bookings.tests.then import CANCELLED, MADE, make_show, renamed_column, renamed_row
from movie_booking.tests.migrations import migrate, migrate_to_latest, models_at
from movies.models import Show

BEFORE_ORDERS = [("movies", "0004_rows_of_ten"), ("bookings", "0002_house_seats")]


@pytest.fixture
def models_before_orders(transactional_db):
    with models_at(BEFORE_ORDERS) as models:
        yield models


def test_every_booking_gets_one_order_and_events_that_lead_to_its_status(models_before_orders):
    jane, john = make_user(), make_user()
    show = make_show(models_before_orders, live_seats=4)
    model = models_before_orders.get_model("bookings", "Booking")
    bookings = [
        model.objects.create(
            show_id=show.pk, user_id=user.pk, seat_number=seat_number, price=10, created_at=MADE, **fields
        )
        for seat_number, user, fields in (
            (1, jane, {"status": "BOOKED"}),
            (2, jane, {"status": "CANCELLED", "cancelled_at": CANCELLED, "reason": "No heating"}),
            (2, john, {"status": "BOOKED"}),
            (3, john, {"status": "BLOCKED", "for_house": True, "reason": "Press"}),
            (4, john, {"status": "CANCELLED", "cancelled_at": CANCELLED, "for_house": True}),
            (5, jane, {"status": "HELD"}),
            (6, jane, {"status": "EXPIRED"}),
        )
    ]
    before = list(model.objects.order_by("id").values())

    migrate_to_latest()

    after = Booking.objects.order_by("id")
    assert list(after.values(*map(renamed_column, before[0]))) == [renamed_row(row) for row in before]
    assert Order.objects.count() == len(set(after.values_list("order", flat=True))) == len(bookings)
    for booking in after.select_related("order"):
        order = booking.order
        assert (order.user_id, order.show_id, order.created_at) == (booking.user_id, show.pk, MADE)
    assert_history_consistent()
    assert replayed() == {booking["id"]: booking["status"] for booking in before}
    events = BookingEvent.objects.order_by("booking_id", "id")
    assert list(events.values_list("seat_number", "from_status", "to_status", "at")) == [
        (1, "", "BOOKED", MADE),
        (2, "", "BOOKED", MADE),
        (2, "BOOKED", "CANCELLED", CANCELLED),
        (2, "", "BOOKED", MADE),
        (3, "", "BLOCKED", MADE),
        (4, "", "BLOCKED", MADE),
        (4, "BLOCKED", "CANCELLED", CANCELLED),
        (5, "", "HELD", MADE),
        (6, "", "HELD", MADE),
        (6, "HELD", "EXPIRED", MADE),
    ]

    # Booking goes on: customers find their tickets, and a hold that had no end has expired.
    client = client_for(jane)
    assert [row["seat_number"] for row in client.get("/api/bookings/").data["results"]] == [6, 5, 2, 1]
    assert [row["status"] for row in client.get("/api/orders/").data["results"]] == [
        "EXPIRED",
        "EXPIRED",
        "CANCELLED",
        "BOOKED",
    ]
    assert client.post(f"/api/bookings/{bookings[0].pk}/cancel/").status_code == 200
    assert book(show, 5, user=john).status == Status.BOOKED
    assert expire_holds() == 0
    assert Show.objects.get().live_seats == 3
    assert_history_consistent()


def test_more_bookings_than_are_moved_at_a_time_are_all_moved(models_before_orders):
    user, show = make_user(), make_show(models_before_orders, live_seats=0)
    model = models_before_orders.get_model("bookings", "Booking")
    model.objects.bulk_create(
        model(
            show_id=show.pk,
            user_id=user.pk,
            seat_number=1,
            price=10,
            status="CANCELLED",
            cancelled_at=CANCELLED,
        )
        for _ in range(1001)
    )

    migrate_to_latest()

    assert Order.objects.filter(bookings__isnull=False).count() == Booking.objects.count() == 1001
    assert BookingEvent.objects.count() == 2002


def test_an_empty_database_migrates_forwards_and_backwards(models_before_orders):
    migrate_to_latest()
    migrate(BEFORE_ORDERS)
    migrate_to_latest()

    assert (Order.objects.count(), BookingEvent.objects.count()) == (0, 0)
