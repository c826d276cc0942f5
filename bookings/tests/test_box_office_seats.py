"""The seats of a show at the box office: what the page says of them and to whom, and their refresh."""

import json
import re
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.models import Order
from bookings.roles import BOX_OFFICE, VIEWER
from bookings.tests.factories import block, book, make_order
from bookings.tests.seats_page import (
    address,
    opened,
    press,
    receipt,
    said,
    statuses,
)
from movie_booking.tests.concurrency import run_concurrently
from movie_booking.tests.pages import inputs_of
from movies.tests.factories import (
    browser_for,
    give_role,
    make_cinema,
    make_screen,
    make_show,
)

pytestmark = pytest.mark.django_db
NEW_YORK = "America/New_York"


@pytest.fixture
def clerk():
    return give_role(make_user("tom"), BOX_OFFICE)


@pytest.fixture
def staff(clerk):
    return browser_for(clerk)


@pytest.fixture
def show():
    return make_show()


# --- The page and its refresh ----------------------------------------------------------------------


def test_the_page_has_no_script_or_handler_of_its_own(staff, show):
    page = staff.get(address(show)).content.decode()

    assert re.findall(r"<script(?![^>]* src=)[^>]*>", page) == [
        '<script id="box-office-state" type="application/json">'
    ]
    assert re.findall(r"<[^>]* on\w+=", page) == []
    assert 'style="' not in page


def test_the_refresh_says_who_has_which_seat(staff, show):
    order = make_order(show, 5, user=make_user("ada"))
    block(show, "A8", reason="Camera")

    answer = staff.get(reverse("admin:movies_show_seats_now", args=[show.pk])).json()

    held, blocked = show.bookings.live().order_by("seat_number")
    reference = f"{order.reference[:5]}-{order.reference[5:]}"
    page = reverse("admin:bookings_order_change", args=[order.pk])
    assert answer["free"] == 48
    assert answer["taken"]["5"] == ["held", f"ada, {reference}", held.pk, page]
    assert answer["taken"]["8"][:3] == ["blocked", "Camera", blocked.pk]
    assert json.loads(inputs_of(staff.get(address(show)), "box-office")["shown"][0]) == {
        "5": held.pk,
        "8": blocked.pk,
    }


def test_who_may_not_know_people_sees_only_which_seats_are_taken(show):
    viewer = browser_for(give_role(make_user(), VIEWER))
    book(show, 5, user=make_user("ada"))

    answer = viewer.get(reverse("admin:movies_show_seats_now", args=[show.pk])).json()

    assert answer["taken"]["5"] == ["booked", "", show.bookings.get().pk, ""]
    assert "ada" not in viewer.get(address(show)).content.decode()


@pytest.mark.parametrize("seats", [2, 30])
def test_page_refresh_and_sale_cost_the_same_queries_for_any_number_of_seats(clerk, seats):
    show = make_show(screen=make_screen(seat_plan="A " + "o" * 60))
    for number in range(1, seats + 1, 2):
        make_order(show, number, number + 1, status="BOOKED")
    staff = browser_for(clerk)
    staff.get(address(show))

    assert count_queries(lambda: staff.get(address(show))) == PAGE
    now_address = reverse("admin:movies_show_seats_now", args=[show.pk])
    assert count_queries(lambda: staff.get(now_address, {"party": 2})) == REFRESH


def test_a_sale_costs_the_same_queries_for_any_number_of_seats(clerk, show):
    staff = browser_for(clerk)

    def sell(*seats):
        page = opened(staff, show)
        return count_queries(
            lambda: staff.post(address(show), {"_sell": "", "seat": seats, "name": "Ada", **page})
        )

    sell(1)  # what is remembered of the first sale makes the session
    assert sell(2) == sell(*range(11, 31))


# Session, user, their rights (3), the show, and who has which seat; on the page the latest events.
PAGE, REFRESH = 8, 7


def count_queries(call):
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)


# --- Who may, and where ----------------------------------------------------------------------------


@pytest.mark.parametrize("button", ["_sell", "_hold", "_find", "_total"])
def test_selling_takes_the_right_to_sell(show, button):
    others = browser_for(make_staff("view_show", "change_show", "block_seats", "change_booking"))

    assert press(others, show, button, 5).status_code == 403
    assert "_sell" not in others.get(address(show)).content.decode()
    assert statuses(show) == {}


@pytest.mark.parametrize("button", ["_sell", "_block", "_cancel"])
def test_a_clerk_of_one_cinema_reaches_nothing_of_another(show, button):
    clerk = browser_for(give_role(make_user(), BOX_OFFICE, make_cinema()))
    book(show, 6)

    response = press(clerk, show, button, 5, 6)

    assert response.status_code == 403 or response.redirect_chain[-1][0].endswith("/show/")
    answer = clerk.get(reverse("admin:movies_show_seats_now", args=[show.pk]))
    assert answer.status_code in (403, 404)
    assert statuses(show) == {6: "BOOKED"}


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "DRAFT"},
        {"status": "CANCELLED", "cancelled_at": now()},
        {"starts_at": now() - timedelta(minutes=20)},
    ],
)
def test_what_is_not_on_sale_is_not_sold(staff, fields):
    show = make_show(**fields)

    assert 'name="_sell"' not in staff.get(address(show)).content.decode()
    assert len(said(press(staff, show, "_sell", 5))) in (0, 1)
    assert statuses(show) == {}


def test_while_the_advertisements_run_the_box_office_goes_on_selling(staff):
    show = make_show(starts_at=now() - timedelta(minutes=5))

    assert receipt(press(staff, show, "_sell", 5))
    assert said(
        press(staff, show, "_hold", 6, hold_until=f"{now() + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    ) == ["Hold the seats until the show starts at the latest."]


def test_a_whole_hall_is_blocked_on_the_picture_however_large_it_is(staff):
    show = make_show(total_seats=1_200)

    response = staff.post(address(show), {"_block": "", "seat": range(1, 1_201), "reason": "Rented"})

    assert response.status_code == 302
    assert len(statuses(show)) == 1_200


@pytest.mark.parametrize("sale", ["x" * 41, "a\0b"])
def test_a_sale_that_no_page_of_ours_has_begun_is_not_made(staff, show, sale):
    page = press(staff, show, "_sell", 5, sale=sale)

    assert (page.status_code, len(said(page)), statuses(show)) == (200, 1, {})


def test_a_receipt_is_shown_for_orders_of_this_show_only(staff, show):
    other = make_order(make_show(), 5)

    for reference in (other.reference, "nonsense", "a\0b", "x" * 500):
        page = staff.get(address(show), {"order": reference})
        assert (page.status_code, receipt(page)) == (200, None)


# --- At the same moment ----------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_a_button_that_is_pressed_twice_at_once_leads_to_one_sale_each_time():
    show = make_show()
    browser = browser_for(give_role(make_user(), BOX_OFFICE))
    presses = [Client() for _ in range(4)]
    for press_of_it in presses:
        press_of_it.cookies = browser.cookies

    for number in (5, 15, 25):
        page = opened(browser, show)
        data = {**page, "seat": [number], "_sell": ""}
        answers = run_concurrently(*(partial(each.post, address(show), data) for each in presses))

        assert {(answer.status_code, answer["Location"]) for answer in answers} == {
            (302, f"{address(show)}?order={Order.objects.latest('pk').reference}")
        }
    assert Order.objects.count() == 3


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_of_two_clerks_and_a_customer_who_want_one_seat_one_gets_it():
    show = make_show()
    clerks = [browser_for(give_role(make_user(), BOX_OFFICE)) for _ in range(2)]
    customer = client_for(make_user())

    for number in (5, 15, 25):
        sell = [partial(press, clerk, show, "_sell", number, **opened(clerk, show)) for clerk in clerks]
        answers = run_concurrently(
            *sell, partial(customer.post, f"/api/shows/{show.pk}/book/", {"seat_number": number})
        )

        assert Counter(outcome(answer) for answer in answers) == {"sold": 1, "refused": 2}
        assert statuses(show)[number] == "BOOKED"


def outcome(answer):
    if answer.status_code == 201 or getattr(answer, "redirect_chain", None):
        return "sold"
    text = answer.content.decode()
    return "refused" if "Seat already booked." in text or "Still chosen" in text else text
