"""In the Admin, staff of one cinema find and change nothing of another."""

import re

import pytest
from django.urls import reverse

from accounts.tests.factories import make_user
from bookings.models import Booking, Status
from bookings.roles import BOX_OFFICE, DOOR, MANAGER, VIEWER
from bookings.tests.factories import book
from movie_booking.tests.pages import inputs_of
from movies.models import Cinema, Screen, Show
from movies.tests.factories import (
    browser_for,
    give_role,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    tomorrow,
)

pytestmark = pytest.mark.django_db

LISTS = [
    "movies_cinema",
    "movies_screen",
    "movies_show",
    "bookings_order",
    "bookings_booking",
    "bookings_bookingevent",
]


class Place:
    """A cinema with a show of which one seat is sold."""

    def __init__(self, name):
        self.cinema = make_cinema(name=name)
        self.screen = make_screen(cinema=self.cinema, name=f"{name} 1")
        self.show = make_show(screen=self.screen, movie=make_movie(f"Film of {name}"), starts_at=tomorrow())
        self.booking = book(self.show, 1, user=make_user(f"guest-of-{name.lower()}"))

    def rows(self):
        """A row of each list."""
        booking = self.booking
        rows = [self.cinema, self.screen, self.show, booking.order, booking, booking.events.first()]
        return dict(zip(LISTS, rows, strict=True))


@pytest.fixture
def mine():
    return Place("Mine")


@pytest.fixture
def theirs():
    return Place("Theirs")


@pytest.fixture
def manager(mine):
    return browser_for(give_role(make_user(), MANAGER, mine.cinema))


def messages(response):
    return [str(message) for message in response.context["messages"]]


def test_lists_have_what_is_theirs(manager, mine, theirs):
    for name in LISTS:
        page = manager.get(reverse(f"admin:{name}_changelist"))

        assert [row.pk for row in page.context["cl"].result_list] == [mine.rows()[name].pk], name
        assert "Theirs" not in page.content.decode(), name  # nor in its filters


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("page", ["change", "history", "delete"])
def test_pages_of_others_are_not_there(manager, theirs, name, page):
    response = manager.get(reverse(f"admin:{name}_{page}", args=[theirs.rows()[name].pk]), follow=True)

    may_delete_none = page == "delete" and name not in ("movies_screen", "movies_show")
    assert response.status_code == 403 if may_delete_none else "doesn’t exist" in messages(response)[0]


@pytest.mark.parametrize("page", ["seats", "move"])
def test_the_seats_of_others_are_not_there(manager, mine, theirs, page):
    def open_page(show):
        return manager.get(reverse(f"admin:movies_show_{page}", args=[show.pk]))

    assert open_page(theirs.show)["Location"] == reverse("admin:movies_show_changelist")
    assert open_page(mine.show).status_code == 200


def test_a_show_of_others_is_not_cancelled(manager, theirs):
    manager.post(reverse("admin:movies_show_cancel", args=[theirs.show.pk]), {"reason": "Spite"})

    assert Show.objects.get(pk=theirs.show.pk).status == Show.Status.ON_SALE


def test_forms_offer_what_is_theirs(manager, mine, theirs):
    choices = manager.get(
        "/admin/autocomplete/", {"app_label": "movies", "model_name": "show", "field_name": "screen"}
    ).json()
    week = manager.get(reverse("admin:movies_show_schedule")).content.decode()
    move = manager.get(reverse("admin:movies_show_move", args=[mine.show.pk])).content.decode()

    assert [choice["id"] for choice in choices["results"]] == [str(mine.screen.pk)]
    assert "Mine 1" in week
    assert "Theirs 1" not in week
    assert "Mine 1" in move
    assert "Theirs 1" not in move


def test_a_screen_of_others_is_no_choice_when_it_is_sent_all_the_same(manager, mine, theirs):
    new = {"movie": mine.show.movie_id, "screen": theirs.screen.pk, "starts_at_0": "2031-01-01",
           "starts_at_1": "20:00", "price": "9.00"}  # fmt: skip
    page = manager.post(reverse("admin:movies_show_add"), new)
    to_them = {"cinema": theirs.cinema.pk, "name": "Screen", "total_seats": 9}
    screen = manager.post(reverse("admin:movies_screen_add"), to_them)

    assert page.context["adminform"].form.errors["screen"]
    assert screen.context["adminform"].form.errors["cinema"]
    assert (Show.objects.count(), Screen.objects.count()) == (2, 2)


def test_staff_of_some_cinemas_open_no_new_one(manager):
    assert manager.get(reverse("admin:movies_cinema_add")).status_code == 403
    assert manager.get(reverse("admin:movies_cinema_changelist")).context["has_add_permission"] is False


def test_an_action_leaves_rows_alone_where_the_right_does_not_count(mine, theirs):
    """One may look at both cinemas, and cancel in one."""
    user = give_role(make_user(), BOX_OFFICE, mine.cinema)
    user = give_role(user, {"bookings.view_booking"}, theirs.cinema)
    data = {"action": "cancel", "post": "yes", "_selected_action": [mine.booking.pk, theirs.booking.pk]}

    response = browser_for(user).post(reverse("admin:bookings_booking_changelist"), data, follow=True)

    assert messages(response) == [
        "Left alone, as you may not do this in their cinemas: 1.",
        "Cancelled: 1.",
    ]
    assert Booking.objects.get(status=Status.BOOKED) == theirs.booking


def test_who_may_only_look_there_changes_nothing_there(mine, theirs):
    user = give_role(make_user(), MANAGER, mine.cinema)
    staff = browser_for(give_role(user, VIEWER, theirs.cinema))
    for name in LISTS[:3]:
        page = staff.get(reverse(f"admin:{name}_change", args=[theirs.rows()[name].pk]))
        assert page.context["has_change_permission"] is False
        assert staff.post(reverse(f"admin:{name}_change", args=[theirs.rows()[name].pk])).status_code == 403
        assert staff.get(reverse(f"admin:{name}_delete", args=[theirs.rows()[name].pk])).status_code == 403
    seats = reverse("admin:movies_show_seats", args=[theirs.show.pk])
    assert staff.post(seats, {"_block": "", "seat": ["2"]}).status_code == 403
    assert staff.post(seats, {"_cancel": "", "seat": ["1"]}).status_code == 403
    assert staff.get(reverse("admin:movies_show_move", args=[theirs.show.pk])).status_code == 403


def test_several_shows_are_deleted_only_where_they_are_theirs(mine, theirs):
    unsold = [
        make_show(screen=place.screen, starts_at=tomorrow().replace(year=2030)) for place in (mine, theirs)
    ]
    user = give_role(make_user(), MANAGER, mine.cinema)
    staff = browser_for(give_role(user, VIEWER, theirs.cinema))
    data = {"action": "delete_selected", "_selected_action": [show.pk for show in unsold], "post": "yes"}

    staff.post(reverse("admin:movies_show_changelist"), data)

    assert list(Show.objects.filter(pk__in=[show.pk for show in unsold])) == [unsold[1]]


def test_exports_are_for_managers_and_of_their_cinemas(manager, mine, theirs):
    def export(browser, name, action):
        rows = [place.rows()[name].pk for place in (mine, theirs)]
        response = browser.post(
            reverse(f"admin:{name}_changelist"),
            {"action": action, "_selected_action": rows, "select_across": "1"},
        )
        return response.getvalue().decode() if response.streaming else None

    box_office = browser_for(give_role(make_user(), BOX_OFFICE, mine.cinema))
    for name, action in [("movies_show", "report"), ("bookings_booking", "export")]:
        table = export(manager, name, action)
        assert "Mine" in table
        assert "Theirs" not in table
        assert export(box_office, name, action) is None


@pytest.mark.parametrize(("rights", "sees"), [(VIEWER, False), (DOOR, True), (BOX_OFFICE, True)])
def test_who_sits_where_is_seen_by_those_who_need_it(mine, rights, sees):
    staff = browser_for(give_role(make_user(), rights, mine.cinema))
    page = staff.get(reverse("admin:movies_show_seats", args=[mine.show.pk])).content.decode()

    assert ("guest-of-mine" in page) is sees
    orders = staff.get(reverse("admin:bookings_order_changelist"))
    assert orders.status_code == (200 if sees else 403)


def test_another_running_time_says_next_to_the_field_whose_shows_would_change(manager, mine, theirs):
    Show.objects.filter(pk=theirs.show.pk).update(movie=mine.show.movie)
    page = reverse("admin:movies_movie_change", args=[mine.show.movie_id])
    form = inputs_of(manager.get(page), "movie_form")

    answer = manager.post(page, {**form, "duration_minutes": "150"})

    [error] = answer.context["adminform"].form.errors["duration_minutes"]
    assert re.search(r"other cinemas than yours.* They are: Theirs\.", error)


def test_a_manager_changes_the_cinema_with_its_screens(manager, mine):
    page = reverse("admin:movies_cinema_change", args=[mine.cinema.pk])
    form = inputs_of(manager.get(page), "cinema_form")
    manager.post(page, {**form, "address": "1 Main St", "screens-0-name": "Red"})

    assert Cinema.objects.get(pk=mine.cinema.pk).address == "1 Main St"
    assert Screen.objects.get(pk=mine.screen.pk).name == "Red"
