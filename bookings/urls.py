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

urlpatterns = [
    re_path(f"^shows/(?P<id>{ID_PATTERN})/seats/$", views.SeatMapView.as_view(), name="show-seats"),
    # The list of bookings under its other name.
    path("my-bookings/", views.BookingViewSet.as_view({"get": "list"}), name="my-bookings"),
    *router.urls,
]
