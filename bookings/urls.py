from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from bookings import views
from movie_booking.limits import ID_PATTERN

router = SimpleRouter()  # what is asked for most comes first, as Django looks at one route after the other
router.register("shows", views.ShowViewSet)
router.register("orders", views.OrderViewSet)
router.register("bookings", views.BookingViewSet)
router.register("movies", views.MovieViewSet)
router.register("cinemas", views.CinemaViewSet)
router.register("screens", views.ScreenViewSet)
router.register("", views.AccountViewSet, basename="account")

SEATS = f"^shows/(?P<id>{ID_PATTERN})/seats/"

urlpatterns = [
    re_path(f"{SEATS}$", views.SeatMapView.as_view(), name="show-seats"),
    re_path(f"{SEATS}layout/$", views.SeatLayoutView.as_view(), name="show-seat-layout"),
    re_path(f"{SEATS}availability/$", views.SeatAvailabilityView.as_view(), name="show-seat-availability"),
    re_path(f"{SEATS}stream/$", views.SeatStreamView.as_view(), name="show-seat-stream"),
    # The list of bookings under its other name.
    path("my-bookings/", views.BookingViewSet.as_view({"get": "list"}), name="my-bookings"),
    path("limits/", views.LimitsView.as_view(), name="limits"),
    *router.urls,
]
