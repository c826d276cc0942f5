"""What the operations of bookings have in common: tags, headers, refusals and the members of problems."""

from typing import Any

from drf_yasg import openapi
from rest_framework import serializers

from bookings.errors import InProgress, KeyReused
from bookings.idempotency import KEY
from bookings.serializers import (
    ChangesSerializer,
    LeftOutSerializer,
    ReseatingProblemSerializer,
)
from movie_booking.errors import Busy, Invalid, NotFound
from movie_booking.schema import (
    AUTHENTICATION_ERRORS,
    BODY_ERRORS,
    PERMISSION_DENIED,
    Problems,
    problem_members,
)

BOOKINGS, ORDERS, SHOWS = "Bookings", "Orders", "Shows"

IDEMPOTENCY_KEY = openapi.Parameter(
    "Idempotency-Key",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    pattern=f"^({KEY.pattern})$",
    description=(
        "Any text that is new for each thing you want. Send the same request again with the same key"
        " and get the first response again, with `Idempotent-Replayed: true`: nothing happens twice."
    ),
)
# Of whatever is looked up by its reference or id.
OF_SHOW = openapi.Parameter(
    "show",
    openapi.IN_QUERY,
    type=openapi.TYPE_INTEGER,
    minimum=0,
    description=(
        "The id of its show, if you know it: with any other it is 404. Where rows are spread over machines,"
        " one is asked and not all."
    ),
)
# A key may be malformed, and to compare requests their bodies are parsed, also where the view needs none.
IDEMPOTENCY_ERRORS: Problems = (Invalid, *BODY_ERRORS, KeyReused, InProgress)
READ_ERRORS: Problems = (*AUTHENTICATION_ERRORS, NotFound)
# Whatever changes who has a seat waits for the lock of the show.
CHANGE_ERRORS: Problems = (*READ_ERRORS, Busy)
CHANGE_WITH_BODY_ERRORS: Problems = (Invalid, *BODY_ERRORS, *CHANGE_ERRORS)
STAFF_ERRORS: Problems = (*CHANGE_WITH_BODY_ERRORS, PERMISSION_DENIED)
# The override of the single-seat rule is for staff.
OVERRIDE_ERRORS: Problems = (PERMISSION_DENIED,)
# What opens an order: the token of its customer, the key that a guest was told, or that of a machine which
# sold it or looks it up.
USER_OR_MACHINE: list[dict[str, list[str]]] = [{"Bearer": []}, {"Key": []}]
USER_GUEST_OR_MACHINE = [*USER_OR_MACHINE, {"Order-Key": []}]
PAGED_BY_ROW = "Follow `next`: no row comes twice or is missed, whatever is bought meanwhile."


class SeatReasonSerializer(serializers.Serializer[Any]):
    seat_number = serializers.IntegerField()
    reason = serializers.CharField(help_text="Such as booked, held, held_by_you or blocked.")
    order = serializers.CharField(required=False, help_text="Your order that has the seat: its reference.")


@problem_members
class BookingProblemMembers(serializers.Serializer[Any]):
    seats: Any = SeatReasonSerializer(
        many=True, required=False, help_text="The seats that cannot be had, each with its reason."
    )
    limit = serializers.IntegerField(required=False, help_text="How many there may be.")
    have = serializers.IntegerField(required=False, help_text="How many seats of the show you have.")
    orders = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="References of your orders in the way.",
    )
    instead: Any = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        required=False,
        help_text="Seats that might be taken, or given back, instead, each time as many.",
    )
    kind = serializers.CharField(required=False, help_text="The kind of seat that is short.")
    available = serializers.IntegerField(required=False, help_text="How many seats of it can still be had.")
    left = serializers.DictField(
        child=serializers.IntegerField(), required=False, help_text="How many there are of each kind."
    )
    largest_block = serializers.IntegerField(
        required=False, help_text="How many of the party can still sit side by side."
    )
    show = serializers.IntegerField(
        required=False, help_text="Which of the two shows refuses an exchange from one to the other."
    )
    sales_open_at = serializers.DateTimeField(required=False, help_text="From when on the show is on sale.")
    show_version = serializers.IntegerField(required=False, help_text="Of the show as it is now.")
    changes = ChangesSerializer(required=False, help_text="What is not as it was when seats were held.")
    left_out: Any = LeftOutSerializer(
        many=True, required=False, help_text="The orders for which a move has no seats."
    )
    problems: Any = ReseatingProblemSerializer(
        many=True, required=False, help_text="What is wrong with seats that were chosen by hand."
    )
