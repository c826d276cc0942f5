"""What the pages of a show offer to staff, and say of its seats."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.timezone import now

from bookings.admin.bookings import may_cancel
from bookings.admin.moving import may_move
from bookings.models import BookingEvent
from bookings.queries import seat_labels_then
from bookings.services.rules import refuse_unless_sold_at_box_office
from movie_booking.admin import ServiceAdmin
from movie_booking.errors import DomainError
from movies.models import Show

RECENT_EVENTS = 30
# Why a seat is refused, where the API says so by a code that is no word.
REASONS = {
    "left_single": "would be left single",
    "other_half": "is the other half of a sofa",
    "no_wheelchair_space": "goes with a wheelchair space",
}


@dataclass(frozen=True)
class Offers:
    """What the page of a show offers: what its reader may do and no service would refuse anyway."""

    sell: bool
    block: bool
    release: bool
    cancel: bool
    cancel_show: bool
    move: bool

    @property
    def with_form(self) -> bool:
        """Whether there is something to do with chosen seats."""
        return self.sell or self.block or self.release or self.cancel


def offers(page: ServiceAdmin, request: HttpRequest, show: Show) -> Offers:
    may_block = request.user.has_perm("bookings.block_seats", show)
    cancelled, started = show.status == Show.Status.CANCELLED, show.has_started()
    return Offers(
        sell=request.user.has_perm("bookings.sell_seats", show) and is_sold_at_box_office(show),
        block=may_block and not cancelled and not started,
        release=may_block and not cancelled,
        cancel=may_cancel(request, show) and not cancelled and not started,
        cancel_show=page.has_change_permission(request, show)
        and show.status == Show.Status.ON_SALE
        and not show.has_ended(),
        move=may_move(request, show),
    )


def is_sold_at_box_office(show: Show) -> bool:
    try:
        refuse_unless_sold_at_box_office(show, now())
    except DomainError:
        return False
    return True


def recent_events(show: Show) -> Any:
    """The latest changes of the show's seats, newest first."""
    newest = BookingEvent.objects.filter(show=show).select_related("actor", "machine").order_by("-id")
    events = list(newest[:RECENT_EVENTS])
    return list(zip(events, seat_labels_then(show, events), strict=True))


def seat_by_seat(show: Show, error: DomainError) -> str:
    """Return which seats were refused, and why: "C1 booked, C2 held"; and what might be done instead."""
    text = ", ".join(
        f"{show.plan.seat(seat['seat_number']).label} {REASONS.get(seat['reason'], seat['reason'])}"
        for seat in error.extra.get("seats", ())
    )
    if instead := error.extra.get("instead"):
        text += f". Instead: {' or '.join(map(show.plan.labels_of, instead))}."
    return text
