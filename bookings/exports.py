"""Tables for spreadsheets: bookings, and a day's occupancy and takings."""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Any

from django.conf import settings
from django.db.models import Count, Sum

from bookings.models import Booking, BookingQuerySet, Status
from movies.models import Show, ShowQuerySet
from movies.times import to_local

BOOKING_COLUMNS = (
    "booking",
    "order",
    "show",
    "film",
    "cinema",
    "screen",
    "starts (cinema's clock)",
    "seat",
    "label",
    "customer",
    "e-mail",
    "price",
    "currency",
    "status",
    "refund",
    "reason",
    "created (cinema's clock)",
    "cancelled (cinema's clock)",
    "sold by",
)
SHOW_COLUMNS = (
    "show",
    "film",
    "cinema",
    "screen",
    "starts (cinema's clock)",
    "status",
    "seats",
    "booked",
    "held",
    "blocked",
    "free",
    "occupancy in %",
    "takings",
    "currency",
)


# How many bookings are read at once. There may be very many, and whoever gets them may be slow.
CHUNK = 2000


def booking_rows(bookings: BookingQuerySet) -> Iterator[tuple[Any, ...]]:
    """A header, then a row a booking: which they are and in which order is decided when the first is read."""
    yield BOOKING_COLUMNS
    for booking in _in_chunks(bookings):
        yield (
            booking.pk,
            booking.order.reference,
            booking.show_id,
            *_show_cells(booking.show),
            booking.seat_number,
            booking.seat_label,
            booking.order.customer_name,
            booking.order.customer_email,
            booking.price,
            settings.CURRENCY,
            booking.status,
            "" if booking.refund_amount is None else booking.refund_amount,
            booking.reason,
            _local(booking.show, booking.created_at),
            _local(booking.show, booking.cancelled_at),
            booking.order.seller,
        )


def _in_chunks(bookings: BookingQuerySet) -> Iterator[Booking]:
    """Read bookings by statements that each stand alone: a pooler would lose a cursor of PostgreSQL's."""
    of_orders = [f"order__{name}" for name in ("user", "guest", "sold_by", "machine")]
    ids = list(bookings.values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        found = Booking.objects.with_details().select_related(*of_orders).in_bulk(chunk)
        yield from (found[pk] for pk in chunk if pk in found)


def occupancy_rows(shows: ShowQuerySet) -> Iterator[tuple[Any, ...]]:
    """A header, then a row a show: how many seats went which way, and what they brought in.

    Takings are the prices of the seats that are booked, in `settings.CURRENCY`.
    """
    yield SHOW_COLUMNS
    counted = (
        Booking.objects.live()
        .filter(show__in=shows.order_by().values("pk"))
        .order_by()
        .values_list("show", "status")
        .annotate(Count("pk"), Sum("price"))
    )
    counts = {(show, status): (count, takings) for show, status, count, takings in counted}
    for show in shows.with_details():
        booked, takings = counts.get((show.pk, Status.BOOKED), (0, Decimal("0.00")))
        held, _ = counts.get((show.pk, Status.HELD), (0, 0))
        blocked, _ = counts.get((show.pk, Status.BLOCKED), (0, 0))
        yield (
            show.pk,
            *_show_cells(show),
            show.status,
            show.total_seats,
            booked,
            held,
            blocked,
            0 if show.status == Show.Status.CANCELLED else show.total_seats - booked - held - blocked,
            f"{100 * booked / show.total_seats:.1f}",
            f"{takings:.2f}",
            settings.CURRENCY,
        )


def _show_cells(show: Show) -> tuple[str, str, str, str]:
    cinema = show.screen.cinema
    local = show.starts_at.astimezone(cinema.zone)
    return show.movie.title, cinema.name, show.screen.name, f"{local:%Y-%m-%d %H:%M}"


def _local(show: Show, moment: datetime | None) -> str:
    return f"{to_local(moment, show.screen.cinema.zone):%Y-%m-%d %H:%M:%S}" if moment else ""


def csv_lines(rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    """Return the rows as lines of CSV, with a byte order mark: spreadsheets read it as UTF-8 then."""
    yield "\ufeff"
    for row in rows:
        line = StringIO()
        csv.writer(line).writerow([plain_text(cell) for cell in row])
        yield line.getvalue()


# What a formula begins with; the last four are the full-width forms.
FORMULA_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
# Where a cell may begin: this file's commas are another spreadsheet's text, which splits at semicolons or
# tabs instead, as its country has it. Then quotation marks no longer keep the rest of a cell together.
# A spreadsheet drops the quotation marks and blanks before a formula.
FORMULA = re.compile(rf'(?:^|(?<=[,;\t\r\n]))(?=(?:[^\S\t\r\n]|")*[{FORMULA_SIGNS}])|^(?=[\t\r\n])')


def plain_text(cell: Any) -> str:
    """Return the cell so that no spreadsheet takes a part of it for a formula, whatever it splits lines at.

    A leading apostrophe marks text, as OWASP advises against CSV injection. Numbers stay numbers.
    https://owasp.org/www-community/attacks/CSV_Injection
    """
    return FORMULA.sub("'", cell) if isinstance(cell, str) else str(cell)
