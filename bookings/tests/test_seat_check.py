"""`check_seats`: what differs between counts, history and bookings is found, and counts are mended."""

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from io import StringIO
from threading import Event

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking, BookingEvent, Order, Status
from bookings.services import cancel_order, check_seats, confirm_order, exchange_seats, seat_check
from bookings.tests.factories import (
    block,
    book,
    by,
    call_off,
    give_back,
    hold,
    let_expire,
    make_guest,
    make_shows_of_one_movie,
    move,
    release,
)
from bookings.tests.history import db_snapshot
from movies.models import Show
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.django_db


def kinds(show_id=None, **how):
    """Which shows differ, and in what."""
    return {
        checked.show_id: sorted(each.kind for each in checked.differences)
        for checked in check_seats(show_id, **how)
        if checked.differences
    }


def run(*arguments):
    """The lines that the command prints, and whether it fails."""
    out = StringIO()
    try:
        call_command("check_seats", *arguments, stdout=out)
    except CommandError as error:
        return out.getvalue().splitlines(), str(error)
    return out.getvalue().splitlines(), None


@pytest.fixture
def no_history_guard():
    """History that may be changed, as by somebody who means to."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            yield
            cursor.execute("SET session_replication_role = origin")
            return
        triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"
        found = cursor.execute(triggers, ["bookings_bookingevent"]).fetchall()
        for name, _ in found:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _, sql in found:
            cursor.execute(sql)


@pytest.fixture
def no_constraint():
    """Two live bookings may have one seat, as if the index of the constraint were broken."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_live_booking_per_seat")


# --- What is as it should be ----------------------------------------------------------------------


def test_whatever_services_do_nothing_differs():
    here, there = make_shows_of_one_movie()
    customer = make_user()
    give_back(book(here, 1))
    confirm_order(hold(here, 2, 3, user=customer), actor=by(customer))
    exchanged = confirm_order(hold(here, 5, 6, user=customer), actor=by(customer))
    exchange_seats(exchanged, actor=by(customer), from_seats=[5], to_seats=[7])
    exchange_seats(exchanged, actor=by(customer), from_seats=[6, 7], to_show=there.pk, to_seats=[8, 9])
    cancel_order(hold(here, 11, 12), actor=by())
    let_expire(hold(here, 21, user=make_guest()))
    book(here, 21)
    let_expire(hold(here, 31))
    block(here, "E1, E2")
    release(here, "E1")
    move(here, screen=make_screen(cinema=here.screen.cinema, total_seats=60))
    call_off(there)
    make_show()

    assert {checked.show_id for checked in check_seats()} == set(Show.objects.values_list("pk", flat=True))
    assert kinds() == {}
    assert sum(checked.bookings for checked in check_seats()) == Booking.objects.count()


def test_a_show_of_another_size_and_without_sales_is_as_it_should_be():
    hold(make_show(), 50)
    Show.objects.update(total_seats=10)

    assert kinds() == {}


# --- What differs ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"live_seats": 3}, "live_seats"),
        ({"live_seats": 0}, "live_seats"),
        ({"seats_version": 0}, "seats_version"),
        ({"version": 4}, "show_version"),
    ],
)
def test_a_count_that_differs_is_found_and_mended(changes, kind):
    show, other = make_show(), make_show()
    book(show, 1)
    give_back(book(show, 2))
    book(other, 1)
    kept = Show.objects.values("live_seats", "version").get(pk=show.pk)
    version = Show.objects.get(pk=show.pk).seats_version
    Show.objects.filter(pk=show.pk).update(**changes)
    rows = [list(model.objects.order_by("pk").values()) for model in (Order, Booking, BookingEvent)]

    assert kinds() == {show.pk: [kind]}
    [checked] = [each for each in check_seats(repair=True) if each.mended]

    assert (checked.show_id, [each.kind for each in checked.mended], checked.differences) == (
        show.pk,
        [kind],
        [],
    )
    assert kinds() == {}
    assert Show.objects.values("live_seats", "version").get(pk=show.pk) == kept
    # Whoever has a map asks again.
    assert Show.objects.get(pk=show.pk).seats_version >= (3 if kind == "seats_version" else version + 1)
    assert rows == [list(model.objects.order_by("pk").values()) for model in (Order, Booking, BookingEvent)]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"status": Status.EXPIRED}, ["history", "live_seats"]),
        ({"seat_number": 7}, ["history"]),
        ({"seat_number": 51}, ["history", "no_such_seat"]),
        ({"user": None}, ["other_customer"]),
    ],
)
def test_a_booking_that_differs_is_found_and_left_as_it_is(changes, found):
    show = make_show()
    book(show, 1)
    book(show, 2)
    Booking.objects.filter(seat_number=1).update(**changes)
    before = list(Booking.objects.order_by("pk").values())

    assert kinds() == {show.pk: found}
    assert kinds(repair=True) == {show.pk: [each for each in found if each != "live_seats"]}
    assert list(Booking.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda: Order.objects.update(show=make_show()), "other_show"),
        (lambda: Show.objects.update(status=Show.Status.CANCELLED), "live_in_cancelled_show"),
    ],
)
def test_a_booking_that_does_not_go_with_its_order_or_show_is_found(change, kind):
    show = make_show()
    book(show, 1)
    change()

    assert kinds() == {show.pk: [kind]}


def test_a_price_that_is_not_that_of_the_last_move_is_found():
    show = make_show(screen=make_screen(seat_plan="A PPP"), premium_price=Decimal("15.00"))
    booking = book(show, 1)
    move(show, screen=make_screen(cinema=show.screen.cinema, seat_plan="A ooo"))
    assert kinds() == {}
    assert BookingEvent.objects.filter(changes__has_key="price").exists()
    Booking.objects.filter(pk=booking.pk).update(price="99.00")

    assert kinds() == {show.pk: ["history_price"]}


@pytest.mark.usefixtures("no_constraint")
def test_two_live_bookings_of_one_seat_are_found():
    show = make_show()
    first, second = book(show, 1), book(show, 2)
    Booking.objects.filter(pk=second.pk).update(seat_number=1)

    [checked] = check_seats()

    assert sorted(each.kind for each in checked.differences) == ["history", "seat_twice"]
    twice = f"Bookings {first.pk} and {second.pk} both have seat 1."
    assert twice in [each.sentence for each in checked.differences]


@pytest.mark.usefixtures("no_history_guard")
@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda events: events.all().delete(), ["no_history"]),
        (lambda events: events.filter(from_status="").delete(), ["broken_history"]),
        (lambda events: events.filter(to_status="BOOKED").delete(), ["history"]),
        (lambda events: events.filter(from_status="").update(to_status="BLOCKED"), ["broken_history"]),
        (lambda events: events.filter(from_status="").update(seat_number=9), ["broken_history"]),
        (lambda events: events.filter(to_status="BOOKED").update(show=make_show()), ["other_show"]),
    ],
)
def test_history_that_differs_is_found(change, found):
    show, customer = make_show(), make_user()
    confirm_order(hold(show, 1, user=customer), actor=by(customer))
    change(BookingEvent.objects)

    assert kinds(show.pk) == {show.pk: found}


def test_more_live_bookings_than_seats_cannot_be_counted():
    show = make_show()
    book(show, 1)
    book(show, 2)
    Show.objects.update(live_seats=1, total_seats=1)

    assert kinds(repair=True) == {show.pk: ["live_seats", "no_such_seat"]}


def test_of_many_differences_of_a_kind_some_are_told_and_the_others_counted():
    show = make_show()
    for seat in range(1, 16):
        book(show, seat)
    Booking.objects.update(user=None)

    [checked] = check_seats()

    assert len(checked.differences) == seat_check.TOLD + 1
    assert checked.differences[-1].sentence == "And 5 more of this kind."


def test_what_is_read_at_a_time_is_bounded(monkeypatch):
    monkeypatch.setattr(seat_check, "SEATS", 100)
    monkeypatch.setattr(seat_check, "BOOKINGS", 3)
    monkeypatch.setattr(seat_check, "SHOWS", 2)
    shows = [make_show() for _ in range(5)]
    for show in shows:
        for seat in range(1, 6):
            book(show, seat)
    Booking.objects.filter(show=shows[3], seat_number=5).update(user=None)

    assert [(each.show_id, each.bookings) for each in check_seats()] == [(show.pk, 5) for show in shows]
    assert kinds() == {shows[3].pk: ["other_customer"]}


def test_as_many_queries_for_ten_shows_as_for_one(django_assert_num_queries):
    for _ in range(10):
        book(make_show(), 1)
    with django_assert_num_queries(10):
        assert len(list(check_seats())) == 10


# --- The command ----------------------------------------------------------------------------------


def test_the_command_says_that_all_is_well():
    book(make_show(), 1)
    make_show()

    assert run() == (["2 shows with 1 bookings: 0 mended, 0 different."], None)


def test_the_command_says_what_differs_and_fails_until_it_is_mended():
    show = make_show()
    book(show, 1)
    Show.objects.update(live_seats=5)
    before = db_snapshot()
    told = f"Show {show.pk}: live_seats: It counts 5 seats taken, and 1 are."

    lines, error = run(f"--show={show.pk}")
    assert lines == [told, "1 shows with 1 bookings: 0 mended, 1 different."]
    assert error == "Counts, history and bookings do not agree."
    assert db_snapshot() == before  # it only looks

    assert run("--repair") == ([f"{told} Mended.", "1 shows with 1 bookings: 1 mended, 0 different."], None)
    assert run("--repair") == (["1 shows with 1 bookings: 0 mended, 0 different."], None)


def test_the_command_speaks_json():
    show = make_show()
    book(show, 1)
    Show.objects.update(live_seats=5)

    lines, _ = run("--json")

    assert list(map(json.loads, lines)) == [
        {
            "show": show.pk,
            "kind": "live_seats",
            "difference": "It counts 5 seats taken, and 1 are.",
            "mended": False,
        },
        {"shows": 1, "bookings": 1, "mended": 0, "different": 1},
    ]


@pytest.mark.parametrize("show_id", [0, 12345, 10**30])
def test_a_show_that_there_is_not_is_refused(show_id):
    assert run(f"--show={show_id}") == ([], f"There is no show {show_id}.")


# --- While sales go on ----------------------------------------------------------------------------


def sell(shows, seat, stop):
    """Book seats and give them back until it is to stop."""
    user = make_user()
    try:
        while not stop.is_set():
            for show in shows:
                give_back(book(show, seat, user=user), user=user)
    finally:
        connection.close()


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
@pytest.mark.parametrize("repair", [False, True])
def test_while_sales_go_on_there_is_no_false_alarm(repair):
    shows, stop = [make_show(total_seats=20) for _ in range(3)], Event()
    with ThreadPoolExecutor(4) as sellers:
        work = [sellers.submit(sell, shows, seat, stop) for seat in (1, 5, 9, 13)]
        try:
            found = [kinds(repair=repair) for _ in range(40)]
        finally:
            stop.set()
        for each in work:
            each.result()

    assert found == [{}] * 40
    assert BookingEvent.objects.count() > 100  # there were sales


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_without_one_moment_for_all_statements_there_would_be_false_alarms(monkeypatch):
    """The control: what is counted is read, a seat is sold, and what is to be counted is read."""
    show = make_show()
    facts_of = seat_check._facts_of

    def facts_and_then_a_sale(ids):
        facts = list(facts_of(ids))
        with ThreadPoolExecutor(1) as seller:
            seller.submit(sell_one, show).result()
        return facts

    monkeypatch.setattr(seat_check, "_facts_of", facts_and_then_a_sale)
    assert kinds() == {}
    monkeypatch.setattr(
        seat_check, "_one_moment", lambda: connection.execute_wrapper(lambda run, *rest: run(*rest))
    )
    assert kinds() == {show.pk: ["live_seats"]}


def sell_one(show):
    try:
        book(show, Booking.objects.count() + 1)
    finally:
        connection.close()


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_counts_are_mended_under_the_lock_while_seats_are_sold():
    show, stop = make_show(total_seats=20), Event()
    with ThreadPoolExecutor(2) as sellers:
        work = [sellers.submit(sell, [show], seat, stop) for seat in (1, 5)]
        try:
            for _ in range(20):
                Show.objects.filter(pk=show.pk).update(live_seats=7)
                list(check_seats(repair=True))
        finally:
            stop.set()
        for each in work:
            each.result()

    assert kinds(repair=True) == {}
    assert kinds() == {}
    assert client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": 20}).status_code == 201
