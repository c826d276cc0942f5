"""Why a log-in, a token or an account is refused."""

from typing import ClassVar

from movie_booking.errors import Conflict, Forbidden, TooManyRequests, Unauthorized


class WrongCredentials(Unauthorized):
    code = "no_active_account"
    detail = "No active account found with the given credentials."


class TokenNotValid(Unauthorized):
    code = "token_not_valid"
    detail = "The token is invalid or expired."


class EmailNotVerified(Forbidden):
    code = "email_not_verified"
    detail = "Please verify your e-mail address first: follow the link that was mailed to it."


class StaffAccount(Conflict):
    code = "staff_account"
    detail = "The account of a member of staff is closed by another one, who takes the rights away first."


class TooManyAttempts(TooManyRequests):
    """Whether this password is right was not looked at. `retry_after` says in how many seconds it will be."""

    code = "too_many_attempts"
    detail = "Too many wrong passwords for this account. Please try again later."
    example: ClassVar = {"retry_after": 900}
