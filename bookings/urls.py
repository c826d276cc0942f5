from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from bookings import views
from movie_booking.limits import ID_PATTERN

router = SimpleRouter()
router.register("bookings", views.BookingViewSet)
router.register("orders", views.OrderViewSet)

SHOW = f"shows/(?P<id>{ID_PATTERN})"

urlpatterns = [
    re_path(f"^{SHOW}/book/$", views.BookView.as_view(), name="show-book"),
    re_path(f"^{SHOW}/seats/$", views.SeatMapView.as_view(), name="show-seats"),
    re_path(f"^{SHOW}/block/$", views.BlockView.as_view(), name="show-block"),
    re_path(f"^{SHOW}/free/$", views.FreeView.as_view(), name="show-free"),
    re_path(f"^{SHOW}/cancel/$", views.CancelShowView.as_view(), name="show-cancel"),
    # The list of bookings under its other name.
    path("my-bookings/", views.BookingViewSet.as_view({"get": "list"}), name="my-bookings"),
    *router.urls,
]
