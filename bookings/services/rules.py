"""Rules that several services share: whether a show still sells, and which seats go together."""

from collections.abc import Collection, Iterable

from django.utils import timezone

from bookings.errors import NotOnSale, SalesClosed, ShowStarted, SoldInPairs, reasons
from movie_booking.errors import NotFound
from movies.models import Show
from movies.services import ShowCancelled


def refuse_unless_on_sale(show: Show) -> None:
    """Raises NotFound for a draft, ShowCancelled, ShowStarted, NotOnSale or SalesClosed."""
    if show.status == Show.Status.DRAFT:
        raise NotFound
    refuse_unless_ahead(show)
    now = timezone.now()
    if show.sales_open_at is not None and now < show.sales_open_at:
        raise NotOnSale(sales_open_at=show.sales_open_at)
    if now >= show.sales_close_at:
        raise SalesClosed


def refuse_unless_ahead(show: Show) -> None:
    """Raises ShowCancelled or ShowStarted."""
    if show.status == Show.Status.CANCELLED:
        raise ShowCancelled
    if show.has_started():
        raise ShowStarted


def refuse_half_sofas(show: Show, numbers: Collection[int]) -> None:
    """Raises SoldInPairs if one half of a sofa is among the seats without the other."""
    if missing := other_halves(show, numbers) - set(numbers):
        raise SoldInPairs(seats=reasons(dict.fromkeys(missing, "other_half")))


def other_halves(show: Show, numbers: Iterable[int]) -> set[int]:
    partners = (show.plan.seat(number).partner for number in numbers)
    return {partner for partner in partners if partner is not None}
