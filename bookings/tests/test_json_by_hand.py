"""The JSON of bookings and shows, which is written by hand, says what the fields of its serializers say."""

from datetime import timedelta
from decimal import Decimal

import pytest
from rest_framework import serializers

from bookings.models import Booking
from bookings.serializers import BookingSerializer, CancelledShowSerializer
from bookings.tests.factories import book, give_back, let_expire, make_order, move
from movies.models import Show
from movies.serializers import ShowSerializer
from movies.tests.factories import make_screen, make_show, tomorrow

pytestmark = pytest.mark.django_db


def given_back(show):
    give_back(book(show, 1))


def let_go(show):
    let_expire(make_order(show, 1))


def of_another_plan(show):
    give_back(book(show, 3))
    move(show, screen=make_screen(cinema=show.cinema, seat_plan="X oo"))


@pytest.mark.parametrize(
    "happened",
    [lambda show: book(show, 1), lambda show: make_order(show, 1, 2), given_back, let_go, of_another_plan],
    ids=["booked", "held", "given back", "expired", "with the label of a former plan"],
)
def test_it_is_what_the_fields_say(happened):
    show = make_show(screen=make_screen(seat_plan="A oo\nB oo"), price=Decimal("8.5"))
    happened(show)
    fields = BookingSerializer()
    for booking in Booking.objects.with_details():
        by_fields = serializers.ModelSerializer.to_representation(fields, booking)
        assert BookingSerializer(booking).data == by_fields
        assert list(BookingSerializer(booking).data) == list(by_fields)


def test_of_a_booking_that_was_just_made_too():
    show = make_show(price=Decimal("8.5"))
    booking = book(show, 1)
    assert BookingSerializer(booking).data["price"] == "8.50"
    stored = Booking.objects.with_details().get()
    assert BookingSerializer(booking).data == BookingSerializer(stored).data


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"status": "DRAFT", "sales_open_at": tomorrow() - timedelta(hours=2), "sales_cutoff_minutes": 30},
        {"premium_price": Decimal("12"), "companion_price": Decimal(0), "pre_show_minutes": 15},
        {"status": "CANCELLED", "cancelled_at": tomorrow(), "cancel_reason": "No heating"},
    ],
)
def test_that_of_a_show_is_too(fields):
    make_show(price=Decimal("8.5"), **fields)
    show = Show.objects.with_details().get()
    for serializer in (ShowSerializer(), CancelledShowSerializer(context={"cancelled_bookings": 3})):
        by_fields = serializers.ModelSerializer.to_representation(serializer, show)
        assert serializer.to_representation(show) == by_fields
        assert list(serializer.to_representation(show)) == list(by_fields)
