"""Every address there is."""

from django.contrib import admin
from django.urls import include, path, re_path

from movie_booking.api.problems import unknown_route
from movie_booking.picker import front_door, picker
from movie_booking.swagger import openapi_31, page, swagger_2

urlpatterns = [
    path("api/", include("bookings.urls")),
    path("api/", include("accounts.urls")),
    re_path("^api/", unknown_route),
    path("", front_door),
    path("picker/", picker, name="picker"),
    path("picker/<path:file>", picker),
    path("swagger/", page("swagger"), name="swagger"),
    path("redoc/", page("redoc"), name="redoc"),
    path("openapi.json", openapi_31, name="openapi"),
    path("swagger.json", swagger_2, {"format": "json"}, name="schema"),
    path("admin/", admin.site.urls),
]

handler400 = "movie_booking.api.problems.bad_request"
handler500 = "movie_booking.api.problems.server_error"
