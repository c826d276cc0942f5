"""The user of a request, by its access token."""

from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken, TokenError
from rest_framework_simplejwt.tokens import AccessToken

from accounts.tokens import read_token


class BearerAuthentication(JWTAuthentication):
    """simplejwt's, which also says what is wrong with a header that is no `Bearer <token>`.

    simplejwt takes such a header for none: a client that forgot the word Bearer would be told that it sent
    no token.
    """

    def get_raw_token(self, header: bytes) -> bytes | None:
        words = header.split()
        if not words:
            return None
        if len(words) != 2 or words[0].lower() != b"bearer":  # in any case: RFC 9110, 11.1
            raise AuthenticationFailed(
                "Send the word Bearer, a space and the access token.", code="bad_authorization_header"
            )
        return words[1]

    def get_validated_token(self, raw_token: bytes) -> AccessToken:
        try:
            return read_token(AccessToken, raw_token)
        except TokenError as error:
            raise InvalidToken("Given token not valid for any token type") from error
