"""Why a log-in or a token is refused."""

from movie_booking.errors import Unauthorized


class WrongCredentials(Unauthorized):
    code = "no_active_account"
    detail = "No active account found with the given credentials."


class TokenNotValid(Unauthorized):
    code = "token_not_valid"
    detail = "The token is invalid or expired."
