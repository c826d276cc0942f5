"""The people of a show: who sits where and how they are reached, on a page, on paper and as CSV."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now

from bookings.admin.read_only import csv_response, show_to_see
from bookings.models import Booking, Order, Status
from bookings.refunds import NOTHING
from movie_booking.admin import ServiceAdmin
from movie_booking.folding import fold
from movies.models import Show

COLUMNS = ("seat", "name", "e-mail", "telephone", "order", "status", "price", "currency", "sold by", "notes")


@dataclass(frozen=True)
class Person:
    """Whose an order is, as far as it is known."""

    name: str
    email: str
    telephone: str

    @property
    def by_name(self) -> tuple[bool, str]:
        """Sorts by the last name; those without a name come last."""
        words = fold(self.name).split()
        return not words, " ".join([*words[-1:], *words[:-1]])


@dataclass(frozen=True)
class Guests:
    """Some seats of one order, with the person whose they are."""

    order: Order
    person: Person
    bookings: Sequence[Booking]

    @property
    def seats(self) -> str:
        return ", ".join(booking.seat_label for booking in self.bookings)

    @property
    def price(self) -> Decimal:
        return sum((booking.price for booking in self.bookings), NOTHING)

    @property
    def is_held(self) -> bool:
        return any(booking.status == Status.HELD for booking in self.bookings)


@dataclass(frozen=True)
class People:
    """Everybody with a seat of a show; of one that was cancelled, everybody who had one until then."""

    show: Show
    guests: Sequence[Guests]  # an entry an order, by its first seat
    house_seats: int

    @property
    def bookings(self) -> list[Booking]:
        """By seat."""
        found = [booking for guests in self.guests for booking in guests.bookings]
        return sorted(found, key=lambda booking: booking.seat_number)

    @property
    def orders(self) -> int:
        return len(self.guests)

    @property
    def seats(self) -> int:
        return len(self.bookings)

    @property
    def held(self) -> int:
        return sum(booking.status == Status.HELD for booking in self.bookings)

    @property
    def booked(self) -> int:
        """How many of the seats are paid for, or were until the show was cancelled."""
        return sum(_is_paid(booking) for booking in self.bookings)

    @property
    def takings(self) -> Decimal:
        """What was paid for these seats, in `settings.CURRENCY`."""
        return sum((booking.price for booking in self.bookings if _is_paid(booking)), NOTHING)

    @property
    def reachable(self) -> int:
        """How many of the orders say how to reach their customers."""
        return sum(bool(each.person.email or each.person.telephone) for each in self.guests)

    def by_name(self) -> list[Guests]:
        return sorted(self.guests, key=lambda each: (each.person.by_name, each.bookings[0].seat_number))

    def by_row(self) -> list[tuple[str, list[Guests]]]:
        """A line a seat, in the rows of the show."""
        lines = [Guests(booking.order, person_of(booking.order), [booking]) for booking in self.bookings]
        return [(row, list(group)) for row, group in groupby(lines, key=self._row_of)]

    def _row_of(self, guests: Guests) -> str:
        number, plan = guests.bookings[0].seat_number, self.show.plan
        return plan.seat(number).row if plan.has_seat(number) else ""


def _is_paid(booking: Booking) -> bool:
    return booking.status == Status.BOOKED or booking.refund_percent is not None


def person_of(order: Order) -> Person:
    """Return who is known of an order's customer."""
    if order.user is not None:
        return Person(order.user.get_full_name() or order.user.username, order.user.email, "")
    if order.guest is not None:
        return Person(order.guest.name, order.guest.email, order.guest.telephone)
    return Person("", "", "")


def people_of(show: Show) -> People:
    """Return the people of a show. Two queries, for any number."""
    seats: Any = (
        Booking.objects.filter(show=show)
        .select_related("order__user", "order__guest", "order__sold_by", "order__machine")
        .prefetch_related("order__notes")
    )
    if show.status == Show.Status.CANCELLED:
        seats = seats.filter(status=Status.CANCELLED, cancelled_at=show.cancelled_at)
    else:
        seats = seats.filter(pk__in=Booking.objects.live().filter(show=show).values("pk"))
    by_order: dict[int, list[Booking]] = {}
    house = 0
    for booking in seats.order_by("seat_number"):
        booking.show = show
        if booking.is_house_seat:
            house += 1
        else:
            by_order.setdefault(booking.order_id, []).append(booking)
    guests = [Guests(found[0].order, person_of(found[0].order), found) for found in by_order.values()]
    return People(show, guests, house)


def people_rows(people: People) -> Iterator[tuple[Any, ...]]:
    """A header, then a row a seat, by seat."""
    yield COLUMNS
    for booking in people.bookings:
        order = booking.order
        person = person_of(order)
        yield (
            booking.seat_label,
            person.name,
            person.email,
            person.telephone,
            order.reference,
            booking.status_at().value,
            booking.price,
            settings.CURRENCY,
            order.seller,
            "; ".join(note.text for note in order.notes.all()),
        )


def people(request: HttpRequest, show_id: int, page: ServiceAdmin) -> HttpResponseBase:
    """Show, print or export who has which seat of a show."""
    show = show_to_see(request, show_id)
    if not page.has_view_permission(request, show):
        raise PermissionDenied
    if show is None:
        return HttpResponseRedirect(reverse("admin:movies_show_changelist"))
    if not request.user.has_perm("bookings.view_people", show):
        raise PermissionDenied
    found = people_of(show)
    if "csv" in request.GET:
        return csv_response(f"people-of-show-{show.pk}", people_rows(found))
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "media": page.media,
        "title": "People of the show",
        "show": show,
        "zone": show.screen.cinema.zone,
        "people": found,
        "by_name": request.GET.get("by") == "name",
        "currency": settings.CURRENCY,
        "at": now(),
    }
    response: HttpResponse = render(request, "admin/bookings/people.html", context)
    return response
