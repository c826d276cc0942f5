"""The type of a request from a user who is logged in."""

from rest_framework.request import Request

from accounts.models import User


class UserRequest(Request):
    """A request that the permission IsPerson let through."""

    user: User
