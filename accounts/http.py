"""Who is asking, as a type."""

from rest_framework.request import Request

from accounts.models import User


class UserRequest(Request):
    """A request that got past the permission to be logged in."""

    user: User
