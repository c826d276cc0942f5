"""A customer pages through bookings and orders while more are made."""

import pytest

from accounts.tests.factories import client_for, make_user
from bookings.models import Status
from bookings.tests.factories import book, give_back, make_order
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db

LISTS = ["bookings", "my-bookings", "orders"]
every_list = pytest.mark.parametrize("path", LISTS)


@pytest.fixture
def user():
    return make_user()


@pytest.fixture
def client(user):
    return client_for(user)


@pytest.fixture
def buy(user, settings):
    """Buy so many single seats, one after the other."""
    settings.MAX_SEATS_PER_SHOW = 50
    show, seats = make_show(), iter(range(1, 51))

    def buy(number=1):
        return [book(show, next(seats), user=user) for _ in range(number)]

    return buy


def names(page):
    """The ids or references of a page."""
    return [row.get("id") or row["reference"] for row in page["results"]]


def names_of(bookings, path):
    return [booking.order.reference if path == "orders" else booking.pk for booking in bookings]


@every_list
def test_rows_bought_while_paging_neither_repeat_nor_hide_a_row(client, buy, path):
    bought = buy(7)

    page = client.get(f"/api/{path}/?page_size=3").json()
    seen = names(page)
    while page["next"]:
        buy(2)
        page = client.get(page["next"]).json()
        seen += names(page)

    assert seen == names_of(reversed(bought), path)
    assert page["count"] == 11


@every_list
def test_going_back_leads_over_the_same_rows_to_the_newest(client, buy, path):
    bought = buy(5)
    page = client.get(client.get(f"/api/{path}/?page_size=2").json()["next"]).json()
    back = names(page)
    newer = buy(2)

    while page["previous"]:
        page = client.get(page["previous"]).json()
        back = names(page) + back

    assert back == names_of(reversed([*bought[1:], *newer]), path)


@every_list
def test_a_list_of_one_page_has_no_other(client, buy, path):
    buy(2)

    page = client.get(f"/api/{path}/?page_size=2").json()

    assert (page["count"], page["next"], page["previous"]) == (2, None, None)


@every_list
def test_an_empty_list_is_a_page_too(client, path):
    assert client.get(f"/api/{path}/").json() == {"count": 0, "next": None, "previous": None, "results": []}


@every_list
@pytest.mark.parametrize("cursor", ["older-0", "newer-9223372036854775807"])
def test_beyond_the_ends_there_is_nothing(client, buy, path, cursor):
    buy(1)

    page = client.get(f"/api/{path}/?cursor={cursor}").json()

    assert page == {"count": 1, "next": None, "previous": None, "results": []}


@every_list
def test_pages_by_number_go_on_working_and_lead_to_pages_by_row(client, buy, path):
    bought = names_of(reversed(buy(5)), path)

    page = client.get(f"/api/{path}/?page_size=2&page=2").json()
    buy(1)

    assert names(page) == bought[2:4]
    assert names(client.get(page["next"]).json()) == bought[4:]
    assert names(client.get(page["previous"]).json()) == bought[:2]
    assert "page=" not in page["next"].replace("page_size=", "")


def test_a_filter_holds_on_every_page(client, buy, user):
    bought = buy(5)
    give_back(bought[2])
    make_order(make_show(), 1, user=user)

    page = client.get("/api/bookings/?status=BOOKED&page_size=2").json()
    seen = names(page) + names(client.get(page["next"]).json())

    assert page["count"] == 4
    assert seen == [booking.pk for booking in reversed(bought) if booking != bought[2]]
    assert {row["status"] for row in page["results"]} == {Status.BOOKED}


@every_list
def test_a_page_by_cursor_takes_no_more_queries_than_the_first(
    client, buy, path, django_assert_max_num_queries
):
    buy(4)
    page = client.get(f"/api/{path}/?page_size=2").json()

    with django_assert_max_num_queries(4):
        client.get(page["next"])
