"""Sales in the Admin and in its CSV are filtered and told by the clock of the cinema."""

from datetime import datetime

import pytest

from accounts.tests.factories import make_user
from bookings.exports import booking_rows
from bookings.models import Booking, BookingEvent, Order
from bookings.tests.factories import book, give_back
from bookings.tests.test_admin import text_of
from movies.tests.factories import browser_for, make_cinema, make_screen, make_show, utc

pytestmark = pytest.mark.django_db

PAGES = {Booking: "/admin/bookings/booking/", Order: "/admin/bookings/order/"}
EVENTS = "/admin/bookings/bookingevent/"
every_page = pytest.mark.parametrize("model", PAGES)


@pytest.fixture
def root():
    return browser_for(make_user(is_staff=True, is_superuser=True))


@pytest.fixture
def booking():
    """Of New York, for 20:00 on 15 January 2030; bought at 23:30 on the 1st. In UTC both are the next day."""
    screen = make_screen(cinema=make_cinema(time_zone="America/New_York"))
    sold = book(make_show(starts_at=utc(2030, 1, 16, 1), screen=screen), 5)
    at = utc(2030, 1, 2, 4, 30)
    Booking.objects.update(created_at=at)
    Order.objects.update(created_at=at)
    sold.refresh_from_db()
    return sold


def found(browser, path, **query):
    return len(browser.get(path, query).context["cl"].result_list)


@every_page
@pytest.mark.parametrize(("name", "day", "next_day"), [("show", 15, 16), ("created", 1, 2)])
def test_sales_are_filtered_by_days_of_the_cinema(root, booking, model, name, day, next_day):
    def on(day):
        return {f"{name}_from": f"2030-01-{day:02}", f"{name}_to": f"2030-01-{day:02}"}

    assert found(root, PAGES[model], **on(day)) == 1
    assert found(root, PAGES[model], **on(next_day)) == 0


def test_events_are_filtered_by_days_of_the_cinema(root, booking):
    day = BookingEvent.objects.get().at.astimezone(booking.show.screen.cinema.zone).date()

    assert found(root, EVENTS, at_from=day.isoformat(), at_to=day.isoformat()) == 1
    assert found(root, EVENTS, show_from="2030-01-16") == 0


@pytest.mark.parametrize("path", [*PAGES.values(), EVENTS])
def test_no_list_drills_down_by_the_days_of_another_clock(root, booking, path):
    assert root.get(path).context["cl"].date_hierarchy is None


@every_page
def test_the_page_of_a_sale_says_when_by_the_clock_of_the_cinema(root, booking, model):
    pk = {Booking: booking.pk, Order: booking.order_id}[model]

    page = text_of(root.get(f"{PAGES[model]}{pk}/change/"))

    if model is Order:
        assert "(America/New_York)" in page
        assert "Tue 01 Jan 2030, 23:30" in page
    else:
        assert "Created (cinema's clock)" in page.replace("&#x27;", "'")
        assert "01 Jan 2030, 23:30:00" in page


def test_the_csv_says_when_by_the_clock_of_the_cinema(booking):
    give_back(booking)
    Booking.objects.update(cancelled_at=utc(2030, 1, 3, 4, 30, 15))

    header, row = booking_rows(Booking.objects.all())

    times = {name: cell for name, cell in zip(header, row, strict=True) if "clock" in name}
    assert times == {
        "starts (cinema's clock)": "2030-01-15 20:00",
        "created (cinema's clock)": "2030-01-01 23:30:00",
        "cancelled (cinema's clock)": "2030-01-02 23:30:15",
    }


def test_events_say_when_by_the_clock_of_the_cinema(root, booking):
    event = BookingEvent.objects.get()
    local: datetime = event.at.astimezone(booking.show.screen.cinema.zone)
    when = f"{local:%d %b %Y, %H:%M:%S}"

    for path in (
        EVENTS,
        f"{PAGES[Booking]}{booking.pk}/change/",
        f"/admin/movies/show/{booking.show_id}/seats/",
    ):
        page = text_of(root.get(path)).replace("&#x27;", "'")
        assert "When (cinema's clock)" in page
        assert when in page


def test_the_dates_of_users_who_have_no_cinema_say_that_they_are_utc(root, booking):
    assert "Date joined (UTC)" in text_of(root.get("/admin/accounts/user/"))
    assert "Important dates (UTC)" in text_of(root.get(f"/admin/accounts/user/{booking.user_id}/change/"))
