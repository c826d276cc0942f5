"""The machine of a request, by its key."""

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.machines import Machine
from movies.services import machine_of

KEYWORD = "key"


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Key mbk_…`. Any other header is for somebody else to read."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Machine] | None:
        words = request.META.get("HTTP_AUTHORIZATION", "").split()
        if not words or words[0].lower() != KEYWORD:
            return None
        machine = machine_of(words[1]) if len(words) == 2 else None
        if machine is None:
            raise AuthenticationFailed("The key is invalid or was revoked.", code="key_not_valid")
        return machine, machine

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
