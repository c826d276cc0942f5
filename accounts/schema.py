"""How Swagger UI describes the operations of accounts: one decorator for each view."""

from accounts import services
from accounts.serializers import (
    AccountSerializer,
    LoginInput,
    ProfileInput,
    ProfileSerializer,
    RefreshInput,
    SignUpInput,
    TokenPairSerializer,
)
from movie_booking.errors import Invalid, TooManyRequests
from movie_booking.schema import AUTHENTICATION_ERRORS, BODY_ERRORS, Problems, operation

TAG = "Accounts"

INPUT_ERRORS: Problems = (Invalid, *BODY_ERRORS)
LIMITED_ERRORS: Problems = (*INPUT_ERRORS, TooManyRequests)

sign_up = operation(
    TAG,
    "Sign up",
    {201: AccountSerializer},
    LIMITED_ERRORS,
    service=services.sign_up,
    operation_id="api_signup_create",
    request_body=SignUpInput,
    security=[],
)
read_account = operation(
    TAG, "Show my account", {200: ProfileSerializer}, AUTHENTICATION_ERRORS, operation_id="api_me_read"
)
change_account = operation(
    TAG,
    "Change my e-mail address or name",
    {200: ProfileSerializer},
    [*INPUT_ERRORS, *AUTHENTICATION_ERRORS],
    service=services.change_profile,
    operation_id="api_me_partial_update",
    request_body=ProfileInput,
)
log_in = operation(
    TAG,
    "Log in",
    {200: TokenPairSerializer},
    LIMITED_ERRORS,
    service=services.log_in,
    operation_id="api_login_create",
    operation_description="Send the access token as `Authorization: Bearer <access token>`.",
    request_body=LoginInput,
    security=[],
)
refresh_tokens = operation(
    TAG,
    "Exchange a refresh token for a new pair",
    {200: TokenPairSerializer},
    LIMITED_ERRORS,
    service=services.rotate_tokens,
    operation_id="api_token_refresh_create",
    operation_description="A refresh token works once. If the answer was lost, send it again: for a short"
    " time it gets the same pair. Sent later, it ends all refresh tokens of its log-in.",
    request_body=RefreshInput,
    security=[],
)
log_out = operation(
    TAG,
    "Log out",
    {204: None},
    LIMITED_ERRORS,
    service=services.log_out,
    operation_id="api_logout_create",
    operation_description="Ends all refresh tokens of this log-in. The access token runs out by itself.",
    request_body=RefreshInput,
    security=[],
)
