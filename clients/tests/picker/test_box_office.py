"""The box office in the Admin: selling to a walk-in guest by mouse, by keys, on a phone, without a script."""

import re
from datetime import datetime, timedelta, timezone
from itertools import cycle

import pytest

from clients.tests.conftest import CLERK
from clients.tests.picker.conftest import PATIENCE
from clients.tests.picker.test_picker_pages import TAGS
from clients.tests.tools import package, sync_api

expect = sync_api().expect
REFERENCE = re.compile(r"^[0-9A-Z]{5}-[0-9A-Z]{5}$")


class Effort:
    """What it takes: clicks and keystrokes, as the page sees them."""

    SCRIPT = """
        addEventListener("click", (event) => event.isTrusted && event.detail && window.count(), true);
        addEventListener("keydown", () => window.count(), true);
    """

    def __init__(self, context):
        self.steps = 0
        context.expose_function("count", self.step)
        context.add_init_script(self.SCRIPT)

    def step(self):
        self.steps += 1


@pytest.fixture(scope="module")
def shows(api):
    """Shows of a small screen with every kind of seat."""
    soon = datetime.now(timezone.utc) + timedelta(days=3)
    found = api("GET", f"shows/?screen=3&starts_after={soon:%Y-%m-%dT%H:%M:%SZ}&page_size=100")
    return cycle(found["results"])


@pytest.fixture(scope="module")
def logged_in(site, browser):
    """What a browser keeps of a clerk who has logged in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site}/admin/login/")
    page.fill("#id_username", CLERK["DJANGO_SUPERUSER_USERNAME"])
    page.fill("#id_password", CLERK["DJANGO_SUPERUSER_PASSWORD"])
    page.click("[type=submit]")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def open_seats(site, browser, logged_in, show):
    """Open the seats of the show in a browser of its own. It makes no mistakes, and asks no one else."""
    contexts, mistakes = [], []

    def open_page(path=f"movies/show/{show['id']}/seats/", **options):
        context = browser.new_context(storage_state=logged_in, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on("request", lambda request: request.url.startswith(site) or mistakes.append(request.url))
        page.effort = Effort(context)
        page.goto(f"{site}/admin/{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert mistakes == []


def seat(page, label):
    return page.get_by_role("checkbox", name=re.compile(f"^{label}, "))


def sell(page):
    page.get_by_role("button", name="Sell", exact=True).click()


def sold(page):
    receipt = page.locator(".receipt")
    expect(receipt.locator(".reference")).to_have_text(REFERENCE)
    return receipt


@pytest.mark.parametrize("width", [1280, 390])
def test_two_seats_to_a_walk_in_from_the_first_page_in_three_clicks(open_seats, width):
    options = {"viewport": {"width": width, "height": 844}, "has_touch": width == 390}
    page = open_seats("", **options)
    todays = page.locator(".shows-today a[href$='/seats/']")
    if todays.count():
        todays.last.click()
    else:  # shortly before midnight
        page = open_seats(**options)
        page.effort.step()
    page.get_by_role("button", name="Choose the best 2").click()
    expect(page.locator("#total")).to_contain_text("2 seats")
    sell(page)

    expect(sold(page)).to_contain_text("Sold: ")
    assert page.effort.steps == 3
    expect(page.locator("#seat-map input:focus")).to_have_count(1)  # ready for the next guest


@pytest.mark.parametrize("width", [1280, 390])
def test_seats_are_chosen_on_the_picture_and_their_total_is_seen_at_once(open_seats, width):
    page = open_seats(viewport={"width": width, "height": 844})
    for label in ("B1", "B2"):
        seat(page, label).click()
    expect(page.locator("#total")).to_contain_text("2 seats")
    expect(page.locator("#chosen li")).to_have_text(
        [re.compile("^B1 *standard"), re.compile("^B2 *standard")]
    )
    sell(page)

    expect(sold(page)).to_contain_text("Sold: B1-B2")
    assert page.effort.steps == 3
    expect(seat(page, "B1")).to_have_accessible_name(re.compile(r"B1, standard, .* EUR, booked, Walk-in, "))


def test_by_keyboard_the_map_is_one_stop_and_arrows_walk_the_seats(open_seats):
    page = open_seats()
    assert page.locator("#seat-map input[tabindex='0']").count() == 1
    page.locator("#seat-map input[tabindex='0']").focus()
    keys = page.keyboard
    keys.type("c1")
    expect(seat(page, "C1")).to_be_focused()
    for key, label in [
        ("End", "C8"), ("ArrowDown", "D8"), ("ArrowLeft", "D7"), ("Home", "D1"), ("ArrowUp", "C1"),
        ("ArrowUp", "B1"), ("Control+Home", "A1"), ("ArrowLeft", "A1"), ("Control+End", "F10"),
        ("ArrowUp", "E8"), ("ArrowLeft", "E7"), ("ArrowLeft", "E6"), ("ArrowLeft", "E5"), ("ArrowDown", "F7"),
    ]:  # fmt: skip
        keys.press(key)
        expect(seat(page, label)).to_be_focused()
    keys.type("c1")
    keys.press("Space")
    keys.press("Shift+ArrowRight")
    keys.press("ArrowRight")
    keys.press("Enter")
    keys.press("Enter")
    expect(page.locator("#chosen b")).to_have_text(["C1", "C2"])
    keys.press("Control+Enter")

    expect(sold(page)).to_contain_text("Sold: C1-C2")


def test_of_a_sofa_both_halves_are_chosen(open_seats):
    page = open_seats()

    seat(page, "F1").click()
    expect(page.locator("#chosen b")).to_have_text(["F1", "F2"])
    page.get_by_role("button", name="Leave out F2").click()
    expect(page.locator("#chosen b")).to_have_count(0)


def test_a_seat_that_is_sold_online_is_seen_at_once_and_the_others_stay_chosen(open_seats, api, show):
    page = open_seats()
    for label in ("B1", "B2", "B3"):
        seat(page, label).click()
    page.get_by_text("Customer (optional)").click()
    page.get_by_label("Name").fill("Ada Lovelace")
    number = int(seat(page, "B2").get_attribute("value"))

    api.book(api.new_customer(), show["id"], number)

    expect(page.get_by_role("alert")).to_contain_text("Taken by somebody else just now: B2.")
    expect(page.locator("#chosen b")).to_have_text(["B1", "B3"])
    expect(seat(page, "B2")).to_have_accessible_name(re.compile(", booked, visitor"))
    # Whoever presses at that moment means three seats: asked once more.
    sell(page)
    expect(page.get_by_role("alert")).to_be_focused()
    sell(page)
    expect(sold(page)).to_contain_text("Sold: B1, B3")
    expect(seat(page, "B1")).to_have_accessible_name(re.compile(", booked, Ada Lovelace, .*, sold by clerk$"))


def test_a_group_is_held_and_bookings_are_cancelled_once_the_question_was_answered(open_seats):
    page = open_seats()
    page.get_by_label("How many together").fill("12")
    page.keyboard.press("Enter")
    expect(page.locator("#total")).to_contain_text("12 seats")
    page.get_by_text("Hold until…").click()
    page.locator(".times button").first.click()
    expect(sold(page)).to_contain_text("Held until ")

    held = page.locator(".status-held input")
    held.first.click()
    expect(page.locator("#taken")).to_contain_text("held: Walk-in, ")
    page.get_by_role("button", name="Cancel bookings…").click()
    page.get_by_role("button", name="Keep the booking").click()
    expect(page.locator(".status-held input:checked")).to_have_count(1)
    page.get_by_role("button", name="Cancel bookings…").click()
    page.get_by_role("button", name="Cancel 1 booking, give back 0.00 EUR").click()
    expect(page.locator(".messagelist")).to_contain_text("Cancelled: 1.")
    expect(held).to_have_count(11)


def test_without_a_script_it_works_too(open_seats, api, show):
    page = open_seats(java_script_enabled=False)
    page.get_by_role("button", name="Choose the best 2").click()
    expect(page.locator("#total")).to_contain_text("2 seats")
    first = page.locator("#seat-map input:checked").first
    api.book(api.new_customer(), show["id"], int(first.get_attribute("value")))
    sell(page)
    expect(page.get_by_role("alert")).to_contain_text("Seat already booked.")
    expect(page.locator("#seat-map input:checked")).to_have_count(1)
    sell(page)

    expect(sold(page)).to_contain_text("Sold: ")


def question(page):
    sell_two(page)
    page.get_by_role("button", name="Cancel bookings…").click()
    page.locator(".box-office-question").wait_for()


def sell_two(page):
    page.get_by_role("button", name="Choose the best 2").click()
    expect(page.locator("#total")).to_contain_text("2 seats")
    sell(page)
    sold(page)
    seat(page, "A1").click()
    page.locator(".status-booked input").first.click()


def refused(page):
    page.get_by_text("Customer (optional)").click()
    page.get_by_text("Hold until…").click()
    page.get_by_label("Telephone").fill("call me")
    seat(page, "A1").click()
    sell(page)
    page.get_by_role("alert").wait_for()


@pytest.mark.parametrize("view", [sell_two, refused, question], ids=lambda view: view.__name__)
def test_everyone_can_use_it_and_it_fits(open_seats, view):
    package("axe_playwright_python")
    from axe_playwright_python.sync_playwright import Axe

    page = open_seats(bypass_csp=True)  # for the style below
    view(page)
    page.evaluate(Axe().axe_script)
    page.add_style_tag(content="* { transition: none !important; }")  # to the colours of the other scheme
    for width, scheme in ((1280, "dark"), (390, "light")):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 844})
        violations = page.evaluate(
            "tags => axe.run('#content', {runOnly: tags}).then(({violations}) => violations)", TAGS
        )
        found = [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in violations]
        assert found == [], (width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (width, scheme)
        small = page.evaluate(
            "[...document.querySelectorAll('#seat-map .seat, .box-office .button')]"
            ".filter((each) => each.checkVisibility() && each.offsetHeight < 40)"
            ".map((each) => each.outerHTML)"
        )
        assert width > 390 or small == []
