"""The time zone of a cinema with shows to come, and the cinema of a screen with shows."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.tests.factories import book
from movie_booking.tests.pages import inputs_of
from movies.models import Cinema, Screen, Show, ShowEvent
from movies.services import STAYS_IN_CINEMA, schedule_show
from movies.tests.factories import browser_for, make_cinema, make_movie, make_screen, make_show, utc

pytestmark = pytest.mark.django_db

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
EIGHT = utc(2030, 1, 15, 20)  # in London
IN_NEW_YORK = utc(2030, 1, 16, 1)  # eight o'clock there


@pytest.fixture
def staff():
    return make_staff("change_cinema", "change_screen")


@pytest.fixture
def cinema():
    return make_cinema(name="Odeon", time_zone="Europe/London")


@pytest.fixture
def screen(cinema):
    return make_screen(cinema=cinema)


@pytest.fixture
def show(screen):
    movie = make_movie(duration_minutes=100)
    return schedule_show(movie=movie, screen=screen, starts_at=EIGHT, sales_open_at=utc(2030, 1, 1, 9))


@pytest.fixture
def patch(staff, cinema):
    def patch(time_zone="America/New_York", **more):
        return client_for(staff).patch(f"/api/cinemas/{cinema.pk}/", {"time_zone": time_zone, **more})

    return patch


def test_without_shows_to_come_the_time_zone_just_changes(patch, cinema, screen):
    make_show(screen=screen, starts_at=now() - timedelta(minutes=5))
    make_show(screen=screen, status=Show.Status.CANCELLED)

    assert patch().status_code == 200
    assert not ShowEvent.objects.exists()


def test_with_shows_to_come_it_asks_what_they_keep(patch, cinema, show):
    make_show(screen=show.screen, starts_at=EIGHT + timedelta(days=1), status=Show.Status.DRAFT)

    response = patch()

    assert (response.status_code, response.data["code"]) == (409, "time_zone_in_use")
    assert response.data["shows_to_come"] == 2
    cinema.refresh_from_db()
    assert cinema.time_zone == "Europe/London"


@pytest.mark.parametrize("change", [{"name": "Rex"}, {"name": "Rex", "time_zone": "Europe/London"}])
def test_other_changes_are_not_asked(staff, cinema, show, change):
    response = client_for(staff).patch(f"/api/cinemas/{cinema.pk}/", change)

    assert response.status_code == 200
    assert not ShowEvent.objects.exists()


def test_the_moment_is_kept(patch, show, staff):
    booking = book_early(show)
    before = show.version

    response = patch(keep="moment", reason="Typed wrong")

    assert response.data["time_zone"] == "America/New_York"
    show.refresh_from_db()
    assert (show.starts_at, show.sales_open_at) == (EIGHT, utc(2030, 1, 1, 9))
    assert show.version == before + 1
    event = ShowEvent.objects.get()
    assert event.changes == {"time_zone": ["Europe/London", "America/New_York"]}
    assert (event.actor, event.reason) == (staff, "Typed wrong")
    assert quote(booking)["cancel_until"] == EIGHT.isoformat(timespec="microseconds").replace("+00:00", "Z")


def book_early(show):
    """A seat that was booked before the sale was put off."""
    Show.objects.filter(pk=show.pk).update(sales_open_at=None)
    booking = book(show, 1)
    Show.objects.filter(pk=show.pk).update(sales_open_at=show.sales_open_at)
    return booking


def quote(booking):
    return client_for(booking.user).get(f"/api/bookings/{booking.pk}/cancellation/").json()


def test_the_clock_is_kept_and_the_show_is_moved(patch, show, settings, staff):
    settings.REFUND_TIERS = "24:50"
    booking = book_early(show)
    assert quote(booking)["refund_percent"] == 50

    response = patch(keep="clock")

    assert response.status_code == 200
    ended = show.ends_at
    show.refresh_from_db()
    assert show.starts_at == IN_NEW_YORK
    assert show.sales_open_at == utc(2030, 1, 1, 14)
    assert show.ends_at == ended + timedelta(hours=5)
    assert ShowEvent.objects.get().changes == {
        "starts_at": [EIGHT.isoformat(), IN_NEW_YORK.isoformat()],
        "time_zone": ["Europe/London", "America/New_York"],
    }
    assert quote(booking)["refund_percent"] == 100
    [note] = LogEntry.objects.filter(user=staff, object_id=show.pk, content_type__model="show")
    assert note.change_message == "Time zone changed with that of the cinema: America/New_York."
    assert "20:00" in note.object_repr


def test_shows_that_have_started_keep_their_moment(patch, screen, show):
    started = make_show(screen=screen, starts_at=now() - timedelta(minutes=5))
    before = started.starts_at

    assert patch(keep="clock").status_code == 200
    started.refresh_from_db()
    assert started.starts_at == before


def test_several_shows_of_a_screen_move_past_each_other(patch, show):
    second = schedule_show(movie=show.movie, screen=show.screen, starts_at=EIGHT + timedelta(hours=5))

    assert patch(keep="clock").status_code == 200
    second.refresh_from_db()
    assert second.starts_at == IN_NEW_YORK + timedelta(hours=5)


def refused_times(response):
    assert (response.status_code, response.data["code"]) == (400, "invalid")
    return response.data["errors"]["time_zone"]


def test_a_start_that_would_have_passed_is_refused_with_the_show(patch, cinema, screen):
    soon = schedule_show(movie=make_movie(), screen=screen, starts_at=now() + timedelta(hours=2))

    assert refused_times(patch("Asia/Tokyo", keep="clock")) == [f"{soon}: This time has passed."]
    cinema.refresh_from_db()
    assert cinema.time_zone == "Europe/London"


def test_a_time_that_the_new_zone_skips_is_refused_with_the_show(patch, screen):
    night = schedule_show(movie=make_movie(), screen=screen, starts_at=utc(2030, 3, 10, 2, 30))

    assert refused_times(patch(keep="clock")) == [
        f"{night}: The clocks of the cinema skip this time on that day."
    ]


def test_a_cut_off_that_would_have_passed_is_refused_with_the_show(patch, screen):
    show = schedule_show(
        movie=make_movie(),
        screen=screen,
        starts_at=now() + timedelta(hours=12),
        sales_cutoff_minutes=600,
    )

    [sentence] = refused_times(patch("Asia/Tokyo", keep="clock"))
    assert sentence.startswith(f"{show}: Sales would have ended already")


def test_shows_that_would_overlap_at_the_clock_are_refused(patch, show, cinema):
    # Two hours apart in London, and one in New York, which skips the hour between.
    early = schedule_show(
        movie=make_movie(duration_minutes=60), screen=show.screen, starts_at=utc(2030, 3, 10, 1)
    )
    late = schedule_show(movie=make_movie("Dune"), screen=show.screen, starts_at=utc(2030, 3, 10, 3))

    response = patch(keep="clock")

    assert (response.status_code, response.data["code"]) == (409, "shows_would_overlap")
    clashes = response.data["clashes"]
    assert [(c["id"], [w["id"] for w in c["with"]]) for c in clashes] == [
        (early.pk, [late.pk]),
        (late.pk, [early.pk]),
    ]
    assert "Sun 10 Mar 2030 01:00: Dune, 03:00 to" in clashes[0]["summary"]


# --- The page of the cinema ----------------------------------------------------------------------


@pytest.fixture
def browser():
    return browser_for(make_user(is_staff=True, is_superuser=True))


def page_of(cinema):
    return f"/admin/movies/cinema/{cinema.pk}/change/"


@pytest.fixture
def save(browser, cinema):
    def save(**typed):
        form = inputs_of(browser.get(page_of(cinema)), "cinema_form")
        return browser.post(page_of(cinema), {**form, **typed})

    return save


def test_the_form_asks_what_shows_to_come_keep(save, cinema, show):
    response = save(time_zone="America/New_York", address="Broadway")

    form = response.context["adminform"].form
    assert form.errors == {"keep": ["1 show is to come in this cinema. Choose what to keep."]}
    assert 'value="Broadway"' in response.content.decode()
    cinema.refresh_from_db()
    assert cinema.time_zone == "Europe/London"


@pytest.mark.parametrize(("keep", "starts_at"), [("moment", EIGHT), ("clock", IN_NEW_YORK)])
def test_the_form_does_what_was_chosen(save, cinema, show, keep, starts_at):
    response = save(time_zone="America/New_York", keep=keep)

    assert response.status_code == 302
    show.refresh_from_db()
    cinema.refresh_from_db()
    assert (show.starts_at, cinema.time_zone) == (starts_at, "America/New_York")
    assert ShowEvent.objects.get().channel == "ADMIN"


def test_the_form_says_which_shows_cannot_move(save, screen):
    soon = schedule_show(movie=make_movie(), screen=screen, starts_at=now() + timedelta(hours=2))

    response = save(time_zone="Asia/Tokyo", keep="clock")

    assert response.context["adminform"].form.errors == {
        "time_zone": ["Not all shows can keep the time that the clock shows. Nothing was changed."],
        "__all__": [f"{soon}: This time has passed."],
    }


def test_a_cinema_without_shows_to_come_is_not_asked(browser, save, cinema):
    assert 'name="keep"' not in browser.get(page_of(cinema)).content.decode()
    assert save(time_zone="America/New_York").status_code == 302


def test_the_time_zone_of_a_new_cinema_is_a_required_choice(browser):
    page = browser.get("/admin/movies/cinema/add/").content.decode()
    tables = {"screens-TOTAL_FORMS": 0, "screens-INITIAL_FORMS": 0}

    response = browser.post("/admin/movies/cinema/add/", {"name": "Rex", **tables})

    assert '<option value="" selected>' in page
    assert response.context["adminform"].form.errors == {"time_zone": ["This field is required."]}
    typed = {"name": "Rex", "time_zone": "Europe/Berlin", **tables}
    assert browser.post("/admin/movies/cinema/add/", typed).status_code == 302
    assert Cinema.objects.get().time_zone == "Europe/Berlin"


def test_a_time_zone_that_is_no_longer_known_can_stay(save, cinema, monkeypatch):
    monkeypatch.setattr("movies.validators.time_zones", lambda: {"UTC"})
    monkeypatch.setattr("movies.admin.catalogue.time_zones", lambda: {"UTC"})

    assert save(address="Broadway").status_code == 302
    cinema.refresh_from_db()
    assert (cinema.address, cinema.time_zone) == ("Broadway", "Europe/London")


# --- The cinema of a screen ----------------------------------------------------------------------


@pytest.fixture
def move_screen(staff, screen):
    def move_screen(**more):
        body = {"cinema": make_cinema().pk, **more}
        return client_for(staff).patch(f"/api/screens/{screen.pk}/", body)

    return move_screen


def test_a_screen_without_shows_may_change_its_cinema(move_screen):
    assert move_screen().status_code == 200


@pytest.mark.parametrize("fields", [{}, {"status": "CANCELLED"}, {"starts_at": utc(2020, 1, 1)}])
def test_a_screen_with_shows_stays_in_its_cinema(move_screen, screen, fields):
    make_show(screen=screen, **fields)

    response = move_screen(name="Renamed")

    assert (response.status_code, response.data["code"]) == (409, "screen_has_shows")
    screen.refresh_from_db()
    assert screen.name != "Renamed"


def test_a_screen_that_an_order_promises_stays_in_its_cinema(move_screen, screen, show):
    Show.objects.filter(pk=show.pk).update(sales_open_at=None)
    book(show, 1)
    Show.objects.filter(pk=show.pk).update(screen=make_screen(cinema=show.cinema))

    assert move_screen().data["code"] == "screen_has_shows"


def test_a_screen_may_be_sent_whole_with_its_own_cinema(staff, screen, show):
    body = {"cinema": screen.cinema_id, "name": "Renamed", "total_seats": 50}

    assert client_for(staff).put(f"/api/screens/{screen.pk}/", body).status_code == 200


def test_the_page_of_a_screen_with_shows_refuses_another_cinema(browser, screen, show):
    page = f"/admin/movies/screen/{screen.pk}/change/"
    form = inputs_of(browser.get(page), "screen_form")

    response = browser.post(page, {**form, "cinema": make_cinema().pk})

    assert response.context["adminform"].form.errors == {
        "cinema": ["Shows were scheduled on this screen: it stays in its cinema."]
    }
    assert Screen.objects.get(pk=screen.pk).cinema_id == screen.cinema_id


@pytest.mark.parametrize("path", ["", "move/"])
def test_a_show_stays_in_its_cinema(show, path):
    api = client_for(make_staff("change_show", "move_show"))
    send, other = {"": api.patch, "move/": api.post}[path], make_screen()

    response = send(f"/api/shows/{show.pk}/{path}", {"screen": other.pk, "reason": "The heating is out."})

    assert (response.status_code, response.data["error_codes"]) == (400, {"screen": ["other_cinema"]})
    show.refresh_from_db()
    assert show.screen != other


def test_the_page_of_a_show_refuses_a_screen_of_another_cinema(browser, show):
    page = f"/admin/movies/show/{show.pk}/change/"
    form = inputs_of(browser.get(page), "show_form")

    response = browser.post(page, {**form, "screen": make_screen().pk})

    assert response.context["adminform"].form.errors == {"screen": [STAYS_IN_CINEMA]}
    show.refresh_from_db()
    assert show.screen.cinema_id == show.cinema_id
