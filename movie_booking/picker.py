"""The seat picker of `clients/picker`, as a development server serves it."""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control
from django.views.static import serve

FOLDER = settings.BASE_DIR / "clients" / "picker"


def picker(request: HttpRequest, file: str = "index.html") -> HttpResponseBase:
    """Return a file of the page, which a browser is to ask for anew each time: it may be at work on."""
    response = serve(request, file, document_root=FOLDER)
    patch_cache_control(response, no_cache=True)
    return response
