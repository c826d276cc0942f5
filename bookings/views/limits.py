"""What there is to know before one buys."""

from django.conf import settings
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.machines import Machine
from accounts.permissions import IsPerson
from bookings import schema
from bookings.queries import allowance
from bookings.serializers.limits import limits_json
from movie_booking.api.parameters import named_id, refuse_unknown


class LimitsView(APIView):
    """The limits for everybody, and with `?show=` what is left of them for the user."""

    permission_classes = (AllowAny,)

    @schema.get_limits
    def get(self, request: Request) -> Response:
        refuse_unknown(request, ("show",))
        if "show" not in request.query_params:
            return Response(limits_json(settings, None))
        if isinstance(request.user, Machine):
            raise PermissionDenied(IsPerson.message, IsPerson.code)
        if not request.user.is_authenticated:
            raise NotAuthenticated
        show_id = named_id(request, "show")
        left = None if show_id is None else allowance(request.user, show_id)
        return Response(limits_json(settings, left))
