"""Two people want the same seat."""

from clients.tests.tools import sync_api

expect = sync_api().expect


def choose(page, seat, *places) -> None:
    for row, number in places:
        seat(page, row, number).click()


def test_the_second_is_told_keeps_the_rest_and_is_offered_others(visit, api, show, seat):
    quick, slow = api.new_customer(), api.new_customer()
    first, second = (visit(f"#/shows/{show['id']}", customer) for customer in (quick, slow))
    choose(first, seat, ("C", 5))
    choose(second, seat, ("C", 5), ("C", 6))
    # The second one does not look at the map meanwhile, so it is the API that refuses.
    second.route("**/availability/*", lambda route: route.abort())

    first.get_by_role("button", name="Hold these seats").click()
    expect(first.get_by_role("heading", name="Held for you")).to_be_visible()
    second.get_by_role("button", name="Hold these seats").click()

    alert = second.get_by_role("alert")
    expect(alert).to_contain_text("Somebody was quicker: C5 is taken. You still have C6.")
    expect(seat(second, "C", 5)).to_have_accessible_name(
        f"Row C seat 5, standard, {show['price']} euros, just taken by somebody else"
    )
    expect(seat(second, "C", 6)).to_have_attribute("aria-selected", "true")
    second.unroute("**/availability/*")
    alert.get_by_role("button", name="Take C6 and C7 instead").click()
    expect(second.get_by_role("button", name="Hold these seats")).to_be_focused()
    second.keyboard.press("Enter")
    expect(second.get_by_role("heading", name="Held for you")).to_be_visible()

    seats = [
        [b["seat_label"] for o in api.orders(customer) for b in o["bookings"]] for customer in (quick, slow)
    ]
    assert seats == [["C5"], ["C6", "C7"]]


def test_a_chosen_seat_that_somebody_takes_is_told_without_asking(visit, api, show, seat):
    page = visit()
    page.clock.install()
    page.goto(page.url.replace("#/", f"#/shows/{show['id']}"))
    choose(page, seat, ("C", 6), ("C", 7))

    api.book(api.new_customer(), show["id"], seat(page, "C", 7).evaluate("seat => Number(seat.dataset.seat)"))
    page.clock.fast_forward(6000)

    expect(page.get_by_role("alert")).to_contain_text("Somebody was quicker: C7 is taken. You still have C6.")
    expect(page.locator(".total")).to_contain_text("1 seat")


def test_the_map_asks_only_for_what_is_new_and_only_while_it_is_seen(visit, show):
    page = visit()
    page.clock.install()
    with page.expect_response("**/availability/*") as first:
        page.goto(page.url.replace("#/", f"#/shows/{show['id']}"))
    page.locator(".seat[data-state]").first.wait_for()
    with page.expect_response("**/availability/*") as second:
        page.clock.fast_forward(6000)

    assert (first.value.status, second.value.status) == (200, 304)
    assert second.value.request.headers["if-none-match"] == first.value.headers["etag"]

    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    for _ in range(3):
        page.clock.run_for(6000)
    assert asked == []
    with page.expect_response("**/availability/*"):
        page.evaluate(
            "delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))",
        )


def test_half_a_sofa_that_is_taken_takes_the_other_half_along(visit, api, show, seat):
    page = visit()
    page.clock.install()
    page.goto(page.url.replace("#/", f"#/shows/{show['id']}"))
    choose(page, seat, ("M", 3))
    taken = [seat(page, "M", n).evaluate("seat => Number(seat.dataset.seat)") for n in (3, 4)]
    api.book(api.new_customer(), show["id"], *taken)
    page.clock.fast_forward(6000)

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("M3 and M4 are taken.")
    alert.get_by_role("button", name="Take M5 and M6 instead").click()
    expect(seat(page, "M", 6)).to_have_attribute("aria-selected", "true")


def test_more_seats_than_an_order_may_have_are_not_chosen(visit, api, show, seat):
    most = api("GET", "limits/")["max_seats_per_order"]
    page = visit(f"#/shows/{show['id']}")

    choose(page, seat, *(("D", number) for number in range(1, most + 2)))

    expect(page.get_by_role("alert")).to_have_text(f"At most {most} seats an order.")
    expect(page.locator(".chosen li")).to_have_count(most)


def test_seats_of_ones_own_are_not_somebody_elses(visit, api, show, seat):
    customer = api.new_customer()
    page = visit(f"#/shows/{show['id']}", customer)
    choose(page, seat, ("C", 5), ("C", 6))
    page.route("**/availability/*", lambda route: route.abort())
    number = seat(page, "C", 5).evaluate("seat => Number(seat.dataset.seat)")
    reference = api.hold(customer, show["id"], number)["reference"]

    page.get_by_role("button", name="Hold these seats").click()

    expect(page.get_by_role("alert")).to_contain_text("You have C5 already.")
    expect(page.locator(".chosen li")).to_have_count(1)
    page.unroute("**/availability/*")
    page.get_by_role("link", name="See the order").click()
    expect(page.get_by_text(reference)).to_be_visible()


def test_what_would_leave_a_seat_alone_comes_with_a_way_out(visit, api, show, seat):
    page = visit(f"#/shows/{show['id']}", api.new_customer())
    choose(page, seat, ("C", 6))
    number = seat(page, "C", 6).evaluate("seat => Number(seat.dataset.seat)")
    problem = {
        "status": 409,
        "code": "leaves_single_seat",
        "detail": "…",
        "seats": [{"seat_number": number - 1, "reason": "left_single"}],
        "instead": [[number - 1], [number + 1]],
    }
    page.route("**/api/orders/", lambda route: route.fulfill(status=409, json=problem))

    page.get_by_role("button", name="Hold these seats").click()

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("This would leave C5 free on its own")
    alert.get_by_role("button", name="Take C7 instead").click()
    expect(seat(page, "C", 7)).to_have_attribute("aria-selected", "true")
    expect(seat(page, "C", 6)).to_have_attribute("aria-selected", "false")
