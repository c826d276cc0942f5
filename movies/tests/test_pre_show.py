"""The pre-show of a show: given, or that of its cinema, or of the settings, when it is scheduled."""

from datetime import date, time, timedelta

import pytest

from accounts.tests.factories import client_for, make_staff, make_user
from movie_booking.tests.pages import inputs_of
from movies.models import Show
from movies.services import Slot, copy_week, preview_week, schedule_show, schedule_week
from movies.tests.factories import browser_for, make_cinema, make_movie, make_screen, make_show, utc

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("a_quarter_of_an_hour_of_cleaning")]

EIGHT = utc(2030, 1, 15, 20)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def ten_minutes_as_the_settings_say(settings):
    settings.PRE_SHOW_MINUTES = 10


def make_one(cinema_minutes, **more):
    screen = make_screen(cinema=make_cinema(pre_show_minutes=cinema_minutes))
    return schedule_show(movie=make_movie(duration_minutes=100), screen=screen, starts_at=EIGHT, **more)


@pytest.mark.parametrize(
    ("cinema", "given", "minutes"), [(None, None, 10), (25, None, 25), (0, None, 0), (25, 0, 0), (25, 5, 5)]
)
def test_a_show_has_what_is_given_or_usual_in_its_cinema_or_in_the_settings(cinema, given, minutes):
    show = make_one(cinema, pre_show_minutes=given)

    assert show.pre_show_minutes == minutes
    assert show.ends_at == EIGHT + (minutes + 100) * MINUTE
    assert show.screen_free_at == show.ends_at + 15 * MINUTE


def test_what_is_usual_later_changes_no_show(settings):
    show = make_one(None)
    settings.PRE_SHOW_MINUTES = 30
    api = client_for(make_staff("change_cinema"))
    response = api.patch(f"/api/cinemas/{show.screen.cinema_id}/", {"pre_show_minutes": 40})

    assert response.data["pre_show_minutes"] == 40
    show.refresh_from_db()
    assert (show.pre_show_minutes, show.ends_at) == (10, EIGHT + 110 * MINUTE)


def test_the_api_takes_and_shows_it():
    api = client_for(make_staff("add_show"))
    body = {"movie": make_movie().pk, "screen": make_screen().pk, "starts_at": "2030-01-15T20:00:00Z"}

    response = api.post("/api/shows/", {**body, "pre_show_minutes": 20})

    assert (response.status_code, response.data["pre_show_minutes"]) == (201, 20)
    for bad in (121, -1, None, "20"):
        assert api.post("/api/shows/", {**body, "pre_show_minutes": bad}).status_code == 400


def test_two_shows_do_not_overlap_by_pre_show_either():
    show = make_one(0)
    movie, starts_at = make_movie(duration_minutes=60), EIGHT - 80 * MINUTE

    def slot(minutes):
        return Slot.at(movie, show.screen, starts_at, minutes)

    assert slot(5).screen_free_at == EIGHT
    schedule_show(movie=movie, screen=show.screen, starts_at=starts_at, pre_show_minutes=5)


def test_each_show_of_a_week_has_what_is_usual_in_its_cinema():
    screens = [make_screen(cinema=make_cinema(pre_show_minutes=minutes)) for minutes in (None, 25)]
    week = {"movie": make_movie(), "screens": screens, "dates": [date(2030, 1, 15)], "times": [time(20)]}

    assert {proposal.slot.pre_show_minutes for proposal in preview_week(**week)} == {10, 25}
    assert sorted(show.pre_show_minutes for show in schedule_week(**week)) == [10, 25]


def test_a_week_can_have_one_of_its_own():
    week = {"movie": make_movie(), "dates": [date(2030, 1, 15)], "times": [time(20)]}

    [show] = schedule_week(**week, screens=[make_screen()], pre_show_minutes=5)

    show.refresh_from_db()
    assert show.pre_show_minutes == 5


def test_the_copy_of_a_show_has_that_of_the_show(settings):
    show = make_one(None)
    settings.PRE_SHOW_MINUTES = 30

    [copy] = copy_week(shows=Show.objects.all())

    assert (copy.pre_show_minutes, copy.ends_at - copy.starts_at) == (10, show.ends_at - show.starts_at)


# --- In the Admin --------------------------------------------------------------------------------


@pytest.fixture
def browser():
    return browser_for(make_user(is_staff=True, is_superuser=True))


@pytest.mark.parametrize(("typed", "minutes"), [("", 25), ("5", 5), ("0", 0)])
def test_the_form_of_a_new_show_takes_it_or_leaves_it_to_the_cinema(browser, typed, minutes):
    screen = make_screen(cinema=make_cinema(pre_show_minutes=25))
    form = inputs_of(browser.get("/admin/movies/show/add/"), "show_form")
    assert form["pre_show_minutes"] == [""]

    typed = {
        "movie": make_movie().pk,
        "screen": screen.pk,
        "starts_at_0": "2030-01-15",
        "starts_at_1": "20:00",
        "pre_show_minutes": typed,
    }
    response = browser.post("/admin/movies/show/add/", {**form, **typed})

    assert response.status_code == 302
    assert Show.objects.get().pre_show_minutes == minutes


def test_the_form_of_a_show_changes_it(browser):
    show = make_one(0)
    page = f"/admin/movies/show/{show.pk}/change/"

    browser.post(page, {**inputs_of(browser.get(page), "show_form"), "pre_show_minutes": "20"})

    show.refresh_from_db()
    assert (show.pre_show_minutes, show.ends_at) == (20, EIGHT + 120 * MINUTE)


def test_the_form_says_what_a_longer_pre_show_would_overlap(browser):
    show = make_one(0)
    make_show(screen=show.screen, starts_at=show.screen_free_at)
    page = f"/admin/movies/show/{show.pk}/change/"

    response = browser.post(page, {**inputs_of(browser.get(page), "show_form"), "pre_show_minutes": "20"})

    assert response.status_code == 200
    assert "Another show is on this screen" in response.content.decode()


def test_the_form_of_a_week_takes_it(browser):
    page = "/admin/movies/show/schedule/"
    week = {
        "movie": make_movie().pk,
        "screens": [make_screen().pk],
        "first": "2030-01-15",
        "last": "2030-01-15",
        "weekdays": list(range(7)),
        "times": "20:00",
        "price": "10.00",
        "status": "ON_SALE",
        "sales_cutoff_minutes": "0",
    }

    assert 'name="pre_show_minutes" min="0"' in browser.get(page).content.decode()
    assert browser.post(page, {**week, "pre_show_minutes": "5", "_schedule": ""}).status_code == 302
    assert Show.objects.get().pre_show_minutes == 5
