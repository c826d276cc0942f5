"""Today's shows on the first page of the Admin."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.tests.factories import make_staff, make_user
from bookings.roles import BOX_OFFICE
from movies.models import Show
from movies.tests.factories import (
    browser_for,
    give_role,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    tomorrow,
    utc,
)

pytestmark = pytest.mark.django_db
NEW_YORK = "America/New_York"


@pytest.fixture
def clerk():
    return give_role(make_user("tom"), BOX_OFFICE)


@pytest.fixture
def staff(clerk):
    return browser_for(clerk)


@pytest.fixture
def show():
    return make_show()


def todays(browser):
    page = browser.get(reverse("admin:index")).content.decode()
    return re.findall(r'<td>(\d\d:\d\d).*?<a href="[^"]*/show/(\d+)/seats/">', page, re.DOTALL)


def test_the_first_page_leads_to_the_seats_of_todays_shows_of_ones_own_cinemas(monkeypatch):
    at = utc(2031, 3, 13, 22, 0)  # 18:00 in New York, 23:00 in Berlin
    there = make_cinema(name="There", time_zone=NEW_YORK)
    here = make_cinema(name="Here", time_zone="Europe/Berlin")
    screens = {there: make_screen(cinema=there), here: make_screen(cinema=here)}

    def show(cinema, *moment, **fields):
        return make_show(screen=screens[cinema], starts_at=utc(*moment), **fields)

    running = show(there, 2031, 3, 13, 21, 0)
    tonight = show(there, 2031, 3, 14, 0, 30)  # still the 13th there
    show(there, 2031, 3, 14, 15, 0)
    show(there, 2031, 3, 13, 16, 0)  # over
    show(there, 2031, 3, 14, 3, 0, status=Show.Status.DRAFT)
    show(here, 2031, 3, 13, 22, 30)
    for module in ("bookings.templatetags.shows_today", "movies.models.shows"):
        monkeypatch.setattr(f"{module}.now", lambda: at)

    clerk = browser_for(give_role(make_user(), BOX_OFFICE, there))

    assert todays(clerk) == [("17:00", str(running.pk)), ("20:30", str(tonight.pk))]
    assert len(todays(browser_for(give_role(make_user(), BOX_OFFICE)))) == 3


def test_the_first_page_costs_the_same_queries_for_any_number_of_shows(clerk):
    staff, counts = browser_for(clerk), []
    staff.get(reverse("admin:index"))
    for _ in range(2):
        start = datetime.now(tz=ZoneInfo("UTC")).replace(hour=23, minute=59, second=0, microsecond=0)
        make_show(starts_at=start, movie=make_movie(), screen=make_screen())
        counts.append(count_queries(lambda: staff.get(reverse("admin:index"))))

    assert counts[0] == counts[1]


def test_who_sees_no_shows_has_none_on_the_first_page():
    make_show(starts_at=tomorrow())

    page = browser_for(make_staff("view_genre")).get(reverse("admin:index"))

    assert (page.status_code, "shows-today" in page.content.decode()) == (200, False)


def count_queries(call):
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)
