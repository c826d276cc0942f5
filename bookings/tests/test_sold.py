"""What counts as sold: a seat that is live or was once booked, and not one that was merely touched."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.models import Booking, BookingEvent, Order, Status
from bookings.queries import was_sold
from bookings.tests.api import post_to, read
from bookings.tests.factories import block, book, call_off, give_back, let_expire, make_order, release
from movies.models import Show
from movies.tests.factories import browser_for, make_screen, make_show

pytestmark = pytest.mark.django_db


def let_go(show):
    post_to(make_order(show, 50), "cancel")


def expire(show):
    let_expire(make_order(show, 50))


def block_and_release(show):
    block(show, "E10")
    release(show, "E10")


NOT_SOLD = [lambda show: None, let_go, expire, block_and_release]
SOLD = [
    lambda show: make_order(show, 50),
    lambda show: make_order(show, 50, status=Status.BOOKED),
    lambda show: give_back(book(show, 50)),
    lambda show: block(show, "E10"),
]


def change(show, **fields):
    return client_for(make_staff("change_show")).patch(f"/api/shows/{show.pk}/", fields)


@pytest.mark.parametrize("happened", NOT_SOLD)
def test_what_never_sold_can_get_other_seats_and_another_screen(happened):
    show = make_show()
    happened(show)

    assert not was_sold(show)
    assert change(show, total_seats=10).data["total_seats"] == 10
    response = change(show, screen=make_screen(cinema=show.cinema, total_seats=20).pk, total_seats=20)
    assert (response.data["total_seats"], response.data["available_seats"]) == (20, 20)


@pytest.mark.parametrize("happened", SOLD)
def test_what_sold_keeps_them(happened):
    show = make_show()
    happened(show)

    assert was_sold(show)
    assert change(show, total_seats=10).data["code"] == "show_has_bookings"


def test_all_seats_may_have_been_on_hold():
    show = make_show(total_seats=5)
    let_expire(make_order(show, 1, 2, 3, 4, 5))

    assert change(show, total_seats=1).status_code == 200
    assert Show.objects.values_list("total_seats", "live_seats").get() == (1, 0)


@pytest.mark.parametrize("happened", [let_go, expire])
def test_a_hold_of_a_seat_that_is_gone_can_still_be_read(happened):
    show = make_show()
    happened(show)
    order = show.orders.get()
    change(show, total_seats=10)

    [booking] = read(order).data["bookings"]
    assert (booking["seat_number"], booking["seat_label"]) == (50, "E10")
    staff = browser_for(make_user(is_staff=True, is_superuser=True))
    for page in ("order", "booking", "bookingevent"):
        assert staff.get(f"/admin/bookings/{page}/").status_code == 200
    assert staff.get(f"/admin/movies/show/{show.pk}/seats/").status_code == 200


def test_a_cancelled_show_has_no_seats_to_be_had_and_its_map_says_why():
    show = make_show()
    book(show, 1)
    call_off(show)
    client = client_for()

    for query in ("", "?fields=availability"):
        seats = client.get(f"/api/shows/{show.pk}/seats/{query}").json()
        assert (seats["available_seats"], seats["status"]) == (0, "CANCELLED")
    [listed] = client.get("/api/shows/").data["results"]
    assert (listed["available_seats"], listed["status"]) == (0, "CANCELLED")
    page = browser_for(make_staff("view_show")).get("/admin/movies/show/").content.decode()
    assert "0 / 50 · cancelled" in page


def test_a_map_changes_its_tag_when_the_show_is_cancelled():
    show = make_show()
    client = client_for()
    tag = client.get(f"/api/shows/{show.pk}/seats/")["ETag"]

    call_off(show)

    assert client.get(f"/api/shows/{show.pk}/seats/", HTTP_IF_NONE_MATCH=tag).status_code == 200


def test_a_hold_that_is_let_go_after_the_start_no_longer_counts():
    show = make_show()
    order = make_order(show, 1)
    Show.objects.update(starts_at=now())

    assert post_to(order, "cancel").status_code == 200
    assert not was_sold(show)


# Deleting


def delete(show):
    return client_for(make_staff("delete_show", "view_show")).delete(f"/api/shows/{show.pk}/")


def counts():
    return [model.objects.count() for model in (Show, Order, Booking, BookingEvent)]


@pytest.mark.parametrize("happened", NOT_SOLD)
@pytest.mark.parametrize("status", ["DRAFT", "ON_SALE"])
def test_what_never_sold_is_deleted_with_all_that_was_tried(happened, status):
    other = make_show()
    let_go(other)
    show = make_show()
    happened(show)
    Show.objects.filter(pk=show.pk).update(status=status)

    assert delete(show).status_code == 204
    assert counts() == [1, 1, 1, 2]


@pytest.mark.parametrize("happened", SOLD)
def test_what_sold_is_not(happened):
    show = make_show()
    happened(show)
    before = counts()

    response = delete(show)

    assert (response.status_code, response.data["code"]) == (409, "in_use")
    assert counts() == before


@pytest.mark.parametrize("by_action", [False, True])
def test_in_the_admin_too(by_action):
    show, sold = make_show(), make_show()
    block_and_release(show)
    give_back(book(sold, 1))
    staff = browser_for(make_staff("delete_show", "view_show", "change_show"))

    def delete_shows(*shows):
        if not by_action:
            url = reverse("admin:movies_show_delete", args=[shows[0].pk])
            return staff.post(url, {"post": "yes"})
        chosen = {"_selected_action": [show.pk for show in shows], "action": "delete_selected"}
        return staff.post(reverse("admin:movies_show_changelist"), {**chosen, "post": "yes"})

    delete_shows(sold)
    assert Show.objects.count() == 2
    assert delete_shows(show).status_code == 302
    assert list(Show.objects.all()) == [sold]


@pytest.mark.postgres
@pytest.mark.parametrize(("named", "goes"), [("this", True), ("other", False), ("", False)])
@pytest.mark.parametrize("sold", [False, True])
def test_the_database_lets_events_go_of_the_show_that_is_named_and_never_sold(named, goes, sold):
    show, other = make_show(), make_show()
    give_back(book(show, 1)) if sold else let_go(show)
    ids = {"this": show.pk, "other": other.pk, "": ""}

    def delete_events():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('movie_booking.deleted_show', %s, true)", [str(ids[named])])
            BookingEvent.objects.filter(show=show).delete()

    if goes and not sold:
        delete_events()
        assert BookingEvent.objects.count() == 0
    else:
        with pytest.raises(DatabaseError, match="append-only"):
            delete_events()
        assert BookingEvent.objects.count() == 2
