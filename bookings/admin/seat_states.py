"""Who has which seat of a show now, in words for staff: for the page of the seats, and for its refresh."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from bookings.admin.read_only import may_see_people
from bookings.models import Booking, Status
from bookings.models.references import read_out
from movies.models import Show
from movies.seat_chart import SeatChart, seat_chart


class TakenSeat(NamedTuple):
    """A seat that is not free: `note` says of whom, and `order` is the address of the order's page."""

    number: int
    status: str
    booking: int
    note: str
    order: str


def live_bookings(show: Show) -> list[Booking]:
    """Who has which seat now. One query."""
    live = Booking.objects.live().filter(show=show)
    return list(live.select_related("order__user", "order__guest", "order__sold_by", "order__machine"))


def taken_seats(request: HttpRequest, show: Show, live: Sequence[Booking]) -> list[TakenSeat]:
    """Return what this member of staff may know of the seats that are taken. No query."""
    names = may_see_people(request, show)
    orders = request.user.has_perm("bookings.view_order", show)
    address = reverse("admin:bookings_order_change", args=[0]) if orders else ""
    return [
        TakenSeat(
            booking.seat_number,
            booking.status.lower(),
            booking.pk,
            note_of(booking) if names else "",
            address.replace("/0/", f"/{booking.order_id}/"),
        )
        for booking in live
    ]


def note_of(booking: Booking) -> str:
    """Return whose the seat is, of which order, and who sold it: "Ada Lovelace, 7KX2M-9QF4T, sold by tom"."""
    if booking.status == Status.BLOCKED:
        return booking.reason
    order = booking.order
    seller = f"sold by {order.seller}" if order.seller else ""
    return ", ".join(filter(None, (order.customer_name, read_out(order.reference), seller)))


def show_chart(show: Show, taken: Sequence[TakenSeat]) -> SeatChart:
    """Return the seat chart of the show, with who has which seat as far as the reader may know."""
    return seat_chart(
        show.plan,
        {seat.number: seat.status for seat in taken},
        {seat.number: seat.note for seat in taken},
        prices=prices_in_words(show),
    )


def prices_in_words(show: Show) -> dict[Any, str]:
    return {kind: f"{price} {settings.CURRENCY}" for kind, price in show.prices.items()}


def seats_as_json(show: Show, taken: Sequence[TakenSeat]) -> dict[str, Any]:
    """Return what the script of the page keeps the picture up to date with."""
    return {
        "version": show.seats_version,
        "free": show.available_seats,
        "taken": {seat.number: [seat.status, seat.note, seat.booking, seat.order] for seat in taken},
    }
