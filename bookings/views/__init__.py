"""The HTTP face of bookings: parse, call one service, render."""

from bookings.views.accounts import AccountViewSet
from bookings.views.limits import LimitsView
from bookings.views.orders import BookingViewSet, OrderViewSet
from bookings.views.seats import SeatAvailabilityView, SeatLayoutView, SeatMapView, SeatStreamView
from bookings.views.shows import CinemaViewSet, MovieViewSet, ScreenViewSet, ShowViewSet

__all__ = [
    "AccountViewSet",
    "BookingViewSet",
    "CinemaViewSet",
    "LimitsView",
    "MovieViewSet",
    "OrderViewSet",
    "ScreenViewSet",
    "SeatAvailabilityView",
    "SeatLayoutView",
    "SeatMapView",
    "SeatStreamView",
    "ShowViewSet",
]
