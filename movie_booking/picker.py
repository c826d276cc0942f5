"""The seat picker of `clients/picker`, as a development server serves it."""

from pathlib import PurePath

from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control
from django.views.static import serve

from movie_booking import browsers

FOLDER = settings.BASE_DIR / "clients" / "picker"
# Said here, as what the registry of a Windows machine says of .js may keep browsers from running it.
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}


def front_door(request: HttpRequest) -> HttpResponse:
    """Lead to what a newcomer sees first: in development the page, in production what developers need.

    Where that is closed, to the Admin.
    """
    if settings.DEBUG:
        return redirect("picker")
    return redirect("admin:index" if settings.DOCS == "off" else "swagger")


@csp_replace(browsers.PICKER)
def picker(request: HttpRequest, file: str = "index.html") -> HttpResponseBase:
    """Return a file of the page, which a browser asks for anew each time: somebody may be at work on it.

    In production there is none.
    """
    if not settings.DEBUG:
        raise Http404
    response = serve(request, file, document_root=str(FOLDER))
    if PurePath(file).suffix in CONTENT_TYPES and "Content-Type" in response:
        response["Content-Type"] = CONTENT_TYPES[PurePath(file).suffix]
    patch_cache_control(response, no_cache=True)
    return response
