"""Nothing breaks clients of the last release unless the changelog says so; each way to do so is noticed."""

import copy
import json

import pytest
from django.conf import settings

from movie_booking import __version__
from movie_booking.openapi31 import as_openapi_31
from movie_booking.tests.breaking import Change, breaking_changes
from movie_booking.tests.releases import LAST, RELEASES, unannounced


@pytest.fixture(scope="module")
def last():
    return json.loads(LAST.read_text("utf-8"))


def test_what_breaks_clients_of_the_last_release_stands_in_the_changelog(last, openapi):
    changes = breaking_changes(last, as_openapi_31(openapi))

    assert unannounced(changes, (settings.BASE_DIR / "CHANGELOG.md").read_text("utf-8")) == set(), (
        "See `What may change` in docs/versions.md."
    )


def test_the_document_that_is_kept_is_that_of_this_version(last):
    assert [path.name for path in RELEASES.iterdir()] == [f"openapi-{__version__}.json"]
    assert last["info"]["version"] == __version__
    assert breaking_changes(last, last) == set()


# --- What breaks clients -------------------------------------------------------------------------

GONE, MORE = object(), object()


def put(document, pointer, value):
    """Return a copy with that value at that place: GONE takes it away, MORE adds the last step to a list.

    A step into a list is the value itself, or the name of a parameter.
    """
    changed = copy.deepcopy(document)
    *way, last = pointer
    at = changed
    for step in way:
        at = next(each for each in at if each["name"] == step) if isinstance(at, list) else at[step]
    if value is MORE:
        at.append(last)
    elif value is GONE and isinstance(at, list):
        at[:] = [
            each for each in at if each != last and not (isinstance(each, dict) and each["name"] == last)
        ]
    elif value is GONE:
        del at[last]
    else:
        at[last] = value
    return changed


def at(path, method, *rest):
    return ("paths", f"/api/{path}", method, *rest)


def of(model, *rest):
    return ("components", "schemas", model, *rest)


def member(model, name, *rest):
    return of(model, "properties", name, *rest)


def ref(model):
    return {"$ref": f"#/components/schemas/{model}"}


BOOK, SHOWS = at("shows/{id}/book/", "post"), at("shows/", "get")
ANSWER = ("responses", "201", "content", "application/json")
CITY = {"name": "city", "in": "query", "required": True, "schema": {"type": "string"}}

# What the changelog has to name, where it is, and what becomes of it. To undo it breaks nothing.
ONE_WAY = [
    ("GET shows/{id}/seats/", ("paths", "/api/shows/{id}/seats/"), GONE),
    ("PATCH me/", at("me/", "patch"), GONE),
    ("GET shows/", (*SHOWS, "security"), [{"Bearer": []}]),
    ("POST shows/{id}/book/", (*BOOK, "responses", "409"), GONE),
    ("POST shows/{id}/book/", (*BOOK, "responses", "201", "headers", "Idempotent-Replayed"), GONE),
    ("POST shows/{id}/book/", (*BOOK, *ANSWER), GONE),
    ("seat_taken", of("ProblemCode", "enum", "seat_taken"), GONE),
    ("GET shows/", (*SHOWS, "parameters", "upcoming"), GONE),
    ("GET shows/", (*SHOWS, "parameters", "upcoming", "required"), True),
    ("GET shows/", (*SHOWS, "parameters", "status", "schema", "enum", "DRAFT"), GONE),
    ("GET shows/", (*SHOWS, "parameters", "movie", "schema", "minimum"), 1),
    ("GET shows/", (*SHOWS, "parameters", "search", "schema", "maxLength"), 50),
    ("GET shows/", (*SHOWS, "parameters", "search", "schema", "pattern"), "^[a-z]*$"),
    ("GET shows/", (*SHOWS, "parameters", "search", "schema", "format"), "uuid"),
    ("POST bookings/{id}/cancel/", at("bookings/{id}/cancel/", "post", "requestBody", "required"), True),
    ("BookSeatInput.leave_single_seat", member("BookSeatInput", "leave_single_seat"), GONE),
    ("BookSeatInput.leave_single_seat", of("BookSeatInput", "required", "leave_single_seat"), MORE),
    ("BookSeatInput", of("BookSeatInput", "additionalProperties"), False),
    ("OrderInput.show", member("OrderInput", "show", "minimum"), 1),
    ("OrderInput.seat_numbers", member("OrderInput", "seat_numbers", "maxItems"), 6),
    ("OrderInput.seat_numbers", member("OrderInput", "seat_numbers", "items", "minimum"), 2),
    ("MovieInput.release_date", member("MovieInput", "release_date", "type"), "string"),
    ("Adjacent", of("Adjacent", "enum", "preferred"), GONE),
    ("Booking.price", member("Booking", "price"), GONE),
    ("Booking.price", of("Booking", "required", "price"), GONE),
    ("Booking.price", member("Booking", "price", "type"), ["string", "null"]),
    ("Booking.starts_at", member("Booking", "starts_at", "format"), GONE),
    ("MapSeat.kind", member("MapSeat", "kind"), {"anyOf": [ref("SeatKind"), {"type": "null"}]}),
    ("TakenSeats.held", member("TakenSeats", "held", "items", "type"), ["integer", "string"]),
    ("Order.bookings", member("Order", "bookings", "items"), {}),
]  # fmt: skip
# And to undo these breaks other clients.
BOTH_WAYS = [
    ("POST shows/{id}/book/", (*BOOK, "operationId"), "buySeat"),
    ("POST shows/{id}/book/", (*BOOK, *ANSWER, "schema"), ref("Order")),
    ("Booking.price", member("Booking", "price", "type"), "number"),
    ("Show.status", member("Show", "status"), ref("BookingStatus")),
    ("OrderInput.show", member("OrderInput", "show", "type"), "string"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "pointer", "value"), [*ONE_WAY, *BOTH_WAYS])
def test_what_breaks_clients_is_found_at_its_place(last, place, pointer, value):
    changes = breaking_changes(last, put(last, pointer, value))

    assert {change.place for change in changes} - {"GET me/", "PATCH me/"} == {place} - {
        "GET me/",
        "PATCH me/",
    }
    assert place in {change.place for change in changes}


@pytest.mark.parametrize(("place", "pointer", "value"), ONE_WAY)
def test_to_undo_it_breaks_nothing(last, place, pointer, value):
    assert breaking_changes(put(last, pointer, value), last) == set()


@pytest.mark.parametrize(("place", "pointer", "value"), BOTH_WAYS)
def test_to_undo_what_is_another_thing_breaks_clients_again(last, place, pointer, value):
    assert {change.place for change in breaking_changes(put(last, pointer, value), last)} == {place}


def test_a_parameter_that_is_new_breaks_nothing_unless_it_is_needed(last):
    where = (*SHOWS, "parameters")

    needed = put(last, (*where, CITY), MORE)
    optional = put(last, (*where, CITY | {"required": False}), MORE)

    assert {change.place for change in breaking_changes(last, needed)} == {"GET shows/"}
    assert breaking_changes(last, optional) == set()


def test_another_name_of_a_model_is_found(last):
    renamed = json.loads(json.dumps(last).replace("MovedSeat", "SeatMove"))

    changes = breaking_changes(last, renamed)

    assert {change.place for change in changes} == {"MovedSeat", "Move.seats"}


def test_a_code_that_one_operation_has_no_more_is_found(last):
    responses = last["paths"]["/api/shows/{id}/book/"]["post"]["responses"]
    less = responses["409"]["description"].replace("`seat_taken`", "seat taken")

    changes = breaking_changes(last, put(last, (*BOOK, "responses", "409", "description"), less))

    assert changes == {Change("seat_taken", "is no code of POST shows/{id}/book/ any more (409)")}


@pytest.mark.parametrize(
    "more",
    [
        of("BookingStatus", "enum", "WAITING"),
        of("SeatKind", "enum", "bed"),
        of("ProblemCode", "enum", "too_tired"),
    ],
)
def test_values_that_clients_must_expect_may_become_more(last, more):
    assert breaking_changes(last, put(last, more, MORE)) == set()


def test_other_values_of_an_answer_may_not(last):
    currency = member("Booking", "currency")
    euros = put(last, currency, {"type": "string", "enum": ["EUR"]})

    changes = breaking_changes(euros, put(euros, (*currency, "enum", "GBP"), MORE))

    assert changes == {Change("Booking.currency", "may have other values")}


# --- The changelog -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "is_named"),
    [
        ("### Changed\n\n- Breaking: `Booking.price` is a\n  number.\n", True),
        ("### Removed\n\n- Nothing.\n- Breaking: `seat_taken` and\n  `Booking.price` went.\n", True),
        ("### Added\n\n- Breaking: `Booking.price` is a number.\n", False),
        ("### Changed\n\n- `Booking.price` is a number.\n- Breaking: another.\n", False),
        ("### Changed\n\n- Breaking: Booking.price is a number.\n", False),
        ("\n## [1.0.0] - 2026-11-29\n\n### Changed\n\n- Breaking: `Booking.price` is a number.\n", False),
    ],
)
def test_a_change_is_announced_by_an_entry_of_its_own_kind_that_names_it(entry, is_named):
    change = Change("Booking.price", "is number and was string")

    found = unannounced({change}, f"# Changelog\n\n## [Unreleased]\n\n{entry}\n## [0.1.0] - 2026-11-01\n")

    assert found == (set() if is_named else {change})
