"""A show or screen whose lock is not to be had in time: staff are told to try again, on every page."""

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import make_staff, make_user
from bookings.models import Status
from bookings.tests.factories import book, make_booking
from bookings.tests.locks import before_locking, while_show_is_locked
from bookings.tests.seats_page import confirm, is_question, said
from movies.models import Screen, ScreenQuerySet, Show
from movies.services import schedule_show
from movies.tests.factories import make_movie, make_screen, make_show, tomorrow

BUSY = "Too many requests at once. Please try again in a moment."
SHOWS = reverse("admin:movies_show_changelist")
BOOKINGS = reverse("admin:bookings_booking_changelist")


@pytest.fixture
def make_busy(monkeypatch):
    """From now on every wait for the lock of that show times out, in the words of the database."""

    def make_busy(busy):
        def time_out_if_busy(show_id):
            if show_id == busy.pk:
                raise OperationalError("database is locked")

        before_locking(monkeypatch, time_out_if_busy)

    return make_busy


def superuser_client():
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def page_of(show, page="change"):
    return reverse(f"admin:movies_show_{page}", args=[show.pk])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "data", "led_to"),
    [
        ("seats", {"_sell": "", "seat": ["1"]}, None),
        ("seats", {"_block": "", "seat": ["1"]}, None),
        ("seats", {"_release": "", "seat": ["1"]}, None),
        ("seats", {"_cancel": "", "seat": ["2"]}, None),
        ("cancel", {"reason": "No heating"}, None),
        ("change", {"starts_at_0": "2030-01-15", "starts_at_1": "20:00", "price": "15.00"}, "change"),
    ],
)
def test_no_page_of_a_busy_show_is_a_server_error(page, data, led_to, make_busy):
    show = make_show()
    make_booking(show, seat_number=2)
    before = Show.objects.values().get()
    make_busy(show)

    staff = superuser_client()
    response = staff.post(page_of(show, page), data, follow=True)
    if is_question(response):
        response = confirm(staff, show, response)

    assert said(response) == [BUSY]
    assert response.status_code == 200
    assert response.redirect_chain == ([(page_of(show, led_to), 302)] if led_to else [])
    assert Show.objects.values().get() == before


@pytest.mark.django_db
def test_cancelling_goes_on_with_the_other_bookings_and_says_which_one_failed(make_busy):
    shows = [make_show(), make_show()]
    first, second, other = (book(show, seat) for show, seat in ((shows[0], 1), (shows[0], 2), (shows[1], 1)))
    make_busy(shows[0])
    data = {"action": "cancel", "post": "yes", "_selected_action": [first.pk, second.pk, other.pk]}

    response = superuser_client().post(BOOKINGS, data, follow=True)

    assert said(response) == [
        f"Booking {first.pk}: {BUSY}",
        f"Booking {second.pk}: {BUSY}",
        "Cancelled: 1.",
    ]
    other.refresh_from_db()
    assert other.status == Status.CANCELLED


@pytest.mark.django_db
def test_a_busy_show_is_waited_for_once_and_not_once_a_booking(monkeypatch):
    show, waits = make_show(), []
    bookings = [book(show, seat) for seat in (1, 2, 3)]

    def time_out(show_id):
        waits.append(show_id)
        raise OperationalError("database is locked")

    before_locking(monkeypatch, time_out)

    superuser_client().post(
        BOOKINGS,
        {"action": "cancel", "post": "yes", "_selected_action": [booking.pk for booking in bookings]},
    )

    assert waits == [show.pk]


@pytest.mark.django_db
@pytest.mark.parametrize("make", [{}, {"_schedule": "1"}])
def test_copying_to_a_busy_screen_is_no_server_error(make, monkeypatch):
    show = schedule_show(movie=make_movie(), screen=make_screen(), starts_at=tomorrow())

    def time_out(self, screen_ids):
        raise OperationalError("database is locked")

    monkeypatch.setattr(ScreenQuerySet, "lock_all", time_out)

    data = {"action": "copy_to_next_week", "_selected_action": [show.pk], **make}
    response = superuser_client().post(SHOWS, data)

    assert response.status_code == 200
    assert said(response) == ([f"No shows were scheduled. {BUSY}"] if make else [])
    assert Show.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["change/", "delete/", ""])
def test_a_database_that_refuses_to_write_is_a_message_on_every_form_and_list(path, monkeypatch):
    screen = make_screen()

    def refuse(self, *args, **kwargs):
        raise OperationalError("database is locked")

    for write in ("save", "delete"):
        monkeypatch.setattr(Screen, write, refuse)
    client = superuser_client()
    data = {
        "change/": {"cinema": screen.cinema_id, "name": "Renamed", "total_seats": 50},
        "delete/": {"post": "yes"},
        "": {"action": "delete_selected", "_selected_action": [screen.pk], "post": "yes"},
    }[path]
    # The action of the list deletes by a query, so it is the query that fails.
    monkeypatch.setattr(ScreenQuerySet, "delete", refuse)
    url = reverse("admin:movies_screen_changelist") + (f"{screen.pk}/{path}" if path else "")

    response = client.post(url, data, follow=True)

    assert said(response) == [BUSY]
    assert response.redirect_chain == [(url, 302)]
    assert Screen.objects.get().name == screen.name


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_a_real_wait_for_the_lock_that_is_too_long_is_a_message_above_the_page():
    show, client = make_show(), Client()
    client.force_login(make_staff("view_show", "change_show", "block_seats"))

    response = while_show_is_locked(
        show, lambda: client.post(page_of(show, "seats"), {"_block": "", "seat": ["1"]}, follow=True)
    )

    assert response.status_code == 200
    assert said(response) == [BUSY]
    assert not show.bookings.exists()
