"""Every address there is."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_yasg import openapi
from drf_yasg.views import get_schema_view
from rest_framework.permissions import AllowAny

from movie_booking.api.problems import unknown_route
from movie_booking.schema import SchemaGenerator

schema = get_schema_view(
    openapi.Info(
        title="Movie booking",
        default_version="v1",
        description=(
            "Find a show, book a seat, change your mind. Sign up, log in, press **Authorize** and enter "
            "`Bearer <access token>`. Times are UTC (ISO 8601), money comes as decimal strings, lists in "
            "pages. Errors are problem documents (RFC 9457) with a stable `code`."
        ),
    ),
    public=True,
    permission_classes=(AllowAny,),
    authentication_classes=(),
    generator_class=SchemaGenerator,
)

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="swagger")),
    path("swagger/", schema.with_ui("swagger"), name="swagger"),
    path("redoc/", schema.with_ui("redoc"), name="redoc"),
    path("swagger.json", schema.without_ui(), {"format": "json"}, name="schema"),
    path("admin/", admin.site.urls),
    path("api/", include("accounts.urls")),
    path("api/", include("movies.urls")),
    path("api/", include("bookings.urls")),
    re_path("^api/", unknown_route),
]

handler400 = "movie_booking.api.problems.bad_request"
handler500 = "movie_booking.api.problems.server_error"
