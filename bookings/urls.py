from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from bookings import views

router = SimpleRouter()
router.register("bookings", views.BookingViewSet)

urlpatterns = [
    re_path("^shows/(?P<id>[0-9]{1,19})/book/$", views.BookView.as_view(), name="show-book"),
    # The list of bookings under its other name.
    path("my-bookings/", views.BookingViewSet.as_view({"get": "list"}), name="my-bookings"),
    *router.urls,
]
