"""Who acts through the API."""

from accounts.actors import Actor, Channel
from accounts.http import UserRequest


def api_actor(request: UserRequest) -> Actor:
    """A user; without one it is a guest."""
    return Actor(request.user if request.user.is_authenticated else None, Channel.API)
