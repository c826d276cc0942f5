"""Valid rows for tests, and the services as a test calls them."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.actors import Channel
from accounts.models import User
from accounts.tests.factories import make_staff, make_user
from bookings import services
from bookings.models import Booking, Customer, Guest, HousekeepingRun, Order, Status
from bookings.services import Actor, GuestDetails, Move, SeatChoice
from bookings.services.house_seats import SeatSelection
from bookings.services.inventory import SeatInventory
from movies.models import Show
from movies.tests.factories import make_movie, make_screen, make_show


def make_former_staff(*permissions: str) -> User:
    """A user who is no member of staff any more and still has the permissions."""
    user = make_staff(*permissions)
    user.is_staff = False
    user.save()
    return user


def by(customer: Customer | None = None) -> Actor:
    """A user who acts at the API, or a guest."""
    return Actor(None if isinstance(customer, Guest) else customer or make_user(), Channel.API)


def by_superuser() -> Actor:
    """One who may do everything in every cinema, at the API."""
    return by(make_user(is_staff=True, is_superuser=True))


def make_guest(email: str = "ann@example.com", **details: str) -> Guest:
    """Somebody without an account who is about to order."""
    return services.new_guest(GuestDetails(email, **details))


def make_shows_of_one_movie(*plans: str, **screen: object) -> list[Show]:
    """Two shows in two cinemas, of 50 seats each or of these plans."""
    movie = make_movie()
    drawn = [{"seat_plan": plan} for plan in plans] or [{}, {}]
    return [make_show(movie=movie, screen=make_screen(**plan, **screen)) for plan in drawn]


def make_booking(show: Show, *, user: User | None = None, seat_number: int = 1, **fields: object) -> Booking:
    """A booking in any live status, written as the inventory writes it. A hold lasts ten minutes."""
    user = user or make_user()
    status = fields.pop("status", Status.BOOKED)
    if status == Status.HELD:
        fields.setdefault("expires_at", timezone.now() + timedelta(minutes=10))
    with transaction.atomic():
        inventory = SeatInventory.lock(show.pk)
        [booking] = inventory.allocate(
            {seat_number: fields.pop("price", show.price)},
            order=fields.pop("order", None) or inventory.new_order(user),
            status=status,
            actor=by(user),
            **fields,
        )
    return booking


def book(show: Show, seat_number: int, *, user: User | None = None, **more: object) -> Booking:
    user = user or make_user()
    return services.book_seat(show.pk, seat_number, customer=user, actor=by(user), **more)


def hold(show: Show, *seat_numbers: int, user: Customer | None = None, **choice: object) -> Order:
    """An order on hold of a user or guest, of these seats or of what else is asked for."""
    user = user or make_user()
    asked = SeatChoice(seat_numbers=seat_numbers, **choice)
    return services.hold_seats(show.pk, asked, customer=user, actor=by(user))


def make_empty_order(show: Show, user: User) -> Order:
    """An order on the terms of now, still without bookings."""
    with transaction.atomic():
        order = SeatInventory.lock(show.pk).new_order(user)
        order.save()
    return order


def make_order(
    show: Show, *seat_numbers: int, user: Customer | None = None, status: str = Status.HELD
) -> Order:
    """An order of these seats, on hold or BOOKED."""
    order = hold(show, *seat_numbers, user=user)
    if status == Status.BOOKED:
        services.confirm_order(order, actor=by(order.customer))
    return order


def block(show: Show, seats: str, *, staff: User | None = None, reason: str = "") -> SeatSelection:
    return services.block_seats(show.pk, seats, actor=by(staff), reason=reason)


def release(show: Show, seats: str, *, staff: User | None = None) -> SeatSelection:
    return services.release_seats(show.pk, seats, actor=by(staff))


def give_back(booking: Booking, *, user: User | None = None) -> Booking:
    return services.cancel_booking(booking, actor=by(user or booking.user))


def call_off(show: Show, reason: str = "No heating", *, staff: User | None = None) -> tuple[Show, int]:
    return services.cancel_show(show.pk, actor=by(staff), reason=reason)


def change(show: Show, *, staff: User | None = None, **changes: object) -> Show:
    return services.change_show(show.pk, actor=by(staff), **changes)


def move(show: Show, *, staff: User | None = None, reason: str = "Broken projector", **to: object) -> Move:
    return services.move_show(show.pk, actor=by(staff), reason=reason, **to)


def let_expire(*orders: Order) -> None:
    """The time of these holds is over, and their rows still say HELD."""
    held = Booking.objects.filter(order__in=orders, status=Status.HELD)
    assert held.update(expires_at=timezone.now() - timedelta(milliseconds=1))


def make_show_with_all_sorts(ada: User, ben: User) -> Show:
    """Seats of two customers and the house: booked, held, and held for too long."""
    show = make_show(screen=make_screen(seat_plan="A  oooooooo\nB  SSSSoooo\nC  WCooPPWC"))
    book(show, 2, user=ada)
    hold(show, 9, 10, user=ada)
    hold(show, 17, 18, user=ben)
    book(show, 21, user=ben)
    block(show, "A7")
    let_expire(make_order(show, 5, user=ada), make_order(show, 14, 15, user=ben))
    return show


def keep_house() -> HousekeepingRun:
    """All that is done beside the servers was done, a moment ago."""
    now = timezone.now()
    return HousekeepingRun.objects.create(
        name="Sweeping", started_at=now, finished_at=now, due_at=now + timedelta(minutes=1)
    )
