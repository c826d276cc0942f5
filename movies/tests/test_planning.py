"""Planning a week: everything that is asked for, or nothing, and a preview of all that is in the way."""

import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import make_staff, make_user
from movie_booking.errors import Invalid
from movies import planning
from movies.errors import PlanHasClashes
from movies.models import Movie, Show
from movies.planning import copy_week, preview, preview_copy, read_times, schedule_week
from movies.seat_plan import plain_plan
from movies.services import save_screen, schedule_show
from movies.tests.factories import make_cinema, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db

MONDAY = date(2030, 1, 14)
TUESDAY = date(2030, 1, 15)
WEEK = planning.dates_between(MONDAY, date(2030, 1, 20))
TWO, EIGHT = time(14), time(20)
LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")


def utc(*parts):
    return datetime(*parts, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def a_quarter_of_an_hour_of_cleaning(settings):
    settings.CLEANING_MINUTES = 15


@pytest.fixture
def movie():
    return make_movie("Inception", duration_minutes=148)


@pytest.fixture
def odeon():
    return make_cinema(name="Odeon", time_zone="Europe/London")


@pytest.fixture
def screens(odeon):
    return [make_screen(name=f"Screen {n}", cinema=odeon, total_seats=50) for n in (1, 2)]


@pytest.fixture
def screen(screens):
    return screens[0]


def problems(plan):
    return [proposal.problems for proposal in plan]


def clashes(plan):
    return [[(clash.id, clash.starts_at) for clash in proposal.clashes] for proposal in plan]


# --- Proposals ------------------------------------------------------------------------------------


def test_a_proposal_for_every_screen_date_and_time_in_that_order(movie, screens):
    plan = preview(movie=movie, screens=reversed(screens), dates=[TUESDAY, MONDAY], times=[EIGHT, TWO])

    assert [(each.day, each.screen.name, each.clock.time()) for each in plan] == [
        (day, room, at)
        for day in (MONDAY, TUESDAY)
        for room in ("Screen 1", "Screen 2")
        for at in (TWO, EIGHT)
    ]
    first = plan[0]
    assert (first.starts_at, first.ends_at, first.screen_free_at) == (
        utc(2030, 1, 14, 14),
        utc(2030, 1, 14, 16, 28),
        utc(2030, 1, 14, 16, 43),
    )
    assert all(each.is_possible for each in plan)
    assert Show.objects.count() == 0


def test_what_is_named_twice_counts_once(movie, screen):
    plan = preview(movie=movie, screens=[screen, screen], dates=[MONDAY, MONDAY], times=[TWO, TWO])

    assert len(plan) == 1


def test_each_time_is_by_the_clock_of_its_own_cinema(movie, screen):
    over_there = make_screen(cinema=make_cinema(name="Rex", time_zone="America/New_York"))

    schedule_week(movie=movie, screens=[screen, over_there], dates=[MONDAY, date(2030, 7, 15)], times=[EIGHT])

    assert {(show.screen, show.starts_at) for show in Show.objects.all()} == {
        (screen, utc(2030, 1, 14, 20)),
        (over_there, utc(2030, 1, 15, 1)),
        (screen, utc(2030, 7, 15, 19)),  # summer in both
        (over_there, utc(2030, 7, 16, 0)),
    }


def test_a_time_that_the_clocks_skip_is_a_problem_and_only_where_they_do(movie, screen):
    over_there = make_screen(cinema=make_cinema(name="Rex", time_zone="America/New_York"))
    plan = preview(movie=movie, screens=[screen, over_there], dates=[date(2030, 3, 31)], times=[time(1, 30)])

    assert problems(plan) == [["The clocks of the cinema skip this time on that day."], []]


def test_of_an_hour_that_comes_twice_the_first_is_meant(movie, screen):
    plan = preview(movie=movie, screens=[screen], dates=[date(2030, 10, 27)], times=[time(1, 30)])

    assert plan[0].starts_at == utc(2030, 10, 27, 0, 30)


@pytest.mark.parametrize("day", [date.min, date(1800, 1, 1), date(2999, 12, 31), date.max])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_a_day_beyond_the_calendar_of_the_house_is_a_problem(movie, zone, day):
    screen = make_screen(cinema=make_cinema(time_zone=zone))

    plan = preview(movie=movie, screens=[screen], dates=[day], times=[time(0), time(23, 59)])

    assert problems(plan) == [["Shows are planned from 1895 to 2999."]] * 2


def test_a_time_that_has_passed_is_a_problem(movie, screen):
    at = utc(2030, 1, 14, 20)

    plan = preview(movie=movie, screens=[screen], dates=[MONDAY], times=[EIGHT, time(20, 1)], at=at)

    assert problems(plan) == [["This time has passed."], []]


def test_a_problem_means_that_nothing_is_made_and_is_named(movie, screen):
    with pytest.raises(Invalid) as refused:
        schedule_week(
            movie=movie, screens=[screen], dates=[date(2030, 3, 30), date(2030, 3, 31)], times=[time(1, 30)]
        )

    assert refused.value.extra["errors"] == {
        "times": [
            "Screen 1, Odeon, Sun 31 Mar 2030 01:30: The clocks of the cinema skip this time on that day."
        ]
    }
    assert Show.objects.count() == 0


# --- Clashes --------------------------------------------------------------------------------------


def test_the_preview_names_what_is_there_already_cleaning_included(movie, screens):
    there = schedule_show(
        movie=make_movie(duration_minutes=90), screen=screens[0], starts_at=utc(2030, 1, 14, 12, 16)
    )  # free at 14:01

    plan = preview(movie=movie, screens=screens, dates=[MONDAY], times=[TWO, EIGHT])

    assert clashes(plan) == [[(there.pk, there.starts_at)], [], [], []]


def test_the_room_has_to_be_cleaned_before_the_next_show_too(movie, screen):
    there = schedule_show(
        movie=movie, screen=screen, starts_at=utc(2030, 1, 14, 16, 42)
    )  # wanted until 16:43

    assert clashes(preview(movie=movie, screens=[screen], dates=[MONDAY], times=[TWO])) == [
        [(there.pk, there.starts_at)]
    ]


def test_shows_that_follow_each_other_to_the_minute_do_not_clash(movie, screen):
    schedule_show(movie=movie, screen=screen, starts_at=utc(2030, 1, 14, 16, 43))
    schedule_show(movie=movie, screen=screen, starts_at=utc(2030, 1, 14, 11, 17))

    assert clashes(preview(movie=movie, screens=[screen], dates=[MONDAY], times=[TWO])) == [[]]


def test_drafts_are_in_the_way_and_cancelled_shows_are_not(movie, screens):
    for screen, status in zip(screens, ("DRAFT", "CANCELLED"), strict=True):
        make_show(movie=movie, screen=screen, starts_at=utc(2030, 1, 14, 14), status=status)

    plan = preview(movie=movie, screens=screens, dates=[MONDAY], times=[TWO])

    assert [len(each.clashes) for each in plan] == [1, 0]


def test_proposals_are_in_the_way_of_each_other_over_midnight_too(movie, screen):
    plan = preview(
        movie=movie, screens=[screen], dates=[MONDAY, TUESDAY], times=[time(0, 30), EIGHT, time(22, 30)]
    )

    assert clashes(plan) == [
        [],  # Monday, half past midnight
        [(None, utc(2030, 1, 14, 22, 30))],
        [(None, utc(2030, 1, 14, 20)), (None, utc(2030, 1, 15, 0, 30))],
        [(None, utc(2030, 1, 14, 22, 30))],
        [(None, utc(2030, 1, 15, 22, 30))],
        [(None, utc(2030, 1, 15, 20))],
    ]


def test_a_long_show_is_in_the_way_of_all_that_it_spans(screen):
    there = make_show(
        movie=make_movie(duration_minutes=600), screen=screen, starts_at=utc(2030, 1, 14, 10)
    )  # until 20:00

    plan = preview(
        movie=make_movie(duration_minutes=60),
        screens=[screen],
        dates=[MONDAY],
        times=[time(9), time(11), time(14), time(18), time(20)],
    )

    assert [[clash.id for clash in each.clashes] for each in plan] == [[there.pk]] * 4 + [[]]


def test_the_sweep_finds_what_comparing_all_pairs_finds(movie, screens):
    for hour in (3, 9, 10, 17):
        make_show(movie=movie, screen=screens[hour % 2], starts_at=utc(2030, 1, 14, hour, 7))

    times = [time(hour, minute) for hour in range(24) for minute in (0, 45)]
    plan = preview(movie=movie, screens=screens, dates=[MONDAY], times=times)

    def overlap(one, other):
        return one.starts_at < other.screen_free_at and other.starts_at < one.screen_free_at

    shows = list(Show.objects.all())
    for show in shows:
        show.screen_free_at = show.ends_at  # as the factory makes them
    for each in plan:
        with_shows = {(s.pk, s.starts_at) for s in shows if s.screen == each.screen and overlap(each, s)}
        with_others = {
            (None, other.starts_at)
            for other in plan
            if other is not each and other.screen == each.screen and overlap(each, other)
        }
        [found] = clashes([each])
        assert set(found) == with_shows | with_others
        assert found == sorted(found, key=lambda clash: clash[1])


@pytest.mark.parametrize("days", [1, 7])
def test_a_preview_costs_one_query_whatever_its_size(movie, screens, days, django_assert_num_queries):
    for day in range(days):
        make_show(movie=movie, screen=screens[0], starts_at=utc(2030, 1, 14 + day, 15))

    with django_assert_num_queries(1):
        plan = preview(movie=movie, screens=screens, dates=WEEK[:days], times=[TWO, EIGHT])

    assert len(plan) == 4 * days
    assert sum(len(each.clashes) for each in plan) == days


# --- All or none ----------------------------------------------------------------------------------


def test_a_week_is_made_on_its_terms_with_the_plan_of_each_room(movie, screens):
    save_screen(screens[1], seat_plan="A PP\nB SS")

    shows = schedule_week(
        movie=movie,
        screens=screens,
        dates=WEEK,
        times=[TWO, EIGHT],
        price=Decimal("12.50"),
        premium_price=Decimal(15),
        status="DRAFT",
        sales_cutoff_minutes=30,
    )

    assert len(shows) == len({show.pk for show in shows}) == Show.objects.count() == 28
    for show in Show.objects.all():
        small = show.screen_id == screens[1].pk
        assert (show.price, show.premium_price, show.sofa_price) == (Decimal("12.50"), Decimal(15), None)
        assert (show.status, show.sales_cutoff_minutes, show.live_seats) == ("DRAFT", 30, 0)
        assert (show.total_seats, show.seat_plan) == ((4, "A PP\nB SS") if small else (50, plain_plan(50)))
        assert show.ends_at - show.starts_at == timedelta(minutes=148)
        assert show.screen_free_at - show.ends_at == timedelta(minutes=15)


def test_a_planned_show_is_like_one_that_was_scheduled_alone(movie, screens):
    [planned] = schedule_week(movie=movie, screens=screens[:1], dates=[MONDAY], times=[TWO])
    alone = schedule_show(movie=movie, screen=screens[1], starts_at=utc(2030, 1, 14, 14))

    def fields(show):
        return Show.objects.filter(pk=show.pk).values().get() | {"id": 0, "screen_id": 0}

    assert fields(planned) == fields(alone)


def test_one_clash_and_none_is_made(movie, screens):
    there = schedule_show(movie=movie, screen=screens[1], starts_at=utc(2030, 1, 20, 21))

    with pytest.raises(PlanHasClashes) as refused:
        schedule_week(movie=movie, screens=screens, dates=WEEK, times=[TWO, EIGHT])

    assert (refused.value.status, refused.value.code) == (409, "plan_has_clashes")
    [named] = refused.value.extra["clashes"]
    assert (named["screen"], named["starts_at"]) == (screens[1].pk, utc(2030, 1, 20, 20))
    assert named["with"] == [
        {
            "id": there.pk,
            "movie_title": "Inception",
            "starts_at": there.starts_at,
            "screen_free_at": there.screen_free_at,
        }
    ]
    assert Show.objects.count() == 1


def test_a_plan_that_is_in_its_own_way_makes_nothing(movie, screen):
    with pytest.raises(PlanHasClashes) as refused:
        schedule_week(movie=movie, screens=[screen], dates=WEEK, times=[TWO, time(15)])

    assert len(refused.value.extra["clashes"]) == 14
    assert Show.objects.count() == 0


def test_the_same_week_twice_is_made_once(movie, screens):
    plan = partial(schedule_week, movie=movie, screens=screens, dates=WEEK, times=[TWO, EIGHT])
    plan()

    with pytest.raises(PlanHasClashes):
        plan()

    assert Show.objects.count() == 28


@pytest.mark.parametrize("days", [1, 7])
def test_a_week_costs_no_query_for_each_show(movie, screens, days, django_assert_num_queries):
    # The savepoint or transaction (2), a lock for each screen (2), what is there, what is written.
    with django_assert_num_queries(6):
        schedule_week(movie=movie, screens=screens, dates=WEEK[:days], times=[TWO, EIGHT])


def test_screens_are_locked_in_ascending_order_whatever_the_order_of_the_plan(
    movie, django_assert_num_queries
):
    # Numbers that Python's sets do not happen to keep in order.
    screens = [make_screen(pk=number) for number in (800_008, 800_001, 800_016)]

    with django_assert_num_queries(7) as queries:
        schedule_week(movie=movie, screens=screens, dates=[MONDAY], times=[TWO])

    asked = [re.findall(r'"movies_screen"."id" = (\d+)', query["sql"]) for query in queries.captured_queries]
    assert [found for found in asked if found] == [["800001"], ["800008"], ["800016"]]


def test_a_term_that_is_none_is_a_mistake_of_the_program(movie, screen):
    with pytest.raises(TypeError, match="no terms of a plan: total_seats"):
        schedule_week(movie=movie, screens=[screen], dates=[MONDAY], times=[TWO], total_seats=5)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"price": Decimal(-1)}, "price"),
        ({"price": Decimal("NaN")}, "price"),
        ({"price": Decimal("1.234")}, "price"),
        ({"price": None}, "price"),
        ({"sofa_price": Decimal(10**9)}, "sofa_price"),
        ({"status": "CANCELLED"}, "status"),
        ({"status": "SOLD"}, "status"),
        ({"sales_cutoff_minutes": 99999}, "sales_cutoff_minutes"),
    ],
)
def test_terms_that_no_show_has_are_refused(movie, screen, terms, field):
    with pytest.raises(Invalid) as refused:
        schedule_week(movie=movie, screens=[screen], dates=[MONDAY], times=[TWO], **terms)

    assert refused.value.extra["errors"].keys() == {field}
    assert Show.objects.count() == 0


def test_so_many_shows_are_made_at_once_and_no_more(movie):
    screens = [make_screen() for _ in range(10)]
    dates = planning.dates_between(MONDAY, MONDAY + timedelta(days=49))

    assert len(preview(movie=movie, screens=screens, dates=dates, times=[TWO])) == planning.MAX_SHOWS
    with pytest.raises(Invalid, match=r"That would be 510 shows\. At most 500 are made at once\."):
        schedule_week(movie=movie, screens=screens, dates=[*dates, date(2031, 1, 1)], times=[TWO])
    assert Show.objects.count() == 0


@pytest.mark.parametrize("empty", ["screens", "dates", "times"])
def test_nothing_asked_for_is_nothing_to_make(movie, screen, empty):
    asked_for = {"screens": [screen], "dates": [MONDAY], "times": [TWO], empty: []}

    with pytest.raises(Invalid, match="nothing to make"):
        schedule_week(movie=movie, **asked_for)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("", []),
        ("14:00", [time(14)]),
        ("20.15;9:30, 14:00  14:00", [time(9, 30), time(14), time(20, 15)]),
        ("0:00,23:59,", [time(0), time(23, 59)]),
    ],
)
def test_times_are_read_as_people_type_them(text, times):
    assert read_times(text) == times


@pytest.mark.parametrize(
    "text", ["24:00", "12:60", "noon", "14", "14:0", "14:00:00", "²:00", "-1:00", "14:00\0"]
)
def test_what_is_no_time_is_quoted(text):
    with pytest.raises(ValueError, match=r"is no time of day\. Write times like this: 14:00, 20:15\."):
        read_times(f"14:00 {text}")


# --- Copying a week -------------------------------------------------------------------------------


def test_a_week_is_copied_to_the_next_with_its_terms(movie, screens):
    save_screen(screens[1], seat_plan="A PP\nB SS")
    drafts = schedule_week(movie=movie, screens=screens[:1], dates=WEEK, times=[TWO], status="DRAFT")
    others = schedule_week(
        movie=make_movie("Dune", duration_minutes=90),
        screens=screens[1:],
        dates=WEEK,
        times=[EIGHT],
        price=Decimal(9),
        sofa_price=Decimal(20),
        sales_cutoff_minutes=15,
    )

    copies = copy_week(shows=Show.objects.all())

    def told(show, later=timedelta()):
        names = ("movie_id", "screen_id", "status", "price", "sofa_price", "sales_cutoff_minutes")
        moments = (show.starts_at, show.ends_at, show.screen_free_at)
        told = [getattr(show, name) for name in (*names, "total_seats", "seat_plan")]
        return (*told, *(moment + later for moment in moments))

    assert {told(show) for show in copies} == {told(show, timedelta(days=7)) for show in drafts + others}
    assert Show.objects.count() == 28
    assert all(show.live_seats == 0 for show in copies)


def test_a_copy_keeps_the_time_of_day_when_the_clocks_change(movie, screen):
    opens = datetime(2030, 3, 20, 1, 30, tzinfo=LONDON)
    schedule_show(
        movie=movie, screen=screen, starts_at=datetime(2030, 3, 27, 20, tzinfo=LONDON), sales_open_at=opens
    )

    [copy] = copy_week(shows=Show.objects.all())

    assert copy.starts_at == utc(2030, 4, 3, 19)  # an hour earlier by the sun
    assert copy.sales_open_at == utc(2030, 3, 27, 1, 30)


def test_sales_that_would_open_in_the_skipped_hour_open_after_it(movie, screen):
    opens = datetime(2030, 3, 24, 1, 30, tzinfo=LONDON)
    schedule_show(movie=movie, screen=screen, starts_at=utc(2030, 3, 27, 20), sales_open_at=opens)

    [copy] = copy_week(shows=Show.objects.all())

    assert copy.sales_open_at == datetime(2030, 3, 31, 2, 30, tzinfo=LONDON)


def test_a_copy_into_the_skipped_hour_is_a_problem(movie, screen):
    schedule_show(movie=movie, screen=screen, starts_at=datetime(2030, 3, 24, 1, 30, tzinfo=LONDON))

    with pytest.raises(Invalid) as refused:
        copy_week(shows=Show.objects.all())

    assert "skip this time" in refused.value.extra["errors"]["times"][0]


def test_cancelled_shows_are_left_out(movie, screens):
    for screen, status in zip(screens, ("CANCELLED", "ON_SALE"), strict=True):
        make_show(movie=movie, screen=screen, starts_at=utc(2030, 1, 14, 14), status=status)

    assert [show.screen for show in copy_week(shows=Show.objects.all())] == [screens[1]]


def test_a_copy_sells_as_many_seats_as_the_show_and_all_of_a_room_that_was_re_seated(movie, screens):
    for screen in screens:
        schedule_show(movie=movie, screen=screen, starts_at=utc(2030, 1, 14, 14), total_seats=40)
        schedule_show(movie=movie, screen=screen, starts_at=utc(2030, 1, 14, 20))
    save_screen(screens[1], seat_plan="A ooooo\nB ooooo")

    copies = copy_week(shows=Show.objects.all())

    assert [(show.screen.name, show.total_seats) for show in copies] == [
        ("Screen 1", 40),
        ("Screen 1", 50),
        ("Screen 2", 10),
        ("Screen 2", 10),
    ]
    assert copies[0].seat_plan == plain_plan(40)
    assert copies[2].seat_plan == "A ooooo\nB ooooo"


def test_one_copy_in_the_way_and_none_is_made(movie, screens):
    schedule_week(movie=movie, screens=screens, dates=WEEK, times=[TWO])
    schedule_show(movie=movie, screen=screens[0], starts_at=utc(2030, 1, 22, 13))
    this_week = Show.objects.filter(starts_at__lt=utc(2030, 1, 21))

    with pytest.raises(PlanHasClashes) as refused:
        copy_week(shows=this_week)

    assert [named["starts_at"] for named in refused.value.extra["clashes"]] == [utc(2030, 1, 22, 14)]
    assert sum(not each.is_possible for each in preview_copy(shows=this_week)) == 1
    assert Show.objects.count() == 15


@pytest.mark.parametrize("days", [0, -7, 367, 10**9])
def test_a_copy_is_for_later(movie, screen, days):
    make_show(movie=movie, screen=screen)

    with pytest.raises(Invalid) as refused:
        copy_week(shows=Show.objects.all(), days=days)

    assert refused.value.extra["errors"].keys() == {"days"}


def test_no_shows_are_nothing_to_copy():
    with pytest.raises(Invalid, match="nothing to make"):
        copy_week(shows=Show.objects.all())


def test_too_many_shows_are_not_copied(movie, screen, monkeypatch):
    monkeypatch.setattr(planning, "MAX_SHOWS", 1)
    schedule_show(movie=movie, screen=screen, starts_at=utc(2030, 1, 14, 14))
    schedule_show(movie=movie, screen=screen, starts_at=utc(2030, 1, 14, 20))

    with pytest.raises(Invalid, match="That would be 2 shows"):
        copy_week(shows=Show.objects.all())


# --- The page -------------------------------------------------------------------------------------


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def staff():
    return client_of(make_staff("view_show", "add_show"))


@pytest.fixture
def url():
    return reverse("admin:movies_show_plan")


@pytest.fixture
def form(movie, screens):
    def form(**fields):
        return {
            "movie": movie.pk,
            "screens": [screen.pk for screen in screens],
            "first": "2030-01-14",
            "last": "2030-01-20",
            "weekdays": [0, 1, 2, 3, 4, 5, 6],
            "times": "14:00, 20:00",
            "price": "12.50",
            "status": "ON_SALE",
            "sales_cutoff_minutes": "0",
            **fields,
        }

    return form


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def test_the_page_asks_and_writes_nothing(staff, url, screens):
    page = staff.get(url)

    assert page.status_code == 200
    assert "Odeon (Europe/London)" in page.content.decode()
    assert page.context["number"] == 0
    assert Show.objects.count() == 0


def test_the_page_costs_as_many_queries_for_any_number_of_screens(
    staff, url, screens, django_assert_max_num_queries
):
    for _ in range(10):
        make_screen()

    with django_assert_max_num_queries(6):  # session, user and rights (4), screens
        staff.get(url)


def test_a_get_never_makes_shows(staff, url, form):
    page = staff.get(url, form(make="28"))

    assert page.status_code == 200
    assert Show.objects.count() == 0


def test_a_form_without_its_token_is_refused(url, form):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_staff("view_show", "add_show"))

    assert browser.post(url, form(make="28")).status_code == 403
    assert Show.objects.count() == 0


def test_the_preview_shows_every_show_with_its_end_and_offers_to_make_them(staff, url, form):
    response = staff.post(url, form())
    page = response.content.decode()

    assert (response.context["number"], response.context["impossible"]) == (28, 0)
    assert len(response.context["days"]) == 7
    assert "Monday 14 January 2030" in page
    assert "16:28" in page
    assert "16:43" in page
    assert 'value="Make 28 shows"' in page
    assert Show.objects.count() == 0


def test_what_was_previewed_is_made(staff, url, form, movie):
    page = staff.post(url, form(status="DRAFT", premium_price="15", weekdays=[0, 6]))
    sent = {}
    for name, value in page.context["form"].as_sent():
        sent.setdefault(name, []).append(value)
        assert f'<input type="hidden" name="{name}" value="{value}">' in page.content.decode()

    response = staff.post(url, {**sent, "make": "8"}, follow=True)

    assert response.redirect_chain == [("/admin/movies/show/", 302)]
    assert messages_of(response) == [
        "Made: 8 shows of Inception from Mon 14 Jan 2030 to Sun 20 Jan 2030. Customers do not see them yet:"
        " put drafts on sale when you are ready."
    ]
    shows = Show.objects.all()
    assert {(s.movie, s.price, s.premium_price, s.status) for s in shows} == {
        (movie, Decimal("12.50"), Decimal(15), "DRAFT")
    }
    assert len(shows) == LogEntry.objects.count() == 8


def test_clashes_are_shown_and_nothing_is_offered(staff, url, form, movie, screens):
    there = schedule_show(
        movie=make_movie("<Dune>", duration_minutes=60), screen=screens[0], starts_at=utc(2030, 1, 15, 15)
    )

    response = staff.post(url, form())
    page = response.content.decode()

    assert (response.context["number"], response.context["impossible"]) == (28, 1)
    assert (
        f'<a href="/admin/movies/show/{there.pk}/change/">&lt;Dune&gt;, 15:00 to 16:15 with cleaning</a>'
        in page
    )
    assert 'name="make"' not in page


def test_of_many_clashes_the_first_three_are_shown(staff, url, form):
    response = staff.post(url, form(times="14:00, 14:10, 14:20, 14:30, 14:40"))

    assert response.context["impossible"] == response.context["number"] == 70
    assert response.content.decode().count("<li>and 1 more</li>") == 70


def test_a_clash_that_appears_after_the_preview_means_that_nothing_is_made(staff, url, form, movie, screens):
    assert staff.post(url, form()).context["impossible"] == 0
    schedule_show(movie=movie, screen=screens[0], starts_at=utc(2030, 1, 15, 15))

    response = staff.post(url, form(make="28"))

    assert response.status_code == 200
    assert messages_of(response) == [
        "Nothing was made. Not all of these shows are possible any more: see what is marked red."
    ]
    assert response.context["impossible"] == 1
    assert Show.objects.count() == 1


def test_the_button_pressed_twice_makes_the_week_once(staff, url, form):
    assert staff.post(url, form(make="28")).status_code == 302
    assert staff.post(url, form(make="28")).status_code == 200
    assert Show.objects.count() == 28


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"movie": ""}, "movie"),
        ({"movie": "x"}, "movie"),
        ({"movie": "9" * 40}, "movie"),
        ({"movie": "²"}, "movie"),
        ({"movie": "\0"}, "movie"),
        ({"screens": []}, "screens"),
        ({"screens": ["0"]}, "screens"),
        ({"screens": ["9" * 40, "x", "\0"]}, "screens"),
        ({"first": ""}, "first"),
        ({"first": "31/02/2030"}, "first"),
        ({"last": "2030-01-13"}, "last"),
        ({"last": "9999-12-31"}, "last"),
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": ["7"]}, "weekdays"),
        ({"first": "2030-01-14", "last": "2030-01-14", "weekdays": ["6"]}, "weekdays"),
        ({"times": ""}, "times"),
        ({"times": " , "}, "times"),
        ({"times": "25:00"}, "times"),
        ({"times": "\0"}, "times"),
        ({"price": ""}, "price"),
        ({"price": "-1"}, "price"),
        ({"price": "NaN"}, "price"),
        ({"price": "1e999999"}, "price"),
        ({"sofa_price": "x"}, "sofa_price"),
        ({"status": "CANCELLED"}, "status"),
        ({"sales_cutoff_minutes": "-1"}, "sales_cutoff_minutes"),
        ({"first": "2030-01-01", "last": "2030-12-31"}, "__all__"),  # 1,460 shows
    ],
)
@pytest.mark.parametrize("button", ["preview", "make"])
def test_nonsense_is_an_error_next_to_the_field(staff, url, form, fields, where, button):
    response = staff.post(url, form(**fields, **{button: "1"}))

    assert response.status_code == 200
    assert response.context["form"].errors.keys() == {where}
    assert response.context["number"] == 0
    assert Show.objects.count() == 0


@pytest.mark.parametrize("day", ["0001-01-01", "1850-01-01", "2999-12-31", "9999-12-31", "2020-01-01"])
def test_a_day_that_is_out_of_the_question_is_marked_in_the_preview(staff, url, form, day):
    response = staff.post(url, form(first=day, last=day, make="4"))

    assert response.status_code == 200
    assert response.context["impossible"] == response.context["number"] == 4
    assert Show.objects.count() == 0


def test_a_film_that_is_gone_is_an_error_next_to_the_field(staff, url, form):
    sent = form(make="28")
    Movie.objects.all().delete()

    assert staff.post(url, sent).context["form"].errors.keys() == {"movie"}


def test_the_page_takes_the_right_to_add_shows(url, form, screens):
    for user in (make_staff(), make_staff("view_show", "change_show")):
        assert client_of(user).get(url).status_code == 403
        assert client_of(user).post(url, form(make="28")).status_code == 403
    for browser in (Client(), client_of(make_user())):
        assert browser.get(url)["Location"] == f"/admin/login/?next={url}"
        assert browser.post(url, form(make="28"))["Location"] == f"/admin/login/?next={url}"
    assert Show.objects.count() == 0


def test_who_may_add_and_not_look_gets_no_links_to_shows(url, form, movie, screens):
    schedule_show(movie=movie, screen=screens[0], starts_at=utc(2030, 1, 15, 15))
    staff = client_of(make_staff("add_show"))

    assert "/change/" not in staff.post(url, form()).content.decode()
    assert staff.post(url, form(times="9:00", make="14"))["Location"] == "/admin/"


def test_the_list_links_to_the_page_for_those_who_may(staff, url):
    assert f'href="{url}"' in staff.get("/admin/movies/show/").content.decode()
    viewer = client_of(make_staff("view_show"))
    assert f'href="{url}"' not in viewer.get("/admin/movies/show/").content.decode()


# --- The action -----------------------------------------------------------------------------------


@pytest.fixture
def copy(staff):
    def copy(shows, **fields):
        sent = {"action": "copy_to_next_week", "_selected_action": [show.pk for show in shows], **fields}
        return staff.post("/admin/movies/show/", sent, follow=True)

    return copy


@pytest.fixture
def week(movie, screens):
    return schedule_week(movie=movie, screens=screens, dates=WEEK, times=[TWO])


def test_the_action_shows_what_it_would_make_and_then_makes_it(copy, week):
    page = copy(week, index="0")

    assert (page.context["number"], page.context["impossible"]) == (14, 0)
    assert 'value="Make 14 shows"' in page.content.decode()
    assert Show.objects.count() == 14

    done = copy(week, make="14")

    assert messages_of(done) == ["Made: 14 shows of Inception from Mon 21 Jan 2030 to Sun 27 Jan 2030."]
    assert Show.objects.count() == 28


def test_the_action_with_a_clash_makes_nothing(copy, week, movie, screens):
    schedule_show(movie=movie, screen=screens[0], starts_at=utc(2030, 1, 22, 15))

    page = copy(week, make="14")

    assert messages_of(page) == [
        "Nothing was made. Not all of these shows are possible any more: see what is marked red."
    ]
    assert page.context["impossible"] == 1
    assert 'name="make"' not in page.content.decode()
    assert Show.objects.count() == 15


def test_the_action_asks_again_if_the_selection_has_changed_since(copy, week):
    Show.objects.filter(pk=week[0].pk).update(status="CANCELLED")

    page = copy(week, make="14")

    assert page.context["number"] == 13
    assert Show.objects.count() == 14


def test_the_action_says_when_there_is_nothing_to_copy(copy, week):
    Show.objects.update(status="CANCELLED")

    page = copy(week, index="0")

    assert page.redirect_chain == [("/admin/movies/show/", 302)]
    assert messages_of(page) == ["There is nothing to make: no show is asked for."]


def test_the_action_takes_the_right_to_add_shows(week):
    viewer = client_of(make_staff("view_show", "change_show"))
    sent = {"action": "copy_to_next_week", "_selected_action": [week[0].pk], "make": "1"}

    page = viewer.post("/admin/movies/show/", sent, follow=True)

    assert "copy_to_next_week" not in page.content.decode()
    assert Show.objects.count() == 14


# --- The command ----------------------------------------------------------------------------------


@pytest.fixture
def command(screens, capsys):
    def command(*more, movie="Inception", **options):
        values = {"from": "2030-01-14", "to": "2030-01-20", **options}
        arguments = [f"--{name}={value}" for name, value in values.items()]
        rooms = [str(screen.pk) for screen in screens]
        call_command("schedule_shows", "--movie", movie, "--screen", *rooms, *arguments, *more)
        return capsys.readouterr().out.splitlines()

    return command


def test_the_command_makes_a_week(command, movie):
    lines = command(
        "--time", "14:00", "--time", "20:15", "--weekday", "mon", "sun", "--price=12.50", "--draft"
    )
    a_day = "; ".join(f"{at} Screen {n}, Odeon" for n in (1, 2) for at in ("14:00", "20:15"))

    assert lines == [
        f"Mon 14 Jan 2030: {a_day}",
        f"Sun 20 Jan 2030: {a_day}",
        "Made: 8 shows of Inception.",
    ]
    assert {(show.movie, show.price, show.status) for show in Show.objects.all()} == {
        (movie, Decimal("12.50"), "DRAFT")
    }
    assert Show.objects.count() == 8


def test_the_command_without_more_puts_shows_on_sale_at_the_usual_price(command, movie, settings):
    settings.DEFAULT_PRICE = Decimal("9.90")

    command("--time=14:00", movie=str(movie.pk))

    assert {(show.price, show.status) for show in Show.objects.all()} == {(Decimal("9.90"), "ON_SALE")}
    assert Show.objects.count() == 14


def test_a_dry_run_makes_nothing(command, movie):
    assert command("--time=14:00", "--dry-run")[-1] == "Would make: 14 shows of Inception."
    assert Show.objects.count() == 0


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_the_command_run_again_names_what_is_there_and_makes_nothing(command, movie, more):
    command("--time=14:00", to="2030-01-14")

    with pytest.raises(CommandError) as refused:
        command("--time=14:00", *more, to="2030-01-15")

    assert str(refused.value).splitlines() == [
        "Some of these shows are in the way of others, so none was made.",
        "Screen 1, Odeon, Mon 14 Jan 2030 14:00: Inception from 14 Jan 14:00, free again at 16:43",
        "Screen 2, Odeon, Mon 14 Jan 2030 14:00: Inception from 14 Jan 14:00, free again at 16:43",
    ]
    assert Show.objects.count() == 2


@pytest.mark.parametrize(
    ("more", "options", "message"),
    [
        (["--time=14:00"], {"movie": "Incep"}, r"There is no movie “Incep”\. Is it “Inception” \(id \d+\)\?"),
        (["--time=14:00"], {"movie": "9" * 40}, "There is no movie “9999"),
        (["--time=14:00"], {"screen": 10**40}, r"There is no screen 1000+\. \d+ is Screen 1, Odeon; \d+ is "),
        (["--time=25:00"], {}, "“25:00” is no time of day"),
        (["--time=14:00"], {"to": "20.1."}, "“20.1.” is no date. Write it like this: 2026-11-30"),
        (["--time=14:00"], {"to": "2030-01-13"}, "There is nothing to make"),
        (["--time=14:00"], {"to": "9999-12-31"}, r"That would be [\d,]+ shows\. At most 500"),
        (["--time=14:00"], {"price": "cheap"}, "“cheap” is no price"),
        (["--time=14:00"], {"price": "-1"}, "greater than or equal to 0"),
        (["--time=14:00"], {"price": "NaN"}, "must be a decimal number"),
        (["--time=14:00", "--weekday=someday"], {}, "invalid choice"),
        (["--time=1:30"], {"from": "2030-03-31", "to": "2030-03-31"}, "Sun 31 Mar 2030 01:30: The clocks"),
    ],
)
def test_the_command_says_what_is_wrong(command, movie, more, options, message):
    with pytest.raises(CommandError, match=message):
        command(*more, **options)

    assert Show.objects.count() == 0


def test_the_command_asks_which_of_several_films_of_one_title_is_meant(command, movie):
    other = make_movie("Inception")

    with pytest.raises(CommandError, match=f"Give the id: one of {movie.pk}, {other.pk}"):
        command("--time=14:00")


def test_a_film_whose_title_is_a_number_is_found_by_its_title(command, movie):
    film = make_movie(str(movie.pk), duration_minutes=119)

    command("--time=14:00", movie=str(movie.pk))

    assert Show.objects.values_list("movie", flat=True).distinct().get() == film.pk
