"""Filters, searches, pages and other parameters of a query that make no sense."""

import re
from itertools import product

import pytest
from django.conf import settings

from bookings.filters import BookingFilter
from movie_booking.api.filters import with_filters
from movie_booking.tests.endpoints import HUGE, refusal, refused_fields
from movies.filters import MovieFilter, ScreenFilter, ShowFilter

pytestmark = pytest.mark.django_db

LISTS = ["movies", "cinemas", "screens", "shows", "bookings", "my-bookings", "orders"]
# What Python takes for a number, and nobody else does.
FOREIGN = ["1_0", "1e0", "%2B1", "%D9%A1", "%EF%BC%91", "%C2%B2"]
BAD_IDS = ["abc", "1.5", "NaN", "Infinity", "1e999999999", "%00", "1%00", "-1", HUGE, 2**63, "9" * 5000]
BAD_IDS += FOREIGN
BAD_DAYS = ["0001-01-01", "9999-12-31", "2026-02-30", "10000-01-01", "today", "%00", "2026-11-23T10:00:00Z"]
BAD_TIMES = [
    "0001-01-01T00:00:00%2B14:00",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59Z",
    "2026-11-23T10:00:00%2B99:00",
    "2026-11-23T25:00:00Z",
    "2026-11-23T10:00:00.1234567Z",
    "now",
    "%00",
    "1e400",
]
BAD_FILTERS = [
    *product(("movie", "cinema", "screen"), BAD_IDS),
    *product(("min_available",), ["abc", "1.5", "-1", "NaN", "%00", HUGE, 1_000_001, *FOREIGN]),
    *product(("date",), BAD_DAYS),
    *product(("starts_after", "starts_before"), BAD_TIMES),
    *product(("status",), ["SOLD", "on_sale", "%00"]),
]
BAD_PARTS_OF_A_SEAT_MAP = ["", "%00", "%ff", "LAYOUT", "layout,availability", "%F0%9F%8E%AC", "x" * 50_000]


def short(value):
    return str(value)[:40] or "nothing"


@pytest.mark.parametrize("path", ["shows", "movies/{movie}/shows"])
@pytest.mark.parametrize(("field", "value"), BAD_FILTERS, ids=short)
def test_a_filter_that_makes_no_sense_is_invalid(anonymous, ids, path, field, value):
    response = anonymous.get(f"/api/{path.format(**ids)}/?{field}={value}")

    assert refused_fields(response) == (400, "invalid", [field])


@pytest.mark.parametrize("path", ["bookings", "my-bookings", "orders"])
@pytest.mark.parametrize("value", BAD_IDS, ids=short)
def test_a_show_that_makes_no_sense_is_invalid(api, path, value):
    assert refused_fields(api.get(f"/api/{path}/?show={value}")) == (400, "invalid", ["show"])


@pytest.mark.parametrize("path", ["movies", "cinemas", "screens", "shows"])
def test_a_search_for_a_null_character_is_invalid(anonymous, path):
    assert refusal(anonymous.get(f"/api/{path}/?search=a%00b")) == (400, "invalid")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("page", [HUGE, 2, 0, -1, "abc", "1.5", "%00", "9" * 5000, *FOREIGN], ids=short)
def test_an_unknown_page_is_not_found(api, path, page):
    assert refusal(api.get(f"/api/{path}/?page={page}")) == (404, "not_found")


@pytest.mark.parametrize("path", ["bookings", "my-bookings", "orders"])
@pytest.mark.parametrize(
    "cursor",
    ["5", "older", "older-", "older-abc", "older--1", "newer-1.5", f"newer-{HUGE}", "both-5", "%00", "%ff"],
    ids=short,
)
def test_an_unknown_cursor_is_not_found(api, path, cursor):
    assert refusal(api.get(f"/api/{path}/?cursor={cursor}")) == (404, "not_found")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        f"page_size={HUGE}",
        "page_size=0",
        "page_size=-1",
        "page_size=abc",
        "page_size=%00",
        "page_size=" + "9" * 5000,
        "format=xml",
        "format=api",
        "&&",
        "page=last",
        "page=",
    ],
    ids=short,
)
def test_what_a_list_ignores(api, path, query):
    response = api.get(f"/api/{path}/?{query}")

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("path", ["movies", "cinemas", "screens", "shows"])
@pytest.mark.parametrize("search", ["%ff", "%ED%A0%80", "%22", "%27%22%25_%5C", "%F0%9F%8E%AC", ""])
def test_a_search_for_signs_finds_nothing_in_particular(api, path, search):
    assert api.get(f"/api/{path}/?search={search}").status_code == 200


# --- Parameters and orders that a list does not know ----------------------------------------------

ALL_LISTS = [*LISTS, "movies/{movie}/shows"]
every_list = pytest.mark.parametrize("path", ALL_LISTS)


def test_these_are_all_lists_that_there_are(operations):
    paged = {
        name.removeprefix("GET ").strip("/")
        for name, operation in operations.items()
        if any(each["name"] == "page" for each in operation.get("parameters", ()))
    }

    assert paged == {path.format(movie="{}") for path in ALL_LISTS}


@every_list
@pytest.mark.parametrize(
    "query",
    [
        "nothing=1",
        "nothing=",
        "nothing",
        "Page=2",
        "page%20=2",
        "id=1",
        "%00=1",
        "%ff=1",
        "=1",
        "==&;",
        "x" * 5000,
    ],
    ids=short,
)
def test_a_parameter_that_a_list_does_not_know_is_invalid(api, ids, path, query):
    response = api.get(f"/api/{path.format(**ids)}/?{query}")

    assert refusal(response) == (400, "invalid")
    assert {code for codes in response.json()["error_codes"].values() for code in codes} == {"unknown"}


@every_list
def test_the_refusal_names_the_parameter_and_those_that_the_document_has(api, ids, operations, path):
    described = operations[f"GET {path.format(movie='{}')}/"]["parameters"]
    names = [each["name"] for each in described if each["in"] == "query"]

    response = api.get(f"/api/{path.format(**ids)}/?genres=Drama&page=1").json()

    assert response["errors"] == {"genres": [f"Unknown parameter. There are: {', '.join(names)}."]}
    assert response["error_codes"] == {"genres": ["unknown"]}
    assert api.get(f"/api/{path.format(**ids)}/?{'=&'.join(names)}=").status_code == 200


@every_list
def test_at_most_ten_unknown_parameters_are_named(api, ids, path):
    query = "&".join(f"a{number:02}=1" for number in range(50))

    response = api.get(f"/api/{path.format(**ids)}/?{query}")

    assert refused_fields(response) == (400, "invalid", [f"a{number:02}" for number in range(10)])


@every_list
@pytest.mark.parametrize("query", ["page=1&page=1", "page_size=5&page_size=6"])
def test_a_parameter_that_is_sent_twice_is_invalid(api, ids, path, query):
    response = api.get(f"/api/{path.format(**ids)}/?{query}")

    name = query.partition("=")[0]
    assert refused_fields(response) == (400, "invalid", [name])
    assert response.json()["error_codes"] == {name: ["duplicate"]}


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("movies", "title, release_date, duration_minutes"),
        ("cinemas", "name"),
        ("screens", "name"),
        ("shows", "starts_at, price"),
        ("movies/{movie}/shows", "starts_at, price"),
    ],
)
@pytest.mark.parametrize(
    "ordering",
    ["password", "%00", "-", "--{good}", "{good},id", "{good},", ",".join(["price", "title"] * 2000)],
    ids=short,
)
def test_an_unknown_ordering_is_invalid(anonymous, ids, path, names, ordering):
    good = names.partition(",")[0]

    response = anonymous.get(f"/api/{path.format(**ids)}/?ordering={ordering.format(good=good)}").json()

    assert response["errors"] == {
        "ordering": [f"Choose among {names}, each with or without a minus before it."]
    }
    assert response["error_codes"] == {"ordering": ["invalid_choice"]}
    for known in (good, f"-{good}", f"{good},-{good}", ""):
        assert anonymous.get(f"/api/{path.format(**ids)}/?ordering={known}").status_code == 200


@pytest.mark.parametrize("path", ["bookings", "my-bookings", "orders"])
def test_a_list_without_orders_knows_none(api, path):
    assert refused_fields(api.get(f"/api/{path}/?ordering=created_at")) == (400, "invalid", ["ordering"])
    assert api.get(f"/api/{path}/?cursor=").status_code == 200


def test_one_without_a_token_is_told_so_first(anonymous):
    assert refusal(anonymous.get("/api/orders/?nothing=1")) == (401, "not_authenticated")


@pytest.mark.parametrize(
    "path", ["shows/{show}", "movies/{movie}", "bookings/{booking}", "shows/{show}/seats"]
)
def test_one_row_is_no_list_and_ignores_parameters(api, ids, path):
    assert api.get(f"/api/{path.format(**ids)}/?nothing=1").status_code == 200


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("x" * 60_000, id="one word"),
        pytest.param("+".join(["a"] * 4000), id="four thousand words"),
    ],
)
@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("movies", "search"),
        ("movies", "genre"),
        ("movies", "language"),
        ("cinemas", "search"),
        ("screens", "search"),
        ("shows", "search"),
    ],
)
def test_a_search_of_the_length_of_a_book_is_invalid(anonymous, path, parameter, value):
    assert refusal(anonymous.get(f"/api/{path}/?{parameter}={value}")) == (400, "invalid")


@pytest.mark.parametrize("path", LISTS)
def test_more_parameters_than_a_form_has_fields_are_too_many(api, path):
    query = "&".join(f"a{number}=1" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))

    assert refusal(api.get(f"/api/{path}/?{query}")) == (400, "parse_error")


@pytest.mark.parametrize("headers", [{}, {"HTTP_IF_NONE_MATCH": '"1-0"'}], ids=["", "with an ETag"])
@pytest.mark.parametrize("fields", BAD_PARTS_OF_A_SEAT_MAP, ids=short)
def test_an_unknown_part_of_the_seat_map_is_invalid(anonymous, ids, fields, headers):
    response = anonymous.get(f"/api/shows/{ids['show']}/seats/?fields={fields}", **headers)

    assert refused_fields(response) == (400, "invalid", ["fields"])


@pytest.mark.parametrize("etag", ["\xff", '"\x00"', '"', "W/", '"a",' * 5000, "x" * 50_000], ids=short)
@pytest.mark.parametrize("query", ["", "?fields=availability", "?a=1&a=2&fields=layout"])
def test_an_unknown_etag_gets_the_seat_map(anonymous, ids, query, etag):
    response = anonymous.get(f"/api/shows/{ids['show']}/seats/{query}", HTTP_IF_NONE_MATCH=etag)

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("filterset_class", [ShowFilter, MovieFilter, ScreenFilter, BookingFilter])
def test_filters_that_were_not_sent_narrow_nothing_down(filterset_class):
    """Only those that were sent are made: with all of them, the query is the same."""
    sent = {"upcoming": "true", "cinema": "1", "now_showing": "true", "status": "BOOKED", "unknown": "1"}
    for names in ((), *zip(sent), ("upcoming", "cinema"), ("cinema", "unknown")):
        data = {name: sent[name] for name in names if name != "status" or filterset_class is BookingFilter}
        rows = filterset_class._meta.model.objects.all()
        narrowed = with_filters(filterset_class, frozenset(data) & {*filterset_class.base_filters})
        one, other = (str(each(data, rows).qs.query) for each in (narrowed, filterset_class))
        assert re.sub(CLOCK, "", one) == re.sub(CLOCK, "", other)


CLOCK = r"\d\d:\d\d[\d:.]*"
