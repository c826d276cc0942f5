"""Another running time moves the ends of the shows to come, of all of them or of none."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.queries import sold_among, was_sold
from bookings.tests.factories import block, book, change, give_back, hold, let_expire, make_order, release
from movie_booking.tests.pages import inputs_of
from movies.errors import ShowsWouldOverlap
from movies.models import Show, ShowEvent
from movies.services import schedule_show
from movies.tests.factories import browser_for, make_movie, make_screen, make_show, tomorrow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("a_quarter_of_an_hour_of_cleaning")]

MINUTE = timedelta(minutes=1)


@pytest.fixture
def a_quarter_of_an_hour_of_cleaning(settings):
    settings.CLEANING_MINUTES = 15


@pytest.fixture
def staff():
    return make_staff("change_movie")


@pytest.fixture
def movie():
    return make_movie(duration_minutes=100)


@pytest.fixture
def screen():
    return make_screen()


@pytest.fixture
def schedule(movie, screen):
    def schedule(minutes=0, **fields):
        return schedule_show(
            **{"movie": movie, "screen": screen, "starts_at": tomorrow() + minutes * MINUTE, **fields}
        )

    return schedule


@pytest.fixture
def patch(staff, movie):
    def patch(minutes, **more):
        body = {"duration_minutes": minutes, **more}
        return client_for(staff).patch(f"/api/movies/{movie.pk}/", body)

    return patch


def runs(show):
    """How many minutes it runs, and until its screen is free."""
    show.refresh_from_db()
    return (show.ends_at - show.starts_at) / MINUTE, (show.screen_free_at - show.starts_at) / MINUTE


def test_another_running_time_moves_the_ends_of_all_shows_to_come(schedule, patch, movie, staff):
    show = schedule(pre_show_minutes=20)
    draft = schedule(300, status="DRAFT")
    book(show, 1)
    show.refresh_from_db()
    ended, versions = show.ends_at, (show.version, show.seats_version)

    response = patch(180, reason="The long cut")

    assert response.status_code == 200
    assert runs(show) == (200, 215)
    assert runs(draft) == (180, 195)
    assert (show.version, show.seats_version) == (versions[0] + 1, versions[1] + 1)
    event = ShowEvent.objects.get(show=show)
    assert event.changes == {"ends_at": [ended.isoformat(), (ended + 80 * MINUTE).isoformat()]}
    assert (event.actor, event.channel, event.reason) == (staff, "API", "The long cut")
    assert ShowEvent.objects.filter(show=draft).count() == 1
    notes = LogEntry.objects.filter(user=staff).order_by("id").values_list("object_id", "change_message")
    assert list(notes) == [
        (str(movie.pk), "Changed Running time through the API."),
        (str(show.pk), "End moved: the running time of Inception was changed."),
        (str(draft.pk), "End moved: the running time of Inception was changed."),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"starts_at": now() - 10 * MINUTE},
        {"starts_at": now() - timedelta(days=2)},
        {"status": Show.Status.CANCELLED},
    ],
)
def test_shows_that_have_started_or_are_cancelled_keep_their_times(movie, patch, fields):
    show = make_show(movie=movie, **fields)
    before = (show.ends_at, show.screen_free_at, show.version)

    assert patch(180).status_code == 200

    show.refresh_from_db()
    assert (show.ends_at, show.screen_free_at, show.version) == before
    assert not ShowEvent.objects.exists()


def test_a_show_of_another_movie_that_would_overlap_refuses_it_and_nothing_is_changed(
    schedule, patch, movie, screen
):
    show = schedule()
    other = schedule(120, movie=make_movie("Dune", duration_minutes=60))

    response = patch(140)

    assert (response.status_code, response.data["code"]) == (409, "shows_would_overlap")
    [clash] = response.data["clashes"]
    assert (clash["id"], clash["screen"], clash["movie_title"]) == (show.pk, screen.pk, "Inception")
    assert clash["screen_free_at"] == show.starts_at + 155 * MINUTE
    assert [(each["id"], each["movie_title"]) for each in clash["with"]] == [(other.pk, "Dune")]
    assert "Dune, " in clash["summary"]
    movie.refresh_from_db()
    assert movie.duration_minutes == 100
    assert runs(show) == (100, 115)
    assert not ShowEvent.objects.exists()
    assert not LogEntry.objects.exists()


def test_two_shows_of_the_movie_that_would_overlap_are_both_named(schedule, patch):
    first, second = schedule(), schedule(120)

    response = patch(140)

    named = [(clash["id"], [each["id"] for each in clash["with"]]) for clash in response.data["clashes"]]
    assert named == [(first.pk, [second.pk]), (second.pk, [first.pk])]


def test_shows_one_after_another_may_all_become_shorter_or_longer(schedule, patch):
    shows = [schedule(n * 200) for n in range(4)]

    assert patch(185).status_code == 200
    assert {runs(show) for show in shows} == {(185, 200)}
    assert patch(60).status_code == 200
    assert {runs(show) for show in shows} == {(60, 75)}


def test_the_same_running_time_changes_no_show(schedule, patch, movie):
    show = make_show(movie=movie, ends_at=tomorrow() + 90 * MINUTE, screen_free_at=tomorrow() + 95 * MINUTE)

    assert patch(100).status_code == 200
    show.refresh_from_db()
    assert (show.version, ShowEvent.objects.count()) == (0, 0)


def test_keep_leaves_the_times_of_shows_that_have_sold(schedule, patch):
    sold, held, free = (schedule(n * 300) for n in range(3))
    book(sold, 1)
    hold(held, 1)

    assert patch(180, keep=True).status_code == 200

    assert [runs(show)[0] for show in (sold, held, free)] == [100, 100, 180]
    assert [event.show for event in ShowEvent.objects.all()] == [free]


def test_a_show_that_is_kept_still_counts_as_one_to_overlap(schedule, patch):
    first, kept = schedule(), schedule(120)
    book(kept, 1)

    response = patch(140, keep=True)

    assert [(c["id"], [w["id"] for w in c["with"]]) for c in response.data["clashes"]] == [
        (first.pk, [kept.pk])
    ]


def test_a_change_based_on_another_version_re_times_nothing(schedule, staff, movie):
    show = schedule()

    response = client_for(staff).patch(
        f"/api/movies/{movie.pk}/", {"duration_minutes": 180}, headers={"If-Match": '"other"'}
    )

    assert response.status_code == 412
    assert runs(show) == (100, 115)


def test_which_of_many_shows_sold_is_asked_at_once(django_assert_num_queries):
    booked, returned, blocked, held = (make_show() for _ in range(4))
    released, expired, untouched = (make_show() for _ in range(3))
    book(booked, 1)
    give_back(book(returned, 1))
    block(blocked, "A1")
    make_order(held, 1)
    block(released, "A1")
    release(released, "A1")
    let_expire(hold(expired, 1))
    shows = [booked, returned, blocked, held, released, expired, untouched]

    with django_assert_num_queries(1):
        sold = sold_among(shows)

    assert sold == {booked.pk, returned.pk, blocked.pk, held.pk}
    assert sold == {show.pk for show in shows if was_sold(show)}


def test_many_shows_cost_no_more_statements_than_one(movie, screen, patch, django_assert_max_num_queries):
    for n in range(30):
        make_show(movie=movie, screen=screen, starts_at=tomorrow() + n * 300 * MINUTE)

    with django_assert_max_num_queries(32):
        assert patch(180).status_code == 200


def test_a_show_that_kept_its_running_time_gets_the_new_one_with_another_start_and_that_is_written_down(
    schedule, patch
):
    show = schedule()
    book(show, 1)
    assert patch(90, keep=True).status_code == 200
    start, ended = show.starts_at, show.ends_at

    change(show, starts_at=start + 60 * MINUTE)

    assert runs(show) == (90, 105)
    assert ShowEvent.objects.get().changes == {
        "starts_at": [start.isoformat(), (start + 60 * MINUTE).isoformat()],
        "ends_at": [ended.isoformat(), (start + 150 * MINUTE).isoformat()],
    }


# --- Pre-show ------------------------------------------------------------------------------------


def test_another_pre_show_moves_the_end_and_is_written_down(schedule):
    show = schedule()
    ended = show.ends_at

    changed = change(show, pre_show_minutes=25)

    assert (changed.pre_show_minutes, changed.version) == (25, 1)
    assert runs(show) == (125, 140)
    assert ShowEvent.objects.get().changes == {
        "ends_at": [ended.isoformat(), (ended + 25 * MINUTE).isoformat()],
        "pre_show_minutes": [0, 25],
    }


def test_another_pre_show_that_would_overlap_is_refused(schedule):
    show, other = schedule(), schedule(120)
    api = client_for(make_staff("change_show"))

    response = api.patch(f"/api/shows/{show.pk}/", {"pre_show_minutes": 25})

    assert (response.status_code, response.data["code"]) == (409, "screen_occupied")
    assert [each["id"] for each in response.data["shows"]] == [other.pk]
    assert runs(show) == (100, 115)


def test_the_pre_show_of_a_show_that_is_over_stays(movie):
    show = make_show(movie=movie, starts_at=now() - timedelta(days=1))
    api = client_for(make_staff("change_show"))

    response = api.patch(f"/api/shows/{show.pk}/", {"pre_show_minutes": 25})

    assert (response.status_code, response.data["code"]) == (409, "show_started")


def test_a_show_that_is_on_does_not_become_one_that_is_over(movie):
    show = make_show(movie=movie, starts_at=now() - 110 * MINUTE, pre_show_minutes=60)
    api = client_for(make_staff("change_show"))

    response = api.patch(f"/api/shows/{show.pk}/", {"pre_show_minutes": 0})

    assert (response.status_code, response.data["detail"]) == (400, "The show would be over by now.")
    assert api.patch(f"/api/shows/{show.pk}/", {"pre_show_minutes": 50}).status_code == 200


def test_another_pre_show_gives_no_right_to_give_seats_back(schedule, settings):
    settings.REFUND_TIERS = "48:100"
    show = schedule()
    customer = make_user()
    booking = book(show, 1, user=customer)
    change(show, pre_show_minutes=25)

    quote = client_for(customer).get(f"/api/bookings/{booking.pk}/cancellation/").data

    assert quote["refund_percent"] == 0
    assert Decimal(quote["refund_amount"]) == 0


# --- The page of the movie -----------------------------------------------------------------------


@pytest.fixture
def browser():
    return browser_for(make_user(is_staff=True, is_superuser=True))


def page_of(movie):
    return f"/admin/movies/movie/{movie.pk}/change/"


def form_of(browser, movie):
    return inputs_of(browser.get(page_of(movie)), "movie_form")


def test_the_form_of_a_movie_re_times_its_shows(browser, schedule, movie):
    show = schedule()
    form = form_of(browser, movie)

    response = browser.post(page_of(movie), {**form, "duration_minutes": "180"})

    assert response.status_code == 302
    assert runs(show) == (180, 195)
    assert ShowEvent.objects.get().channel == "ADMIN"
    assert LogEntry.objects.filter(object_id=show.pk, change_message__startswith="End moved").exists()


def test_the_form_says_which_shows_would_clash_and_keeps_what_was_typed(browser, schedule, movie):
    show = schedule()
    schedule(120)
    form = form_of(browser, movie)

    response = browser.post(page_of(movie), {**form, "duration_minutes": "140", "title": "Dune"})

    errors = response.context["adminform"].form.errors
    assert errors["duration_minutes"] == [ShowsWouldOverlap.detail]
    assert len(errors["__all__"]) == 2
    assert 'value="Dune"' in response.content.decode()
    assert runs(show) == (100, 115)


@pytest.mark.parametrize("minutes", ["0", "-1", "1001", "9" * 20, "9" * 40, "abc", ""])
def test_the_form_says_of_what_is_no_running_time_only_that(browser, schedule, movie, minutes):
    show = schedule()
    schedule(120)

    response = browser.post(page_of(movie), {**form_of(browser, movie), "duration_minutes": minutes})

    assert list(response.context["adminform"].form.errors) == ["duration_minutes"]
    assert runs(show) == (100, 115)


def test_the_form_leaves_shows_that_have_sold_if_that_is_ticked(browser, schedule, movie):
    sold, free = schedule(), schedule(300)
    book(sold, 1)
    form = form_of(browser, movie)

    response = browser.post(page_of(movie), {**form, "duration_minutes": "180", "keep": "on"})

    assert response.status_code == 302
    assert [runs(show)[0] for show in (sold, free)] == [100, 180]


def test_a_new_movie_is_not_asked_about_shows(browser):
    page = browser.get("/admin/movies/movie/add/").content.decode()

    assert 'name="keep"' not in page


def test_who_may_only_look_is_not_asked_about_shows(movie):
    page = browser_for(make_staff("view_movie")).get(page_of(movie))

    assert page.status_code == 200
    assert "have sold" not in page.content.decode()
