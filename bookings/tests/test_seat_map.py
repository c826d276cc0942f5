"""The seat map: the same for everyone, and nearly free to poll."""

from decimal import Decimal

import pytest

from accounts.tests.factories import client_for, make_user
from bookings.models import Status
from bookings.tests.factories import block, book, call_off, change, give_back, make_booking, release
from movies.models import Show
from movies.services import schedule_show
from movies.tests.factories import make_movie, make_screen, make_show, tomorrow

pytestmark = pytest.mark.django_db

STUDIO = "A oo_oP\n\nB WC_SS"


def make_studio_show(**fields) -> Show:
    screen = make_screen(seat_plan=STUDIO)
    return schedule_show(movie=make_movie(), screen=screen, starts_at=tomorrow(), **fields)


def get_map(show, query="", **headers):
    return client_for().get(f"/api/shows/{show.pk}/seats/{query}", **headers)


def test_the_map_has_kind_price_position_and_status_of_every_seat():
    show = make_studio_show(price=Decimal("10.00"), premium_price=Decimal("12.50"))
    user = make_user()
    book(show, 2, user=user)
    block(show, "B1", staff=user, reason="ramp")
    make_booking(show, user=user, seat_number=3, price=0, status=Status.HELD)

    response = get_map(show)

    def seat(number, label, kind, x, y, status, price="10.00", partner=None):
        return {
            "seat_number": number,
            "label": label,
            "kind": kind,
            "price": price,
            "x": x,
            "y": y,
            "partner": partner,
            "status": status,
        }

    assert response.status_code == 200
    assert response.json() == {
        "show": show.pk,
        "show_version": 0,
        "width": 5,
        "height": 3,
        "currency": "EUR",
        "rows": [
            {
                "row": "A",
                "seats": [
                    seat(1, "A1", "standard", 0, 0, "available"),
                    seat(2, "A2", "standard", 1, 0, "booked"),
                    seat(3, "A3", "standard", 3, 0, "held"),
                    seat(4, "A4", "premium", 4, 0, "available", price="12.50"),
                ],
            },
            {
                "row": "B",
                "seats": [
                    seat(5, "B1", "wheelchair", 0, 2, "blocked"),
                    seat(6, "B2", "companion", 1, 2, "available"),
                    seat(7, "B3", "sofa", 3, 2, "available", partner=8),
                    seat(8, "B4", "sofa", 4, 2, "available", partner=7),
                ],
            },
        ],
        "seats_version": 3,
        "available_seats": 5,
        "status": "ON_SALE",
    }


def test_layout_and_availability_can_be_read_apart():
    show = make_studio_show()
    book(show, 2)

    whole, layout, availability = (
        get_map(show, query).json() for query in ("", "?fields=layout", "?fields=availability")
    )

    assert availability == {
        "show": show.pk,
        "show_version": 0,
        "seats_version": 1,
        "available_seats": 7,
        "status": "ON_SALE",
        "taken": {"held": [], "booked": [2], "blocked": []},
    }
    assert layout.keys() == {"show", "show_version", "width", "height", "currency", "rows"}
    for row in whole["rows"]:
        for seat in row["seats"]:
            del seat["status"]
    assert layout["rows"] == whole["rows"]


@pytest.mark.parametrize("query", ["", "?fields=availability", "?fields=layout"])
def test_an_unchanged_map_is_304_for_one_query(query, django_assert_num_queries):
    show = make_studio_show()
    etag = get_map(show, query)["ETag"]

    with django_assert_num_queries(1):
        response = get_map(show, query, HTTP_IF_NONE_MATCH=etag)

    assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
    assert response["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize("known", ["W/{}", '"other", {}', "*"])
def test_a_known_etag_is_found_however_it_is_sent(known):
    show = make_studio_show()
    etag = get_map(show)["ETag"]

    response = get_map(show, HTTP_IF_NONE_MATCH=known.format(etag))

    assert response.status_code == 304


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 304),
        ("application/json", 304),
        ("application/json;q=0.9, text/html", 304),
        ("text/html", 406),  # an answer that there is none of has not changed either
        ("nonsense", 406),
    ],
)
def test_who_takes_no_json_is_told_so_by_a_poll_as_well(accept, status):
    assert get_map(make_studio_show(), HTTP_IF_NONE_MATCH="*", HTTP_ACCEPT=accept).status_code == status


@pytest.mark.parametrize("known", ['"1-0"', "nonsense", '"', "", "W/", "\xff", ","])
def test_another_etag_gets_the_map(known):
    show = make_studio_show()
    book(show, 2)

    assert get_map(show, HTTP_IF_NONE_MATCH=known).status_code == 200


@pytest.mark.parametrize("total_seats", [1, 300])
def test_a_map_of_any_size_costs_one_query_and_another_for_who_has_an_old_one(
    total_seats, django_assert_num_queries
):
    show = make_show(total_seats=total_seats)
    book(show, 1)

    with django_assert_num_queries(1):
        get_map(show)
    with django_assert_num_queries(2):
        get_map(show, HTTP_IF_NONE_MATCH='"old"')


def test_every_change_of_a_seat_or_a_price_changes_the_etag():
    user, show = make_user(), make_studio_show()
    seen = [get_map(show)["ETag"]]

    def look():
        etag = get_map(show)["ETag"]
        assert etag not in seen
        seen.append(etag)

    booking = book(show, 2, user=user)
    look()
    give_back(booking)
    look()
    block(show, "A1-A2", staff=user)
    look()
    release(show, "A1")
    look()
    change(show, premium_price=Decimal("99.00"))
    look()
    call_off(show, "No heating")
    look()


def test_the_layout_keeps_its_etag_while_seats_change():
    show = make_studio_show()
    etag = get_map(show, "?fields=layout")["ETag"]
    book(show, 2)

    assert get_map(show, "?fields=layout")["ETag"] == etag
    change(show, price=Decimal("11.00"))
    assert get_map(show, "?fields=layout")["ETag"] != etag


@pytest.mark.parametrize("known", [None, '"1-0"'])
def test_a_show_that_customers_do_not_see_has_no_map(known):
    show = make_studio_show(status=Show.Status.DRAFT)
    headers = {"HTTP_IF_NONE_MATCH": known} if known else {}

    response = get_map(show, **headers)

    assert (response.status_code, response.data["code"]) == (404, "not_found")


def test_other_fields_are_invalid():
    response = get_map(make_studio_show(), "?fields=everything")

    assert response.status_code == 400
    assert list(response.data["errors"]) == ["fields"]


@pytest.mark.parametrize("sent", ["", "-1", "x", "1.5", "9" * 30, "%00", "1e3", "%F0%9F%8E%AC"])
def test_a_min_version_that_is_none_is_refused_by_a_poll_too(sent):
    show = make_studio_show()
    for part in ("", "layout/", "availability/", "stream/"):
        for known in ({}, {"HTTP_IF_NONE_MATCH": "*"}):
            response = get_map(show, f"{part}?min_version={sent}", **known)
            assert (response.status_code, list(response.json()["errors"])) == (400, ["min_version"])


@pytest.mark.parametrize("sent", ["0", "1", "9223372036854775807"])
def test_a_map_is_as_new_as_it_can_be_whatever_version_is_asked_for(sent):
    show = make_studio_show()
    book(show, 2)

    response = get_map(show, f"availability/?min_version={sent}")

    assert (response.status_code, response.json()["seats_version"]) == (200, 1)


def test_anyone_can_read_a_map_even_with_an_invalid_token():
    response = get_map(make_studio_show(), HTTP_AUTHORIZATION="Bearer nonsense")

    assert response.status_code == 200
