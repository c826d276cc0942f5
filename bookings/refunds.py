"""What a cancelled booking gives back: the tiers of the cinema, and sums of money that follow from them.

Times are aware datetimes, and hours are hours that pass, also across a change of the clocks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from itertools import pairwise

HOURS_OF_A_YEAR = 365 * 24
NOTHING = Decimal("0.00")  # what sums of money begin with


@dataclass(frozen=True)
class Tier:
    """Cancel no later than this many hours before the show and get this share of the price back."""

    hours_before: int
    percent: int


@lru_cache(maxsize=8)  # a setting is asked for with every cancellation
def parse_tiers(text: str) -> tuple[Tier, ...]:
    """Read "24:100,2:50": all of the price until 24 hours before the show, half until 2, then nothing.

    Raises ValueError, in a sentence an operator can act on, unless hours and percentages are whole numbers
    that both fall from tier to tier. No refunds at all: "0:0".
    """
    tiers = tuple(_parse_tier(part.strip()) for part in text.split(","))
    for earlier, later in pairwise(tiers):
        if later.hours_before >= earlier.hours_before:
            raise ValueError(
                f"Refund tiers go from the most hours to the fewest, each once: "
                f"{later.hours_before} cannot follow {earlier.hours_before}."
            )
        if later.percent >= earlier.percent:
            raise ValueError(
                f"A refund shrinks as the show comes nearer: "
                f"{later.percent} % cannot follow {earlier.percent} %."
            )
    return tiers


def cap_tiers(text: str, percent: int) -> str:
    """Return tiers, as they are written, that never give more than this percentage and else what these give.

    What was sold on less favourable terms keeps them when it is exchanged for seats of another show.
    """
    if percent == 0:
        return "0:0"
    # Of tiers that come to the same share the last one counts: it holds the longest.
    hours_by_share = {min(tier.percent, percent): tier.hours_before for tier in parse_tiers(text)}
    return ",".join(f"{hours}:{share}" for share, hours in hours_by_share.items())


def refund_percent(tiers: Sequence[Tier], starts_at: datetime, at: datetime) -> int:
    """The percentage of the price given back to a customer who cancels at this moment; 0 after the last tier.

    Exactly 24 hours before the show is still "until 24 hours before".
    """
    tier = _tier_in_force(tiers, starts_at, at)
    return tier.percent if tier else 0


def next_deadline(tiers: Sequence[Tier], starts_at: datetime, at: datetime) -> datetime | None:
    """The last moment at which the share now in force is still given; None if nothing is given any more."""
    tier = _tier_in_force(tiers, starts_at, at)
    if tier is None or tier.percent == 0:
        return None
    deadline = starts_at.astimezone(timezone.utc) - timedelta(hours=tier.hours_before)
    return deadline.astimezone(starts_at.tzinfo)


@dataclass(frozen=True)
class SaleTerms:
    """What a customer was promised when they bought, and whether the show has been moved since."""

    tiers: tuple[Tier, ...]
    cancel_cutoff: timedelta
    promised_starts_at: datetime
    starts_at: datetime  # as the show is now
    is_moved: bool

    @property
    def cancel_until(self) -> datetime:
        """The last moment to give the seats back: of a show that was moved, its start."""
        if self.is_moved:
            return self.starts_at
        return min(self.promised_starts_at - self.cancel_cutoff, self.starts_at)  # it may start minutes early

    def refund_percent(self, at: datetime) -> int:
        """The percentage of the price given back to a customer who cancels at this moment."""
        return 100 if self.is_moved else refund_percent(self.tiers, self.promised_starts_at, at)

    def refund_valid_until(self, at: datetime) -> datetime | None:
        """Until when that percentage is given; None if nothing is."""
        if self.is_moved:
            return self.cancel_until
        deadline = next_deadline(self.tiers, self.promised_starts_at, at)
        return min(deadline, self.cancel_until) if deadline else None


def refund_amount(price: Decimal, percent: int, *, digits: int = 2) -> Decimal:
    """This share of the price, to so many decimals of the currency (2 for euros, 0 for yen).

    Half a cent goes to the customer (round half up), as commerce rounds and receipts are checked by hand.
    """
    share = (price * percent).scaleb(-2)
    return share.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def _parse_tier(part: str) -> Tier:
    match = re.fullmatch(r"([0-9]+)\s*:\s*([0-9]+)", part)
    if match is None:
        raise ValueError(
            f'A refund tier is "hours:percent" in whole numbers, such as "24:100"; not "{part}".'
        )
    tier = Tier(hours_before=int(match[1]), percent=int(match[2]))
    if tier.hours_before > HOURS_OF_A_YEAR:
        raise ValueError(f"A refund tier begins at most {HOURS_OF_A_YEAR} hours before the show.")
    if tier.percent > 100:
        raise ValueError(f"A refund is at most 100 % of the price, not {tier.percent} %.")
    return tier


def _tier_in_force(tiers: Sequence[Tier], starts_at: datetime, at: datetime) -> Tier | None:
    # In UTC, because Python subtracts two times of one zone by the clock on the wall.
    time_left = starts_at.astimezone(timezone.utc) - at.astimezone(timezone.utc)
    return next((tier for tier in tiers if time_left >= timedelta(hours=tier.hours_before)), None)
