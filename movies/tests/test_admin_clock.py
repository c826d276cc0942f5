"""Days and times in the Admin are those of the clock of the cinema, also in the night when it is put back."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.tests.factories import make_user
from movies.models import Show
from movies.services import schedule_show
from movies.tests.factories import browser_for, make_cinema, make_movie, make_screen, make_show, utc
from movies.times import to_local

pytestmark = pytest.mark.django_db

LIST = "/admin/movies/show/"
NEW_YORK = "America/New_York"


@pytest.fixture
def root():
    return browser_for(make_user(is_staff=True, is_superuser=True))


@pytest.fixture
def evening():
    """20:00 on 15 January in New York, which is 1:00 on the 16th in UTC."""
    return make_show(starts_at=utc(2030, 1, 16, 1), screen=screen_in(NEW_YORK))


@pytest.fixture
def morning():
    """9:00 on 16 January in Tokyo, which is 0:00 in UTC."""
    return make_show(starts_at=utc(2030, 1, 16, 0), screen=screen_in("Asia/Tokyo"))


def screen_in(zone):
    return make_screen(cinema=make_cinema(time_zone=zone))


def listed(browser, **query):
    return set(browser.get(LIST, query).context["cl"].result_list)


# --- The list ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ({"starts_from": "2030-01-15", "starts_to": "2030-01-15"}, {"evening"}),
        ({"starts_from": "2030-01-16", "starts_to": "2030-01-16"}, {"morning"}),
        ({"starts_from": "2030-01-15", "starts_to": "2030-01-16"}, {"evening", "morning"}),
        ({"starts_from": "2030-01-16"}, {"morning"}),
        ({"starts_to": "2030-01-15"}, {"evening"}),
        ({"starts_from": "2030-01-17"}, set()),
        ({"starts_from": "2030-01-16", "starts_to": "2030-01-15"}, set()),
        ({"starts_from": "", "starts_to": ""}, {"evening", "morning"}),
    ],
)
def test_shows_are_filtered_by_the_day_of_the_clock_of_their_own_cinema(root, evening, morning, days, found):
    shows = {"evening": evening, "morning": morning}

    assert listed(root, **days) == {shows[name] for name in found}


def test_there_is_no_drill_down_by_the_days_of_another_clock(root, evening):
    page = root.get(LIST)

    assert page.context["cl"].date_hierarchy is None
    assert '<input type="date" name="starts_from"' in page.content.decode()


@pytest.mark.parametrize("day", ["tomorrow", "2030-02-30", "0001-01-01", "9999-12-31", "\0", "9" * 400])
def test_what_is_no_day_leads_to_the_whole_list(root, evening, day):
    response = root.get(LIST, {"starts_from": day})

    assert (response.status_code, response["Location"]) == (302, f"{LIST}?e=1")


def test_the_filter_by_days_keeps_the_other_filters_and_shows_its_days(root, evening):
    page = root.get(f"{LIST}?status=ON_SALE&starts_from=2030-01-15&p=1").content.decode()

    assert '<input type="hidden" name="status" value="ON_SALE">' in page
    assert 'name="starts_from" value="2030-01-15"' in page
    assert 'type="hidden" name="p"' not in page
    assert '<a href="?status=ON_SALE">Since yesterday, and to come</a>' in page


def test_the_week_that_is_filtered_is_the_week_that_is_copied(root, evening):
    screen = evening.screen
    sunday = make_show(movie=evening.movie, screen=screen, starts_at=utc(2030, 1, 21, 1))  # 20:00 on the 20th
    make_show(movie=evening.movie, screen=screen, starts_at=utc(2030, 1, 14, 1))  # 20:00 on the Sunday before
    week = listed(root, starts_from="2030-01-14", starts_to="2030-01-20")

    selected = {"action": "copy_to_next_week", "_selected_action": [show.pk for show in week]}
    root.post(LIST, {**selected, "_schedule": len(week)})

    assert week == {evening, sunday}
    copies = Show.objects.order_by("-id")[:2]
    assert {to_local(show.starts_at, ZoneInfo(NEW_YORK)).day for show in copies} == {22, 27}


# --- The form of a show ------------------------------------------------------------------------


def form_of(page):
    """What a browser would send back of the form of a page."""
    form = page.context["adminform"].form
    data = {}
    for bound in form:
        value = bound.value()
        if hasattr(bound.field.widget, "decompress"):
            for number, part in enumerate(bound.field.widget.decompress(value)):
                data[f"{bound.html_name}_{number}"] = "" if part is None else str(part)
        else:
            data[bound.html_name] = "" if value is None else value
    return data


# The clocks of New York are put back from 2:00 to 1:00 on 3 November 2030.
FIRST, SECOND = utc(2030, 11, 3, 5, 30), utc(2030, 11, 3, 6, 30)


@pytest.mark.parametrize("start", [FIRST, SECOND])
@pytest.mark.parametrize(
    "change",
    [
        lambda show: {},
        lambda show: {"price": "9.00"},
        lambda show: {"screen": make_screen(cinema=show.screen.cinema).pk},
        lambda show: {"movie": make_movie("Alien", duration_minutes=90).pk},
        lambda show: {"sales_open_at_0": "2030-01-01", "sales_open_at_1": "09:00"},
    ],
    ids=["nothing", "price", "screen", "movie", "sales"],
)
def test_an_hour_that_comes_twice_keeps_its_side_whatever_else_is_edited(root, start, change):
    show = schedule_show(movie=make_movie(), screen=screen_in(NEW_YORK), starts_at=start)
    page = root.get(f"{LIST}{show.pk}/change/")

    response = root.post(f"{LIST}{show.pk}/change/", {**form_of(page), **change(show)})

    show.refresh_from_db()
    assert (response.status_code, show.starts_at) == (302, start)


@pytest.mark.parametrize("start", [FIRST, SECOND])
def test_a_show_moved_within_such_an_hour_stays_on_its_side(root, start):
    show = schedule_show(movie=make_movie(), screen=screen_in(NEW_YORK), starts_at=start)
    page = root.get(f"{LIST}{show.pk}/change/")

    root.post(f"{LIST}{show.pk}/change/", {**form_of(page), "starts_at_1": "01:45"})

    show.refresh_from_db()
    assert show.starts_at == start + timedelta(minutes=15)


@pytest.mark.parametrize("sale", [FIRST, SECOND])
def test_the_start_of_a_sale_keeps_its_side_too(root, sale):
    show = schedule_show(
        movie=make_movie(), screen=screen_in(NEW_YORK), starts_at=utc(2030, 12, 1), sales_open_at=sale
    )
    page = root.get(f"{LIST}{show.pk}/change/")

    root.post(
        f"{LIST}{show.pk}/change/",
        {**form_of(page), "screen": make_screen(cinema=show.screen.cinema).pk},
    )

    show.refresh_from_db()
    assert show.sales_open_at == sale


@pytest.mark.parametrize("path", ["add/", "{show}/change/"])
def test_the_form_has_no_buttons_for_the_day_and_time_of_another_clock(root, evening, path):
    page = root.get(LIST + path.format(show=evening.pk)).content.decode()

    assert "vDateField" not in page
    assert "vTimeField" not in page
    assert 'type="date"' in page


def test_the_form_of_a_show_says_what_time_it_is_at_the_cinema(root, evening, monkeypatch):
    monkeypatch.setattr("movies.admin.shows.now", lambda: utc(2030, 1, 2, 3, 4))

    page = root.get(f"{LIST}{evening.pk}/change/").content.decode()

    assert "By the clock of the cinema, which shows Tue 01 Jan 2030, 22:04 now." in page


@pytest.mark.parametrize(("start", "said"), [(FIRST, False), (SECOND, True)])
def test_the_form_of_a_show_in_the_second_of_two_hours_says_so(root, start, said):
    show = make_show(starts_at=start, screen=screen_in(NEW_YORK))

    page = root.get(f"{LIST}{show.pk}/change/").content.decode()

    assert ("It shows this time twice that night: the show is in the second hour." in page) is said


def test_the_log_of_changes_says_whose_clock_it_shows(root, evening):
    assert "Times are in UTC." in root.get(f"{LIST}{evening.pk}/history/").content.decode()
