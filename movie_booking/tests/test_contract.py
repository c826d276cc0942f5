"""What generated clients need of the document, in both its forms."""

import re

import pytest
from django.test import Client
from jsonschema import Draft202012Validator

from bookings.tests.factories import book
from movie_booking.contract import operations as all_operations
from movie_booking.errors import DomainError
from movie_booking.tests.documented import parts
from movie_booking.tests.test_docs import subclasses
from movies.tests.factories import make_show

INPUT = ("Input", "Patch")


@pytest.fixture(scope="module")
def openapi_31():
    response = Client().get("/openapi.json")
    assert response.status_code == 200
    return response.json()


def answers(openapi):
    return {name: each for name, each in openapi["definitions"].items() if not name.endswith(INPUT)}


def test_every_operation_has_a_name_that_a_programmer_would_choose(operations):
    names = [operation["operationId"] for operation in operations.values()]

    assert [name for name in names if not re.fullmatch("[a-z]+([A-Z][a-z]+)*", name)] == []
    assert len({*names}) == len(names)
    assert {"signUp", "logIn", "listShows", "getSeatMap", "bookSeat", "holdSeats", "confirmOrder"} <= {*names}


def test_every_model_has_one_name_and_no_other(openapi):
    titles = [
        name for name, model in openapi["definitions"].items() for part in parts(model) if "title" in part
    ]

    assert titles == []
    assert {"ShowPage", "BookingStatus", "SeatKind", "ProblemCode"} <= openapi["definitions"].keys()


def test_a_member_that_is_a_model_or_null_has_the_whole_of_it(openapi):
    """As OpenAPI 2.0 overlooks what stands beside a reference, and null is no value of the model."""
    found = [part for model in openapi["definitions"].values() for part in parts(model)]
    after = openapi["definitions"]["MovedSeat"]["properties"]["after"]
    ended_by = openapi["definitions"]["Booking"]["properties"]["ended_by"]

    assert [part for part in found if "$ref" in part and len(part) > 1] == []
    assert after["properties"] == openapi["definitions"]["PlacedSeat"]["properties"]
    assert (after["x-of-model"], after["x-nullable"]) == ("PlacedSeat", True)
    assert (ended_by["type"], ended_by["enum"]) == ("string", ["customer", "staff", "time", None])


def test_every_integer_has_a_size(openapi):
    parameters = [
        parameter
        for path, _, operation in all_operations(openapi)
        for parameter in [*operation.get("parameters", ()), *openapi["paths"][path].get("parameters", ())]
    ]
    found = [part for each in [*openapi["definitions"].values(), *parameters] for part in parts(each)]

    assert {part["format"] for part in found if part.get("type") == "integer"} == {"int64"}
    in_paths = {each["name"]: each for each in parameters if each["in"] == "path"}
    assert {name: each["type"] for name, each in in_paths.items()} == {"id": "integer", "reference": "string"}
    assert in_paths["reference"]["pattern"] == "^[0-9A-Za-z]{1,20}$"
    assert [each["name"] for each in parameters if not each.get("description") and each["in"] != "body"] == []


# Of an order: in the answer to who made it as a guest, and in those to machines; and of whatever has seats in
# answers that changed them.
NOT_ALWAYS = ("access_key", "customer", "seats_version")


def test_answers_say_what_is_always_there_and_promise_no_more(openapi):
    for name, model in answers(openapi).items():
        for part in parts(model):
            assert not {"minLength", "readOnly"} & part.keys(), name
            assert part.get("format") != "uri", name
    for name in ("Show", "Booking", "Order", "Movie", "SeatMap", "ShowPage", "TokenPair"):
        model = openapi["definitions"][name]
        always = [each for each in model["properties"] if each not in NOT_ALWAYS or name == "SeatMap"]
        assert model["required"] == always, name


def test_what_narrows_a_list_down_says_its_bounds_and_may_be_empty(operations, openapi_31):
    filters = {each["name"]: each for each in operations["GET shows/"]["parameters"]}
    genre = next(each for each in operations["GET movies/"]["parameters"] if each["name"] == "genre")

    assert (filters["movie"]["minimum"], filters["movie"]["format"]) == (0, "int64")
    assert (filters["search"]["maxLength"], genre["maxLength"]) == (100, 50)
    assert (filters["min_available"]["maximum"], "maximum" in filters["movie"]) == (1_000_000, False)
    assert operations["GET orders/{}/cancellation/"]["parameters"][0]["minItems"] == 1
    assert filters["starts_before"]["allowEmptyValue"] is True
    orderings = ["", "price", "-price,starts_at", "title", "price,", "--price"]
    taken = [bool(re.search(filters["ordering"]["pattern"], each)) for each in orderings]
    assert taken == [True, True, True, False, False, False]
    movie = openapi_31["paths"]["/api/shows/"]["get"]["parameters"][0]
    assert movie["allowEmptyValue"] is True
    assert movie["schema"] == {"type": "integer", "format": "int64", "minimum": 0}


@pytest.mark.parametrize(
    ("key", "is_one"), [("2f7c", True), ('"2f 7c"', True), ("x" * 255, True), ("x" * 256, False), ("", False)]
)
def test_the_pattern_of_an_idempotency_key_is_that_of_those_that_are_taken(operations, key, is_one):
    [parameter] = [
        each for each in operations["POST orders/"]["parameters"] if each["name"] == "Idempotency-Key"
    ]

    assert bool(re.search(parameter["pattern"], key)) == is_one


def test_a_body_is_required_where_a_member_of_it_is(operations, openapi):
    required = {}
    for name, operation in operations.items():
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "body":
                required[name] = parameter["required"]

    assert [name for name in required if name.startswith("PATCH") and required[name]] == []
    assert not required["POST orders/{}/cancel/"]
    assert not required["POST orders/{}/confirm/"]
    assert required["POST orders/"]
    assert required["PUT shows/{}/"]


def test_the_example_of_what_is_not_valid_names_a_member_of_its_own(operations, openapi):
    for name, operation in operations.items():
        example = operation["responses"].get("400", {}).get("examples", {}).get("application/json", {})
        known = {"non_field_errors"}
        for parameter in operation.get("parameters", ()):
            known.add(parameter["name"])
            if parameter["in"] == "body":
                known |= openapi["definitions"][parameter["schema"]["$ref"][14:]]["properties"].keys()
        assert example.get("errors", {}).keys() <= known, name


def test_headers_are_described_where_they_come(operations):
    def headers(name, status):
        return operations[name]["responses"][status].get("headers", {}).keys()

    assert headers("GET shows/{}/", "200") == {"ETag"}
    assert headers("GET shows/{}/seats/layout/", "304") == {"ETag"}
    assert headers("GET shows/{}/seats/", "200") == {"ETag", "Deprecation", "Sunset"}
    assert headers("POST shows/{}/book/", "201") == {"Idempotent-Replayed", "Location"}
    assert headers("POST movies/", "201") == {"ETag", "Location"}
    assert headers("POST shows/{}/book/", "503") == {"Retry-After"}
    assert headers("GET orders/", "401") == {"WWW-Authenticate"}


def test_every_operation_says_what_any_may_answer(operations):
    for name, operation in operations.items():
        assert {"406", "503", "default"} <= operation["responses"].keys(), name
        assert operation["responses"]["default"]["schema"] == {"$ref": "#/definitions/Problem"}
        if operation.get("security") == [] and not name.startswith(("POST", "GET shows/{}/seats/")):
            assert "`token_not_valid`" in operation["responses"]["401"]["description"], name


def test_every_code_and_every_member_that_it_brings_is_described(openapi):
    errors = [error for error in subclasses(DomainError) if ".tests." not in error.__module__]
    told = openapi["definitions"]["Problem"]["properties"].keys()

    assert {error.code for error in errors} <= {*openapi["definitions"]["ProblemCode"]["enum"]}
    assert {
        member for error in errors if error.code != "week_has_overlaps" for member in error.example
    } <= told


# --- OpenAPI 3.1 ---------------------------------------------------------------------------------


def test_it_describes_the_same_operations(openapi, openapi_31):
    def names(document):
        return {
            (path, method): operation["operationId"] for path, method, operation in all_operations(document)
        }

    assert openapi_31["openapi"] == "3.1.0"
    assert names(openapi_31) == names(openapi)
    written_out = {
        part["x-of-model"]
        for model in openapi["definitions"].values()
        for part in parts(model)
        if "x-of-model" in part
    }
    assert openapi_31["components"]["schemas"].keys() == openapi["definitions"].keys() | written_out
    assert openapi_31["components"]["schemas"]["EndedBy"] == {
        "type": "string",
        "enum": ["customer", "staff", "time"],
    }
    assert openapi_31["components"]["securitySchemes"]["Bearer"]["scheme"] == "bearer"


def test_its_schemas_are_json_schemas_and_all_references_lead_somewhere(openapi_31):
    schemas = openapi_31["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    references = set(re.findall(r"#/components/schemas/(\w+)", str(openapi_31)))

    assert references <= schemas.keys()
    assert "x-nullable" not in str(openapi_31)
    [fields, _, _] = openapi_31["paths"]["/api/shows/{id}/seats/"]["get"]["parameters"]
    assert (fields["name"], fields["deprecated"]) == ("fields", True)
    assert schemas["Booking"]["properties"]["refund_percent"]["type"] == ["integer", "null"]
    assert schemas["Order"]["properties"]["expires_at"]["type"] == ["string", "null"]
    assert schemas["MovedSeat"]["properties"]["after"] == {
        "anyOf": [{"$ref": "#/components/schemas/PlacedSeat"}, {"type": "null"}]
    }


def test_the_best_available_seats_may_be_asked_for_by_number_or_by_kind(openapi_31):
    schema = openapi_31["components"]["schemas"]["OrderInput"]["properties"]["best_available"]
    validator = Draft202012Validator(schema)

    taken = [validator.is_valid(party) for party in (2, {"wheelchair": 1, "standard": 2})]
    refused = [validator.is_valid(party) for party in (0, "2", {}, {"standard": 0}, {"balcony": 1})]
    assert (taken, refused) == ([True] * 2, [False] * 5)


def test_refusals_are_problem_documents_and_answers_json(openapi_31):
    book = openapi_31["paths"]["/api/shows/{id}/book/"]["post"]

    assert book["requestBody"]["required"]
    assert book["requestBody"]["content"].keys() == {"application/json"}
    assert book["responses"]["201"]["content"].keys() == {"application/json"}
    assert book["responses"]["409"]["content"].keys() == {"application/problem+json"}
    assert book["responses"]["409"]["content"]["application/problem+json"]["example"]["code"] == "seat_taken"


def test_the_example_of_a_model_is_that_of_the_bodies_that_it_describes(openapi, openapi_31):
    """From which Postman makes the requests of a collection."""
    told = {}
    for path, method, operation in all_operations(openapi):
        for parameter in operation.get("parameters", ()):
            model = openapi["definitions"].get(parameter.get("schema", {}).get("$ref", "")[14:], {})
            if "example" in model:
                told[path, method] = model["example"]
    bodies = {
        (path, method): operation["requestBody"]["content"]["application/json"].get("example")
        for path, method, operation in all_operations(openapi_31)
        if "requestBody" in operation
    }

    assert {place: example for place, example in bodies.items() if example is not None} == told
    assert told["/api/shows/{id}/book/", "post"] == {"seat_number": 5}


# --- The parts of the seat map -------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["layout", "availability"])
def test_a_part_of_the_seat_map_has_an_address_and_the_old_way_is_deprecated(part, client):
    show = make_show()
    book(show, 5)

    new, old = (
        client.get(f"/api/shows/{show.pk}/seats/{part}/"),
        client.get(f"/api/shows/{show.pk}/seats/?fields={part}"),
    )

    assert (new.json(), new["ETag"]) == (old.json(), old["ETag"])
    assert "Deprecation" not in new
    assert (old["Deprecation"], old["Sunset"]) == ("@1795910400", "Mon, 29 Nov 2027 00:00:00 GMT")
    for path in (f"seats/{part}/", f"seats/?fields={part}"):
        unchanged = client.get(f"/api/shows/{show.pk}/{path}", headers={"If-None-Match": new["ETag"]})
        assert unchanged.status_code == 304
        assert ("Deprecation" in unchanged) == ("fields" in path)


def test_a_stream_is_no_json(openapi, openapi_31):
    path = "/api/shows/{id}/seats/stream/"
    assert openapi["paths"][path]["get"]["produces"] == ["text/event-stream", "application/problem+json"]
    responses = openapi_31["paths"][path]["get"]["responses"]
    assert [*responses["200"]["content"]] == ["text/event-stream"]
    assert [*responses["404"]["content"]] == ["application/problem+json"]
