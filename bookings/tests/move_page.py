"""The Admin's page on which a show is moved, as staff work on it in tests."""

from django.urls import reverse

from accounts.tests.factories import make_staff
from bookings.tests.moves import REASON
from movie_booking.tests.pages import inputs_of
from movies.tests.factories import browser_for

RIGHTS = ("move_show", "view_show", "view_booking", "view_order")


def mover(*more):
    """The browser of staff who may move shows."""
    return browser_for(make_staff(*RIGHTS, *more))


def address(show):
    return reverse("admin:movies_show_move", args=[show.pk])


def change_page(show):
    return reverse("admin:movies_show_change", args=[show.pk])


def form_of(response):
    """What a browser sends of the page as it was opened."""
    return inputs_of(response, "move_form")


def opened(browser, show, **typed):
    return {**form_of(browser.get(address(show))), "reason": REASON, **typed}


def plan(browser, show, **typed):
    """The page with the plan of a move."""
    return browser.post(address(show), {**opened(browser, show, **typed), "_plan": ""})


def press(browser, show, page, button, **typed):
    """Press a button of a page with a plan, after typing."""
    return browser.post(address(show), {**form_of(page), **typed, button: ""}, follow=True)


def do(browser, show, page, **typed):
    return press(browser, show, page, "_move", **typed)


def seat_input(booking):
    return f"seat_{booking.pk}"


def typed_seats(page):
    return {name: value for name, [value] in form_of(page).items() if name.startswith("seat_")}


def messages(response):
    return [str(message) for message in response.context["messages"]]


def summary(page):
    return page.context["plan"].summary


def booking_of(order, seat_number):
    return order.bookings.get(seat_number=seat_number)


def was_done(response, show):
    """Whether the page led back to the show, with the summary as its message."""
    return response.redirect_chain == [(change_page(show), 302)] and messages(response)[0].startswith(
        "The show is moved."
    )
