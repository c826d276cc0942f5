"""Machines that act with a key of their own: a website, a kiosk, an aggregator."""

from enum import Enum

from django.contrib.auth.models import AnonymousUser


class Scope(str, Enum):
    """What a key is for. It opens nothing else."""

    CATALOGUE = "catalogue"
    SELL = "sell"
    LOOK_UP = "look_up"


class Machine(AnonymousUser):
    """Who asks, where a key was sent: no person, so whatever asks for one refuses it."""

    def __init__(
        self, key_id: int, owner: str, *, scopes: frozenset[Scope], cinemas: frozenset[int] | None, rate: str
    ) -> None:
        self.key_id = key_id
        self.owner = owner
        self.scopes = scopes
        # By id; None for all.
        self.cinemas = cinemas
        # As "600/minute"; empty for that of the settings.
        self.rate = rate

    def __str__(self) -> str:
        return self.owner

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Machine) and other.key_id == self.key_id

    def __hash__(self) -> int:
        return hash(self.key_id)

    def may(self, scope: Scope, cinema_id: int | None = None) -> bool:
        """Whether its key is for this and, if one is named, for that cinema."""
        reaches = cinema_id is None or self.cinemas is None or cinema_id in self.cinemas
        return scope in self.scopes and reaches
