"""What developers see: Swagger UI, ReDoc and the schema they draw."""

import json
import re

import pytest
from django.test import Client

from accounts.tests.factories import client_for
from movie_booking.swagger import TAGS
from movie_booking.tests.documented import codes


def test_the_root_leads_to_swagger():
    response = Client().get("/")

    assert (response.status_code, response["Location"]) == (302, "/swagger/")
    assert Client().get("/picker/").status_code == 404


def test_in_development_the_root_leads_to_the_seat_picker(settings):
    settings.DEBUG = True

    response = Client().get("/", follow=True)

    assert response.redirect_chain == [("/picker/", 302)]
    assert b"<title>Movie booking</title>" in response.getvalue()


@pytest.mark.parametrize("path", ["/swagger/", "/redoc/"])
def test_the_pages_open(path):
    response = Client().get(path)

    assert response.status_code == 200
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert "Movie booking" in response.content.decode()
    # What its script then asks for, whatever it accepts, is the schema.
    [settings] = re.findall(r'id="(?:swagger|redoc)-settings"[^>]*>(.*?)<', response.content.decode(), re.S)
    spec = Client().get(json.loads(settings)["url"], headers={"Accept": "*/*"})
    assert (spec.status_code, spec["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert spec.json()["swagger"] == "2.0"


@pytest.mark.parametrize("path", ["/swagger/", "/redoc/"])
def test_the_pages_fetch_nothing_from_other_hosts(path):
    """What is in them, what their settings make their scripts ask for, and what browsers let them have."""
    response = Client().get(path)
    page, policy = response.content.decode(), response["Content-Security-Policy"]

    assert re.findall(r"(?:https?:)?//[a-z]", page) == []
    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'self'"
    sources = {source for sources in directives.values() for source in sources.split()}
    assert sources == {"'self'", "'none'", "'unsafe-inline'", "data:", "blob:"}


def test_swagger_ui_sends_the_document_to_no_validator():
    page = Client().get("/swagger/").content.decode()

    [settings] = re.findall(r'id="swagger-settings"[^>]*>(.*?)<', page, re.S)
    assert json.loads(settings)["validatorUrl"] is None


def test_there_is_an_icon():
    response = Client().get("/favicon.ico")

    assert (response.status_code, response["Content-Type"]) == (200, "image/x-icon")
    assert b"".join(response.streaming_content).startswith(b"\0\0\1\0")


def test_every_route_of_the_contract_is_there(operations):
    contract = """
        POST signup/ | POST login/ | POST token/refresh/ | POST logout/ | GET me/ | PATCH me/
        DELETE me/ | GET me/export/ | POST password/change/ | POST password/reset/
        POST password/reset/confirm/ | POST email/verification/ | POST email/verify/
        POST shows/{}/book/ | GET bookings/ | GET my-bookings/ | GET shows/{}/seats/
        POST shows/{}/block/ | POST shows/{}/free/ | POST shows/{}/cancel/ | POST shows/{}/move/
        GET bookings/{}/ | POST bookings/{}/cancel/ | GET bookings/{}/cancellation/
        POST orders/ | GET orders/ | GET orders/{}/ | POST orders/{}/confirm/
        GET orders/{}/cancellation/ | GET limits/
        POST orders/claim/
        POST orders/{}/extend/ | POST orders/{}/cancel/ | POST orders/{}/exchange/
        GET movies/ | GET movies/{}/ | GET movies/{}/shows/ | GET cinemas/ | GET screens/ | GET shows/
        GET shows/{}/ | POST movies/ | PUT shows/{}/ | PATCH screens/{}/ | DELETE cinemas/{}/
    """

    assert {
        entry.strip() for entry in re.split(r"\||\n", contract) if entry.strip()
    } - operations.keys() == set()


def test_every_operation_has_a_summary_one_known_tag_and_an_answer(operations):
    assert len(operations) > 20
    for name, operation in operations.items():
        assert operation["summary"], name
        assert len(operation["tags"]) == 1, name
        assert operation["tags"][0] in TAGS, name
        assert [status for status in operation["responses"] if status.startswith("2")], name


def test_no_two_operations_have_one_summary_or_id(operations):
    # my-bookings/ is bookings/ under its other name.
    found = [operation for name, operation in operations.items() if "my-bookings" not in name]

    assert len({operation["summary"] for operation in found}) == len(found)
    assert len({operation["operationId"] for operation in operations.values()}) == len(operations)


def test_every_tag_is_explained_and_used(openapi, operations):
    assert [(tag["name"], tag["description"]) for tag in openapi["tags"]] == list(TAGS.items())
    assert {tag for operation in operations.values() for tag in operation["tags"]} == set(TAGS)


def test_every_problem_is_documented_with_its_code_and_the_shape_of_a_problem(openapi, operations):
    required = openapi["definitions"]["Problem"]["required"]

    assert required == ["type", "title", "status", "detail", "code", "request_id"]
    for name, operation in operations.items():
        for status, found in codes(operation).items():
            assert found, f"{name}: {status}"
            assert operation["responses"][str(status)]["schema"] == {"$ref": "#/definitions/Problem"}, name


def test_what_may_be_filtered_by_is_named_with_its_type(operations):
    parameters = {
        parameter["name"]: (parameter["in"], parameter["type"])
        for parameter in operations["GET shows/"]["parameters"]
    }

    assert parameters == {
        "movie": ("query", "integer"),
        "cinema": ("query", "integer"),
        "screen": ("query", "integer"),
        "date": ("query", "string"),
        "starts_after": ("query", "string"),
        "starts_before": ("query", "string"),
        "upcoming": ("query", "boolean"),
        "status": ("query", "string"),
        "min_available": ("query", "integer"),
        "search": ("query", "string"),
        "ordering": ("query", "string"),
        "page": ("query", "integer"),
        "page_size": ("query", "integer"),
    }


def test_what_changes_who_has_a_seat_takes_an_idempotency_key(operations):
    keyed = {
        name
        for name, operation in operations.items()
        for parameter in operation.get("parameters", ())
        if (parameter["name"], parameter["in"]) == ("Idempotency-Key", "header")
    }

    assert keyed == {
        "POST shows/{}/book/",
        "POST bookings/{}/cancel/",
        "POST orders/",
        "POST orders/{}/confirm/",
        "POST orders/{}/cancel/",
        "POST orders/{}/exchange/",
    }


def test_every_refusal_and_every_booking_has_an_example(openapi, operations):
    for name, operation in operations.items():
        for status, response in operation["responses"].items():
            if status.isdigit() and status >= "400":
                example = response["examples"]["application/json"]
                assert response["examples"]["application/problem+json"] == example
                assert str(example["status"]) == status, name
                assert example["code"] in codes(operation)[int(status)], name
    for shown in ("Booking", "Order", "Quote", "OrderQuote"):
        definition = openapi["definitions"][shown]
        # The key of a guest is in one answer only, and the customer in those to machines.
        assert definition["example"].keys() == definition["properties"].keys() - {"access_key", "customer"}
    taken = operations["POST orders/"]["responses"]["409"]["examples"]["application/problem+json"]
    assert taken["seats"] == [{"seat_number": 5, "reason": "booked"}]


def test_what_may_be_null_and_what_is_a_moment_says_so(openapi):
    booking, order, quote = (
        openapi["definitions"][name]["properties"] for name in ("Booking", "Order", "Quote")
    )

    assert all(field["x-nullable"] for field in (booking["refund_amount"], quote["valid_until"]))
    assert order["expires_at"]["format"] == "date-time"
    assert order["expires_at"]["x-nullable"]
    assert order["expires_in_seconds"]["x-nullable"]
    for row in (booking, order):
        assert row["status"] == {"$ref": "#/definitions/BookingStatus"}
    assert openapi["definitions"]["BookingStatus"]["enum"] == ["HELD", "BOOKED", "CANCELLED", "EXPIRED"]


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("POST shows/{}/book/", {"seat_number": 5}),
        ("POST orders/", {"show": 1, "seat_numbers": [5, 6]}),
        ("POST orders/{}/exchange/", {"from": [5], "to": [7]}),
        ("POST orders/{}/cancel/", {"seat_numbers": [6]}),
    ],
)
def test_the_body_has_an_example_to_try(openapi, operations, name, example):
    [body] = [parameter for parameter in operations[name]["parameters"] if parameter["in"] == "body"]
    definition = openapi["definitions"][body["schema"]["$ref"].rsplit("/", 1)[1]]

    assert definition["example"] == example
    assert example.keys() <= definition["properties"].keys()


def test_what_is_open_to_all_asks_for_no_token_and_the_rest_does(openapi, operations):
    assert openapi["security"] == [{"Bearer": []}]
    open_to_all = {name for name, operation in operations.items() if operation.get("security") == []}

    assert open_to_all == {
        "POST signup/",
        "POST login/",
        "POST token/refresh/",
        "POST logout/",
        "POST password/reset/",
        "POST password/reset/confirm/",
        "POST email/verify/",
        *(f"GET {rows}/{one}" for rows in ("movies", "cinemas", "screens", "shows") for one in ("", "{}/")),
        "GET movies/{}/shows/",
        *(f"GET shows/{{}}/seats/{part}" for part in ("", "layout/", "availability/", "stream/")),
    }


@pytest.mark.django_db
def test_what_asks_for_no_token_answers_without_one_and_the_rest_does_not(operations):
    for name, operation in operations.items():
        method, path = name.split()

        response = client_for().generic(method, "/api/" + path.replace("{}", "1"))

        needs_none = operation.get("security") in ([], [{}, {"Bearer": []}])
        needs_none &= name != "POST orders/"  # unless the body says who buys
        assert (response.status_code == 401) != needs_none, name
