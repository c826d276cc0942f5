"""Every address there is."""

from django.contrib import admin
from django.urls import include, path, re_path

from accounts import pages
from movie_booking import metrics_page
from movie_booking.api.problems import unknown_route
from movie_booking.health import healthz, readyz
from movie_booking.picker import front_door, picker
from movie_booking.swagger import openapi_31, page, swagger_2

urlpatterns = [
    path("api/", include("bookings.urls")),
    path("api/", include("accounts.urls")),
    re_path("^api/", unknown_route),
    path("", front_door),
    path("picker/", picker, name="picker"),
    path("picker/<path:file>", picker),
    # By this name the Admin's page for logging in links to it.
    path("password/reset/", pages.password_reset, name="admin_password_reset"),
    path("email/verify/", pages.email_verification, name="email_verification"),
    path("swagger/", page("swagger"), name="swagger"),
    path("redoc/", page("redoc"), name="redoc"),
    path("openapi.json", openapi_31, name="openapi"),
    path("swagger.json", swagger_2, {"format": "json"}, name="schema"),
    path("metrics", metrics_page.page, name="metrics"),
    path("admin/", admin.site.urls),
    # Answered by the first middleware, which asks nothing.
    path("healthz", healthz),
    path("readyz", readyz),
]

handler400 = "movie_booking.api.problems.bad_request"
handler500 = "movie_booking.api.problems.server_error"
