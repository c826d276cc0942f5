"""Filters, searches, pages and other parameters of a query that make no sense."""

import re
from itertools import product

import pytest

from bookings.filters import BookingFilter
from movie_booking.api.filters import with_filters
from movie_booking.tests.endpoints import HUGE, refusal, refused_fields
from movies.filters import MovieFilter, ScreenFilter, ShowFilter

pytestmark = pytest.mark.django_db

LISTS = ["movies", "cinemas", "screens", "shows", "bookings", "my-bookings", "orders"]
BAD_IDS = ["abc", "1.5", "NaN", "Infinity", "1e999999999", "%00", "1%00", "-1", HUGE, 2**63, "9" * 5000]
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
    *product(("min_available",), ["abc", "1.5", "-1", "NaN", "%00", HUGE, 1_000_001]),
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


@pytest.mark.parametrize("path", ["movies", "cinemas", "screens", "shows"])
def test_a_search_for_a_null_character_is_invalid(anonymous, path):
    assert refusal(anonymous.get(f"/api/{path}/?search=a%00b")) == (400, "invalid")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("page", [HUGE, 2, 0, -1, "abc", "1.5", "%00", "9" * 5000], ids=short)
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
        "ordering=password",
        "ordering=%00",
        "ordering=-",
        "ordering=" + ",".join(["price", "-price", "title", "-title"] * 2000),
        "search=%ff",
        "search=%ED%A0%80",
        "search=%22",
        "search=%27%22%25_%5C",
        "search=%F0%9F%8E%AC",
        "format=xml",
        "format=api",
        "nothing=1",
        "&&==&;",
        "page=last",
        "page=",
        "cursor=",
    ],
    ids=short,
)
def test_a_list_ignores_parameters_that_it_does_not_know(api, path, query):
    response = api.get(f"/api/{path}/?{query}")

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


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
def test_two_thousand_parameters_are_too_many(api, path):
    query = "&".join(f"a{number}=1" for number in range(2000))

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
