"""Each view, in both colour schemes and on a screen and a phone: for everyone, and within its width."""

import re

import pytest
from django.conf import settings

from clients.tests.tools import package, sync_api

expect = sync_api().expect

SETTINGS = [(width, scheme) for width in (1280, 390) for scheme in ("dark", "light")]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def films(visit, api, show):
    page = visit()
    page.locator(".film-card").first.wait_for()
    return page


def film(visit, api, show):
    page = visit(f"#/films/{show['movie']}")
    page.locator(".show").first.wait_for()
    return page


def seats(visit, api, show):
    api.hold(api.new_customer(), show["id"], 40)
    api.book(api.new_customer(), show["id"], 44)
    page = visit(f"#/shows/{show['id']}")
    page.locator(".seat[data-state='held']").first.wait_for()
    return page


def chosen_seats_and_a_refusal(visit, api, show):
    page = visit(f"#/shows/{show['id']}", api.new_customer())
    for seat in (1, 2, 14):
        page.locator(f".seats [data-seat='{seat}']").click()
    api.hold(api.new_customer(), show["id"], 14)
    page.route("**/availability/*", lambda route: route.abort())
    page.get_by_role("button", name="Hold these seats").click()
    page.get_by_role("alert").get_by_role("button").first.wait_for()
    page.unroute("**/availability/*")
    return page


def signing_up(visit, api, show):
    page = films(visit, api, show)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="New here? Sign up").click()
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(page.locator("[aria-invalid]")).to_have_count(3)
    return page


def logging_in(visit, api, show):
    page = films(visit, api, show)
    page.get_by_role("button", name="Log in").click()
    return page


def a_hold(visit, api, show):
    customer = api.new_customer()
    page = visit(f"#/orders/{api.hold(customer, show['id'], 20)['reference']}", customer)
    page.get_by_role("timer").wait_for()
    return page


def films_and_a_hold(visit, api, show):
    page = a_hold(visit, api, show)
    page.get_by_role("link", name="Films", exact=True).click()
    page.locator(".held-bar a").wait_for()
    return page


def a_ticket_and_its_quote(visit, api, show):
    customer = api.new_customer()
    page = visit(f"#/orders/{api.book(customer, show['id'], 21)['reference']}", customer)
    page.get_by_role("button", name="Give the tickets back").click()
    page.get_by_role("button", name="Keep the tickets").wait_for()
    return page


def a_ticket_given_back(visit, api, show):
    page = a_ticket_and_its_quote(visit, api, show)
    page.get_by_role("button", name="Give back for").click()
    page.get_by_role("heading", name="Given back").wait_for()
    return page


def orders(visit, api, show):
    customer = api.new_customer()
    api.book(customer, show["id"], 22, 23)
    api.hold(customer, show["id"], 24)
    page = visit("#/orders", customer)
    page.locator(".order-card").first.wait_for()
    page.locator(".held-bar a").wait_for()  # it moves all else down, also below a look at the colours
    return page


def nothing_here(visit, api, show):
    page = visit("#/nowhere")
    page.get_by_role("alert").wait_for()
    return page


def no_connection(visit, api, show):
    page = films(visit, api, show)
    page.context.set_offline(True)
    page.get_by_text("You are offline.").first.wait_for()
    return page


VIEWS = [
    films, film, seats, chosen_seats_and_a_refusal, signing_up, logging_in, a_hold, films_and_a_hold,
    a_ticket_and_its_quote, a_ticket_given_back, orders, nothing_here, no_connection,
]  # fmt: skip


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_everyone_can_use_it_and_it_fits(visit, api, show, view):
    package("axe_playwright_python")
    from axe_playwright_python.sync_playwright import Axe

    page = view(visit, api, show)
    page.evaluate(Axe().axe_script)
    for width, scheme in SETTINGS:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 844})
        violations = page.evaluate(
            "tags => axe.run({runOnly: tags}).then(({violations}) => violations)", TAGS
        )
        found = [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in violations]
        assert found == [], (width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (width, scheme)


def luminance(colour):
    """Of a colour such as #b8412a: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_whatever_the_film_its_tickets_can_be_read():
    """Which tone a film has follows from its title, so the pages above show one or two of them."""
    css = (settings.BASE_DIR / "clients" / "picker" / "films.css").read_text("utf-8")
    tones = re.findall(r"\.tone-\d \{\s*--ground: (#\w{6});\s*--print: (#\w{6});", css)

    assert len(tones) == 8
    for ground, text in tones:
        darker, lighter = sorted((luminance(ground), luminance(text)))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (ground, text)


def test_a_poster_that_is_not_there_is_drawn(visit, site):
    page = visit("#/nowhere")

    def with_posters(route):
        body = route.fetch().json()
        for film in body["results"]:
            film["poster_url"] = f"{site}/picker/no-such-poster.jpg"
        route.fulfill(json=body)

    page.route("**/api/movies/?*", with_posters)
    page.get_by_role("link", name="Films", exact=True).click()

    cards = page.get_by_role("main").get_by_role("listitem")
    expect(cards.first).to_be_visible()
    expect(page.locator("main svg.poster")).to_have_count(cards.count())
    expect(page.locator("main img")).to_have_count(0)


@pytest.mark.parametrize("view", [films, film, seats, a_hold, films_and_a_hold, orders])
def test_a_title_without_a_blank_fits_too_and_is_text(visit, api, show, view):
    page = view(visit, api, show)
    title = "<img/src=x>" + "Rindfleischetikettierung" * 4

    def with_such_a_title(route):
        body = route.fetch(headers=route.request.headers).text()
        route.fulfill(body=body.replace(show["movie_title"], title), content_type="application/json")

    page.route("**/api/**", with_such_a_title)
    page.set_viewport_size({"width": 320, "height": 844})
    page.reload()
    page.get_by_text(title).first.wait_for()

    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_whatever_is_pressed_is_large_enough(visit, api, show):
    page = chosen_seats_and_a_refusal(visit, api, show)
    page.set_viewport_size({"width": 390, "height": 844})

    small = page.evaluate(
        """[...document.querySelectorAll("button, a")]
            .filter((each) => each.checkVisibility() && !each.closest(".skip"))
            .filter((each) => Math.min(each.offsetWidth, each.offsetHeight) < 24)
            .map((each) => each.outerHTML)"""
    )

    assert small == []
