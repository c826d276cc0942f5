"""The seat inventory: what it says it wrote is what the tables say, whichever way it wrote it."""

from datetime import timedelta
from decimal import Decimal
from unittest.mock import ANY

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actors import Channel
from accounts.machines import Machine, Scope
from accounts.tests.factories import make_user
from bookings import services
from bookings.errors import AlreadyCancelled, HoldExpired, SeatTaken
from bookings.models import Booking, BookingEvent, Guest, Order, Status
from bookings.services import Actor, inventory
from bookings.services.inventory import SeatInventory
from bookings.tests.factories import book, by, let_expire, make_guest, make_order
from bookings.tests.history import assert_history_consistent
from movie_booking.errors import NotFound
from movies.models import MachineKey, Show
from movies.tests.factories import make_show
from movies.tests.machines import key_for

pytestmark = pytest.mark.django_db

PRICES = {7: Decimal("15.00"), 5: Decimal("10.00"), 6: Decimal("12.50")}


def allocate(show, *, customer, actor, status=Status.BOOKED, at=None, reference=None, **more):
    sold = {name: more.pop(name) for name in ("sold_by", "machine_id") if name in more}
    with transaction.atomic():
        locked = SeatInventory.lock(show.pk)
        locked.at = at or locked.at
        order = locked.new_order(customer, **sold)
        order.reference = reference or order.reference
        return locked.allocate(PRICES, order=order, status=status, actor=actor, **more)


def test_each_booking_that_is_returned_is_the_row_of_its_seat():
    user = make_user()

    bookings = allocate(make_show(), customer=user, actor=by(user))

    assert [booking.seat_number for booking in bookings] == [5, 6, 7]
    for booking in bookings:
        row = Booking.objects.get(pk=booking.pk)
        assert row.order_id == booking.order_id == booking.order.pk == Order.objects.get().pk
        assert (row.seat_number, row.price) == (booking.seat_number, booking.price)


def test_events_name_who_did_it_and_not_for_whom():
    customer, staff = make_user(), make_user()

    allocate(make_show(), customer=customer, actor=Actor(staff, Channel.ADMIN))

    assert set(Booking.objects.values_list("user", flat=True)) == {customer.pk}
    assert set(BookingEvent.objects.values_list("actor", "channel")) == {(staff.pk, "ADMIN")}


def rows_of(show):
    """Every column of what was written for a show, but for ids of the rows themselves."""
    order = Order.objects.filter(show=show).values("reference", "user", "created_at").get()
    bookings = Booking.objects.filter(show=show).order_by("seat_number").values()
    events = BookingEvent.objects.filter(show=show).order_by("id").values()
    counts = Show.objects.filter(pk=show.pk).values("live_seats", "seats_version").get()
    mine = ("id", "order_id", "show_id", "booking_id")
    return [
        {name: value for name, value in row.items() if name not in mine}
        for row in (order, *bookings, *events, counts)
    ]


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("status", "more"),
    [
        (Status.BOOKED, {}),
        (Status.HELD, {"expires_at": timezone.now() + timedelta(minutes=10)}),
        (Status.BLOCKED, {"reason": "Press"}),
    ],
)
def test_one_statement_and_several_steps_write_equal_rows(status, more, monkeypatch):
    shows, customer, staff = [make_show(), make_show()], make_user(), make_user()
    asked = {"customer": customer, "actor": by(staff), "status": status, "at": timezone.now(), **more}

    at_once = allocate(shows[0], reference="ATONCE", **asked)
    monkeypatch.setattr(inventory, "can_insert_at_once", lambda: False)
    in_steps = allocate(shows[1], reference="INSTEPS", **asked)

    one, other = map(rows_of, shows)
    assert (one[0].pop("reference"), other[0].pop("reference")) == ("ATONCE", "INSTEPS")
    assert one == other
    # The objects that are returned too, each with its id.
    for booking, twin in zip(at_once, in_steps, strict=True):
        assert {booking.pk, twin.pk} <= set(Booking.objects.values_list("pk", flat=True))
        assert (booking.seat_number, booking.status) == (twin.seat_number, twin.status)
        assert (booking.show.live_seats, booking.show.seats_version) == (3, 1)
        assert (twin.show.live_seats, twin.show.seats_version) == (3, 1)


def test_a_guest_who_is_stored_already_gets_another_order():
    guest = make_order(make_show(), 1, user=make_guest()).guest

    [booking, *_] = allocate(make_show(), customer=guest, actor=by(guest))

    assert Booking.objects.get(pk=booking.pk).order.guest == guest
    assert Guest.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.parametrize("has_guest", [True, False])
def test_a_guest_and_who_sold_are_written_alike_in_one_statement_and_in_steps(has_guest, monkeypatch):
    staff, at = make_user(), timezone.now()

    def sell(reference):
        guest = make_guest("Ann@Example.com", name="Ann Smith", telephone="+49 30 1") if has_guest else None
        sold = {"customer": guest, "sold_by": staff, "actor": by(staff), "at": at, "reference": reference}
        [booking, *_] = allocate(make_show(), **sold)
        # The objects that are returned have their ids.
        assert (booking.order.guest_id is None) == (guest is None)
        assert booking.order.guest == guest
        order = Order.objects.filter(reference=reference).values("user", "sold_by", "created_at")
        row = Guest.objects.filter(orders__reference=reference).values().first()
        if row:
            assert row.pop("id") == guest.pk
            assert row.pop("access_salt") == guest.access_salt
            assert row.pop("access_key_hash") == guest.access_key_hash
            assert abs(row.pop("created_at") - at) < timedelta(minutes=1)
        return order.get(), row

    at_once = sell("ATONCE")
    monkeypatch.setattr(inventory, "can_insert_at_once", lambda: False)
    assert sell("INSTEPS") == at_once
    assert at_once[0]["sold_by"] == staff.pk
    assert (at_once[1] is None) != has_guest


@pytest.mark.postgres
def test_what_a_machine_did_is_written_alike_in_one_statement_and_in_steps(monkeypatch):
    key_for()
    key, at = MachineKey.objects.get(), timezone.now()
    actor = Actor(None, Channel.API, Machine(key.pk, "", scopes=frozenset(Scope), cinemas=None, rate=""))

    def sell_and_cancel(reference):
        show = make_show()
        sold = {"customer": make_guest(), "machine_id": key.pk, "actor": actor, "at": at}
        allocate(show, reference=reference, **sold)
        with transaction.atomic():
            locked = SeatInventory.lock(show.pk)
            locked.transition(list(show.bookings.order_by("id")), Status.CANCELLED, actor=actor)
        events = BookingEvent.objects.filter(show=show).order_by("id")
        return [
            *Order.objects.filter(show=show).values("machine", "sold_by", "user"),
            *events.values("machine", "actor", "channel", "from_status", "to_status", "seat_number"),
        ]

    at_once = sell_and_cancel("ATONCE")
    monkeypatch.setattr(inventory, "can_insert_at_once", lambda: False)
    assert sell_and_cancel("INSTEPS") == at_once
    assert [row["machine"] for row in at_once] == [key.pk] * 7


@pytest.mark.postgres
@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("to", "more"),
    [
        (Status.BOOKED, {}),
        (Status.CANCELLED, {"reason": "Projector broke", "refund_percent": 50}),
        (Status.EXPIRED, {}),
    ],
)
def test_a_transition_is_written_alike_in_one_statement_and_in_steps(to, more, at_once, monkeypatch):
    if not at_once:
        monkeypatch.setattr(inventory, "can_insert_at_once", lambda: False)
    order, staff = make_order(make_show(), 5, 6), make_user()

    with transaction.atomic():
        locked = SeatInventory.lock(order.show_id)
        bookings = locked.order(order.pk).bookings
        locked.transition(bookings, to, actor=by(staff), **more)

    cancelled = to == Status.CANCELLED
    expected = {
        "status": to,
        "expires_at": None if to == Status.BOOKED else ANY,
        "cancelled_at": locked.at if cancelled else None,
        "cancelled_by": staff.pk if cancelled else None,
        "reason": more.get("reason", ""),
        "refund_percent": more.get("refund_percent"),
    }
    rows = Booking.objects.order_by("seat_number")
    assert [*rows.values(*expected)] == [expected, expected]
    assert all(rows.values_list("expires_at", flat=True)) == (to != Status.BOOKED)
    assert [*BookingEvent.objects.filter(from_status="HELD").order_by("id").values(*EVENT_FIELDS)] == [
        dict(zip(EVENT_FIELDS, (each.pk, each.seat_number, locked.at, staff.pk, "API", to), strict=True))
        for each in bookings
    ]
    seats = 2 if to == Status.BOOKED else 0
    version = 1 + 2 + (to != Status.EXPIRED)  # the order, and each hold: see `test_seats_version`
    [counts] = Show.objects.values_list("live_seats", "seats_version")
    assert counts == (locked.show.live_seats, locked.show.seats_version) == (seats, version)
    assert [as_dict(row) for row in bookings] == [as_dict(row) for row in rows]
    assert_history_consistent()


EVENT_FIELDS = ("booking", "seat_number", "at", "actor", "channel", "to_status")


def as_dict(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_all_that_is_written_under_one_lock_has_one_moment():
    user = make_user()
    [booking, *_] = allocate(make_show(), customer=user, actor=by(user))

    assert booking.created_at == booking.order.created_at == booking.events.get().at


def test_which_seats_are_occupied_is_read_at_first_use_and_once(django_assert_num_queries):
    show = make_show()
    order = make_order(show, 5, status=Status.BOOKED)

    with transaction.atomic():
        with django_assert_num_queries(1):
            locked = SeatInventory.lock(show.pk)
        with django_assert_num_queries(1):
            locked.order(order.pk)
        book(show, 6)  # as another transaction might that was waited for
        with django_assert_num_queries(1):
            assert locked.occupied == {5: "BOOKED", 6: "BOOKED"}
        with django_assert_num_queries(0):
            assert locked.occupied.keys() == {5, 6}
            assert locked.count_seats_of(order.user) == 1


def test_all_rows_of_a_locked_order_have_the_locked_show(django_assert_num_queries):
    order = make_order(make_show(), 5, 6)

    with transaction.atomic():
        inventory = SeatInventory.lock(order.show_id)
        locked = inventory.order(order.pk)
        with django_assert_num_queries(0):
            assert {row.show for row in (locked.order, *locked.bookings)} == {inventory.show}
            assert all(booking.show is inventory.show for booking in locked.bookings)
            assert all(booking.order is locked.order for booking in locked.bookings)


def test_an_order_of_another_show_is_not_found():
    order, other = make_order(make_show(), 5), make_show()

    with transaction.atomic(), pytest.raises(NotFound):
        SeatInventory.lock(other.pk).order(order.pk)


def cancel(order):
    services.cancel_order(order, actor=by(order.user))


@pytest.mark.parametrize(("change", "refusal"), [(let_expire, HoldExpired), (cancel, AlreadyCancelled)])
def test_a_service_decides_on_fresh_rows_and_not_on_those_it_was_handed(change, refusal):
    order = make_order(make_show(), 5)
    stale = Order.objects.with_details().get()
    assert [booking.status_at() for booking in stale.bookings.all()] == [Status.HELD]
    change(order)

    with pytest.raises(refusal):
        services.confirm_order(stale, actor=by(order.user))


@pytest.mark.parametrize("at_once", [True, False])
def test_what_only_the_constraint_sees_is_a_taken_seat(at_once, monkeypatch):
    show, user = make_show(), make_user()
    book(show, 6)
    if not at_once:
        monkeypatch.setattr(inventory, "can_insert_at_once", lambda: False)
    monkeypatch.setattr(SeatInventory, "_rows", [])  # nothing was seen

    with pytest.raises(SeatTaken) as refused:
        allocate(show, customer=user, actor=by(user))

    assert isinstance(refused.value.__cause__, IntegrityError)
    assert [seat["seat_number"] for seat in refused.value.extra["seats"]] == [5, 6, 7]
    assert Booking.objects.count() == 1


def test_allocating_expires_holds_on_these_seats_and_leaves_others_to_their_next_buyer():
    show, user = make_show(), make_user()
    here, elsewhere = make_order(show, 5), make_order(show, 20)
    let_expire(here, elsewhere)

    allocate(show, customer=user, actor=by(user))

    assert here.bookings.get().status == Status.EXPIRED
    assert elsewhere.bookings.get().status == Status.HELD
    assert elsewhere.bookings.get().status_at() == Status.EXPIRED
    assert_history_consistent()
