"""What changed of a show, as the Admin tells it on its page."""

from datetime import datetime, timedelta, timezone

import pytest
from django.urls import reverse

from accounts.tests.factories import client_for, make_staff
from bookings import services
from bookings.tests.factories import book, by, call_off, change, move
from bookings.tests.moves import redraw
from movies.models import Show
from movies.services import delete_row
from movies.tests.factories import browser_for, make_cinema, make_screen, make_show

pytestmark = pytest.mark.django_db

EIGHT = datetime(2031, 1, 6, 20, tzinfo=timezone.utc)  # 15:00 in New York


def log_of(show, *permissions):
    browser = browser_for(make_staff(*(permissions or ("view_show", "view_showevent"))))
    page = browser.get(reverse("admin:movies_show_change", args=[show.pk]))
    assert page.status_code == 200
    lines = page.context["show_log"]
    assert ("What changed of this show" in page.content.decode()) == bool(lines)
    return [(line.changes, line.event.reason) for line in lines or ()]


def show_in_new_york():
    cinema = make_cinema(name="Roxy", time_zone="America/New_York")
    return make_show(screen=make_screen(name="One", cinema=cinema, seat_plan="A oo"), starts_at=EIGHT)


def test_changes_are_told_in_words_by_the_clock_of_the_cinema_newest_first():
    show = show_in_new_york()
    book(show, 1)
    change(show, starts_at=EIGHT + timedelta(hours=1))
    move(show, screen=make_screen(cinema=show.cinema, name="Two", seat_plan="B ooo"), reason="Heating")
    call_off(Show.objects.get(), reason="Snow")

    assert log_of(show) == [
        (["Status: On sale → Cancelled"], "Snow"),
        (
            [
                "Screen: One, Roxy → Two, Roxy",
                "Seats: 2 → 3",
                "Seats that changed: A1. They are now B1.",
            ],
            "Heating",
        ),
        (["Start: Mon 06 Jan 2031, 15:00 → Mon 06 Jan 2031, 16:00"], ""),
    ]


def test_the_reason_of_a_change_is_told_whichever_way_it_came():
    show = show_in_new_york()
    later = {"starts_at": "2031-01-06T21:00:00Z", "reason": "Late train"}
    assert client_for(make_staff("change_show")).patch(f"/api/shows/{show.pk}/", later).status_code == 200
    admin = browser_for(make_staff("view_show", "change_show"))
    page = reverse("admin:movies_show_change", args=[show.pk])
    form = admin.get(page).context["adminform"].form
    typed = {
        "movie": show.movie_id,
        "screen": show.screen_id,
        "starts_at_0": "2031-01-06",
        "starts_at_1": "15:30",
        "total_seats": 2,
        "price": "8.00",
        "opened": form.opened_as,
        "reason": "Snow",
    }

    assert admin.post(page, typed).status_code == 302

    assert log_of(show) == [
        (["Start: Mon 06 Jan 2031, 16:00 → Mon 06 Jan 2031, 15:30"], "Snow"),
        (["Start: Mon 06 Jan 2031, 15:00 → Mon 06 Jan 2031, 16:00"], "Late train"),
    ]


def test_a_show_that_is_as_it_was_has_no_log():
    assert log_of(show_in_new_york()) == []


def test_the_log_takes_the_permission_to_see_it():
    show = show_in_new_york()
    change(show, starts_at=EIGHT + timedelta(hours=1))
    assert log_of(show, "view_show") == []


def test_a_screen_is_named_as_it_was_then_also_once_it_is_gone():
    show = show_in_new_york()
    former = show.screen
    move(show, screen=make_screen(name="Two", cinema=former.cinema, seat_plan="A oo"))
    delete_row(former)
    assert log_of(show)[0][0] == ["Screen: One, Roxy → Two, Roxy"]


def test_a_seat_plan_is_told_of_where_the_screen_stayed():
    show = show_in_new_york()
    redraw(show, "B ooo")
    move(show, screen=show.screen, reason="More seats")

    assert log_of(show) == [(["Seats: 2 → 3", "Seat plan: drawn anew"], "More seats")]


def test_a_show_that_keeps_the_time_on_its_posters_is_told_by_both_clocks():
    show = show_in_new_york()
    services.change_cinema(show.screen.cinema, time_zone="America/Chicago", keep="clock", actor=by())

    assert log_of(show) == [
        (
            [
                "Time zone of the cinema: America/New_York → America/Chicago",
                "Start: Mon 06 Jan 2031, 15:00 → Mon 06 Jan 2031, 15:00",
            ],
            "",
        )
    ]
