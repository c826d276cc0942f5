"""Who changes something, and through what."""

from typing import NamedTuple

from django.db import models

from accounts.machines import Machine
from accounts.models import User


class Channel(models.TextChoices):
    """Through what a change came."""

    API = "API", "API"
    ADMIN = "ADMIN", "Admin"
    COMMAND = "COMMAND", "Command"
    EXPIRY = "EXPIRY", "Expiry"


class Actor(NamedTuple):
    """Who acts, for themselves or, as a member of staff or a machine, for a customer; and through which
    channel.
    """

    user: User | None
    channel: Channel
    machine: Machine | None = None

    @property
    def person(self) -> User:
        """The user, where only a person can act. Raises TypeError for SYSTEM."""
        if self.user is None:
            raise TypeError("Only a person can do this.")
        return self.user

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user else None

    @property
    def machine_id(self) -> int | None:
        """The id of the key with which a machine acts."""
        return self.machine.key_id if self.machine else None


# Without a user: a hold expires.
SYSTEM = Actor(None, Channel.EXPIRY)
