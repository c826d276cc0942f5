"""Customers who are served in one transaction, beside the model, to which they come one after the other."""

from django.db import connection
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from bookings import services
from bookings.services import SeatChoice
from bookings.tests.joint import together
from bookings.tests.model import BOOKED, HELD
from bookings.tests.model_machine import ModelComparison
from movie_booking.errors import DomainError

NAMES = st.sampled_from(["Ann", "Bob", "Cid"])
SEAT = st.integers(0, 17)
STATUS = st.sampled_from([BOOKED, HELD])
KINDS = {HELD: services.HoldWish, BOOKED: services.BookWish}


def told(outcome):
    """What a service returned in place of raising it."""
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


class StoriesTogether(ModelComparison):
    @rule(
        names=st.lists(NAMES, min_size=2, unique=True),
        index=st.sampled_from([0, 0, 0, 1]),
        seats=st.lists(SEAT, min_size=3, max_size=3),
        leave_single_seat=st.sampled_from([False] * 5 + [True]),
        statuses=st.lists(STATUS, min_size=3, max_size=3),
    )
    def want_together(self, names, index, seats, leave_single_seat, statuses):
        """Those who wait for one show."""
        wishes = [
            (name, index, seat, status) for name, seat, status in zip(names, seats, statuses, strict=False)
        ]
        self.serve_together(wishes, leave_single_seat=leave_single_seat)

    @precondition(lambda self: connection.vendor == "postgresql")
    @rule(
        names=st.lists(NAMES, min_size=2, max_size=2, unique=True),
        seats=st.tuples(SEAT, SEAT),
        statuses=st.tuples(STATUS, STATUS),
    )
    def want_both_shows(self, names, seats, statuses):
        """Those who come for a show each."""
        self.serve_together(list(zip(names, [0, 1], seats, statuses, strict=True)))

    def serve_together(self, wishes, **choice):
        """Serve them in one transaction: to the model, one after the other."""
        asked = [
            KINDS[status](
                self.shows[index].pk, SeatChoice([seat], **choice), self.users[name], self.actor(name)
            )
            for name, index, seat, status in wishes
        ]
        outcomes = together(asked)
        for (name, index, seat, status), found in zip(wishes, outcomes, strict=True):
            outcome = self.both(
                lambda name=name, index=index, seat=seat, status=status: self.model.place(
                    name, self.model.shows[index], [seat], status, **choice
                ),
                lambda found=found: told(found),
            )
            if outcome:
                expected, order = outcome
                self.model.orders[order.reference] = expected
