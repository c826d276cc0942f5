"""The Admin's pages of orders in a browser: for everyone to use, and quick for who answers the telephone."""

import re

import pytest

from clients.tests.conftest import CLERK
from clients.tests.picker.conftest import PATIENCE
from clients.tests.picker.test_picker_pages import TAGS
from clients.tests.tools import package, sync_api

expect = sync_api().expect


@pytest.fixture(scope="module")
def staff(site, browser):
    """A page of a browser in which staff are logged in to the Admin."""
    context = browser.new_context(reduced_motion="reduce", base_url=site)
    page, mistakes = context.new_page(), []
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.on("request", lambda request: request.url.startswith(site) or mistakes.append(request.url))
    page.goto("/admin/")
    page.fill("#id_username", CLERK["DJANGO_SUPERUSER_USERNAME"])
    page.fill("#id_password", CLERK["DJANGO_SUPERUSER_PASSWORD"])
    page.press("#id_password", "Enter")
    page.get_by_label("Find an order").wait_for()
    yield page
    context.close()
    assert mistakes == []


@pytest.fixture
def order(api, show):
    return api.book(api.new_customer(), show["id"], 5, 6, 7)


def look_up(page, reference):
    page.goto("/admin/")
    page.keyboard.type(f"{reference[:5].lower()}-{reference[5:]}")  # the box has the focus
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"Order {reference}", level=1).wait_for()


def test_a_callers_seat_is_cancelled_in_three_clicks_with_the_refund_known_before(staff, api, order):
    """Beside these: a reference of ten characters, and Enter."""
    look_up(staff, order["reference"])
    seat = order["bookings"][1]

    staff.get_by_role("checkbox", name=f"Choose seat {seat['seat_label']}").click()
    staff.get_by_role("button", name="Cancel seats…").click()
    button = staff.get_by_role("button", name=re.compile("^Cancel 1 seat"))
    expect(button).to_have_text(f"Cancel 1 seat, {seat['price']} EUR goes back")
    button.click()

    expect(staff.locator(".messagelist")).to_have_text(
        f"Cancelled: {seat['seat_label']}. {seat['price']} EUR goes back."
    )


def test_another_share_is_told_while_it_is_typed_and_what_is_missing_at_its_field(staff, order):
    look_up(staff, order["reference"])
    staff.get_by_role("button", name="Cancel seats…").click()
    staff.get_by_text("Give back another share").click()
    staff.get_by_label("Share in %").fill("33")

    prices = [float(seat["price"]) for seat in order["bookings"]]
    told = f"{sum(int(price * 33 + 0.5) for price in prices) / 100:.2f} EUR goes back"
    button = staff.get_by_role("button", name=re.compile("^Cancel 3 seats"))
    expect(button).to_have_text(f"Cancel 3 seats, {told}")
    button.click()
    expect(staff.get_by_role("alert")).to_be_focused()
    expect(staff.get_by_label("Share in %")).to_have_value("33")
    staff.get_by_label("Reason").fill("The sound failed")
    button.click()

    expect(staff.locator(".messagelist")).to_contain_text(told)


def test_seats_are_exchanged_by_keyboard(staff, order):
    """The picture is one stop of the Tab key, and arrows walk its seats."""
    look_up(staff, order["reference"])
    staff.get_by_role("button", name="Exchange seats…").click()
    own = staff.locator(".status-own input")
    expect(own).to_have_count(3)
    staff.locator(".choose-seats input[tabindex='0']").focus()
    start = staff.locator(":focus").get_attribute("value")
    staff.keyboard.press("ArrowRight")
    assert staff.locator(":focus").get_attribute("value") != start
    staff.keyboard.press("ArrowDown")
    for _ in range(2):
        staff.keyboard.press("Space")
        staff.keyboard.press("ArrowRight")
    staff.keyboard.press("Space")
    expect(staff.locator(".chosen-count")).to_have_text("3 of 3 chosen.")
    staff.keyboard.press("Tab")

    assert staff.locator(".choose-seats :focus").count() == 0


def states(page, api, show, order):
    """Each page, and each state of it, by name."""
    look_up(page, order["reference"])
    yield "order"
    at_order = page.url
    page.get_by_role("button", name="Cancel seats…").click()
    page.locator(".sum").wait_for()
    yield "cancel"
    page.get_by_text("Give back another share").click()
    page.get_by_label("Share in %").fill("50")
    page.get_by_role("button", name=re.compile("^Cancel 3")).click()
    page.get_by_role("alert").wait_for()
    yield "a refusal"
    page.goto(at_order)
    page.get_by_role("button", name="Exchange seats…").click()
    page.get_by_role("button", name="Choose the best available").click()
    page.locator(".order-plan").wait_for()
    yield "exchange"
    page.goto(at_order)
    page.get_by_role("button", name="To another show…").click()
    page.locator(".choose-show a").first.wait_for()
    yield "shows"
    hold = api.hold(api.new_customer(), show["id"], 15)
    look_up(page, hold["reference"])
    page.get_by_label("Hold until").fill("2026-01-01T10:00")
    page.get_by_role("button", name="Set").click()
    page.get_by_role("alert").wait_for()
    yield "a hold that is refused"
    page.goto("/admin/")
    yield "index"
    page.goto("/admin/bookings/order/?q=ada")
    yield "list"
    for name in ("people/", "people/?by=name", "cancel/"):
        page.goto(f"/admin/movies/show/{show['id']}/{name}")
        yield name


def test_everyone_can_use_the_pages_and_they_fit(staff, api, show, order):
    package("axe_playwright_python")
    from axe_playwright_python.sync_playwright import Axe

    found = []
    for state in states(staff, api, show, order):
        staff.evaluate(Axe().axe_script)
        # What another width and other colours may change is looked at there once more.
        for width, scheme, only in ((1280, "light", TAGS), (390, "dark", ["color-contrast", "target-size"])):
            staff.set_viewport_size({"width": width, "height": 844})
            staff.emulate_media(color_scheme=scheme)
            # The Admin's links change their colours slowly.
            staff.evaluate("() => Promise.all(document.getAnimations().map((each) => each.finished))")
            rules = staff.evaluate(
                "only => axe.run({runOnly: only, resultTypes: ['violations']}).then(each => each.violations)",
                only,
            )
            found += [
                (state, width, rule["id"], node["html"])
                for rule in rules
                if rule["impact"] in ("serious", "critical")
                for node in rule["nodes"]
            ]
            if staff.evaluate("document.documentElement.scrollWidth") > width:
                found.append((state, width, "scrolls sideways", ""))
            boxes = staff.locator("main input[type=search]:not(#nav-filter)")
            if min(boxes.evaluate_all("all => all.map(each => each.offsetWidth)"), default=999) < 200:
                found.append((state, width, "too small a box to read what is typed", ""))
    assert found == []
