"""Lists of the Admin over tables that only grow: they show what is recent, and find what is older."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from accounts.models import User
from accounts.tests.factories import client_for, make_user
from bookings.models import Booking, BookingEvent, Order, Status
from bookings.tests.factories import book, change, make_order, move
from movie_booking.admin import MAX_ROWS
from movies.tests.factories import browser_for, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db

LONG_AGO = now() - timedelta(days=400)
BOOKINGS, ORDERS, EVENTS = (f"/admin/bookings/{name}/" for name in ("booking", "order", "bookingevent"))
SHOWS, USERS = "/admin/movies/show/", "/admin/accounts/user/"
every_list = pytest.mark.parametrize("path", [BOOKINGS, ORDERS])


@pytest.fixture
def root():
    return browser_for(make_user("root", is_staff=True, is_superuser=True))


@pytest.fixture
def old():
    """A booking of long ago, by ada, of a show of then."""
    booking = book(make_show(), 5, user=make_user("ada", email="Lovelace@example.com"))
    Booking.objects.update(created_at=LONG_AGO)
    Order.objects.update(created_at=LONG_AGO)
    booking.show.starts_at = LONG_AGO + timedelta(days=1)
    booking.show.ends_at = booking.show.screen_free_at = booking.show.starts_at + timedelta(hours=3)
    booking.show.save()
    return booking


def rows(browser, path, **query):
    """The bookings, or whatever is listed; of orders, their only booking."""
    response = browser.get(path, query, follow=True)
    # A search that finds one order leads to it.
    found = [response.context["order"]] if response.redirect_chain else response.context["cl"].result_list
    return [row.bookings.get() if isinstance(row, Order) else row for row in found]


@every_list
def test_a_list_of_sales_begins_with_those_of_the_last_days_and_says_so(root, old, path):
    recent = book(make_show(), 1)

    page = root.get(path)

    assert rows(root, path) == [recent]
    assert "The last 30 days" in page.content.decode()


@every_list
@pytest.mark.parametrize("typed", ["ada", "ADA", "lovelace@", "Lovelace@Example.com"])
def test_a_customer_is_found_by_the_beginning_of_name_or_address_with_all_sales(root, old, path, typed):
    recent = book(make_show(), 1, user=old.user)
    book(make_show(), 1)

    assert rows(root, path, q=typed) == [recent, old]


@every_list
def test_an_old_sale_is_found_by_reference_show_and_days(root, old, path):
    show_day, day = (f"{moment:%Y-%m-%d}" for moment in (old.show.starts_at, LONG_AGO))
    book(make_show(), 1)

    assert rows(root, path, q=old.order.reference.lower()) == [old]
    assert rows(root, path, show__id__exact=old.show_id) == [old]
    assert rows(root, path, show_from=show_day, show_to=show_day) == [old]
    assert rows(root, path, created_from=day, created_to=day) == [old]


@every_list
def test_a_filter_alone_stays_within_the_last_days(root, old, path):
    recent = book(make_show(), 1)

    assert rows(root, path, status=Status.BOOKED) == [recent]
    assert rows(root, path, o="1") == [recent]
    assert rows(root, path, status=Status.BOOKED, q="ada") == [old]


@every_list
def test_a_film_finds_sales_of_its_shows_of_now(root, path):
    now_showing = book(make_show(movie=make_movie("The Third Man")), 1)
    ended = book(make_show(movie=make_movie("The Third Man")), 1)
    ended.show.starts_at = LONG_AGO
    ended.show.save()

    assert rows(root, path, q="third man") == [now_showing]


def test_a_booking_is_found_by_its_number(root, old):
    assert rows(root, BOOKINGS, q=f" {old.pk} ") == [old]


def old_event(booking, **fields):
    step = {"channel": "API", "to_status": Status.BOOKED, "seat_number": booking.seat_number, "at": LONG_AGO}
    return BookingEvent.objects.create(booking=booking, show_id=booking.show_id, **{**step, **fields})


def test_events_are_those_of_the_last_days_or_all_of_a_show_or_booking(root):
    booking = book(make_show(), 5, user=make_user("ada"))
    recent, older = booking.events.get(), old_event(booking, actor=booking.user)

    assert rows(root, EVENTS) == rows(root, EVENTS, q="ada") == rows(root, EVENTS, o="1") == [recent]
    assert set(rows(root, EVENTS, q=str(booking.pk))) == {recent, older}
    assert set(rows(root, EVENTS, q=str(booking.show_id))) == {recent, older}
    assert set(rows(root, EVENTS, show__id__exact=booking.show_id)) == {recent, older}
    assert rows(root, EVENTS, at_to=f"{LONG_AGO + timedelta(days=2):%Y-%m-%d}") == [older]


def test_the_list_of_shows_begins_yesterday_and_what_is_over_begins_at_its_end(root):
    times = [now() + timedelta(hours=hours) for hours in (-2000, -100, -2, 2)]
    first, second, running, to_come = (make_show(starts_at=at) for at in times)

    assert rows(root, SHOWS) == [running, to_come]
    assert rows(root, SHOWS, when="past") == [running, second, first]
    assert rows(root, SHOWS, starts_from="2020-01-01") == [first, second, running, to_come]


def test_the_page_of_a_show_leads_to_its_orders_and_bookings(root, old):
    page = root.get(f"{SHOWS}{old.show_id}/change/").content.decode()

    for path in (ORDERS, BOOKINGS):
        link = f"{path}?show__id__exact={old.show_id}"
        assert f'href="{link}"' in page
        assert rows(root, link) == [old]


def test_users_are_found_by_how_any_of_their_names_begins(root):
    ada = make_user("ada", first_name="Augusta", last_name="King", email="lovelace@example.com")
    make_user("mona")

    for typed in ("AD", "aug", "king", "Love", "king ada"):
        assert rows(root, USERS, q=typed) == [ada], typed
    assert rows(root, USERS, q="ovelace") == []
    assert rows(root, USERS, q="%") == []


@pytest.fixture
def crowd():
    """So many users that a list does not lead through them all."""
    User.objects.bulk_create(User(username=f"crowd{n:05}", last_name=f"{-n}") for n in range(MAX_ROWS))


@pytest.mark.usefixtures("crowd")
def test_a_long_list_says_that_there_are_more_and_ends(root):
    page, last = root.get(USERS), root.get(USERS, {"p": 20})

    assert "1,000+ users" in " ".join(page.content.decode().split())
    assert page.context["cl"].paginator.num_pages == 20
    assert len(last.context["cl"].result_list) == 50
    assert root.get(USERS, {"p": 21})["Location"] == f"{USERS}?e=1"


@pytest.mark.usefixtures("crowd")
def test_a_long_list_is_sorted_within_what_it_leads_through(root):
    make_user("zoe")

    [first, *_] = rows(root, USERS, o="-1")

    assert first.username == "root"  # of the first thousand names, "crowd…" and this one, the last


@pytest.mark.parametrize("path", [BOOKINGS, ORDERS, EVENTS, SHOWS, USERS, "/admin/movies/movie/"])
def test_no_list_offers_to_count_what_each_filter_would_find(root, path):
    page = root.get(path, {"_facets": "True"})

    assert "Show counts" not in page.content.decode()
    assert page.context["cl"].add_facets is False


def test_a_short_list_says_how_long_it_is(root):
    make_user("ada")

    assert "2 users" in " ".join(root.get(USERS).content.decode().split())


@pytest.mark.parametrize("shows", [1, 3])
def test_events_of_redrawn_shows_take_no_query_each(root, shows, django_assert_num_queries):
    for _ in range(shows):
        show = make_show(screen=make_screen(seat_plan="A oo\nB oo"))
        book(show, 3)
        move(show, screen=make_screen(cinema=show.cinema, seat_plan="X oooo\nY oo"))
    root.get(EVENTS)

    with django_assert_num_queries(5):
        page = root.get(EVENTS)

    assert page.content.decode().count(">B1<") == shows


@pytest.mark.parametrize("orders", [1, 3])
def test_orders_of_changed_shows_take_no_query_each(orders, django_assert_num_queries):
    user = make_user()
    for number in range(orders):
        show = make_show(screen=make_screen(seat_plan="A oo\nB oo"))
        make_order(show, 3, user=user, status=Status.BOOKED)
        if number == 0:
            move(show, screen=make_screen(cinema=show.cinema, seat_plan="X oooo\nY oo"))
        change(show, starts_at=show.starts_at + timedelta(hours=1))
    client = client_for(user)

    with django_assert_num_queries(6):  # the user, the count, orders, bookings, changes and new seats
        page = client.get("/api/orders/").data

    assert [len(order["changes"]) for order in page["results"]] == [1] * (orders - 1) + [2]
