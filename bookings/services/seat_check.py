"""Whether counts, history and bookings of shows agree, and mending the counts where they do not.

They are written together or not at all. What differs all the same came in by other ways than the services: by
hand, from a copy that was restored in part, from a disk that lost something, or from a mistake of ours.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Max

from bookings.models import LIVE, Booking, BookingEvent, Status
from bookings.services.inventory import SeatInventory
from movie_booking.errors import NotFound
from movies.models import Show, ShowEvent

# How much is read at a time, of shows by their seats, and of their bookings.
SEATS, BOOKINGS, SHOWS = 20_000, 5_000, 1_000
# So many of a kind are told of a show, and the others counted.
TOLD = 10
COUNTS = ("live_seats", "seats_version", "show_version")


class Difference(NamedTuple):
    kind: str
    sentence: str


class CheckedShow(NamedTuple):
    """A show, how many bookings it ever had, how it differs, and what of that was mended."""

    show_id: int
    bookings: int
    differences: list[Difference]
    mended: Sequence[Difference] = ()


class ShowFacts(NamedTuple):
    """What a show says of itself, and what its events say of it."""

    id: int
    status: str
    total_seats: int
    live_seats: int
    seats_version: int
    version: int
    moments: int  # at which its seats changed hands
    show_events: int  # the version that the last of them says


class BookingFacts(NamedTuple):
    id: int
    show_id: int
    seat_number: int
    status: str
    price: Decimal
    user_id: int | None
    order_show_id: int
    order_user_id: int | None


class EventFacts(NamedTuple):
    booking_id: int
    show_id: int
    seat_number: int
    from_status: str
    to_status: str
    changes: dict[str, Any] | None


def check_seats(show_id: int | None = None, *, repair: bool = False) -> Iterator[CheckedShow]:
    """Yield all shows, or one, in ascending id, each as it is at a moment: sales go on meanwhile.

    With `repair`, counts are mended. What is in memory at a time does not grow with the shows, nor with their
    bookings. Raises NotFound for a show that there is not.
    """
    if show_id is not None and not Show.objects.filter(pk=show_id).exists():
        raise NotFound
    for ids in _show_ids() if show_id is None else [[show_id]]:
        for checked in _check(ids):
            yield _mended(checked) if repair else checked


def _mended(checked: CheckedShow) -> CheckedShow:
    """Mend the counts of a show if they differ, and return what differs then."""
    if not any(each.kind in COUNTS for each in checked.differences):
        return checked
    try:
        mend_counts(checked.show_id)
    except NotFound:  # deleted meanwhile
        return checked._replace(differences=[])
    after = [each for again in _check([checked.show_id]) for each in again.differences]
    mended = [each for each in checked.differences if each.kind in COUNTS and each not in after]
    return checked._replace(differences=after, mended=mended)


@transaction.atomic
def mend_counts(show_id: int) -> None:
    """Count anew what a show keeps of its bookings and events; neither is touched. Raises NotFound.

    The map gets another version, so that whoever has one asks again. More live bookings than seats cannot be
    counted: the database refuses that, and what is there stays.
    """
    show = SeatInventory.lock(show_id).show
    live = Booking.objects.in_seat_index().filter(show=show).count()
    moments = BookingEvent.objects.filter(show=show).aggregate(Count("at", distinct=True))["at__count"]
    last = ShowEvent.objects.filter(show=show).aggregate(Max("version"))["version__max"]
    if live <= show.total_seats:
        show.live_seats = live
    show.seats_version = max(show.seats_version + 1, moments)
    show.version = last or 0
    show.save(update_fields=["live_seats", "seats_version", "version"])


def _show_ids() -> Iterator[list[int]]:
    """Ids of shows, as many at a time as have some thousands of seats together."""
    last, some, seats = 0, list[int](), 0
    while rows := Show.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "total_seats")[:SHOWS]:
        for show_id, total_seats in rows:
            if some and seats + total_seats > SEATS:
                yield some
                some, seats = [], 0
            some.append(show_id)
            seats += total_seats
            last = show_id
    if some:
        yield some


@contextmanager
def _one_moment() -> Iterator[None]:
    """All statements see the same; within a transaction of the caller's, what that sees."""
    is_ours = not connection.in_atomic_block
    with transaction.atomic():
        if is_ours and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _check(ids: Sequence[int]) -> list[CheckedShow]:
    """Check these shows at one moment. Those that are there no more are left out."""
    with _one_moment():
        found = {show.id: ShowCheck(show) for show in _facts_of(ids)}
        for bookings in _bookings_of(ids):
            events = _events_of([booking.id for booking in bookings])
            for booking in bookings:
                found[booking.show_id].look_at(booking, events.get(booking.id, []))
    return [each.checked() for _, each in sorted(found.items())]


def _facts_of(ids: Sequence[int]) -> Iterator[ShowFacts]:
    moments = dict(
        BookingEvent.objects.filter(show__in=ids)
        .order_by()
        .values_list("show")
        .annotate(Count("at", distinct=True))
    )
    versions = dict(
        ShowEvent.objects.filter(show__in=ids).order_by().values_list("show").annotate(Max("version"))
    )
    shows = Show.objects.filter(pk__in=ids).values_list(
        "pk", "status", "total_seats", "live_seats", "seats_version", "version"
    )
    for row in shows:
        yield ShowFacts(*row, moments.get(row[0], 0), versions.get(row[0], 0))


def _bookings_of(ids: Sequence[int]) -> Iterator[list[BookingFacts]]:
    """The bookings of shows in ascending id, some thousands at a time."""
    last = 0
    bookings = (
        Booking.objects.filter(show__in=ids)
        .order_by("pk")
        .values_list(*("pk", "show", "seat_number", "status", "price", "user", "order__show", "order__user"))
    )
    while some := [BookingFacts(*row) for row in bookings.filter(pk__gt=last)[:BOOKINGS]]:
        yield some
        last = some[-1].id


def _events_of(booking_ids: Sequence[int]) -> Mapping[int, list[EventFacts]]:
    """The events of bookings, by booking, as they came one after the other."""
    rows = (
        BookingEvent.objects.filter(booking__in=booking_ids)
        .order_by("booking", "pk")
        .values_list("booking", "show", "seat_number", "from_status", "to_status", "changes")
    )
    events = (EventFacts(*row) for row in rows.iterator())
    return {booking_id: list(group) for booking_id, group in groupby(events, itemgetter(0))}


class ShowCheck:
    """What is found of a show, as its bookings come by."""

    def __init__(self, show: ShowFacts) -> None:
        self.show = show
        self.bookings = 0
        self.live: dict[int, int] = {}  # which booking has the seat
        self.live_bookings = 0
        self.sentences: dict[str, list[str]] = defaultdict(list)
        self.untold: dict[str, int] = defaultdict(int)

    def look_at(self, booking: BookingFacts, events: Sequence[EventFacts]) -> None:
        self.bookings += 1
        self._tell(booking_differences(booking, self.show))
        self._tell(history_differences(booking, events))
        if booking.status in LIVE:
            self.live_bookings += 1
            other = self.live.setdefault(booking.seat_number, booking.id)
            if other != booking.id:
                twice = f"Bookings {other} and {booking.id} both have seat {booking.seat_number}."
                self._tell([Difference("seat_twice", twice)])

    def checked(self) -> CheckedShow:
        self._tell(count_differences(self.show, self.live_bookings))
        told = [Difference(kind, each) for kind, sentences in self.sentences.items() for each in sentences]
        more = [Difference(kind, f"And {number} more of this kind.") for kind, number in self.untold.items()]
        return CheckedShow(self.show.id, self.bookings, told + more)

    def _tell(self, differences: Iterable[Difference]) -> None:
        for kind, sentence in differences:
            if len(self.sentences[kind]) < TOLD:
                self.sentences[kind].append(sentence)
            else:
                self.untold[kind] += 1


def count_differences(show: ShowFacts, live_bookings: int) -> Iterator[Difference]:
    """Yield how what a show keeps differs from what there is.

    How often the map changed is not known to the number: an order that is extended leaves no event. But it
    changed at each moment at which an event happened.
    """
    if show.live_seats != live_bookings:
        yield Difference("live_seats", f"It counts {show.live_seats} seats taken, and {live_bookings} are.")
    if show.seats_version < show.moments:
        changed = f"Its map has version {show.seats_version}, and changed {show.moments} times or more."
        yield Difference("seats_version", changed)
    if show.version != show.show_events:
        yield Difference("show_version", f"It has version {show.version}, and its events {show.show_events}.")


def booking_differences(booking: BookingFacts, show: ShowFacts) -> Iterator[Difference]:
    """Yield how a booking differs from its show and its order."""
    name = f"Booking {booking.id}"
    if booking.order_show_id != booking.show_id:
        yield Difference("other_show", f"{name} is of an order of show {booking.order_show_id}.")
    if booking.user_id != booking.order_user_id:
        yield Difference("other_customer", f"{name} is of another user than its order.")
    if booking.status not in LIVE:
        return
    if show.status == Show.Status.CANCELLED:
        yield Difference("live_in_cancelled_show", f"{name} is {booking.status}, and the show is cancelled.")
    # A show that never sold may have got fewer seats since one of them was held.
    if not 1 <= booking.seat_number <= show.total_seats and booking.status != Status.HELD:
        seats = f"{name} has seat {booking.seat_number}, and the show has {show.total_seats}."
        yield Difference("no_such_seat", seats)


def history_differences(booking: BookingFacts, events: Sequence[EventFacts]) -> Iterator[Difference]:
    """Yield how a booking differs from its events, which each begin where the one before ended."""
    name = f"Booking {booking.id}"
    if not events:
        yield Difference("no_history", f"{name} has no events.")
        return
    status, price = "", None
    seat = _pair(events[0], "seat_number", events[0].seat_number)[0]
    for event in events:
        before, after = _pair(event, "seat_number", event.seat_number)
        if (event.from_status, before) != (status, seat) or after != event.seat_number:
            was, begins = _state(status, seat), _state(event.from_status, before)
            yield Difference("broken_history", f"{name} was {was}, and its next event begins with {begins}.")
        if event.show_id != booking.show_id:
            yield Difference("other_show", f"{name} has an event of show {event.show_id}.")
        status, seat = event.to_status, event.seat_number
        price = _pair(event, "price", price)[1]
    if (booking.status, booking.seat_number) != (status, seat):
        is_now, was = _state(booking.status, booking.seat_number), _state(status, seat)
        yield Difference("history", f"{name} is {is_now}, and by its history {was}.")
    if price is not None and Decimal(price) != booking.price:
        yield Difference("history_price", f"{name} costs {booking.price}, and by its history {price}.")


def _state(status: str, seat: int) -> str:
    return f"{status or 'new'} on seat {seat}"


def _pair(event: EventFacts, name: str, unchanged: Any) -> Sequence[Any]:
    """What a value was before an event, and after."""
    pair: Sequence[Any] = (event.changes or {}).get(name, (unchanged, unchanged))
    return pair
