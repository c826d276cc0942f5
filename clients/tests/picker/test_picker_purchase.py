"""From the first look to the ticket."""

import re

from clients.tests.picker.conftest import PASSWORD
from clients.tests.tools import sync_api

expect = sync_api().expect


def test_a_newcomer_buys_two_seats(visit, api, show, seat):
    page = visit()
    expect(page).to_have_title("Now showing – Movie booking")

    page.get_by_role("link", name=show["movie_title"]).click()
    page.get_by_role("heading", level=1, name=show["movie_title"]).wait_for()
    page.locator(f".day[href$='{show['starts_at'][:10]}']").click()
    page.locator(f".show[href='#/shows/{show['id']}']").click()
    seat(page, "C", 5).click()
    seat(page, "C", 6).click()
    expect(page.locator(".total")).to_have_text(f"2 seats€{2 * float(show['price']):.2f}")
    page.get_by_role("button", name="Hold these seats").click()

    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="New here? Sign up").click()
    dialog.get_by_label("User name").fill("newcomer")
    dialog.get_by_label("E-mail").fill("newcomer@example.com")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign up", exact=True).click()

    expect(page.get_by_role("heading", name="Held for you")).to_be_focused()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"9:\d\d|10:00"))
    page.get_by_role("button", name="Confirm and book").click()
    expect(page.get_by_role("heading", name="Your tickets")).to_be_focused()
    expect(page).to_have_title(f"Your tickets: {show['movie_title']} – Movie booking")

    [order] = api.orders(api.log_in("newcomer"))
    assert (order["status"], [b["seat_label"] for b in order["bookings"]]) == ("BOOKED", ["C5", "C6"])
    expect(page.get_by_text(order["reference"])).to_be_visible()
    page.get_by_role("link", name="My tickets", exact=True).click()
    expect(page.get_by_role("link", name=show["movie_title"])).to_contain_text("Booked")


def tab_to(page, target) -> None:
    """Press Tab until it has the focus."""
    for _ in range(60):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("The Tab key does not come there.")


def test_the_keyboard_is_enough(visit, api, show, seat):
    customer = api.new_customer()
    page = visit(f"#/films/{show['movie']}/{show['starts_at'][:10]}", customer)
    link = page.locator(f".show[href='#/shows/{show['id']}']")
    link.wait_for()
    tab_to(page, link)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()

    stops = page.locator(".seats [tabindex='0']")
    expect(stops).to_have_count(1)
    tab_to(page, stops)
    for key, focused in [
        ("Control+Home", ("A", 1)),
        ("ArrowRight", ("A", 2)),
        ("ArrowRight", ("A", 3)),  # across the aisle
        ("ArrowDown", ("B", 4)),  # the seat behind, whatever its number
        ("ArrowDown", ("C", 5)),
        ("End", ("C", 16)),
        ("Home", ("C", 1)),
        ("ArrowUp", ("B", 1)),
        ("Control+End", ("M", 10)),
        ("ArrowUp", ("L", 16)),
        ("Home", ("L", 1)),
    ]:
        page.keyboard.press(key)
        expect(seat(page, *focused)).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    for number in (1, 2):
        expect(seat(page, "L", number)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#announcements")).to_contain_text("L2 chosen. 2 seats,")

    tab_to(page, page.get_by_role("button", name="Give up L2"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your seats")).to_be_focused()
    tab_to(page, page.get_by_role("button", name="Hold these seats"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Held for you")).to_be_focused()
    tab_to(page, page.get_by_role("button", name="Confirm and book"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your tickets")).to_be_focused()

    [order] = api.orders(customer)
    assert (order["status"], [b["seat_label"] for b in order["bookings"]]) == ("BOOKED", ["L1"])


def test_the_best_seats_are_found_for_a_party(visit, api, show):
    customer = api.new_customer()
    page = visit(f"#/shows/{show['id']}", customer)

    page.get_by_role("button", name="One more").click()
    page.get_by_role("button", name="Find the best seats").click()
    page.get_by_role("heading", name="Held for you").wait_for()

    [order] = api.orders(customer)
    assert len(order["bookings"]) == 3


def test_seats_say_what_they_are(visit, show, seat):
    page = visit(f"#/shows/{show['id']}")
    prices = show["prices"]

    for row, number, words in [
        ("A", 1, f"wheelchair space, {prices['wheelchair']} euros, free"),
        ("A", 2, f"companion seat, {prices['companion']} euros, free"),
        ("C", 5, f"standard, {prices['standard']} euros, free"),
        ("K", 5, f"premium, {prices['premium']} euros, free"),
        ("M", 1, f"sofa, {prices['sofa']} euros, free"),
        ("M", 10, f"sofa, {prices['sofa']} euros, not for sale"),
    ]:
        expect(seat(page, row, number)).to_have_accessible_name(f"Row {row} seat {number}, {words}")


def test_a_sofa_is_chosen_and_given_up_as_a_whole(visit, show, seat):
    page = visit(f"#/shows/{show['id']}")

    seat(page, "M", 2).click()
    expect(seat(page, "M", 1)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".total")).to_have_text(f"2 seats€{2 * float(show['prices']['sofa']):.2f}")
    seat(page, "M", 1).click()
    expect(seat(page, "M", 2)).to_have_attribute("aria-selected", "false")


def test_a_rule_of_the_house_is_said_in_words_and_keeps_the_choice(visit, api, show, seat):
    page = visit(f"#/shows/{show['id']}", api.new_customer())

    seat(page, "A", 2).click()
    page.get_by_role("button", name="Hold these seats").click()

    expect(page.get_by_role("alert")).to_have_text(
        "A2 is for the companion of somebody in a wheelchair space: please choose one of these too."
    )
    seat(page, "A", 1).click()
    page.get_by_role("button", name="Hold these seats").click()
    expect(page.get_by_role("heading", name="Held for you")).to_be_visible()


def test_addresses_lead_back_and_forth(visit, show, seat):
    page = visit(f"#/shows/{show['id']}")
    seat(page, "C", 5).click()

    page.get_by_role("link", name="All times").click()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page).to_have_title(f"{show['movie_title']} – Movie booking")
    page.go_back()

    expect(page).to_have_title(re.compile(f"{re.escape(show['movie_title'])}, .* – Movie booking"))
    expect(seat(page, "C", 5)).to_have_attribute("aria-selected", "true")


def test_times_are_those_of_the_cinema(visit, api):
    [there] = [c for c in api("GET", "cinemas/")["results"] if c["time_zone"] == "America/New_York"]
    show = api("GET", f"shows/?cinema={there['id']}&upcoming=true")["results"][-1]

    page = visit(f"#/shows/{show['id']}", timezone_id="Asia/Tokyo")

    expect(page.locator(".show-header .facts")).to_contain_text(re.compile("GMT-[45]"))


def test_an_address_that_leads_nowhere_says_so(visit):
    page = visit("#/shows/999999")
    expect(page.get_by_role("heading", name="This is not here")).to_be_visible()
    page.get_by_role("link", name="See what is on").click()
    expect(page.get_by_role("heading", name="Now showing")).to_be_visible()
