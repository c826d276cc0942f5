"""Every sentence about a field has a code, and docs/api.md has them all."""

import ast
import copy
import json
import re
from typing import get_args

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from rest_framework import exceptions, serializers

import movie_booking.urls  # noqa: F401 - loads every serializer
from bookings.filters import BookingFilter
from movie_booking.api.problems import as_domain_error, problem_document
from movie_booking.errors import Invalid
from movie_booking.field_messages import FIELD_CODES, OURS, FieldCode, FieldMessage, messages_of
from movies.filters import MovieFilter, ScreenFilter, ShowFilter
from movies.models import Cinema

API = (settings.BASE_DIR / "docs" / "api.md").read_text("utf-8")
APPS = ("accounts", "movies", "bookings", "movie_booking")
# Forms of the Admin show sentences only, and settings stop the start.
WITHOUT_CODES = re.compile(
    r"/(tests|admin|migrations|management)/|/(admin|browsers|database_urls|settings)\.py$"
)
# What frameworks call messages that say no more than that a value is invalid, or that are never said.
PLAINLY_INVALID = {
    *("incorrect_type", "not_a_list", "not_a_dict", "list", "invalid_list", "invalid_pk_value"),
    *("date", "datetime", "make_aware", "overflow", "invalid", "min_length"),
}
# What already carries codes.
WITH_CODES = {"wrong | why_refused(**values)", "{folded.source: taken}"}


def test_the_documentation_has_every_code_once_in_order():
    table = re.search(r"^### Codes of fields\n.*?\n\|[- |]+\|\n(.*?)\n\n", API, re.M | re.S)[1]

    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == list(FIELD_CODES)


def test_the_codes_are_sorted_words_and_those_of_the_document(openapi):
    assert list(FIELD_CODES) == sorted(set(get_args(FieldCode)))
    assert [code for code in FIELD_CODES if not re.fullmatch("[a-z][a-z0-9_]*", code)] == []
    assert openapi["definitions"]["FieldErrorCode"]["enum"] == list(FIELD_CODES)


# --- Where sentences come from --------------------------------------------------------------------


def subclasses(cls):
    for subclass in cls.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


def codes_of_field(field):
    """What the messages of a field and of its validators are called."""
    yield from field.error_messages
    yield from filter(None, (getattr(each, "code", None) for each in getattr(field, "validators", ())))
    if hasattr(field, "child"):
        yield from codes_of_field(field.child)


def inputs():
    found = [cls for cls in subclasses(serializers.Serializer) if cls.__module__.startswith(APPS)]
    return [cls for cls in found if cls.__name__.endswith("Input") and ".tests." not in cls.__module__]


def test_what_fields_of_bodies_and_filters_say_has_a_code_of_ours():
    fields = [field for cls in inputs() for field in cls().fields.values()]
    for filterset in (BookingFilter, MovieFilter, ScreenFilter, ShowFilter):
        fields += [each.field for each in filterset.base_filters.values()]
    called = {code for field in fields for code in codes_of_field(field)}

    assert len(inputs()) > 20
    assert called - OURS.keys() - PLAINLY_INVALID == set()


def calls_in_our_code():
    """Every call in what answers requests: its name, its arguments, and where it is."""
    for app in APPS:
        for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
            place = path.relative_to(settings.BASE_DIR).as_posix()
            if WITHOUT_CODES.search(f"/{place}"):
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
                    yield name, node.args, f"{place}:{node.lineno}"


def test_every_refusal_of_our_code_names_a_code():
    without = [
        place
        for name, args, place in calls_in_our_code()
        if name == "ValidationError" and len(args) < 2 and ast.unparse(args[0]) not in WITH_CODES
    ]

    assert without == []


def test_every_code_that_our_code_names_is_one_that_there_is():
    """Those of FieldMessage and Invalid.of are held by mypy."""
    named = [
        (args[1 if name == "ValidationError" else 0].value, place)
        for name, args, place in calls_in_our_code()
        if (name == "ValidationError" and len(args) > 1 and isinstance(args[1], ast.Constant))
        or (name == "fail" and isinstance(args[0], ast.Constant))
    ]

    assert len(named) > 15
    assert [each for each in named if each[0] not in OURS.keys() | PLAINLY_INVALID] == []


# --- What becomes of them -------------------------------------------------------------------------


def document(error):
    return problem_document(as_domain_error(error))


def test_messages_and_codes_go_in_pairs_however_deep_they_were():
    nested = exceptions.ValidationError(
        {
            "seats": [
                {"seat": [exceptions.ErrorDetail("A", "min_value")]},
                {},
                {"seat": ["B"], "booking": ["A"]},
            ],
            "name": exceptions.ErrorDetail("C", "unique"),
            "other": [exceptions.ErrorDetail("D", "never_heard_of"), exceptions.ErrorDetail("E", None)],
        }
    )

    problem = document(nested)

    assert problem["errors"] == {"seats": ["A", "B"], "name": ["C"], "other": ["D", "E"]}
    assert problem["error_codes"] == {
        "seats": ["min_value", "invalid"],
        "name": ["not_unique"],
        "other": ["invalid", "invalid"],
    }


def test_what_models_refuse_has_codes():
    error = ValidationError(
        {"name": ValidationError("%(n)s is taken", "unique", {"n": "Roxy"}), "x": "100 %"}
    )

    assert document(error)["errors"] == {"name": ["Roxy is taken"], "x": ["100 %"]}
    assert document(error)["error_codes"] == {"name": ["not_unique"], "x": ["invalid"]}
    assert [(each, each.code) for each in messages_of(error.error_dict["name"])] == [
        ("Roxy is taken", "not_unique")
    ]


def test_what_is_about_no_field_has_neither():
    assert {"errors", "error_codes"} & document(Invalid("Too much.")).keys() == set()
    assert document(exceptions.ValidationError("No."))["error_codes"] == {"non_field_errors": ["invalid"]}


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_message_can_be_copied(copied):
    message = copied(FieldMessage("No.", "null"))

    assert (message, message.code) == ("No.", "null")


# --- Over the API ---------------------------------------------------------------------------------

LONG_AGO = "2020-01-01T00:00:00Z"
REFUSED = [
    ("POST cinemas/", {"name": "Roxy", "time_zone": "Mars/Base"}, {"time_zone": ["invalid_choice"]}),
    ("POST cinemas/", {"name": " ", "address": 5}, {"name": ["blank"], "address": ["invalid"]}),
    ("POST cinemas/", {"name": "{name}"}, {"name": ["not_unique"]}),
    ("POST screens/", {"cinema": 987654, "name": "One"}, {"cinema": ["does_not_exist"]}),
    ("POST screens/", {"cinema": "{cinema}", "name": "x"}, {"seat_plan": ["required"]}),
    (
        "POST screens/",
        {"cinema": "{cinema}", "name": "x", "seat_plan": "?"},
        {"seat_plan": ["invalid_seat_plan"]},
    ),
    (
        "POST shows/",
        {"movie": "{movie}", "screen": "{screen}", "starts_at": LONG_AGO},
        {"starts_at": ["time_has_passed"]},
    ),
    (
        "POST shows/",
        {"movie": "{movie}", "screen": "{screen}", "starts_at": "2040-01-01T00:00:00Z", "total_seats": 51},
        {"total_seats": ["out_of_range"]},
    ),
    (
        "POST shows/",
        {"movie": None, "starts_at": "2040-01-01T00:00:00.1234567Z", "price": "1.234", "status": "CANCELLED"},
        {
            "movie": ["null"],
            "screen": ["required"],
            "starts_at": ["too_precise"],
            "price": ["max_decimal_places"],
            "status": ["invalid_choice"],
        },
    ),
    ("POST shows/{show}/book/", {"seat_number": 0}, {"seat_number": ["min_value"]}),
    ("POST shows/{show}/book/", {"seat_number": 51}, {"seat_number": ["no_such_seat"]}),
    ("POST shows/{show}/block/", {"seats": "Z9"}, {"seats": ["no_such_seat"]}),
    ("POST shows/{show}/block/", {"seats": ","}, {"seats": ["required"]}),
    ("POST shows/{show}/move/", {"reason": "r"}, {"screen": ["required"]}),
    ("POST orders/", {"show": 1, "seat_numbers": [5, 5]}, {"seat_numbers": ["duplicate"]}),
    ("POST orders/", {"show": 1, "seat_numbers": []}, {"seat_numbers": ["empty"]}),
    ("POST orders/", {"show": 1, "seat_numbers": [*range(1, 99)]}, {"seat_numbers": ["too_many"]}),
    ("POST orders/", {"show": 1, "seat_numbers": [0, 1, True]}, {"seat_numbers": ["min_value", "invalid"]}),
    ("POST orders/", {"show": 1, "seats": [5]}, {"seats": ["unknown"]}),
    ("POST orders/", {"show": 1}, {"seat_numbers": ["required"], "best_available": ["required"]}),
    (
        "POST orders/",
        {"show": 1, "seat_numbers": [5], "best_available": 2},
        {"seat_numbers": ["incompatible"], "best_available": ["incompatible"]},
    ),
    ("POST orders/", {"show": 1, "seat_numbers": [5], "kind": "sofa"}, {"kind": ["incompatible"]}),
    ("POST orders/", {"show": 1, "best_available": {"sofa": 1}}, {"best_available": ["sold_in_pairs"]}),
    ("POST orders/", {"show": 1, "best_available": {"throne": 1}}, {"best_available": ["invalid_choice"]}),
    ("POST orders/", {"show": 1, "best_available": {"sofa": 0}}, {"best_available": ["min_value"]}),
    ("POST orders/{order}/exchange/", {"from": [31], "to": [33, 34]}, {"to": ["wrong_number"]}),
    ("POST orders/{order}/cancel/", {"seat_numbers": [5]}, {"seat_numbers": ["not_in_order"]}),
    (
        "POST signup/",
        {"username": "jim", "password": "securepass123", "password2": "x", "email": "j@example.com"},
        {"password2": ["password_mismatch"]},
    ),
    (
        "POST password/change/",
        {"old_password": "x", "new_password": "7"},
        {
            "old_password": ["wrong_password"],
            "new_password": ["password_too_short", "password_too_common", "password_entirely_numeric"],
        },
    ),
    ("DELETE me/", {"password": "x"}, {"password": ["wrong_password"]}),
    ("PATCH me/", {"email": 'a"b"@example.com'}, {"email": ["quoted", "invalid"]}),
    (
        "PATCH me/",
        {"first_name": "x" * 151, "last_name": "a\x00b"},
        {"first_name": ["max_length"], "last_name": ["invalid_characters"]},
    ),
    (
        "GET shows/?cinema=x&date=y&upcoming=z&status=SOLD",
        None,
        {"cinema": ["invalid"], "date": ["invalid"], "upcoming": ["invalid"], "status": ["invalid_choice"]},
    ),
    ("GET movies/?search=" + "x" * 101, None, {"search": ["max_length"]}),
    ("GET shows/?search=%00", None, {"search": ["invalid_characters"]}),
    ("GET limits/?shw=1", None, {"shw": ["unknown"]}),
    ("GET limits/?show=1&show=2", None, {"show": ["duplicate"]}),
    ("GET shows/{show}/seats/?fields=x", None, {"fields": ["invalid_choice"]}),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("request_line", "body", "codes"), REFUSED, ids=lambda each: f"{each!r:.50}")
def test_a_refusal_says_what_is_wrong_with_each_field(api, ids, request_line, body, codes):
    method, path = request_line.format(**ids).split()
    there = {f"{{{name}}}": value for name, value in ids.items()}
    there["{name}"] = Cinema.objects.get(pk=ids["cinema"]).name.upper()
    filled = {name: there.get(str(value), value) for name, value in (body or {}).items()}

    response = api.generic(method, f"/api/{path}", json.dumps(filled), content_type="application/json")

    assert (response.status_code, response.json()["error_codes"]) == (400, codes)
    assert response.json()["errors"].keys() == codes.keys()
