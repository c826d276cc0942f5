"""What the list of bookings asks before it cancels those that were ticked."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.timezone import now

from bookings import services
from bookings.models import Booking, BookingQuerySet, Status
from bookings.refunds import NOTHING
from movie_booking.admin import ServiceAdmin


@dataclass(frozen=True)
class Line:
    """A booking, and what cancelling it would bring by the terms of its sale; None if it has ended."""

    booking: Booking
    back: Decimal | None


def ask_before_cancelling(
    page: ServiceAdmin, request: HttpRequest, bookings: BookingQuerySet
) -> HttpResponse | None:
    """Return the page that says what cancelling these bookings brings; None once its reader has said yes to
    it as it is now.
    """
    details = bookings.with_details().select_related("order__user", "order__guest")
    lines = [Line(booking, _back(booking)) for booking in details.order_by("id")]
    back = sum((line.back for line in lines if line.back is not None), NOTHING)
    has_changed = request.POST.get("back", str(back)) != str(back)
    if "post" in request.POST and not has_changed:
        return None
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "media": page.media,
        "title": "Cancel bookings",
        "lines": lines,
        "ending": sum(line.back is not None for line in lines),
        "back": back,
        "currency": settings.CURRENCY,
        "alert": "Another sum goes back now. Look at it, and press again." if has_changed else "",
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/bookings/cancel_bookings.html", context)


def _back(booking: Booking) -> Decimal | None:
    at = now()
    if booking.status_at(at) not in (Status.HELD, Status.BOOKED):
        return None
    return services.refund_now(booking, booking.show, at)[1]
