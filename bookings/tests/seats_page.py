"""The page of the seats of a show in the Admin, as tests press its buttons."""

import re

from django.urls import reverse

from movie_booking.tests.pages import inputs_of

QUESTION = "admin/bookings/cancel_seats.html"


def address(show):
    return reverse("admin:movies_show_seats", args=[show.pk])


def press(browser, show, button, *seats, **data):
    """Press a button and follow where it leads."""
    return browser.post(address(show), {button: "", "seat": seats, **data}, follow=True)


def cancel(browser, show, *seats, **data):
    """Press "Cancel bookings", and answer the question that follows."""
    response = press(browser, show, "_cancel", *seats, **data)
    return confirm(browser, show, response) if is_question(response) else response


def confirm(browser, show, question):
    sent = inputs_of(question, "content-main")
    return browser.post(address(show), {**sent, "_cancel_now": ""}, follow=True)


def is_question(response):
    return QUESTION in [template.name for template in response.templates]


def said(response):
    """What the page says was done, and why something was not."""
    problem = response.context.get("problem") or response.context.get("alert")
    texts = [str(message) for message in response.context["messages"]]
    return texts + ([getattr(problem, "text", problem)] if problem else [])


def opened(browser, show):
    """What the page sends of itself, when it is opened."""
    return inputs(browser.get(address(show)))


def inputs(page):
    sent = inputs_of(page, "box-office")
    return {name: sent[name] for name in ("shown", "sale")}


def ticked(response):
    found = re.findall(
        r'<input type="checkbox" name="seat" value="(\d+)"[^>]* checked>', response.content.decode()
    )
    return [int(number) for number in found]


def receipt(response):
    text = re.search(r'<div class="receipt".*?</div>', response.content.decode(), re.DOTALL)
    return " ".join(re.sub("<[^>]*>", " ", text[0]).split()) if text else None


def statuses(show):
    return dict(show.bookings.live().order_by("seat_number").values_list("seat_number", "status"))
