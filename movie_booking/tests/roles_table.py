"""The table of docs/roles.md, and every route there is, to be compared with it."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import admin
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User

PAGE = settings.BASE_DIR / "docs" / "roles.md"
# Who asks, in the order of the columns. A role has a cell for its own cinema and one for another. Whoever is
# new has a name here, a user in `Site.users`, and a column of the page.
ROLES = ("Viewer", "Door", "Box office", "Manager")
ALONE = ("anyone", "customer", "another customer", "Manager of all", "superuser", "machine")
COLUMNS = (*ALONE[:3], *ROLES, *ALONE[3:])
# What is no address of its own: it leads to others, or says that there is none.
LEFT_OUT = {
    "^api/",
    "",
    "picker/",  # in development only
    "picker/<path:file>",
    "admin/login/",
    "admin/logout/",
    "admin/(?P<url>.*)$",
    "admin/r/<path:content_type_id>/<path:object_id>/",
}
# Pages of the Admin that take a form. The others are looked at, and their lists have actions.
FORMS = (
    *("_add", "_change", "_delete", "_password_change"),
    *("_seats", "_cancel", "_exchange", "_move", "_schedule", "_preview", "_close", "_revoke"),
)


class Route(NamedTuple):
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def routes() -> Iterator[Route]:
    """Every route with each of its methods, beside HEAD and OPTIONS: ids are "{id}"."""
    for pattern, path in _patterns(get_resolver().url_patterns, ""):
        view: Any = pattern.callback
        is_old_address = getattr(view, "__name__", "") == "RedirectView" or getattr(view, "view_class", None)
        if path in LEFT_OUT or (path.startswith("admin/") and is_old_address):
            continue
        for method in _methods(view, path, pattern.name or ""):
            yield Route(method, _readable(path))
    yield from _actions()


def _actions() -> Iterator[Route]:
    """What can be done with several rows of a list of the Admin."""
    request = RequestFactory().get("/")
    request.user = User(is_staff=True, is_superuser=True)
    for model, page in admin.site._registry.items():
        for name in page.get_actions(request):
            yield Route("ACTION", f"/admin/{model._meta.app_label}/{model._meta.model_name}/ {name}")


def _patterns(patterns: list[Any], prefix: str) -> Iterator[tuple[URLPattern, str]]:
    for each in patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _patterns(each.url_patterns, path)
        else:
            yield each, path


def _methods(view: Any, path: str, name: str) -> list[str]:
    if actions := getattr(view, "actions", None):
        # DRF adds `head` when a view answers for the first time.
        return [method.upper() for method in actions if method != "head"]
    if cls := getattr(view, "cls", None):
        methods = ("get", "post", "put", "patch", "delete")
        return [method.upper() for method in methods if hasattr(cls, method)]
    return ["GET", "POST"] if path.startswith("admin/") and name.endswith(FORMS) else ["GET"]


def _readable(path: str) -> str:
    path = re.sub(r"\(\?P<app_label>[^)]*\)", "{app}", path)
    path = re.sub(r"\(\?P<\w+>[^)]*\)|<[^>]*>", "{id}", path)
    path = path.replace("^", "").replace("$", "")
    return path.removeprefix("api/") if path.startswith("api/") else f"/{path}"


def table() -> dict[Route, dict[str, str]]:
    """What the page says, by route and column. Several routes may share a row."""
    said: dict[Route, dict[str, str]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        first, *cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        named = re.findall(r"`([A-Z, ]+) ([^`]+)`", first)
        if not named or len(cells) != len(COLUMNS):
            continue
        for methods, path in named:
            for method in methods.split(", "):
                route = Route(method, path)
                assert route not in said, f"{route} stands in two rows"
                said[route] = dict(zip(COLUMNS, cells, strict=True))
    return said


def row(route: Route, cells: dict[str, str]) -> str:
    """A row of the table, to be pasted."""
    return f"| `{route}` | {' | '.join(cells[column] for column in COLUMNS)} |"
