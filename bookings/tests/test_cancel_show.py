"""Cancelling a show: for good, with all its bookings, and with a reason."""

from collections import Counter
from datetime import timedelta
from functools import partial
from threading import Event

import pytest
from django.db import connection
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.models import Booking, Status
from bookings.tests.api import assert_refused
from bookings.tests.factories import block, book, call_off, give_back, make_booking, make_former_staff
from bookings.tests.history import db_snapshot
from bookings.tests.locks import after_reading_the_seats, without_the_lock
from movie_booking.tests.concurrency import run_concurrently
from movies.errors import ShowCancelled
from movies.models import Show
from movies.services import schedule_show
from movies.tests.factories import make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db

REASON = "The projector is broken."


@pytest.fixture
def cancel():
    def cancel(show, reason=REASON, user=None):
        client = client_for(user or make_staff("change_show"))
        return client.post(f"/api/shows/{show.pk}/cancel/", {"reason": reason})

    return cancel


def test_all_bookings_are_cancelled_and_counted(cancel):
    show = make_show(total_seats=50)
    users, staff = [make_user(), make_user()], make_staff("change_show")
    returned = book(show, 9, user=users[0])
    give_back(returned)
    for number, user in ((1, users[0]), (2, users[1]), (3, users[1])):
        book(show, number, user=user)
    make_booking(show, user=users[0], seat_number=4, price=0, status=Status.HELD)
    block(show, "B1-B2", reason="Press")
    returned.refresh_from_db()
    show.refresh_from_db()
    version = show.seats_version

    response = cancel(show, user=staff)

    show.refresh_from_db()
    assert response.status_code == 200
    assert response.json() == {
        **client_for().get(f"/api/shows/{show.pk}/").json(),
        "status": "CANCELLED",
        "available_seats": 0,
        "cancel_reason": REASON,
        "cancelled_at": show.cancelled_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "cancelled_bookings": 4,
    }
    assert show.live_seats == 0
    assert show.seats_version > version
    assert list(
        Booking.objects.order_by("seat_number").values_list(
            "seat_number", "status", "reason", "refund_percent", "cancelled_by"
        )
    ) == [
        *((number, Status.CANCELLED, REASON, 100, staff.pk) for number in (1, 2, 3)),
        (4, Status.CANCELLED, REASON, None, staff.pk),  # held: nothing was paid
        (9, Status.CANCELLED, "", returned.refund_percent, returned.cancelled_by_id),
        *((number, Status.CANCELLED, "Press", None, staff.pk) for number in (11, 12)),
    ]
    assert not show.bookings.filter(cancelled_at=None).exists()


def test_house_seats_are_not_counted(cancel):
    show = make_show()
    block(show, "A1")

    assert cancel(show).data["cancelled_bookings"] == 0


@pytest.mark.parametrize("reason", ["", " ", None, 5, "x" * 201, [REASON]])
def test_a_reason_is_required(cancel, reason):
    show = make_show()
    before = db_snapshot()

    response = cancel(show, reason)

    assert response.status_code == 400
    assert response.data["errors"].keys() == {"reason"}
    assert db_snapshot() == before


def test_customers_still_find_their_bookings(cancel):
    user, show = make_user(), make_show()
    book(show, 1, user=user)
    before = client_for(user).get("/api/bookings/").data["results"][0]

    cancel(show)

    [after] = client_for(user).get("/api/bookings/").data["results"]
    assert after.pop("cancelled_at") is not None
    assert after == {
        **{field: value for field, value in before.items() if field != "cancelled_at"},
        "status": "CANCELLED",
        "cancel_reason": REASON,
        "ended_by": "staff",
        "refund_percent": 100,
        "refund_amount": "10.00",
    }


@pytest.fixture
def cancelled():
    """The booking of a show that was cancelled."""
    booking = book(make_show(), 1)
    call_off(booking.show, REASON)
    return booking


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "cancel/", {"reason": "Again"}),
        ("post", "book/", {"seat_number": 2}),
        ("post", "block/", {"seats": "A2"}),
        ("post", "free/", {"seats": "A1"}),
        ("patch", "", {"status": "ON_SALE"}),
        ("patch", "", {"status": "DRAFT"}),
        ("patch", "", {"price": "99.00"}),
        ("patch", "", {"starts_at": "2031-01-01T20:00:00Z"}),
        ("patch", "", {"total_seats": 40}),
        ("patch", "", {"screen": 1}),
    ],
)
def test_a_cancelled_show_cannot_be_changed_booked_blocked_or_cancelled_again(method, path, body, cancelled):
    client = client_for(make_user(is_staff=True, is_superuser=True))
    body = {**body, "screen": make_screen().pk} if "screen" in body else body
    before = db_snapshot()

    response = getattr(client, method)(f"/api/shows/{cancelled.show_id}/{path}", body)

    assert_refused(response, 409, "show_cancelled")
    assert db_snapshot() == before


def test_a_cancelled_show_with_bookings_cannot_be_deleted(cancelled):
    client = client_for(make_user(is_staff=True, is_superuser=True))

    assert client.delete(f"/api/shows/{cancelled.show_id}/").data["code"] == "in_use"


def test_a_booking_of_a_cancelled_show_cannot_be_cancelled_again(cancelled):
    response = client_for(cancelled.user).post(f"/api/bookings/{cancelled.pk}/cancel/")

    assert_refused(response, 409, "already_cancelled")


def test_the_screen_of_a_cancelled_show_is_free_again_at_that_time():
    show = make_show(screen=make_screen(), movie=make_movie())
    call_off(show, REASON)

    again = schedule_show(movie=show.movie, screen=show.screen, starts_at=show.starts_at)

    assert again.starts_at == show.starts_at


def test_a_show_that_is_running_can_be_cancelled_but_not_one_that_is_over_or_a_draft(cancel):
    film = make_movie(duration_minutes=100)

    def begun(minutes_ago, **fields):
        return make_show(movie=film, starts_at=now() - timedelta(minutes=minutes_ago), **fields)

    assert_refused(cancel(make_show(status=Show.Status.DRAFT)), 409, "wrong_status")
    assert cancel(begun(99)).status_code == 200
    over = cancel(begun(100))
    assert_refused(over, 409, "show_started")
    assert over.data["detail"] == "The show is over."


@pytest.mark.parametrize("exists", [True, False])  # other users do not learn whether there is such a show
@pytest.mark.parametrize(
    ("make_caller", "status", "code"),
    [
        (lambda: None, 401, "not_authenticated"),
        (make_user, 403, "permission_denied"),
        (make_staff, 403, "permission_denied"),
        (lambda: make_staff("block_seats", "delete_show", "change_booking"), 403, "permission_denied"),
        (lambda: make_former_staff("change_show"), 403, "permission_denied"),
    ],
)
def test_only_staff_with_the_permission_cancel_shows(make_caller, status, code, exists):
    show_id = make_show().pk if exists else 999_999
    client = client_for(make_caller())
    before = db_snapshot()

    assert_refused(client.post(f"/api/shows/{show_id}/cancel/", {"reason": REASON}), status, code)
    assert db_snapshot() == before


@pytest.mark.parametrize("rows", [1, 3])
def test_cancelling_costs_the_same_queries_for_any_number_of_bookings(rows, django_assert_num_queries):
    show, staff = make_show(), make_user()
    for number in range(1, rows + 1):
        book(show, number)

    # Savepoint, lock, which seats are occupied, their bookings; bookings, events and count; the event of the
    # show, show, release. PostgreSQL takes bookings, events and count as one.
    with django_assert_num_queries(8 if connection.vendor == "postgresql" else 10):
        call_off(show, REASON, staff=staff)


# --- Races -------------------------------------------------------------------------------------


def cancel_after_the_buyers_check(monkeypatch, patience):
    """A buyer who found seat 1 free waits for the show to be cancelled before booking it.

    Returns the results of both, and whether the buyer saw the show cancelled meanwhile.
    """
    show, checked, cancelled, met = make_show(), Event(), Event(), []
    staff = make_user()

    def wait(occupied):
        if not checked.is_set():  # the buyer; who cancels reads later
            checked.set()
            met.append(cancelled.wait(patience))

    def cancel():
        assert checked.wait(timeout=10)
        result = call_off(show, REASON, staff=staff)
        cancelled.set()
        return result

    after_reading_the_seats(monkeypatch, wait)
    booking, result = run_concurrently(partial(book, show, 1), cancel)
    booking.refresh_from_db()
    return booking, result, met


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_control_without_the_lock_a_seat_of_a_cancelled_show_is_sold(monkeypatch):
    without_the_lock(monkeypatch)

    booking, (_, cancelled), met = cancel_after_the_buyers_check(monkeypatch, patience=10)

    assert (met, cancelled, booking.status) == ([True], 0, Status.BOOKED)


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_with_the_lock_the_show_is_cancelled_after_the_buyer_and_with_the_booking(monkeypatch):
    booking, (_, cancelled), met = cancel_after_the_buyers_check(monkeypatch, patience=0.5)

    assert (met, cancelled, booking.status) == ([False], 1, Status.CANCELLED)


@pytest.mark.usefixtures("real_transactions")
def test_no_buyer_keeps_a_seat_of_a_show_that_is_cancelled_meanwhile():
    show, staff, users = make_show(), make_user(), [make_user() for _ in range(8)]

    (_, cancelled), *bought = run_concurrently(
        partial(call_off, show, REASON, staff=staff),
        *(partial(book, show, number, user=user) for number, user in enumerate(users, 1)),
    )

    show.refresh_from_db()
    assert {type(result) for result in bought} <= {Booking, ShowCancelled}
    assert Counter(type(result) for result in bought)[Booking] == cancelled == Booking.objects.count()
    assert (show.status, show.live_seats) == (Show.Status.CANCELLED, 0)
    assert not Booking.objects.live().exists()


@pytest.mark.usefixtures("real_transactions")
def test_of_many_requests_to_cancel_a_show_exactly_one_does():
    show, staff = make_show(), make_user()
    book(show, 1)

    results = run_concurrently(*[partial(call_off, show, REASON, staff=staff)] * 4)

    assert sorted(type(result).__name__ for result in results) == ["ShowCancelled"] * 3 + ["tuple"]
    show.refresh_from_db()
    assert show.live_seats == 0
    assert [*show.booking_events.values_list("to_status", flat=True)] == [Status.BOOKED, Status.CANCELLED]
