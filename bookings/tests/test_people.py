"""The people of a show: on a page, as CSV, and for whoever cancels the show."""

import csv
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff, make_user
from bookings import services
from bookings.models import Guest, Order, Status
from bookings.tests.factories import block, by, call_off, hold, make_order
from movies.tests.factories import browser_for, give_role, make_cinema, make_screen, make_show

pytestmark = pytest.mark.django_db


def page_of(show, name="people"):
    return reverse(f"admin:movies_show_{name}", args=[show.pk])


@pytest.fixture
def browser():
    return browser_for(make_staff("view_show", "view_people", "change_show"))


@pytest.fixture
def show():
    """Ada has two seats, a guest one in the second row, somebody one on hold, and the house one."""
    show = make_show(price=Decimal("9.00"))
    make_order(
        show, 1, 2, user=make_user("ada", first_name="Ada", last_name="Lovelace"), status=Status.BOOKED
    )
    order = make_order(show, 11, status=Status.BOOKED)
    guest = Guest.objects.create(name="=1+1 Babbage", email="cb@example.com", telephone="+44 20 1234")
    Order.objects.filter(pk=order.pk).update(user=None, guest=guest)
    order.bookings.update(user=None)
    hold(show, 5, user=make_user("zoe"))
    block(show, "A9")
    return show


def test_the_list_is_by_seat_row_or_by_name(browser, show):
    people = browser.get(page_of(show)).context["people"]

    assert [(row, [(each.seats, each.person.name) for each in lines]) for row, lines in people.by_row()] == [
        ("A", [("A1", "Ada Lovelace"), ("A2", "Ada Lovelace"), ("A5", "zoe")]),
        ("B", [("B1", "=1+1 Babbage")]),
    ]
    assert [(each.person.name, each.seats) for each in people.by_name()] == [
        ("=1+1 Babbage", "B1"),
        ("Ada Lovelace", "A1, A2"),
        ("zoe", "A5"),
    ]
    named = browser.get(page_of(show), {"by": "name"}).content.decode()
    assert named.index("Babbage") < named.index("Lovelace") < named.index("zoe")
    assert "mailto:cb@example.com" in named
    assert "+44 20 1234" in named


def test_count_and_takings_are_told(browser, show):
    people = browser.get(page_of(show)).context["people"]

    assert (people.orders, people.seats, people.booked, people.held, people.house_seats) == (3, 4, 3, 1, 1)
    assert people.takings == Decimal("27.00")
    assert people.reachable == 3


def test_the_csv_holds_no_formula(browser, show):
    response = browser.get(page_of(show) + "?csv")

    text = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["seat"] for row in rows] == ["A1", "A2", "A5", "B1"]
    assert (rows[3]["name"], rows[3]["telephone"], rows[3]["price"]) == (
        "'=1+1 Babbage",
        "'+44 20 1234",
        "9.00",
    )
    assert response["Content-Type"] == "text/csv; charset=utf-8"


def test_the_list_takes_the_right_to_see_people_in_that_cinema(show):
    for rights in (["view_show"], ["view_people"]):
        assert browser_for(make_staff(*rights)).get(page_of(show)).status_code == 403
    elsewhere = give_role(make_user(), ["movies.view_show", "bookings.view_people"], make_cinema())
    assert browser_for(elsewhere).get(page_of(show), follow=True).status_code in (403, 200)
    assert "Lovelace" not in browser_for(elsewhere).get(page_of(show), follow=True).content.decode()


def test_a_show_without_people_and_one_that_is_not_there(browser):
    assert "Nobody has a seat." in browser.get(page_of(make_show())).content.decode()
    assert browser.get("/admin/movies/show/999999/people/").status_code == 302


@pytest.mark.parametrize("parties", [1, 3])
def test_the_list_costs_the_same_queries_for_any_number_of_people(
    browser, parties, django_assert_num_queries
):
    show = make_show()
    for number in range(parties):
        make_order(show, number * 2 + 1)
    browser.get(page_of(show))

    with django_assert_num_queries(8):
        browser.get(page_of(show))


def test_cancelling_a_show_says_before_what_it_brings(browser, show):
    page = browser.get(page_of(show, "cancel"))
    text = " ".join(page.content.decode().split())

    assert "<strong>3</strong> customers with <strong>4</strong> seats lose them, 1 of them on hold." in text
    assert "<strong>27.00 EUR</strong> goes back" in text
    assert "Cancel the show, give back 27.00 EUR" in text
    assert page_of(show) in text


def test_without_a_reason_nothing_is_cancelled_and_the_error_stands_at_the_field(browser, show):
    page = browser.post(page_of(show, "cancel"), {"reason": " "}).content.decode()

    assert page.index('id="id_reason"') < page.index("give a reason") < page.index("Keep it")
    assert show.bookings.live().count() == 5


def test_the_list_of_those_who_lost_their_seats_stays(browser, show):
    services.cancel_order(Order.objects.get(user__username="ada"), actor=by(), seat_numbers=[1])

    response = browser.post(page_of(show, "cancel"), {"reason": "No heating"}, follow=True)

    assert page_of(show) in response.content.decode()  # whom to tell
    people = browser.get(page_of(show)).context["people"]
    assert [(each.person.name, each.seats) for each in people.by_name()] == [
        ("=1+1 Babbage", "B1"),
        ("Ada Lovelace", "A2"),
        ("zoe", "A5"),
    ]
    assert people.takings == Decimal("18.00")


def test_a_show_that_somebody_else_cancelled_is_not_cancelled_again(browser, show):
    call_off(show)

    page = browser.post(page_of(show, "cancel"), {"reason": "Late"})

    assert page.context["alert"] == "The show was cancelled."
    assert "Late" in page.content.decode()
    assert "Keep it" in page.content.decode()


def test_cancelling_a_show_of_another_cinema_is_refused(show):
    elsewhere = give_role(make_user(), ["movies.view_show", "movies.change_show"], make_cinema())

    browser_for(elsewhere).post(page_of(show, "cancel"), {"reason": "x"})

    show.refresh_from_db()
    assert show.status == "ON_SALE"
    assert make_screen()
