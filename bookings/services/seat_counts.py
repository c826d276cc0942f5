"""What became of seats, counted for those who watch the system."""

from collections.abc import Mapping
from functools import partial

from django.conf import settings
from django.db import transaction

from accounts.actors import Actor
from movie_booking import metrics

FREE = "free"


def count_seats(seats: Mapping[str, int], after: str, *, actor: Actor) -> None:
    """Count so many seats by the status that they had, once the present transaction is committed.

    Nothing is added to a booking where nobody asks for what was counted.
    """
    if not settings.METRICS_TOKEN:
        return
    for before, number in seats.items():
        counted = metrics.child(metrics.SEATS, before.lower(), after.lower(), actor.channel.lower())
        transaction.on_commit(partial(counted.inc, number), robust=True)
