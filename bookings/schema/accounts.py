"""What of an account takes knowing what was bought: closing it, and all that is held of it."""

from accounts.serializers import CloseAccountInput
from bookings import services
from bookings.serializers import PersonalDataSerializer
from movie_booking.errors import Busy, Invalid
from movie_booking.schema import AUTHENTICATION_ERRORS, BODY_ERRORS, operation

ACCOUNTS = "Accounts"

close_account = operation(
    ACCOUNTS,
    "Close my account",
    {204: None},
    [Invalid, *BODY_ERRORS, *AUTHENTICATION_ERRORS, Busy],
    service=services.close_account,
    operation_id="api_me_delete",
    operation_description=(
        "For good. User name and e-mail address are free again, all tokens end. What was bought stays, and"
        " says no longer who has bought it."
    ),
    request_body=CloseAccountInput,
)
export_account = operation(
    ACCOUNTS,
    "Export all that is held of me",
    {200: PersonalDataSerializer},
    AUTHENTICATION_ERRORS,
    operation_id="api_me_export_read",
)
