"""Who acts through the API."""

from accounts.actors import Actor, Channel
from accounts.http import UserRequest


def api_actor(request: UserRequest) -> Actor:
    return Actor(request.user, Channel.API)
