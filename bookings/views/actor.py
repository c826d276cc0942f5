"""Who acts through the API."""

from accounts.actors import Actor, Channel
from accounts.http import UserRequest
from accounts.machines import Machine


def api_actor(request: UserRequest) -> Actor:
    """A user or a machine; without either it is a guest."""
    if isinstance(request.user, Machine):
        return Actor(None, Channel.API, request.user)
    return Actor(request.user if request.user.is_authenticated else None, Channel.API)
