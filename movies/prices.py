"""What a seat costs: the base price, or the price of its kind where that has one of its own."""

from typing import TypeVar

from movies.seat_plan import SeatKind

Amount = TypeVar("Amount")

# Fields of a show, in the order of SeatKind.
KIND_PRICE_FIELDS = tuple(f"{kind.value}_price" for kind in SeatKind if kind is not SeatKind.STANDARD)
# With the base price, which a standard seat costs.
PRICE_FIELDS = ("price", *KIND_PRICE_FIELDS)


def prices_by_kind(base: Amount, *own: Amount | None) -> dict[SeatKind, Amount]:
    """Return what a seat of each kind costs, from the values of PRICE_FIELDS in their order."""
    return {
        kind: base if price is None else price for kind, price in zip(SeatKind, (base, *own), strict=True)
    }
