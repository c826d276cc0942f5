"""What each route can refuse: services, Swagger and docs/api.md say the same, none more and none less."""

import inspect
import re
import sys

import pytest
from django.conf import settings
from drf_yasg.generators import EndpointEnumerator

from movie_booking import schema
from movie_booking.errors import Busy, Conflict, NotFound
from movie_booking.schema import errors_raised_by
from movie_booking.tests.documented import EVERY_ROUTE, codes, without_names

APPS = ("accounts.", "movies.", "bookings.")
API = (settings.BASE_DIR / "docs" / "api.md").read_text("utf-8")


def table(heading):
    """Return the rows of the first table below a heading of docs/api.md, as lists of their cells."""
    rows = re.search(rf"^###? {heading}\n.*?^\|[- |]+\|\n(.*?)\n(?!\|)", API, re.M | re.S)[1]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows.splitlines()]


def words(text):
    return set(re.findall(r"`(\w+)`", text))


# --- What the kind of a request adds, as docs/api.md has it ---------------------------------------

KINDS = {kind: words(named) for kind, named in table("What any request can be refused for")}
ROUTES = {
    f"{method} {re.sub(r'{[a-z]+}', '{}', path)}": words(named)
    for calls, named in table("What a route adds")
    for method, path in re.findall(r"`([A-Z]+) ([^`]+)`", calls)
}


EVERY_REQUEST = ("of any kind", "that sends a token or a key", "that writes")


def parameters(operation, place):
    return {each["name"]: each for each in operation.get("parameters", ()) if each["in"] == place}


def body_members(operation, definitions):
    return {
        member
        for body in parameters(operation, "body").values()
        for member in definitions[body["schema"]["$ref"].rsplit("/", 1)[1]]["properties"]
    }


def kinds_of(name, operation, definitions):
    method, path = name.split()
    query = parameters(operation, "query").keys()
    applies = {
        "that needs a token": operation.get("security") != [],
        "for staff": operation["summary"].endswith("(staff)"),
        "with a body": bool(parameters(operation, "body")),
        "with `leave_single_seat`": "leave_single_seat" in body_members(operation, definitions),
        "that takes new seats": name in ("POST shows/{}/book/", "POST orders/"),
        "for a list": "page" in query,
        "with another parameter": bool(query) and "page" not in query,
        "with an `Idempotency-Key`": "Idempotency-Key" in parameters(operation, "header"),
        "with an `If-Match`": "If-Match" in parameters(operation, "header"),
        "for one row, by its id or reference": "{}" in path or ("show" in query and "page" not in query),
        "to delete a row": method == "DELETE" and "{}" in path,
    }
    return {kind for kind, does in applies.items() if does}


@pytest.fixture(scope="module")
def kinds(openapi, operations):
    """The kinds of every operation, by its name."""
    return {name: kinds_of(name, operation, openapi["definitions"]) for name, operation in operations.items()}


def codes_of(operation):
    return set().union(*codes(operation).values())


def named_for(operations):
    """What Swagger names for each operation beside what every route may answer."""
    return {name: codes_of(operation) - EVERY_ROUTE for name, operation in operations.items()}


def with_kinds(added, kinds):
    """What each operation can refuse: these codes by its name, and what its kinds add."""
    return {
        name: added.get(name, set()).union(*(KINDS[kind] for kind in kinds[name])) - EVERY_ROUTE
        for name in kinds
    }


def test_tests_let_pass_what_the_documentation_says_of_every_request():
    assert set().union(*(KINDS[kind] for kind in EVERY_REQUEST)) == EVERY_ROUTE


def test_every_kind_of_request_in_the_documentation_is_met(kinds):
    assert set().union(EVERY_REQUEST, *kinds.values()) == KINDS.keys()


# --- Both ways -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def services():
    """The services that each operation calls, by its name."""
    return {
        f"{method} {without_names(path)}": services_called(
            callback.cls, getattr(callback, "actions", {}).get(method.lower(), method.lower())
        )
        for path, method, callback in EndpointEnumerator().get_api_endpoints()
    }


def services_called(view, method_name):
    """Return the services that a method of a view calls, itself or through other methods of ours."""
    method = inspect.unwrap(getattr(view, method_name, None))
    if not getattr(method, "__module__", "").startswith(APPS):
        return set()
    source, module = inspect.getsource(method), sys.modules[method.__module__]
    named = {getattr(module.services, name) for name in re.findall(r"\bservices\.(\w+)\(", source)}
    called = {getattr(each, "does", each) for each in named}  # a wish says what is done for it
    for name in re.findall(r"\bself\.(\w+)\(", source):
        called |= services_called(view, name)
    return called


def test_swagger_names_what_services_raise_and_the_kind_of_request_adds(operations, services, kinds):
    raised = {
        name: {error.code for service in called for error in errors_raised_by(service)}
        for name, called in services.items()
    }

    assert raised.keys() == operations.keys()
    assert named_for(operations) == with_kinds(raised, kinds)


def test_the_services_of_changes_are_found(services):
    without = {name for name, called in services.items() if not name.startswith("GET") and not called}

    assert without == set()


def test_the_documentation_names_what_swagger_names(operations, kinds):
    assert ROUTES.keys() <= operations.keys()
    assert named_for(operations) == with_kinds(ROUTES, kinds)
    # Also what every route may answer, where a route gives it a meaning of its own.
    unnamed = {name: added - codes_of(operations[name]) for name, added in ROUTES.items()}
    assert {name: added for name, added in unnamed.items() if added} == {}


@pytest.mark.parametrize(
    ("kind", "errors"),
    [("with a body", schema.BODY_ERRORS), ("that needs a token", schema.AUTHENTICATION_ERRORS)],
)
def test_swagger_names_all_errors_of_bodies_and_tokens(operations, kinds, kind, errors):
    expected = {error.code for error in errors}

    named = {name: expected & codes_of(operations[name]) for name in operations if kind in kinds[name]}

    assert named == dict.fromkeys(named, expected)


@pytest.mark.parametrize(
    ("request_line", "status", "code", "is_documented"),
    [
        ("POST /api/shows/1/book/", 409, "seat_taken", True),
        ("POST /api/shows/1/book/", 400, "seat_taken", False),
        ("POST /api/shows/1/book/", 409, "hold_expired", False),
        ("POST /api/nothing/", 409, "seat_taken", False),
        ("HEAD /api/shows/1/", 404, "not_found", True),
        ("GET /api/movies/", 503, "unavailable", True),
    ],
)
def test_a_refusal_that_swagger_does_not_name_is_noticed(
    documented_codes, request_line, status, code, is_documented
):
    assert (code in documented_codes(*request_line.split(), status)) == is_documented


# --- How the errors of a service are read ----------------------------------------------------------


def test_the_errors_of_a_service_are_those_after_raises():
    def service():
        """Do it. Raises NotFound, Busy
        and Conflict, each once: NotFound.

        Invalid is another paragraph.
        """

    def silent():
        pass

    assert errors_raised_by(service) == [NotFound, Busy, Conflict]
    assert errors_raised_by(silent) == []


def test_an_error_that_does_not_exist_is_a_mistake():
    def service():
        """Raises NoSuchError."""

    with pytest.raises(LookupError):
        errors_raised_by(service)
