"""Seats on hold, tickets, and giving them back."""

import json
import re
from datetime import datetime, timedelta, timezone

import pytest

from clients.tests.picker.conftest import PASSWORD
from clients.tests.tools import sync_api

expect = sync_api().expect


@pytest.fixture
def customer(api):
    return api.new_customer()


@pytest.fixture
def order(api, customer, show):
    return api.hold(customer, show["id"], 30, 31)


def test_the_time_left_is_counted_by_what_the_server_says(visit, customer, order):
    """The clock of this computer is a day ahead, and `expires_at` long over by it."""
    page = visit("#/", customer)
    page.clock.install(time=datetime.now(timezone.utc) + timedelta(days=1))
    page.goto(page.url.replace("#/", f"#/orders/{order['reference']}"))
    timer = page.get_by_role("timer")
    expect(timer).to_have_text(re.compile(r"9:\d\d|10:00"))

    page.clock.fast_forward("08:30")

    expect(timer).to_have_text(re.compile(r"1:[0-3]\d"))
    expect(page.locator("#announcements")).to_have_text(
        re.compile("Your seats are held for 1 minute .* more.")
    )


def test_a_hold_that_ran_out_says_so_and_offers_the_same_seats(visit, customer, show, order):
    page = visit("#/", customer)
    page.clock.install()
    page.goto(page.url.replace("#/", f"#/orders/{order['reference']}"))
    page.get_by_role("timer").wait_for()

    def ran_out(route):
        body = route.fetch().json()
        body |= {"status": "EXPIRED", "expires_in_seconds": None, "expires_at": None}
        for booking in body["bookings"]:
            booking["status"] = "EXPIRED"
        route.fulfill(json=body)

    page.route(f"**/orders/{order['reference']}/", ran_out)
    page.clock.fast_forward("10:30")

    expect(page.get_by_role("heading", name="The time is over")).to_be_focused()
    expect(page.get_by_role("alert").last).to_contain_text("The seats were not confirmed in time")
    page.get_by_role("link", name="Try to get them again").click()
    expect(page.locator(".chosen li, .alert p").first).to_be_visible()


def test_more_time(visit, customer, order):
    page = visit("#/", customer)
    page.clock.install()
    page.goto(page.url.replace("#/", f"#/orders/{order['reference']}"))
    page.clock.fast_forward("05:00")
    timer = page.get_by_role("timer")
    expect(timer).to_have_text(re.compile(r"[45]:\d\d"))

    page.get_by_role("button", name="I need more time").click()

    expect(timer).to_have_text(re.compile(r"9:\d\d|10:00"))
    expect(page.locator("#announcements")).to_have_text("You have more time.")
    expect(page.get_by_role("button", name="I need more time")).to_be_focused()


def test_no_more_time_is_said_in_words(visit, customer, order):
    page = visit(f"#/orders/{order['reference']}", customer)
    problem = {"status": 409, "code": "hold_limit_reached", "detail": "…"}
    page.route(
        "**/extend/",
        lambda route: route.fulfill(
            status=409, content_type="application/problem+json", body=json.dumps(problem)
        ),
    )

    page.get_by_role("button", name="I need more time").click()

    expect(page.get_by_role("alert")).to_have_text(
        "These seats cannot be held any longer: please confirm them before the time is over."
    )


def test_a_reload_finds_the_hold_and_so_does_every_other_page(visit, customer, show, order):
    page = visit(f"#/orders/{order['reference']}", customer)
    page.get_by_role("timer").wait_for()
    page.reload()
    expect(page.get_by_role("timer")).to_be_visible()

    page.get_by_role("link", name="Films", exact=True).click()
    bar = page.get_by_role("link", name=f"for {show['movie_title']}")
    expect(bar).to_contain_text(re.compile(r"9:\d\d|10:00"))
    bar.click()
    expect(page.get_by_role("heading", name="Held for you")).to_be_focused()


def test_seats_that_are_let_go_are_free_again(visit, api, customer, show, order):
    page = visit(f"#/orders/{order['reference']}", customer)

    page.get_by_role("button", name="Let the seats go").click()

    expect(page.get_by_role("heading", name="Given back")).to_be_focused()
    assert api("GET", f"shows/{show['id']}/seats/availability/")["taken"]["held"] == []


def test_what_comes_back_is_shown_before_it_is_given_back(visit, api, customer, show, order):
    api("POST", f"orders/{order['reference']}/confirm/", {}, customer["access"])
    page = visit("#/orders", customer)
    page.get_by_role("link", name=show["movie_title"]).click()

    page.get_by_role("button", name="Give the tickets back").click()
    amount = f"€{order['total']}"
    expect(page.get_by_role("heading", name=f"{amount} would come back")).to_be_focused()
    page.get_by_role("button", name="Keep the tickets").click()
    expect(page.get_by_role("button", name="Give the tickets back")).to_be_focused()
    assert api.orders(customer)[0]["status"] == "BOOKED"

    page.keyboard.press("Enter")
    page.get_by_role("button", name=f"Give back for {amount}").click()
    expect(page.get_by_role("heading", name="Given back")).to_be_focused()
    expect(page.get_by_text(f"{amount} comes back to you.")).to_be_visible()
    assert api.orders(customer)[0]["status"] == "CANCELLED"


def test_a_question_that_is_open_stays_open_while_one_looks_elsewhere(visit, api, customer, show):
    order = api.book(customer, show["id"], 30)
    page = visit(f"#/orders/{order['reference']}", customer)
    page.get_by_role("button", name="Give the tickets back").click()

    with page.expect_response(f"**/orders/{order['reference']}/"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_role("button", name="Keep the tickets").click()

    expect(page.get_by_role("button", name="Give the tickets back")).to_be_focused()


def test_a_show_that_was_moved_is_confirmed_only_when_that_is_fine(visit, api, customer, show, order):
    page = visit(f"#/orders/{order['reference']}", customer)
    problem = {
        "status": 409,
        "code": "show_changed",
        "detail": "The show was moved.",
        "show_version": 7,
        "changes": {
            "starts_at": {"old": "2026-12-05T19:00:00.000000Z", "new": "2026-12-05T20:30:00.000000Z"},
            "screen_name": {"old": "Screen 1", "new": "Studio"},
        },
    }
    sent = []

    def moved(route):
        sent.append(route.request.post_data_json)
        if len(sent) == 1:
            route.fulfill(status=409, content_type="application/problem+json", body=json.dumps(problem))
        else:
            route.continue_(post_data=b"{}")

    page.route("**/confirm/", moved)
    page.get_by_role("button", name="Confirm and book").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Saturday 5 December, 19:00 GMT → Saturday 5 December, 20:30 GMT")
    expect(alert).to_contain_text("Screen: Screen 1 → Studio")
    alert.get_by_role("button", name="That is fine: book").click()

    expect(page.get_by_role("heading", name="Your tickets")).to_be_focused()
    assert sent == [{}, {"show_version": 7}]


def test_a_sofa_is_quoted_once(visit, api, customer, show):
    sofa = api("GET", f"shows/{show['id']}/seats/layout/")["rows"][-1]["seats"][0]
    order = api.book(customer, show["id"], sofa["seat_number"], sofa["partner"], 30)
    page = visit(f"#/orders/{order['reference']}", customer)

    page.get_by_role("button", name="Give the tickets back").click()

    expect(page.get_by_role("heading", name=f"€{order['total']} would come back")).to_be_visible()


def test_who_needs_a_wheelchair_space_can_give_back_with_the_companion(visit, api, customer, show):
    """One by one the space could not be given back, and has no quote of its own."""
    order = api.book(customer, show["id"], 1, 2)
    page = visit(f"#/orders/{order['reference']}", customer)

    page.get_by_role("button", name="Give the tickets back").click()

    expect(page.get_by_role("heading", name=f"€{order['total']} would come back")).to_be_visible()


def test_what_the_cinema_cancelled_says_why(visit, api, customer, show):
    order = api.book(customer, show["id"], 30)

    def cancelled_by_staff(route):
        body = route.fetch().json()
        body["status"] = "CANCELLED"
        for booking in body["bookings"]:
            booking |= {
                "status": "CANCELLED",
                "ended_by": "staff",
                "cancel_reason": "The projector is broken.",
            }
            booking |= {"refund_percent": 100, "refund_amount": booking["price"]}
        route.fulfill(json=body)

    page = visit("#/", customer)
    page.route(f"**/orders/{order['reference']}/", cancelled_by_staff)
    page.goto(page.url.replace("#/", f"#/orders/{order['reference']}"))

    expect(page.get_by_role("heading", name="Cancelled by the cinema")).to_be_visible()
    expect(page.get_by_text("The projector is broken.")).to_be_visible()
    expect(page.get_by_text(f"€{order['total']} comes back to you.")).to_be_visible()
    expect(page.get_by_text("Given back")).to_have_count(0)
    expect(page.get_by_role("link", name="See other times")).to_be_visible()


def test_after_logging_out_tickets_ask_for_a_login(visit, customer, order):
    page = visit(f"#/orders/{order['reference']}", customer)
    page.get_by_role("timer").wait_for()
    with page.expect_response("**/api/logout/") as answer:
        page.get_by_role("button", name="Log out").click()
    assert answer.value.status == 204

    expect(page.get_by_role("heading", name="Now showing")).to_be_visible()
    page.get_by_role("link", name="My tickets").click()
    expect(page.get_by_role("dialog", name="Log in")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Log in to see this")).to_be_visible()

    page.get_by_role("banner").get_by_role("button", name="Log in").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("User name").fill(customer["name"])
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()


def test_mistakes_in_signing_up_stand_beside_their_fields(visit, api, customer):
    page = visit()
    page.get_by_role("button", name="Log in").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="New here? Sign up").click()
    name, email, password = (dialog.get_by_label(label) for label in ("User name", "E-mail", "Password"))

    dialog.get_by_role("button", name="Sign up", exact=True).click()
    for field in (name, email, password):
        expect(field).to_have_accessible_description(re.compile(r"^Please fill this in\."))
    expect(name).to_be_focused()
    expect(password).to_have_accessible_description("Please fill this in. At least 8 characters.")

    name.fill(customer["name"])
    email.fill("no address")
    password.fill("12345")
    password.press("Enter")
    expect(name).to_have_accessible_description("A user with that username already exists.")
    expect(email).to_have_accessible_description("Enter a valid email address.")
    expect(password).to_have_accessible_description(re.compile("This password is too short"))
    expect(name).to_be_focused()
    email.fill("somebody@example.com")
    email.press("Enter")
    expect(email).not_to_have_attribute("aria-invalid", "true")
    expect(name).to_have_value(customer["name"])

    dialog.get_by_role("button", name="I have an account: log in").click()
    expect(name).to_have_value(customer["name"])
    password.fill("not the password")
    password.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("User name and password do not match.")
    expect(password).to_be_focused()


def test_signing_up_whose_answer_was_lost_logs_in(visit):
    page = visit()
    page.get_by_role("button", name="Log in").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="New here? Sign up").click()
    tries = []

    def lost_at_first(route):
        tries.append(1)
        if len(tries) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/signup/", lost_at_first)
    for label, text in [
        ("User name", "lost"),
        ("E-mail", "lost@example.com"),
        ("Password", "popcorn-and-cola"),
    ]:
        dialog.get_by_label(label).fill(text)
    dialog.get_by_role("button", name="Sign up", exact=True).click()

    expect(page.get_by_text("lost", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
