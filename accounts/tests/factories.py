"""Valid rows for tests."""

from itertools import count

from django.contrib.auth.models import Permission
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.models import User

PASSWORD = "securepass123"
# The standard allows such addresses, and they are refused.
QUOTED = ['";=1+1;"@example.com', '"john"@example.com', '"a,b"@example.com']
_numbers = count(1)


def make_user(username: str = "", **fields: object) -> User:
    username = username or f"user{next(_numbers)}"
    fields = {"email": f"{username}@example.com", "password": PASSWORD, **fields}
    return User.objects.create_user(username=username, **fields)


def make_staff(*permissions: str) -> User:
    """A member of staff with these permissions, such as "add_movie"."""
    staff = make_user(is_staff=True)
    for codename in permissions:
        staff.user_permissions.add(Permission.objects.get(codename=codename))
    return staff


def client_for(user: User | None = None) -> APIClient:
    """An API client, logged in if a user is given."""
    client = APIClient()
    if user is not None:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {RefreshToken.for_user(user).access_token}")
    return client
