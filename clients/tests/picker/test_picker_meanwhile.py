"""What happens elsewhere while a page is open: in the cinema, in another tab, on the server."""

import base64

import pytest

from clients.tests.tools import sync_api

expect = sync_api().expect

A_POLL = 6000  # milliseconds, and a bit more


@pytest.fixture
def seats(visit, api, show):
    """The page of a show, whose clock the test moves."""
    page = visit()
    page.clock.install()
    page.goto(page.url.replace("#/", f"#/shows/{show['id']}"))
    page.locator(".seat[data-state=free]").first.wait_for()
    return page


def test_of_a_show_that_is_cancelled_nothing_can_be_chosen_any_more(seats, seat):
    seat(seats, "C", 5).click()

    def cancelled(route):
        body = route.fetch(headers={}).json()
        route.fulfill(json=body | {"status": "CANCELLED", "available_seats": 0})

    seats.route("**/availability/*", cancelled)
    seats.clock.fast_forward(A_POLL)
    alert = seats.get_by_role("alert")
    expect(alert).to_contain_text("This show was cancelled.")
    seat(seats, "C", 6).click(force=True)

    expect(alert).to_contain_text("This show was cancelled.")
    expect(alert.get_by_role("link", name="See other times")).to_be_visible()
    expect(seats.get_by_role("button", name="Hold these seats")).to_be_hidden()
    expect(
        seats.locator(".seat[data-state=chosen][data-seat], .seat[data-state=free][data-seat]")
    ).to_have_count(0)


def test_a_show_that_was_moved_is_not_sold_by_its_old_plan(seats, api, show, seat):
    """Its numbers mean other seats now."""
    seat(seats, "C", 5).click()
    asked = []

    def redrawn(route):
        asked.append(route.request.headers["if-none-match"])
        route.fulfill(response=route.fetch(headers={}))

    seats.route("**/layout/*", redrawn)
    api.book(
        api.new_customer(), show["id"], seat(seats, "C", 7).evaluate("seat => Number(seat.dataset.seat)")
    )
    seats.clock.fast_forward(A_POLL)

    alert = seats.get_by_role("alert")
    expect(alert).to_contain_text("The seats of this show or their prices have changed.")
    expect(seats.get_by_role("button", name="Hold these seats")).to_be_hidden()
    assert asked[0].startswith(f'"{show["id"]}-')
    seats.unroute("**/layout/*")
    alert.get_by_role("button", name="Show the seats as they are now").click()
    expect(seat(seats, "C", 5)).to_have_attribute("aria-selected", "false")


def test_other_seats_than_were_chosen_are_not_passed_off_as_these(visit, api, show, seat):
    """It was moved between the last look at the map and the hold."""
    page = visit(f"#/shows/{show['id']}", api.new_customer())
    seat(page, "C", 5).click()

    def moved(route):
        body = route.fetch().json()
        if route.request.method == "POST":
            body["bookings"][0]["seat_label"] = "D1"
        route.fulfill(status=201, json=body)

    page.route("**/api/orders/", moved)
    page.get_by_role("button", name="Hold these seats").click()

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("We hold D1 for you, which you did not choose.")
    alert.get_by_role("link", name="See the order").click()
    expect(page.get_by_role("heading", name="Held for you")).to_be_visible()


def test_the_map_goes_on_after_a_failure_of_the_server(seats, api, show, seat):
    seats.route(
        "**/availability/*",
        lambda route: route.fulfill(status=500, json={"status": 500, "code": "server_error"}),
    )
    with seats.expect_response("**/availability/*"):
        seats.clock.fast_forward(A_POLL)
    seats.unroute("**/availability/*")
    number = seat(seats, "C", 7).evaluate("seat => Number(seat.dataset.seat)")
    api.book(api.new_customer(), show["id"], number)

    seats.clock.run_for(A_POLL)

    expect(seat(seats, "C", 7)).to_have_attribute("data-state", "booked")
    expect(seats.locator(".alert:not(:empty)")).to_have_count(0)


def store(page, customer) -> None:
    page.evaluate("tokens => localStorage.setItem('picker.session', JSON.stringify(tokens))", customer)


def test_a_tab_that_renews_the_tokens_disturbs_no_other(visit, api, show):
    customer = api.new_customer()
    order = api.book(customer, show["id"], 30)
    page = visit(f"#/orders/{order['reference']}", customer)
    page.get_by_role("button", name="Give the tickets back…").click()
    question = page.get_by_role("button", name="Keep the tickets")
    expect(question).to_be_visible()
    tokens = []
    page.on("request", lambda request: tokens.append(request.headers.get("authorization")))

    other = page.context.new_page()
    other.goto(page.url.split("#")[0])
    renewed = api("POST", "token/refresh/", {"refresh": customer["refresh"]})
    store(other, customer | renewed)
    store(other, api.new_customer())  # heard after the other, and the end of the waiting
    expect(page.get_by_role("heading", name="This is not here")).to_be_visible()

    assert f"Bearer {renewed['access']}" not in tokens


def test_what_one_user_began_is_not_done_for_another(visit, api, show, seat):
    customer, another = api.new_customer(), api.new_customer()
    page = visit(f"#/shows/{show['id']}", customer)
    seat(page, "C", 5).click()
    other = page.context.new_page()
    other.goto(page.url.split("#")[0])

    def another_logs_in(route):
        if route.request.headers["authorization"] == f"Bearer {customer['access']}":
            store(other, another)
            route.fulfill(status=401, json={"status": 401, "code": "token_not_valid"})
        else:
            route.continue_()

    page.route("**/api/orders/", another_logs_in)
    page.get_by_role("button", name="Hold these seats").click()

    expect(page.get_by_role("alert")).to_contain_text("Somebody else is logged in by now.")
    assert [api.orders(each) for each in (customer, another)] == [[], []]
    expect(seat(page, "C", 5)).to_have_attribute("aria-selected", "true")


def test_logging_in_with_capitals_is_the_same_user(visit, api, show, seat):
    customer = api.new_customer()
    page = visit(f"#/shows/{show['id']}", customer | {"access": "a.b.c", "refresh": "d.e.f"})
    seat(page, "C", 5).click()

    page.get_by_role("button", name="Hold these seats").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("User name").fill(customer["name"].upper())
    dialog.get_by_label("Password").fill("popcorn-and-cola")
    dialog.get_by_role("button", name="Log in", exact=True).click()

    expect(page.get_by_role("heading", name="Held for you")).to_be_visible()


@pytest.mark.parametrize("stored", ["{", "5", '{"name": 5}'])
def test_what_another_program_has_stored_does_no_harm(visit, stored):
    page = visit("#/nowhere")
    page.evaluate("stored => localStorage.setItem('picker.session', stored)", stored)
    page.reload()

    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_a_log_in_whose_time_is_over_is_forgotten(visit, api):
    """Its tokens are good for nothing any more, and would stay in the browser for ever."""
    payload = base64.urlsafe_b64encode(b'{"exp": 1700000000}').decode().rstrip("=")
    page = visit("#/", {"name": "ada", "access": "old", "refresh": f"eyJ.{payload}.signature"})

    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0
