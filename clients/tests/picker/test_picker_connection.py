"""Lost answers, no connection, and tokens that have expired."""

import json

import pytest

from clients.tests.tools import sync_api

expect = sync_api().expect


def hold(page) -> None:
    page.get_by_role("button", name="Hold these seats").click()


def held(page):
    return page.get_by_role("heading", name="Held for you")


class LosesTheFirstAnswer:
    """Lets the first request through to the server and drops what it answers."""

    def __init__(self) -> None:
        self.keys = []

    def __call__(self, route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        self.keys.append(route.request.headers.get("idempotency-key"))
        if len(self.keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()


def test_a_hold_whose_answer_was_lost_is_asked_for_again_and_made_once(visit, api, show, seat):
    customer = api.new_customer()
    page = visit(f"#/shows/{show['id']}", customer)
    seat(page, "C", 5).click()
    lossy = LosesTheFirstAnswer()
    page.route("**/api/orders/", lossy)

    hold(page)
    expect(held(page)).to_be_visible()

    assert len(api.orders(customer)) == 1
    assert len(lossy.keys) == 2
    assert len(set(lossy.keys)) == 1
    assert page.evaluate("sessionStorage.getItem('picker.outbox')") == "[]"


def test_a_hold_whose_answer_was_lost_survives_a_reload(visit, api, show, seat):
    customer = api.new_customer()
    page = visit(f"#/shows/{show['id']}", customer)
    seat(page, "C", 5).click()
    lossy = LosesTheFirstAnswer()
    page.route("**/api/orders/", lossy)
    page.clock.install()  # it stands still, so nothing is sent again before the reload

    hold(page)
    expect(page.get_by_text("The cinema does not answer.").first).to_be_visible()
    page.reload()
    expect(held(page)).to_be_visible()

    assert len(api.orders(customer)) == 1
    assert len(set(lossy.keys)) == 1


def test_a_confirmation_whose_answer_was_lost_survives_a_reload(visit, api, show):
    customer = api.new_customer()
    order = api.hold(customer, show["id"], 30)
    page = visit(f"#/orders/{order['reference']}", customer)
    held(page).wait_for()
    lossy = LosesTheFirstAnswer()
    page.route("**/confirm/", lossy)
    page.clock.install()

    page.get_by_role("button", name="Confirm and book").click()
    expect(page.get_by_text("The cinema does not answer.").first).to_be_visible()
    page.goto(page.url.split("#")[0])  # wherever one comes back to, what was begun is seen through first
    page.reload()
    expect(page.get_by_role("heading", name="Your tickets")).to_be_visible()
    assert len(set(lossy.keys)) == 1


def test_offline_is_said_and_what_was_begun_goes_on_by_itself(visit, api, show, seat):
    page = visit(f"#/shows/{show['id']}", api.new_customer())
    seat(page, "C", 5).click()
    expect(page.locator(".seat[data-state='blocked']").first).to_be_visible()

    page.context.set_offline(True)
    status = page.locator(".connection").first
    expect(status).to_have_text("You are offline. Nothing is lost: we go on when the connection is back.")
    hold(page)
    expect(page.get_by_text("Asking the cinema to hold C5 for you.")).to_be_visible()
    page.context.set_offline(False)

    expect(held(page)).to_be_visible()
    expect(status).to_have_text("The connection is back.")


@pytest.mark.parametrize("code", ["busy", "outcome_unknown"])
def test_a_server_that_asks_for_patience_gets_it(visit, api, show, seat, code):
    page = visit(f"#/shows/{show['id']}", api.new_customer())
    seat(page, "C", 5).click()
    keys = []

    def busy_at_first(route):
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            route.continue_()
            return
        problem = {"status": 503, "code": code, "detail": "Later.", "retry_after": 120}
        route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(problem))

    page.route("**/api/orders/", busy_at_first)
    page.clock.install()
    hold(page)
    page.wait_for_function("JSON.parse(sessionStorage.getItem('picker.outbox')).length === 1")
    page.clock.run_for(60_000)
    assert len(keys) == 1
    page.clock.run_for(75_000)
    expect(held(page)).to_be_visible()

    assert len(keys) == 2
    assert len(set(keys)) == 1


REFUSED = "expired.access.token"


def refused_access(customer):
    """The same customer with an access token that the server no longer takes."""
    return customer | {"access": REFUSED}


def store(page, customer) -> None:
    page.evaluate("tokens => localStorage.setItem('picker.session', JSON.stringify(tokens))", customer)


def test_an_access_token_that_expired_is_renewed_in_the_middle(visit, api, show, seat):
    customer = api.new_customer()
    page = visit(f"#/shows/{show['id']}", refused_access(customer))
    seat(page, "C", 5).click()

    hold(page)
    expect(held(page)).to_be_visible()

    assert page.evaluate("JSON.parse(localStorage.getItem('picker.session')).access") != REFUSED
    assert len(api.orders(customer)) == 1


def test_tabs_renew_once_for_all(visit, api):
    customer = api.new_customer()
    page = visit("#/", customer)
    context, refreshes = page.context, []
    context.route(
        "**/token/refresh/", lambda route: refreshes.append(route)
    )  # it waits until both tabs were refused
    tabs = [page, context.new_page()]
    tabs[1].goto(page.url)
    tabs[1].locator(".film-card").first.wait_for()
    store(page, refused_access(customer))

    for tab in tabs:
        with tab.expect_response(lambda response: response.status == 401):
            tab.evaluate("location.hash = '#/orders'")
    tabs[1].wait_for_function("navigator.locks.query().then(({pending}) => pending.length === 1)")
    refreshes[0].continue_()
    for tab in tabs:
        expect(tab.get_by_role("heading", name="My tickets")).to_be_visible()

    assert len(refreshes) == 1


def test_a_tab_that_comes_second_uses_what_the_first_one_got(visit, api):
    """The refresh token of this tab is used up; what the other tab has stored is seen a moment later."""
    customer = api.new_customer()
    page = visit("#/", customer)
    page.locator(".film-card").first.wait_for()
    store(page, refused_access(customer) | {"refresh": "used.up.already"})

    def other_tab_was_quicker(route):
        answer = route.fetch()
        store(page, customer)
        route.fulfill(response=answer)

    page.route("**/token/refresh/", other_tab_was_quicker)
    page.get_by_role("link", name="My tickets").click()

    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()


def test_a_refresh_without_an_answer_is_sent_again_with_the_same_token(visit, api):
    customer = api.new_customer()
    sent = []

    def lost_at_first(route):
        sent.append(route.request.post_data_json["refresh"])
        if len(sent) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page = visit("#/", customer)
    page.locator(".film-card").first.wait_for()
    page.route("**/token/refresh/", lost_at_first)
    store(page, refused_access(customer))
    page.get_by_role("link", name="My tickets").click()

    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()
    assert sent == [customer["refresh"]] * 2


def test_who_has_to_log_in_again_goes_on_from_there(visit, api, show, seat):
    customer = api.new_customer()
    page = visit(f"#/shows/{show['id']}", refused_access(customer) | {"refresh": "expired.refresh.token"})
    seat(page, "C", 5).click()

    hold(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("User name").fill(customer["name"])
    dialog.get_by_label("Password").fill("popcorn-and-cola")
    dialog.get_by_role("button", name="Log in", exact=True).click()

    expect(held(page)).to_be_visible()


def test_who_does_not_want_to_log_in_keeps_the_choice(visit, show, seat):
    page = visit(f"#/shows/{show['id']}")
    seat(page, "C", 5).click()
    hold(page)

    page.get_by_role("dialog").get_by_role("button", name="Close").click()

    expect(page.get_by_role("alert").first).to_have_text(
        "Log in when you are ready. Nothing is lost meanwhile."
    )
    expect(seat(page, "C", 5)).to_have_attribute("aria-selected", "true")
    page.reload()
    expect(seat(page, "C", 5)).to_have_attribute("aria-selected", "true")
