"""The Admin's pages of an order, as staff work on them in tests."""

from urllib.parse import urlencode

from django.urls import reverse

from accounts.tests.factories import make_staff
from movie_booking.tests.pages import inputs_of
from movies.tests.factories import browser_for

BOX_OFFICE = ("view_order", "view_booking", "view_show", "change_booking", "sell_seats", "view_people")


def clerk(*more):
    """The browser of a member of staff at the box office."""
    return browser_for(make_staff(*BOX_OFFICE, *more))


def address(order, page="change", *bookings, **more):
    query = urlencode([("booking", booking.pk) for booking in bookings] + list(more.items()))
    return reverse(f"admin:bookings_order_{page}", args=[order.pk]) + (f"?{query}" if query else "")


def opened(browser, order, page, *bookings, **more):
    """What the form of a page sends that nobody touches."""
    names = {"cancel": "cancel_form", "exchange": "exchange_form", "change": "hold_form"}
    return inputs_of(browser.get(address(order, page, *bookings, **more)), names[page])


def send(browser, order, page, form, **typed):
    return browser.post(address(order, page), {**form, **typed}, follow=True)


def messages(response):
    return [str(message) for message in response.context["messages"]]


def statuses(show):
    return dict(show.bookings.live().order_by("seat_number").values_list("seat_number", "status"))


def seat(order, number):
    return order.bookings.get(seat_number=number)
