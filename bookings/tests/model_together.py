"""Customers who are served in one transaction, beside the model, to which they come one after the other."""

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import rule

from bookings import services
from bookings.services import SeatChoice
from bookings.tests.model import BOOKED, HELD
from bookings.tests.model_machine import ModelComparison
from movie_booking.errors import DomainError


def told(outcome):
    """What a service returned in place of raising it."""
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


class StoriesTogether(ModelComparison):
    @rule(
        names=st.lists(st.sampled_from(["Ann", "Bob", "Cid"]), min_size=2, unique=True),
        index=st.sampled_from([0, 0, 0, 1]),
        seats=st.lists(st.integers(0, 17), min_size=3, max_size=3),
        leave_single_seat=st.sampled_from([False] * 5 + [True]),
        hold=st.lists(st.booleans(), min_size=3, max_size=3),
    )
    def want_together(self, names, index, seats, leave_single_seat, hold):
        """Those who wait for one show in one transaction: to the model, one after the other."""
        choice = {"leave_single_seat": leave_single_seat}
        wishes = list(zip(names, seats, [HELD if held else BOOKED for held in hold], strict=False))
        kinds = {HELD: services.HoldWish, BOOKED: services.BookWish}
        with transaction.atomic():
            asked = [
                kinds[status](
                    self.shows[index].pk, SeatChoice([seat], **choice), self.users[name], self.actor(name)
                )
                for name, seat, status in wishes
            ]
            outcomes = services.do_together(asked, is_last=True)
        for (name, seat, status), found in zip(wishes, outcomes, strict=True):
            outcome = self.both(
                lambda name=name, seat=seat, status=status: self.model.place(
                    name, self.model.shows[index], [seat], status, **choice
                ),
                lambda found=found: told(found),
            )
            if outcome:
                expected, order = outcome
                self.model.orders[order.reference] = expected
