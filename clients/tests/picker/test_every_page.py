"""Every page of ours in a browser: it asks no other host for anything, and none of it breaks its policy."""

from urllib.parse import urlsplit

import pytest

from clients.tests.conftest import CLERK
from clients.tests.picker.conftest import PATIENCE
from clients.tests.tools import sync_api

expect = sync_api().expect

LINKS = "elements => elements.map(element => element.href)"


@pytest.fixture(scope="module")
def noted():
    """What the browser had to say: requests to other hosts, and errors and warnings in its console."""
    return []


@pytest.fixture(scope="module")
def staff(site, browser, noted):
    """A page of a browser in which staff are logged in at the Admin."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)

    def listen(message):
        if message.type in ("error", "warning") and "ReDoc Compatibility mode" not in message.text:
            noted.append(f"{page.url}: {message.text}")

    def look_out(request):
        if urlsplit(request.url).scheme in ("http", "https") and urlsplit(request.url).netloc not in site:
            noted.append(f"{page.url} asked for {request.url}")

    page.on("console", listen)
    page.on("pageerror", lambda error: noted.append(f"{page.url}: {error}"))
    page.on("request", look_out)
    page.goto(f"{site}/admin/")
    page.locator("[name=username]").fill(CLERK["DJANGO_SUPERUSER_USERNAME"])
    page.locator("[name=password]").fill(CLERK["DJANGO_SUPERUSER_PASSWORD"])
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#user-tools")).to_be_visible()
    yield page
    context.close()


@pytest.fixture(autouse=True)
def nothing_is_noted(noted):
    yield
    assert noted == []


def links(page, selector):
    """The addresses of the Admin to which these lead, without those that do something."""
    found = page.locator(selector).evaluate_all(LINKS)
    return [link.partition("#")[0] for link in found if "/admin/" in link and "logout" not in link]


def test_every_page_of_the_admin_opens_without_a_word_in_the_console(staff, site):
    """Lists, forms to add and to change, and whatever their tools lead to: seats, move, cancel, schedule."""
    staff.goto(f"{site}/admin/")
    lists = links(staff, "th[scope=row] a")
    waiting, seen = [*lists, *links(staff, "a.addlink")], {f"{site}/admin/"}
    while waiting:
        address = waiting.pop()
        page = address.partition("?")[0]
        if page in seen:
            continue
        seen.add(page)
        opened = staff.goto(address, wait_until="load")
        assert opened.status == 200, address
        waiting += links(staff, ".object-tools a, .object-tools-block a")
        if page in lists:
            waiting += links(staff, "#result_list tbody tr:first-child th a")[:1]

    paths = {urlsplit(address).path for address in seen}
    for page in ("seats/", "move/", "cancel/", "schedule/", "change/", "add/", "history/"):
        assert any(path.endswith(page) for path in paths), page


def test_what_scripts_do_in_the_admin_still_works(staff, site):
    staff.goto(f"{site}/admin/movies/show/add/")
    staff.locator(".field-movie .select2-selection").click()
    staff.locator(".select2-search__field").fill("a")
    expect(staff.locator(".select2-results__option").first).to_be_visible()
    before = staff.locator("html").get_attribute("data-theme")
    staff.locator("#header .theme-toggle").click()
    expect(staff.locator("html")).not_to_have_attribute("data-theme", before)

    staff.goto(f"{site}/admin/movies/screen/add/")
    staff.locator("#id_seat_plan").fill("A ooo")
    expect(staff.locator("#seat-plan-preview .seat")).to_have_count(3)
    expect(staff.locator("#seat-plan-preview .seat").nth(1)).to_have_text("2")


def test_a_changed_form_outdates_the_preview_of_a_week(staff, site):
    staff.goto(f"{site}/admin/movies/show/schedule/")
    staff.locator(".field-movie .select2-selection").click()
    staff.locator(".select2-results__option").first.click()
    staff.locator("#id_screens input").first.check()
    staff.locator("#id_times").fill("09:00")
    staff.get_by_role("button", name="Preview").click()
    submit = staff.locator(".schedule-submit [type=submit]")
    expect(staff.locator("#preview")).not_to_have_class("outdated")

    staff.locator("#id_times").fill("10:00")

    expect(staff.locator("#preview")).to_have_class("outdated")
    for button in submit.all():
        expect(button).to_be_disabled()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("swagger/", "#operations-Accounts-getAccount"),
        ("redoc/", "img[alt='redocly logo']"),
        ("picker/", ".films"),
        ("picker/#/orders", "dialog h2"),
    ],
)
def test_the_other_pages_draw_themselves(staff, site, path, shown):
    def shorten(route):
        """ReDoc takes seconds to draw the whole document, and draws one path as it draws any."""
        document = route.fetch().json()
        document["paths"] = {"/api/me/": document["paths"]["/api/me/"]}
        route.fulfill(json=document)

    staff.route("**/swagger.json", shorten)
    staff.goto(f"{site}/{path}")

    expect(staff.locator(shown).first).to_be_visible()
