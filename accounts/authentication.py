"""The user of a request, by its access token."""

from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed


class BearerAuthentication(JWTAuthentication):
    """simplejwt's, which also says what is wrong with a header that is no `Bearer <token>`.

    simplejwt takes such a header for none: a client that forgot the word Bearer would be told that it sent
    no token.
    """

    def get_raw_token(self, header: bytes) -> bytes | None:
        if header.split()[:1] not in ([], [b"Bearer"]):
            raise AuthenticationFailed(
                "Send the word Bearer, a space and the access token.", code="bad_authorization_header"
            )
        return super().get_raw_token(header)
