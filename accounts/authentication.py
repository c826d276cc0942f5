"""The user of a request, by its access token."""

from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, Token

from accounts.models import User
from accounts.tokens import is_revoked, read_access_token
from movie_booking.composed import ComposedQuery

USER: ComposedQuery[User] = ComposedQuery(lambda user_id: User.objects.filter(pk=user_id).order_by())

NOT_VALID = "Given token not valid for any token type"


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

    def get_user(self, validated_token: Token) -> User:  # type: ignore[override]
        """The user, read anew with every request, so that one who was deactivated is refused at once.

        And so is a token that was issued for another password.
        """
        user = next(iter(USER(int(validated_token[api_settings.USER_ID_CLAIM]))), None)
        if user is None:
            raise AuthenticationFailed("User not found", code="user_not_found")
        if not user.is_active:
            raise AuthenticationFailed("User is inactive", code="user_inactive")
        if is_revoked(validated_token, user):
            raise InvalidToken(NOT_VALID)
        return user

    def get_validated_token(self, raw_token: bytes) -> AccessToken:
        try:
            return read_access_token(raw_token)
        except TokenError as error:
            raise InvalidToken(NOT_VALID) from error
