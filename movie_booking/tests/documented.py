"""A pytest plugin: what the document says of each operation, and that none answers anything else.

Every answer of every test is held against it, and every time that the API names has one shape.
"""

import json
import re
from functools import cache

import pytest
from django.test import Client
from jsonschema import Draft202012Validator
from rest_framework.settings import api_settings

from movie_booking.api.renderers import JSONRenderer
from movie_booking.openapi31 import as_openapi_31

METHODS = {"get", "put", "post", "patch", "delete"}
# What every route may answer. Swagger names it only where it helps, and docs/api.md once for all.
EVERY_ROUTE = {
    *("parse_error", "method_not_allowed", "not_acceptable", "request_timeout", "length_required"),
    *("outcome_unknown", "throttled"),
    *("body_too_large", "unsupported_content_encoding", "https_required"),
    *("address_too_long", "headers_too_large"),
    *("server_error", "unavailable", "busy", "conflict"),
    *("bad_authorization_header", "token_not_valid", "user_not_found", "user_inactive"),
    *("key_not_valid", "scope_missing"),
}

A_TIME = re.compile(rb'"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d[^"]*)"')
TIME_SHAPE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def times_of_another_shape(document):
    """The times in a JSON document that are not UTC to the microsecond."""
    return [each for each in A_TIME.findall(document) if not TIME_SHAPE.fullmatch(each)]


def messages_without_code(problem):
    """The fields of a problem document whose messages and codes do not go in pairs."""
    errors, codes = problem.get("errors", {}), problem.get("error_codes", {})
    if list(errors) != list(codes):
        return [f"{list(errors)} have messages, {list(codes)} have codes"]
    return [name for name in errors if len(errors[name]) != len(codes[name]) or not errors[name]]


def parts(schema):
    """A schema of the document, and all schemas in it."""
    yield schema
    for part in [
        *schema.get("properties", {}).values(),
        schema.get("items"),
        schema.get("additionalProperties"),
    ]:
        if isinstance(part, dict):
            yield from parts(part)


@pytest.fixture(scope="session")
def openapi():
    """The OpenAPI document, as Swagger UI gets it."""
    response = Client().get("/swagger.json")
    assert response.status_code == 200
    return response.json()


@pytest.fixture(scope="session")
def operations(openapi):
    """Every operation, by its method and its path below `/api/`, with {} for what varies."""
    return {
        f"{method.upper()} {without_names(path)}": operation
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def without_names(path):
    return re.sub(r"\{\w+\}", "{}", path).removeprefix("/api/")


def codes(operation):
    """The problem codes that an operation documents, by status."""
    return {
        int(status): set(re.findall(r"`(\w+)`", response["description"]))
        for status, response in operation["responses"].items()
        if status.isdigit() and status >= "400"
    }


@pytest.fixture(scope="session")
def documented_codes(operations):
    """The codes that a request may be refused with, by its method, its path and the status."""
    named = [
        (re.compile(re.escape(name).replace(r"\{\}", "[^/]+")), codes(operation))
        for name, operation in operations.items()
    ]

    def documented_codes(method, path, status):
        request = f"{'GET' if method == 'HEAD' else method} {path.removeprefix('/api/')}"
        of_route = next((by_status for name, by_status in named if name.fullmatch(request)), {})
        return EVERY_ROUTE | of_route.get(status, set())

    return documented_codes


@pytest.fixture(autouse=True)
def every_refusal_is_documented(documented_codes, monkeypatch):
    """Fail a test in which an operation refuses with a code that Swagger does not name for it."""
    undocumented = set()
    respond = api_settings.EXCEPTION_HANDLER

    def respond_and_compare(exception, context):
        response, request = respond(exception, context), context["request"]
        status, code = response.status_code, response.data["code"]
        if code not in documented_codes(request.method, request.path, status):
            undocumented.add(f"{request.method} {request.path}: {status} {code}")
        return response

    monkeypatch.setattr(api_settings, "EXCEPTION_HANDLER", respond_and_compare)
    yield
    assert undocumented == set(), "Swagger does not name these."


@pytest.fixture(scope="session")
def differences(openapi):
    """Return a function that says how an answer differs from what the document says of it."""
    document = as_openapi_31(openapi)
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        if "properties" in schema and not name.endswith(("Input", "Patch")):
            schema["additionalProperties"] = False  # so that members which are not described are noticed
    routes = [
        (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), item)
        for path, item in document["paths"].items()
    ]

    @cache
    def validator(method, path, status):
        named = document["paths"].get(path)  # before one that has a name for what varies
        item = named or next((item for route, item in routes if route.fullmatch(path)), {})
        responses = item.get(method, {}).get("responses", {})
        described = responses.get(str(status)) or (responses.get("default") if status >= 400 else None)
        if described is None:
            return None
        content = next(iter(described.get("content", {}).values()), {"schema": {"type": "null"}})
        whole = {"components": document["components"], **content["schema"]}
        return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)

    def differences(method, path, status, answer):
        found = validator("get" if method == "HEAD" else method.lower(), path, status)
        if found is None:
            return [f"{method} {path}: {status} is not described"] if status < 400 else []
        return [
            f"{method} {path}: {status}: {error.json_path}: {error.message[:200]}"
            for error in found.iter_errors(answer)
        ]

    return differences


@pytest.fixture(autouse=True)
def every_answer_is_as_described(differences, monkeypatch):
    """Fail a test in which the API answers otherwise than its document says, or names a time in another
    shape than docs/api.md has it.
    """
    others, render = [], JSONRenderer.render

    def render_and_look(self, data, accepted_media_type=None, renderer_context=None):
        rendered = render(self, data, accepted_media_type, renderer_context)
        others.extend(times_of_another_shape(rendered))
        request = (renderer_context or {}).get("request")
        is_deprecated = request is not None and "fields" in request.GET
        if request is not None and request.path.startswith("/api/") and not is_deprecated:
            status = renderer_context["response"].status_code
            answer = json.loads(rendered) if rendered else None
            others.extend(differences(request.method, request.path, status, answer))
            others.extend(messages_without_code(answer) if status >= 400 else ())
        return rendered

    monkeypatch.setattr(JSONRenderer, "render", render_and_look)
    yield
    assert others == []
