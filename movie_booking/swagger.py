"""The OpenAPI document as a whole, which Swagger UI and ReDoc draw: its title, its tags, its order."""

import json
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import get_script_prefix
from drf_yasg import openapi
from drf_yasg.generators import OpenAPISchemaGenerator
from drf_yasg.views import get_schema_view
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from movie_booking import __version__
from movie_booking.contract import polish
from movie_booking.openapi31 import as_openapi_31
from movie_booking.schema import PRODUCES

# In the order in which a newcomer meets them.
TAGS = {
    "Accounts": "Sign up, log in, and look after your account.",
    "Movies": "What is shown.",
    "Cinemas": "Where it is shown.",
    "Shows": "When it is shown, and what is still free.",
    "Orders": "Several seats at once, held while you pay.",
    "Bookings": "Who has which seat.",
}

# Within a tag, what comes first is named here; the rest follows by its path.
READING_ORDER = [
    "/api/signup/",
    "/api/login/",
    "/api/token/refresh/",
    "/api/logout/",
    "/api/me/",
    "/api/me/export/",
    "/api/password/change/",
    "/api/password/reset/",
    "/api/password/reset/confirm/",
    "/api/email/verification/",
    "/api/email/verify/",
    "/api/shows/{id}/book/",
    "/api/orders/",
    "/api/orders/{reference}/",
    "/api/orders/{reference}/confirm/",
]


MAX_ADDRESSES = 8  # of this site


class SchemaGenerator(OpenAPISchemaGenerator):
    """Whole paths and the tags in reading order; JSON and problem documents as what operations produce."""

    def determine_path_prefix(self, paths: list[str]) -> str:
        return "/"

    drawn: ClassVar[dict[str, openapi.Swagger]] = {}

    def get_schema(self, request: Any = None, public: bool = False) -> openapi.Swagger:
        """Draw the document once for each address: it takes a tenth of a second, and anyone may ask."""
        if self._gen.patterns == []:  # the pages themselves ask for none of it
            return self._draw(request, public)
        address = request.build_absolute_uri(get_script_prefix())
        if address not in self.drawn:
            if len(self.drawn) >= MAX_ADDRESSES:
                self.drawn.clear()
            self.drawn[address] = self._draw(request, public)
        return self.drawn[address]

    def _draw(self, request: Any, public: bool) -> openapi.Swagger:
        schema = super().get_schema(request, public)
        schema.paths = openapi.Paths(OrderedDict(sorted(schema.paths.items(), key=_reading_order)))
        schema.tags = [{"name": name, "description": text} for name, text in TAGS.items()]
        schema.consumes = ["application/json"]
        schema.produces = PRODUCES
        if schema.paths:
            document = json.loads(json.dumps(schema.as_dict()))  # of parts that no two operations share
            polish(document)
            schema.paths, schema.definitions = document["paths"], document["definitions"]
        return schema


def _reading_order(item: tuple[str, Any]) -> tuple[int, str]:
    path = item[0]
    return (READING_ORDER.index(path) if path in READING_ORDER else len(READING_ORDER), path)


INFO = openapi.Info(
    title="Movie booking",
    default_version=__version__,
    description=(
        "Find a show, book a seat, change your mind. Sign up, log in, press **Authorize** and enter "
        "`Bearer <access token>`. Times are UTC (ISO 8601), money comes as decimal strings, lists in "
        "pages. Errors are problem documents (RFC 9457) with a stable `code`."
    ),
)
schema_view = get_schema_view(
    INFO,
    public=True,
    permission_classes=(AllowAny,),
    authentication_classes=(),
    generator_class=SchemaGenerator,
)


def openapi_31(request: HttpRequest) -> JsonResponse:
    """The view of `/openapi.json`."""
    document = SchemaGenerator(INFO, version=__version__).get_schema(Request(request), public=True)
    return JsonResponse(as_openapi_31(document.as_dict()))


# All that the pages need comes from here. Browsers keep them from the rest: ReDoc would fetch the logo of its
# makers, who would learn of each reader.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # both write styles into the page
        "img-src 'self' data:",
        "worker-src 'self' blob:",  # in which ReDoc searches
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def page(interface: str) -> Callable[..., HttpResponse]:
    """Return the view of a page that draws the document: "swagger" or "redoc"."""
    view = schema_view.with_ui(interface)

    def show(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = view(request)
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    return show
