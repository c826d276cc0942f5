"""The OpenAPI document as a whole, which Swagger UI and ReDoc draw: its title, its tags, its order."""

import json
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, cast

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import get_script_prefix, reverse
from django.utils.cache import patch_cache_control
from drf_yasg import openapi
from drf_yasg.generators import OpenAPISchemaGenerator
from drf_yasg.views import get_schema_view
from rest_framework.exceptions import APIException, NotAuthenticated, PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from accounts.authentication import BearerAuthentication
from accounts.models import User
from movie_booking import __version__, browsers
from movie_booking.api.problems import as_domain_error, plain_problem
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


View = Callable[..., HttpResponseBase]


def page(interface: str) -> View:
    """Return the view of a page that draws the document: "swagger" or "redoc"."""
    view: View = csp_replace(browsers.DOCS_PAGES)(schema_view.with_ui(interface))

    @wraps(view)
    def show(request: HttpRequest) -> HttpResponseBase:
        if settings.DOCS == "off":
            raise Http404
        if settings.DOCS == "staff" and not admin.site.has_permission(request):
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        response = view(request)
        if settings.DOCS == "staff":
            patch_cache_control(response, private=True, no_store=True)
        return response

    return show


def document(view: View) -> View:
    """Return the view of a document for those whom DOCS lets read it: staff by their session or a token."""

    @wraps(view)
    def show(request: HttpRequest, **options: Any) -> HttpResponseBase:
        if settings.DOCS == "public":
            return view(request, **options)
        try:
            refuse_reader(request)
            response = view(request, **options)
        except (APIException, Http404) as refused:
            response = plain_problem(as_domain_error(refused))
        patch_cache_control(response, private=True, no_store=True)
        return response

    return show


def refuse_reader(request: HttpRequest) -> None:
    """Raise Http404 where the documents are closed, and an APIException to whoever is not of the staff."""
    if settings.DOCS == "off":
        raise Http404
    by_token = BearerAuthentication().authenticate(Request(request))
    if by_token:
        request.user = cast(User, by_token[0])
    if not request.user.is_authenticated:
        raise NotAuthenticated
    if not admin.site.has_permission(request):
        raise PermissionDenied


swagger_2 = document(schema_view.without_ui())


@document
def openapi_31(request: HttpRequest) -> JsonResponse:
    """The view of `/openapi.json`."""
    document = SchemaGenerator(INFO, version=__version__).get_schema(Request(request), public=True)
    return JsonResponse(as_openapi_31(document.as_dict()))
