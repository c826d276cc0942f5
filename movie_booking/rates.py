"""How often something may be done, as settings say it: `20/minute`."""

import re
from typing import NamedTuple

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
RATE = re.compile(rf"([1-9][0-9]{{0,8}})/({'|'.join(SECONDS)})")


class Rate(NamedTuple):
    """So many times at once, and as many again in so many seconds, one after the other."""

    limit: int
    seconds: int

    @property
    def interval(self) -> float:
        """After how many seconds one more is allowed."""
        return self.seconds / self.limit


def parse_rate(text: str) -> Rate | None:
    """Return the rate that a setting says; None for `off`. Raises ValueError for what is none."""
    if text == "off":
        return None
    match = RATE.fullmatch(text)
    if match is None:
        raise ValueError(f"Say off, or how often: 20/minute, by {', '.join(SECONDS)}.")
    return Rate(int(match[1]), SECONDS[match[2]])
