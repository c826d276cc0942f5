"""Who changes a seat, and through what."""

from typing import NamedTuple

from accounts.models import User
from bookings.models import Channel


class Actor(NamedTuple):
    """Who acts, for themselves or, as a member of staff, for a customer; and through which channel."""

    user: User | None
    channel: Channel

    @property
    def person(self) -> User:
        """The user, where only a person can act. Raises TypeError for SYSTEM."""
        if self.user is None:
            raise TypeError("Only a person can do this.")
        return self.user

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user else None


# Without a user: a hold expires.
SYSTEM = Actor(None, Channel.EXPIRY)
