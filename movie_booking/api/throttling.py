"""Which limit holds for a request to a view."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from movie_booking.rates import Rate, parse_rate
from movie_booking.throttling import Scope, by_address, quotas_of, throttle, throttle_read


class Throttle(BaseThrottle):
    """Of every view: reads have one limit; for all else a view names its `throttle_scope`, if it has one.

    Of `booking` users are counted, and for guests what the `guest_limits` of the view say; else addresses.
    Whatever a machine asks for is counted by its key, which may say how often.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        """Return True. Raises TooManyRequests."""
        scope: Scope | None = getattr(view, "throttle_scope", None)
        asking: Any = request.user
        user_id = asking.pk if asking else None
        if (key_id := getattr(asking, "key_id", None)) is not None:
            own: dict[Scope, Rate | None] = {"machine": parse_rate(asking.rate)} if asking.rate else {}
            throttle(request, {"machine": str(key_id)}, own=own)
        elif request.method in SAFE_METHODS:
            if not quotas_of(request):  # else `answer_polls` has counted it
                throttle_read(request, user_id)
        elif scope == "booking":
            throttle(request, {scope: str(user_id)} if user_id else view.guest_limits())
        elif scope is not None:
            throttle(request, {scope: by_address(request)})
        return True
