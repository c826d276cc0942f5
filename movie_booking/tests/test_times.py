"""Every time that the API names has one shape, and is the very moment: it can be sent back."""

import re

import pytest
from django.test import Client
from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from movie_booking.api.fields import moment_json
from movie_booking.tests.documented import times_of_another_shape
from movie_booking.tests.endpoints import ENDPOINTS

pytestmark = pytest.mark.django_db

# The members of responses and problem documents that are times.
NAMES = {
    *("starts_at", "ends_at", "sales_open_at", "sales_close_at", "screen_free_at", "old", "new", "at"),
    *("created_at", "cancelled_at", "expires_at", "valid_until", "cancel_until", "date_joined"),
    "exported_at",
}


def names_of_times(response):
    """The names of the members whose value is a time, once each has the one shape."""
    assert times_of_another_shape(response.content) == []
    return set(re.findall(rb'"(\w+)": ?"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"', response.content))


@pytest.fixture
def later(send, ids):
    """Move the show of the rows to a moment with a fraction of a second."""
    moved = {"starts_at": "2099-05-06T18:00:00.25Z", "reason": "Late"}
    assert send("move a show", moved).status_code == 200


def reads(operations, ids):
    rows = {name: ids[name] for name in ("movie", "cinema", "screen", "show", "booking", "order")}
    for name in operations:
        method, path = name.split()
        if method == "GET":
            row = rows.get(path.split("/")[0].removesuffix("s"))
            yield f"/api/{path.replace('{}', str(row))}"


def test_every_time_in_every_response_has_one_shape(api, send, body_of, ids, operations, later):
    names = set()
    for address in reads(operations, ids):
        response = api.get(address)
        assert response.status_code == 200, address
        if not response.streaming:  # a stream of seats has none
            names |= names_of_times(response)
    for name in sorted(ENDPOINTS, key="set another password".__eq__):  # last, as it ends the token
        names |= names_of_times(send(name, body_of(name)))

    assert {name.decode() for name in names} == NAMES - {"screen_free_at"}


def test_every_time_in_a_refusal_has_one_shape(api, send, body_of, ids, later):
    new = {"starts_at": "2031-01-01T20:00:00.5Z", "sales_open_at": "2030-12-01T09:00:00Z"}
    show = send("schedule a show", body_of("schedule a show", **new, status="ON_SALE")).json()
    confirm = f"/api/orders/{ids['order']}/confirm/"
    refusals = {
        "screen_occupied": send("schedule a show", body_of("schedule a show", **new)),
        "not_on_sale": api.post(f"/api/shows/{show['id']}/book/", {"seat_number": 1}, "application/json"),
        "show_changed": api.post(confirm, {}, "application/json"),
    }

    assert {
        code: (response.json()["code"], names_of_times(response)) for code, response in refusals.items()
    } == {
        "screen_occupied": ("screen_occupied", {b"starts_at", b"screen_free_at"}),
        "not_on_sale": ("not_on_sale", {b"sales_open_at"}),
        "show_changed": ("show_changed", {b"old", b"new"}),
    }


def test_a_replayed_response_has_the_times_of_the_first(api, ids, later):
    bodies = [
        api.post(
            f"/api/orders/{ids['order']}/cancel/", {}, "application/json", headers={"Idempotency-Key": "k"}
        ).content
        for _ in range(2)
    ]

    assert bodies[0] == bodies[1]
    assert b'"at":"' in bodies[0]
    assert times_of_another_shape(bodies[0]) == []


@pytest.mark.parametrize(
    "sent",
    [
        "2031-01-01T20:00:00Z",
        "2031-01-01T20:00:00.5Z",
        "2031-01-01T20:00:00.000001Z",
        "2031-01-01T22:00:00.999999+02:00",
        "2031-01-01T20:00",
    ],
)
def test_a_time_that_came_may_be_sent_back(api, send, ids, sent):
    address = f"/api/shows/{ids['show']}/"
    assert send("move a show", {"starts_at": sent, "reason": "Late"}).status_code == 200
    before = api.get(address)
    came = before.json()["starts_at"]

    after = api.patch(address, {"starts_at": came}, "application/json")

    meant = parse_datetime(sent if sent[-1] == "Z" or "+" in sent else f"{sent}Z")
    assert parse_datetime(came) == meant
    assert (after.status_code, after.json()) == (200, before.json())
    assert after["ETag"] == before["ETag"]
    found = {
        name: api.get("/api/shows/", {name: came}).json()["count"]
        for name in ("starts_after", "starts_before")
    }
    assert found == {"starts_after": 1, "starts_before": 0}


def test_the_times_in_the_examples_have_that_shape_too():
    document = Client().get("/swagger.json").content

    assert b"T19:00:00.000000Z" in document
    assert times_of_another_shape(document) == []


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-29T10:00:00Z",
        "2026-11-29T10:00:00.000001+05:30",
        "1000-12-31T23:59:59.999999Z",
        "9999-01-01T00:00:00-12:00",
    ],
)
def test_a_time_is_written_as_fields_of_serializers_write_it(text):
    moment = parse_datetime(text)

    assert moment_json(moment) == serializers.DateTimeField().to_representation(moment)
