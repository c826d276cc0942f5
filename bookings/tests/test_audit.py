"""The log of changes of the catalogue, its prices and rights."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.tests.factories import client_for, make_user
from bookings.tests.factories import book
from movie_booking.tests.pages import inputs_of
from movies.models import AuditEvent
from movies.tests.factories import browser_for, make_cinema, make_movie, make_screen, make_show, tomorrow

pytestmark = pytest.mark.django_db


@pytest.fixture
def root():
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def api(root):
    return client_for(root)


@pytest.fixture
def browser(root):
    return browser_for(root)


def lines():
    """What the log says, oldest first."""
    return list(
        AuditEvent.objects.order_by("id").values_list("actor__username", "channel", "action", "model")
    )


def newest():
    return AuditEvent.objects.first()


@pytest.mark.parametrize(
    ("model", "body", "change", "told"),
    [
        ("movie", {"title": "Dune", "duration_minutes": 155}, {"genres": ["War"]}, {"Genres": ["", "War"]}),
        ("cinema", {"name": "Rex"}, {"name": "Roxy"}, {"Name": ["Rex", "Roxy"]}),
        (
            "screen",
            {"cinema": "{cinema}", "name": "1", "total_seats": 9},
            {"total_seats": 8},
            {"Seats": ["9", "8"]},
        ),
        (
            "show",
            {"movie": "{movie}", "screen": "{screen}", "starts_at": "2031-01-01T20:00:00Z", "price": "9.00"},
            {"price": "9.50"},
            {"Price": ["9.00", "9.50"]},
        ),
    ],
)  # fmt: skip
def test_each_write_through_the_api_has_a_line(api, root, model, body, change, told):
    rows = {"{cinema}": make_cinema, "{movie}": make_movie, "{screen}": make_screen}
    body = {name: rows[value]().pk if value in rows else value for name, value in body.items()}

    row_id = api.post(f"/api/{model}s/", body).data["id"]
    added = newest()
    api.patch(f"/api/{model}s/{row_id}/", change)
    changed = newest()
    api.patch(f"/api/{model}s/{row_id}/", change)  # once more: nothing changes
    api.delete(f"/api/{model}s/{row_id}/")

    assert lines() == [("root", "API", action, f"movies.{model}") for action in ("ADD", "CHANGE", "DELETE")]
    assert set(AuditEvent.objects.values_list("row_id", flat=True)) == {str(row_id)}
    assert changed.changes == told
    [name] = set(told) - {"Genres"} or {"Title"}
    assert added.changes[name] == ["", {"Title": "Dune"}.get(name) or told[name][0]]
    assert newest().changes[name][1] == ""


def test_moving_and_cancelling_through_the_api_have_lines(api):
    show = make_show()
    api.post(f"/api/shows/{show.pk}/move/", {"starts_at": "2031-01-01T20:00:00Z", "reason": "Late"})
    api.post(f"/api/shows/{show.pk}/cancel/", {"reason": "No heating"})

    assert lines() == [("root", "API", "CHANGE", "movies.show")] * 2
    assert newest().note == "Cancelled through the API: No heating"


def test_forms_of_the_admin_have_lines_with_what_was_typed(browser):
    show = make_show(price="9.00", screen=make_screen(cinema=make_cinema(time_zone="America/New_York")))
    page = reverse("admin:movies_show_change", args=[show.pk])
    form = inputs_of(browser.get(page), "show_form")

    browser.post(page, form)  # nothing was touched
    browser.post(page, {**form, "price": "9.50", "starts_at_0": "2031-01-01", "starts_at_1": "20:00:00"})

    assert lines() == [("root", "ADMIN", "CHANGE", "movies.show")]
    changes = newest().changes
    assert changes["Price"] == ["9.00", "9.50"]
    assert changes["Starts at"][1].startswith("2031-01-01 20:00:00")  # by the clock of the cinema


def test_the_admin_adds_and_deletes_with_lines(browser):
    browser.post(reverse("admin:movies_genre_add"), {"name": "Noir"})
    browser.post(reverse("admin:movies_genre_delete", args=[newest().row_id]), {"post": "yes"})
    shows = [make_show() for _ in range(2)]
    data = {"action": "delete_selected", "_selected_action": [show.pk for show in shows], "post": "yes"}
    browser.post(reverse("admin:movies_show_changelist"), data)

    assert lines() == [
        ("root", "ADMIN", "ADD", "movies.genre"),
        ("root", "ADMIN", "DELETE", "movies.genre"),
        *[("root", "ADMIN", "DELETE", "movies.show")] * 2,
    ]
    assert newest().changes["Price"][1] == ""


def test_screens_in_the_table_of_their_cinema_are_named(browser):
    screen = make_screen(name="Red", total_seats=9)
    page = reverse("admin:movies_cinema_change", args=[screen.cinema_id])
    browser.post(page, {**inputs_of(browser.get(page), "cinema_form"), "screens-0-total_seats": "8"})

    [(name, values)] = newest().changes.items()
    assert name.startswith("Red, ")
    assert values == ["9", "8"]


def test_a_screen_that_is_not_in_the_cinema_of_the_form_has_no_line(browser):
    screen, other = make_screen(name="Red"), make_screen(name="Blue", cinema=make_cinema())
    page = reverse("admin:movies_cinema_change", args=[screen.cinema_id])
    typed = {"screens-0-id": other.pk, "screens-0-name": "Green"}
    browser.post(page, {**inputs_of(browser.get(page), "cinema_form"), **typed})

    assert lines() == []
    other.refresh_from_db()
    assert other.name == "Blue"


def test_cancelling_and_moving_in_the_admin_have_lines(browser):
    show = make_show()
    book(show, 1)
    browser.post(reverse("admin:movies_show_cancel", args=[show.pk]), {"reason": "No heating"})

    assert lines() == [("root", "ADMIN", "CHANGE", "movies.show")]
    assert newest().note == "Cancelled: No heating"


def test_shows_that_a_command_or_a_week_adds_have_lines(browser):
    screen, movie = make_screen(), make_movie("Dune")
    day = (tomorrow() + timedelta(days=30)).date().isoformat()
    when = [f"--from={day}", f"--to={day}", "--time=14:00"]
    call_command("schedule_shows", "--movie", "Dune", "--screen", str(screen.pk), *when)
    week = {"movie": movie.pk, "screens": [screen.pk], "first": day, "last": day, "weekdays": list(range(7)),
            "times": "20:00", "price": "12.50", "status": "ON_SALE", "sales_cutoff_minutes": "0",
            "_schedule": ""}  # fmt: skip
    browser.post(reverse("admin:movies_show_schedule"), week)

    assert lines() == [(None, "COMMAND", "ADD", "movies.show"), ("root", "ADMIN", "ADD", "movies.show")]
    assert newest().changes["Price"] == ["", "12.50"]
