"""House seats: blocked and released by staff, never over a sold seat."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.errors import SeatTaken
from bookings.models import Booking, Status
from bookings.services.house_seats import SeatSelection
from bookings.tests import factories
from bookings.tests.api import assert_refused
from bookings.tests.factories import book, call_off, give_back, make_booking, make_former_staff
from bookings.tests.history import db_snapshot
from movie_booking.tests.concurrency import run_concurrently
from movies.models import Show
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make_staff("block_seats")


@pytest.fixture
def block(staff):
    client = client_for(staff)

    def block(show, seats, **fields):
        return client.post(f"/api/shows/{show.pk}/block/", {"seats": seats, **fields})

    return block


@pytest.fixture
def release(staff):
    client = client_for(staff)

    def release(show, seats):
        return client.post(f"/api/shows/{show.pk}/free/", {"seats": seats})

    return release


def taken(show):
    return client_for().get(f"/api/shows/{show.pk}/seats/?fields=availability").json()["taken"]


# --- Blocking ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seats", "numbers", "labels"),
    [
        ("A1", [1], "A1"),
        ("C1-C6", [21, 22, 23, 24, 25, 26], "C1-C6"),
        (" c2 , A1-3,A2", [1, 2, 3, 22], "A1-A3, C2"),
    ],
)
def test_staff_block_seats_by_their_labels(block, staff, seats, numbers, labels):
    show = make_show(total_seats=50)

    response = block(show, seats, reason="Camera position")

    show.refresh_from_db()
    assert response.status_code == 200
    assert response.json() == {"show": show.pk, "seat_numbers": numbers, "seats": labels}
    assert taken(show) == {"held": [], "booked": [], "blocked": numbers}
    assert (show.live_seats, show.seats_version) == (len(numbers), 1)
    assert set(Booking.objects.values_list("user", "status", "price", "reason")) == {
        (staff.pk, Status.BLOCKED, 0, "Camera position")
    }


def test_labels_are_those_of_the_drawing(block):
    show = make_show(screen=make_screen(seat_plan="A oo_oP\n\nF WC_SS"))

    assert block(show, "F3-F4").data["seat_numbers"] == [7, 8]


def test_a_block_over_taken_seats_names_each_and_takes_none(block):
    show = make_show()
    book(show, 22)
    block(show, "C4")
    make_booking(show, user=make_user(), seat_number=23, price=0, status=Status.HELD)
    before = db_snapshot()

    response = block(show, "C1-C6")

    assert_refused(response, 409, "seat_taken")
    assert response.data["seats"] == [
        {"seat_number": 22, "reason": "booked"},
        {"seat_number": 23, "reason": "held"},
        {"seat_number": 24, "reason": "blocked"},
    ]
    assert db_snapshot() == before


WRONG_LABELS = ("A0", "A11", "F1", "Z1", "A3-A1", "A1-B2", "A1-", "17", "A1;A2", "A1-A2-A3")


@pytest.mark.parametrize("seats", ["", " ", ",", *(f"A2, {wrong}" for wrong in WRONG_LABELS)])
@pytest.mark.parametrize("route", ["block", "free"])
def test_what_is_no_seat_of_the_show_is_invalid(staff, route, seats):
    show = make_show(total_seats=50)
    before = db_snapshot()

    response = client_for(staff).post(f"/api/shows/{show.pk}/{route}/", {"seats": seats})

    assert response.status_code == 400
    assert response.data["errors"].keys() == {"seats"}
    assert db_snapshot() == before


@pytest.mark.parametrize("seats", ["A2,", "A2, ,", " ,A2"])
def test_there_may_be_nothing_between_two_commas(block, release, seats):
    show = make_show()

    assert block(show, seats).data["seat_numbers"] == [2]
    assert release(show, seats).data["seat_numbers"] == [2]


@pytest.mark.parametrize("seats", [1, 30])
def test_a_block_of_any_size_costs_the_same_queries(block, seats, django_assert_num_queries):
    show = make_show(screen=make_screen(seat_plan="A " + "o" * 30))

    # The user and their rights (4), savepoint, lock, which seats are occupied, and release; between
    # them order, bookings, events and count: one statement on PostgreSQL, elsewhere one each.
    with django_assert_num_queries(9 if connection.vendor == "postgresql" else 12):
        block(show, f"A1-A{seats}")


# --- Releasing --------------------------------------------------------------------------------


def test_staff_release_some_of_a_block_and_the_seats_are_sold_again(block, release):
    show = make_show()
    block(show, "C1-C6", reason="Press")

    response = release(show, "C5-C6")

    show.refresh_from_db()
    assert response.status_code == 200
    assert response.json() == {"show": show.pk, "seat_numbers": [25, 26], "seats": "C5-C6"}
    assert taken(show)["blocked"] == [21, 22, 23, 24]
    assert (show.live_seats, show.seats_version) == (4, 2)
    assert book(show, 25).status == Status.BOOKED


def test_releasing_what_is_not_blocked_names_each_seat_and_releases_none(block, release):
    show = make_show()
    block(show, "A1")
    book(show, 2)
    before = db_snapshot()

    response = release(show, "A1-A3")

    assert_refused(response, 409, "not_blocked")
    assert response.data["seats"] == [
        {"seat_number": 2, "reason": "booked"},
        {"seat_number": 3, "reason": "available"},
    ]
    assert db_snapshot() == before


def test_releasing_leaves_earlier_bookings_of_the_seat_alone(block, release):
    show, user = make_show(), make_user()
    sold = book(show, 1, user=user)
    give_back(sold, user=user)
    before = Booking.objects.filter(pk=sold.pk).values().get()
    block(show, "A1")

    assert release(show, "A1").status_code == 200
    assert Booking.objects.filter(pk=sold.pk).values().get() == before
    assert list(sold.events.values_list("to_status", flat=True)) == ["BOOKED", "CANCELLED"]


# --- By whom, and when -------------------------------------------------------------------------


@pytest.mark.parametrize("exists", [True, False])  # other users do not learn whether there is such a show
@pytest.mark.parametrize("route", ["block", "free"])
@pytest.mark.parametrize(
    ("make_caller", "status", "code"),
    [
        (lambda: None, 401, "not_authenticated"),
        (make_user, 403, "permission_denied"),
        (make_staff, 403, "permission_denied"),
        (lambda: make_staff("change_show", "change_booking"), 403, "permission_denied"),
        (lambda: make_former_staff("block_seats"), 403, "permission_denied"),
    ],
)
def test_only_staff_with_the_permission_block_and_release_seats(route, make_caller, status, code, exists):
    show = make_show()
    factories.block(show, "A1")
    client = client_for(make_caller())
    before = db_snapshot()

    response = client.post(f"/api/shows/{show.pk if exists else 999_999}/{route}/", {"seats": "A1"})

    assert_refused(response, status, code)
    assert db_snapshot() == before


def test_a_draft_has_house_seats_too(block, release):
    show = make_show(status=Show.Status.DRAFT)

    assert (block(show, "A1").status_code, release(show, "A1").status_code) == (200, 200)


@pytest.mark.parametrize(
    ("fields", "blocked", "released"),
    [
        ({"status": "CANCELLED"}, "show_cancelled", "show_cancelled"),
        ({"starts_at": now() - timedelta(minutes=1)}, "show_started", None),
    ],
)
def test_a_show_that_is_cancelled_or_past_is_not_blocked(block, release, staff, fields, blocked, released):
    show = make_show()
    factories.block(show, "A1", staff=staff)
    Show.objects.update(**fields)

    assert block(show, "A2").data["code"] == blocked
    assert release(show, "A1").data.get("code") == released


def test_staff_who_block_seats_can_still_buy_as_many_as_others(block, staff, settings):
    settings.MAX_SEATS_PER_SHOW = 1
    show = make_show()
    block(show, "A1-A10")

    assert book(show, 11, user=staff).status == Status.BOOKED


@pytest.mark.parametrize("then", ["still blocked", "released", "the show is cancelled"])
def test_house_seats_are_not_among_the_bookings_of_the_member_of_staff(staff, then):
    show, client = make_show(), client_for(staff)
    factories.block(show, "A1-A3", staff=staff)
    blocked = Booking.objects.first()
    if then == "released":
        factories.release(show, "A1-A3")
    if then == "the show is cancelled":
        call_off(show, "No heating")

    assert client.get("/api/bookings/").data["results"] == []
    assert client.get(f"/api/bookings/{blocked.pk}/").status_code == 404
    assert client.post(f"/api/bookings/{blocked.pk}/cancel/").status_code == 404


# --- Races -------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_of_a_block_and_buyers_of_one_seat_exactly_one_gets_it():
    show, staff, users = make_show(), make_user(), [make_user() for _ in range(4)]

    for number in range(1, 6):
        results = run_concurrently(
            partial(factories.block, show, f"A{number}, B{number}", staff=staff),
            *(partial(book, show, number, user=user) for user in users),
        )

        assert Counter(type(result) for result in results)[SeatTaken] == 4
        [winner] = [result for result in results if isinstance(result, (SeatSelection, Booking))]
        owner = show.bookings.live().get(seat_number=number)
        assert owner.user in ([staff] if isinstance(winner, SeatSelection) else users)
        # All of a block or none of it.
        assert show.bookings.live().filter(seat_number=10 + number).exists() == isinstance(
            winner, SeatSelection
        )
    show.refresh_from_db()
    assert show.live_seats == show.bookings.live().count()


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_of_two_blocks_that_overlap_one_is_made_and_the_other_takes_nothing():
    show, staff = make_show(), make_user()

    results = run_concurrently(
        *(partial(factories.block, show, seats, staff=staff) for seats in ("A1-A6", "A5-A8, B2"))
    )

    assert sorted(type(result).__name__ for result in results) == ["SeatSelection", "SeatTaken"]
    [made] = [result for result in results if isinstance(result, SeatSelection)]
    assert taken(show)["blocked"] == made.seat_numbers
    show.refresh_from_db()
    assert show.live_seats == len(made.seat_numbers)


def test_a_wheelchair_space_is_released_though_the_companion_seat_stays_blocked():
    show = make_show(screen=make_screen(seat_plan="A WC_oo"))
    factories.block(show, "A1, A2")

    factories.release(show, "A1")

    assert list(Booking.objects.live().values_list("seat_number", flat=True)) == [2]
