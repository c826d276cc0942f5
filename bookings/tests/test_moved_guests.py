"""What a move is to the guests: what they are told, what they may do, and what history says of it."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.models import Booking, BookingEvent, Status
from bookings.queries import seat_label_then
from bookings.tests.api import assert_refused, iso, post_to, read
from bookings.tests.factories import book, give_back, hold, let_expire, make_order, move
from bookings.tests.history import assert_history_consistent, db_snapshot
from bookings.tests.moves import REASON, ask, redraw, seats_of, show_in
from movies.models import ShowEvent
from movies.services import delete_row, save_cinema
from movies.tests.factories import make_cinema, make_screen, make_show

pytestmark = pytest.mark.django_db

# --- What customers see and may do -------------------------------------------------------------------


def test_the_order_says_what_changed():
    cinema = make_cinema(name="Roxy")
    show = make_show(screen=make_screen(name="Screen 1", cinema=cinema, seat_plan="A oo\nB oo"))
    order = make_order(show, 3, 4, status=Status.BOOKED)
    old, new = show.starts_at, show.starts_at + timedelta(hours=1)
    screen = make_screen(name="Screen 2", cinema=cinema, seat_plan="A oo\nC oo")
    assert read(order).data["changes"] == []

    ask(show, screen=screen.pk, starts_at=iso(new))

    [told] = client_for(order.user).get(f"/api/orders/{order.reference}/").json()["changes"]
    assert told.pop("at")
    assert told == {
        "show_version": 1,
        "reason": REASON,
        "changes": {
            "starts_at": {"old": iso(old), "new": iso(new)},
            "screen_name": {"old": "Screen 1", "new": "Screen 2"},
            "seats": {"old": ["B1", "B2"], "new": ["C1", "C2"]},
        },
    }


def test_an_order_names_screens_as_they_were_called_then_also_once_one_is_gone():
    show = make_show(
        screen=make_screen(name="One", cinema=make_cinema(name="Roxy", time_zone="Europe/London"))
    )
    order = make_order(show, 1, status=Status.BOOKED)
    between = make_screen(name="Two", cinema=show.cinema)
    move(show, screen=between)
    move(show, screen=make_screen(name="Three", cinema=show.cinema))
    save_cinema(show.cinema, name="Ritz")
    delete_row(between)
    assert [each["changes"] for each in read(order).data["changes"]] == [
        {"screen_name": {"old": "One", "new": "Two"}},
        {"screen_name": {"old": "Two", "new": "Three"}},
    ]


def test_an_order_tells_of_another_cinema_to_which_an_earlier_version_moved_its_show():
    show = show_in("A oo")
    order = make_order(show, 1, status=Status.BOOKED)
    changed = {
        "screen_name": ["One", "Two"],
        "cinema_name": ["Roxy", "Rex"],
        "time_zone": ["Europe/London", "America/New_York"],
    }
    ShowEvent.objects.create(show=show, version=1, channel="API", changes={"screen": [1, 2], **changed})
    show.version = 1
    show.save(update_fields=["version"])
    assert [each["changes"] for each in read(order).data["changes"]] == [
        {name: {"old": old, "new": new} for name, (old, new) in changed.items()}
    ]


@pytest.mark.parametrize("status", [Status.HELD, Status.BOOKED])
def test_an_order_that_was_given_back_is_told_nothing_of_what_came_later(status):
    show = show_in("A oo")
    order = make_order(show, 1, status=status)
    move(show, screen=make_screen(cinema=show.cinema, name="Two", seat_plan="A oo"))
    assert post_to(order, "cancel").status_code == 200
    move(show, screen=make_screen(cinema=show.cinema, name="Three", seat_plan="A oo"))
    [told] = read(order).data["changes"]
    assert told["changes"]["screen_name"]["new"] == "Two"


def test_an_order_that_was_left_out_is_told_of_the_move():
    show = show_in("A oo")
    order = make_order(show, 2, status=Status.BOOKED)
    make_order(show, 1, status=Status.BOOKED)
    move(show, screen=make_screen(cinema=show.cinema, name="Two", seat_plan="A o"), refund_left_out=True)
    [told] = read(order).data["changes"]
    assert told["changes"]["screen_name"]["new"] == "Two"


def test_an_order_whose_own_facts_did_not_change_is_told_nothing():
    show = show_in("A oo\nB oo")
    stays, goes = make_order(show, 1, status=Status.BOOKED), make_order(show, 3, status=Status.BOOKED)
    redraw(show, "A oo\nC oo")
    assert ask(show, screen=show.screen_id).status_code == 200
    assert read(stays).data["changes"] == []
    assert [each["changes"]["seats"]["old"] for each in read(goes).data["changes"]] == [["B1"]]


@pytest.mark.parametrize(("seat_number", "percent"), [(1, 0), (3, 100)])
def test_who_got_another_seat_may_give_it_back_for_everything(seat_number, percent):
    show = show_in("A oo\nB oo", starts_at=now() + timedelta(minutes=90))
    booking = book(show, seat_number)
    redraw(show, "A oo\nC oo")
    move(show, screen=show.screen)
    assert give_back(booking).refund_percent == percent


def test_what_is_held_is_confirmed_only_with_the_new_seats_accepted():
    show = show_in("A oo\nB oo")
    order = hold(show, 3)
    redraw(show, "A oo\nC oo")
    move(show, screen=show.screen)

    refused = post_to(order, "confirm")
    assert_refused(refused, 409, "show_changed")
    assert refused.data["changes"] == {"seats": {"old": ["B1"], "new": ["C1"]}}

    accepted = post_to(order, "confirm", {"show_version": refused.data["show_version"]})
    assert (accepted.status_code, accepted.data["changes"]) == (200, [])
    assert quote_of(order) == quote_of(make_order(show, 1, status=Status.BOOKED))


def quote_of(order):
    booking = order.bookings.get()
    quote = client_for(order.user).get(f"/api/bookings/{booking.pk}/cancellation/").data
    return quote["refund_percent"], quote["cancel_until"]


def test_the_seat_map_and_its_etags_change():
    show = show_in("A oo\nB oo")
    book(show, 3)
    client = client_for(make_user())
    maps = [f"/api/shows/{show.pk}/seats/", f"/api/shows/{show.pk}/seats/?fields=layout"]
    before = [client.get(url)["ETag"] for url in maps]
    move(show, screen=make_screen(cinema=show.cinema, seat_plan="A oo\nC oooo"))
    for url, etag in zip(maps, before, strict=True):
        assert client.get(url, headers={"If-None-Match": etag}).status_code == 200
    seats = {
        seat["label"]: seat["status"] for row in client.get(maps[0]).data["rows"] for seat in row["seats"]
    }
    assert [label for label, status in seats.items() if status == "booked"] == ["C1"]


def test_a_seat_that_the_show_had_before_the_move_is_a_conflict_and_one_that_never_was_is_not():
    show = show_in("A oooo")
    move(show, screen=make_screen(cinema=show.cinema, seat_plan="A oo"))
    client = client_for(make_user())
    gone = client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 4})
    assert_refused(gone, 409, "show_changed")
    assert gone.data["changes"] == {"total_seats": {"old": 4, "new": 2}}
    never = client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5})
    assert_refused(never, 400, "no_such_seat")


# --- History ----------------------------------------------------------------------------------------


def test_history_says_from_which_seat_to_which_and_who_did_it():
    show = show_in("A oo\nB oo")
    booking = book(show, 3)
    staff = make_staff("move_show")
    screen = make_screen(cinema=show.cinema, seat_plan="A oo\nC oo")

    ask(show, staff=staff, screen=screen.pk)

    event = BookingEvent.objects.order_by("id").last()
    assert (event.booking, event.actor, event.from_status, event.to_status) == (
        booking,
        staff,
        Status.BOOKED,
        Status.BOOKED,
    )
    assert event.changes == {"seat_label": ["B1", "C1"], "show_version": [0, 1]}
    written = ShowEvent.objects.get()
    assert (written.actor, written.reason, written.version) == (staff, REASON, 1)
    assert written.changes["seats"] == ["B1", "C1"]
    assert written.changes["screen"] == [show.screen_id, screen.pk]
    assert written.changes["seat_plan"] == ["A oo\nB oo", "A oo\nC oo"]


def test_bookings_and_events_of_before_keep_the_labels_they_had():
    show = show_in("A oo\nB oo")
    given_back, stays = book(show, 3), book(show, 4)
    give_back(given_back)

    move(show, screen=make_screen(cinema=show.cinema, seat_plan="X oooo\nY oo"))
    move(show, screen=make_screen(cinema=show.cinema, seat_plan="Z ooo"))

    given_back = Booking.objects.with_details().get(pk=given_back.pk)
    assert given_back.seat_label == "B1"
    events = list(BookingEvent.objects.order_by("id"))
    moved = [event.changes["seat_label"][1] for event in events[3:]]
    assert [seat_label_then(event) for event in events] == ["B1", "B2", "B1", *moved]
    assert moved[1:] == seats_of(stays.order)
    assert_history_consistent()


def test_a_show_that_never_sold_keeps_the_labels_of_before_with_another_screen_too():
    show = show_in("A oo\nB oo")
    booking = book_and_release(show, 3)

    assert patch(show, screen=make_screen(cinema=show.cinema, seat_plan="X oooo").pk).status_code == 200

    assert Booking.objects.with_details().get(pk=booking.pk).seat_label == "B1"
    assert {seat_label_then(event) for event in BookingEvent.objects.all()} == {"B1"}
    assert ShowEvent.objects.get().changes["seat_plan"] == ["A oo\nB oo", "X oooo"]


def book_and_release(show, seat_number):
    order = hold(show, seat_number)
    assert post_to(order, "cancel").status_code == 200
    return order.bookings.get()


def test_a_repeated_move_changes_nothing_more():
    show = show_in("A oo\nB oo")
    book(show, 3)
    screen = make_screen(cinema=show.cinema, seat_plan="A oo\nC oo")
    ask(show, screen=screen.pk)
    before = db_snapshot()
    assert ask(show, screen=screen.pk).status_code == 200
    assert db_snapshot() == before


# --- Another number of seats ------------------------------------------------------------------------


def test_a_sold_show_grows_with_its_screen():
    show = show_in("A oo\nB oo")
    order = make_order(show, 3, 4, status=Status.BOOKED)
    redraw(show, "A oooo\nB oooo")
    response = patch(show, total_seats=8)
    assert (response.status_code, response.data["total_seats"]) == (200, 8)
    assert seats_of(order) == ["B1", "B2"]
    assert [booking["seat_number"] for booking in read(order).data["bookings"]] == [5, 6]
    assert read(order).data["changes"] == []
    assert ShowEvent.objects.get().changes["total_seats"] == [4, 8]
    assert_history_consistent()


def test_a_number_of_seats_under_which_a_ticket_changes_is_refused():
    show = show_in("A oo\nB oo")
    make_order(show, 3, 4, status=Status.BOOKED)
    assert_refused(patch(show, total_seats=3), 409, "show_has_bookings")
    redraw(show, "A oo\nC oooo")
    assert_refused(patch(show, total_seats=6), 409, "show_has_bookings")
    assert_history_consistent()


@pytest.mark.parametrize("other", [{"total_seats": 3}, {"screen": "Y oo\nZ oo"}])
def test_a_hold_that_is_over_keeps_its_label_when_a_show_that_never_sold_gets_other_seats(other):
    show = show_in("A oo\nB oo")
    let_expire(order := hold(show, 4))
    redraw(show, "X oooo")
    if "screen" in other:
        other = {"screen": make_screen(cinema=show.cinema, seat_plan=other["screen"]).pk}

    assert patch(show, **other).status_code == 200

    assert [booking["seat_label"] for booking in read(order).data["bookings"]] == ["B2"]
    assert {seat_label_then(event) for event in BookingEvent.objects.all()} == {"B2"}
    before, after = ShowEvent.objects.get().changes["seat_plan"]
    show.refresh_from_db()
    assert (before, after) == ("A oo\nB oo", show.seat_plan)


def patch(show, **body):
    return client_for(make_staff("change_show")).patch(f"/api/shows/{show.pk}/", body)
