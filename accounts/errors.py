"""Why a log-in or a token is refused."""

from typing import ClassVar

from movie_booking.errors import TooManyRequests, Unauthorized


class WrongCredentials(Unauthorized):
    code = "no_active_account"
    detail = "No active account found with the given credentials."


class TokenNotValid(Unauthorized):
    code = "token_not_valid"
    detail = "The token is invalid or expired."


class TooManyAttempts(TooManyRequests):
    """Whether this password is right was not looked at. `retry_after` says in how many seconds it will be."""

    code = "too_many_attempts"
    detail = "Too many wrong passwords for this account. Please try again later."
    example: ClassVar = {"retry_after": 900}
