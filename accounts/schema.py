"""How Swagger UI describes the operations of accounts: one decorator for each view."""

from drf_yasg.utils import no_body

from accounts import services
from accounts.serializers import (
    AccountSerializer,
    AnswerSerializer,
    ChangePasswordInput,
    EmailInput,
    LinkInput,
    LoginInput,
    ProfileInput,
    ProfileSerializer,
    RefreshInput,
    ResetPasswordInput,
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
change_password = operation(
    TAG,
    "Change my password",
    {200: TokenPairSerializer},
    [*INPUT_ERRORS, *AUTHENTICATION_ERRORS],
    service=services.change_password,
    operation_id="api_password_change_create",
    operation_description="All tokens of the account end with the old password, also the one that is sent."
    " The answer has new ones.",
    request_body=ChangePasswordInput,
)
request_password_reset = operation(
    TAG,
    "Ask for a link to choose a new password",
    {202: AnswerSerializer},
    INPUT_ERRORS,
    service=services.request_password_reset,
    operation_id="api_password_reset_create",
    operation_description="The answer is the same whether or not there is such an account.",
    request_body=EmailInput,
    security=[],
)
reset_password = operation(
    TAG,
    "Choose a new password by a link",
    {204: None},
    INPUT_ERRORS,
    service=services.reset_password,
    operation_id="api_password_reset_confirm_create",
    operation_description="The link works once and for an hour. All tokens of the account end.",
    request_body=ResetPasswordInput,
    security=[],
)
request_verification = operation(
    TAG,
    "Ask for a link to verify my e-mail address",
    {202: AnswerSerializer},
    [Invalid, *AUTHENTICATION_ERRORS],
    service=services.request_verification,
    operation_id="api_email_verification_create",
    request_body=no_body,
)
verify_email = operation(
    TAG,
    "Verify an e-mail address by a link",
    {204: None},
    INPUT_ERRORS,
    service=services.verify_email,
    operation_id="api_email_verify_create",
    request_body=LinkInput,
    security=[],
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
