"""A state machine that does the same in the services and in the model, and compares them after every step."""

from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from accounts.tests.factories import make_user
from bookings import seat_map
from bookings.models import Booking, BookingEvent
from bookings.tests import model
from bookings.tests.model import GUEST, HELD, LIVE, STAFF, WALK_IN, Refused
from bookings.tests.model_seats import PRICES, SEAT_PLAN, SEATS
from bookings.tests.model_swap import ModelWithSwaps
from movie_booking.errors import DomainError
from movies.models import Show
from movies.tests.factories import make_screen, make_show

NOON = datetime(2031, 5, 1, 12, tzinfo=timezone.utc)


# Who is named where one of these did something.
LOGGED = {GUEST: None, WALK_IN: STAFF}


def as_logged(event):
    before, after, actor, channel = event
    return before, after, LOGGED.get(actor, actor), channel


class Clock:
    """The time, where the code asks for it. It stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def installed(self) -> ExitStack:
        stack = ExitStack()
        stack.enter_context(patch("django.utils.timezone.now", self))
        stack.enter_context(patch("movies.models.shows.now", self))
        return stack


class ModelComparison(RuleBasedStateMachine):
    """Two shows with the same seats in the database and in the model; what is done follows in a subclass."""

    single_seats_allowed = True

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.model = ModelWithSwaps(self.clock, single_seats_allowed=self.single_seats_allowed)
        self.steps, self.maps, self.versions, self.before = 0, {}, {}, {}
        self.story = self.clock.installed()
        self.story.enter_context(transaction.atomic())
        self.users = {name: make_user(name) for name in ("Ann", "Bob", "Cid", STAFF)}
        self.names = {user.pk: name for name, user in self.users.items()} | {None: None}

    def teardown(self):
        transaction.set_rollback(True)
        self.story.close()

    @initialize(opens_after=st.sampled_from([0] * 5 + [4]))
    def make_shows(self, opens_after):
        screen = make_screen(seat_plan=SEAT_PLAN, no_single_seats=not self.single_seats_allowed)
        sales_open_at = NOON + timedelta(minutes=opens_after)
        own_prices = {f"{kind}_price": price for kind, price in PRICES.items() if kind != "standard"}
        self.shows = []
        for starts_in in (timedelta(hours=2, minutes=40), timedelta(hours=26)):
            starts_at = NOON + starts_in
            self.model.shows.append(model.Show(starts_at, sales_open_at))
            self.shows.append(
                make_show(
                    screen=screen,
                    starts_at=starts_at,
                    sales_open_at=sales_open_at,
                    sales_cutoff_minutes=model.SALES_CUTOFF.seconds // 60,
                    price=PRICES["standard"],
                    **own_prices,
                )
            )

    def both(self, in_the_model, in_the_system):
        """Do it in both; return what each returned, or nothing if both refused, for the same reason."""
        self.steps += 1
        try:
            expected = in_the_model()
        except Refused as refusal:
            with pytest.raises(DomainError) as caught:
                in_the_system()
            error = caught.value
            # The model does not say whose a held seat is: see test_helpful_refusals.py.
            named = {
                seat["seat_number"]: seat["reason"].removesuffix("_by_you")
                for seat in error.extra.get("seats", ())
            }
            code, seats, largest_block = refusal.args
            seats = {seat: reason.lower() for seat, reason in (seats or {}).items()}
            assert (error.code, named, error.extra.get("largest_block")) == (code, seats, largest_block)
            return None
        return expected, in_the_system()

    # What holds after every step.

    @invariant()
    def every_booking_is_as_the_model_says(self):
        fields = ("order__reference", "show", "user", "order__guest__name")
        more = ("seat_number", "status", "price", "refund_percent", "expires_at")
        stored = {}
        for reference, show, user, guest, *booking, until in self.rows(*fields, *more):
            until = until if HELD in booking else None
            who = self.names[user] or guest or WALK_IN
            stored.setdefault(reference, []).append((self.index(show), who, *booking, until))
        assert stored == {
            reference: [
                (
                    self.model.shows.index(order.show),
                    order.user,
                    booking.seat_number,
                    booking.status,
                    booking.price,
                    booking.refund_percent,
                    order.expires_at if booking.status == HELD else None,
                )
                for booking in order.bookings
            ]
            for reference, order in self.model.orders.items()
        }

    def rows(self, *fields):
        return Booking.objects.order_by("id").values_list(*fields)

    def index(self, show_id):
        return [show.pk for show in self.shows].index(show_id)

    @invariant()
    def a_seat_has_one_live_booking_and_the_show_counts_them(self):
        counts = {pk: counts for pk, *counts in Show.objects.values_list("id", "live_seats", "seats_version")}
        all_rows = list(self.rows("show", "id", "seat_number", "status"))
        for show in self.shows:
            rows = [row for row in all_rows if row[0] == show.pk]
            live_seats, version = counts[show.pk]
            # Written out, so as not to ask the code what it means by live.
            seats = [seat for *_, seat, status in rows if status in LIVE]
            assert len(set(seats)) == len(seats) == live_seats
            version_before, rows_before = self.before.get(show.pk, (-1, None))
            assert version >= version_before + (rows != rows_before)
            self.before[show.pk] = version, rows

    @invariant()
    def events_replay_to_the_status_of_every_booking(self):
        events = BookingEvent.objects.order_by("booking", "id").values_list(
            "booking__order__reference",
            "booking",
            "show",
            "seat_number",
            "from_status",
            "to_status",
            "actor",
            "channel",
        )
        replayed, stored = {}, {}
        for reference, booking, show, seat, before, after, actor, channel in events:
            assert replayed.get(booking, "") == before
            replayed[booking] = after
            bookings = stored.setdefault(reference, {})
            _, steps = bookings.setdefault(booking, ((self.index(show), seat), []))
            steps.append((before, after, self.names[actor], channel))
        assert replayed == dict(self.rows("id", "status"))
        assert {reference: list(bookings.values()) for reference, bookings in stored.items()} == {
            reference: [
                (
                    (self.model.shows.index(order.show), booking.seat_number),
                    list(map(as_logged, booking.events)),
                )
                for booking in order.bookings
            ]
            for reference, order in self.model.orders.items()
        }

    @invariant()
    def the_seat_map_shows_it(self):
        for show, expected in zip(self.shows, self.model.shows, strict=True):
            state = seat_map.seat_map_state(show.pk)
            rows = seat_map.seat_map(state)["rows"]
            shown = {seat["seat_number"]: seat["status"] for row in rows for seat in row["seats"]}
            occupied = self.model.occupied(expected)
            assert shown == {seat: occupied.get(seat, "available").lower() for seat in SEATS}
            # A client that knows this ETag has this map.
            assert self.maps.setdefault(state.etag_of(None), shown) == shown
            # Of two maps the newer one has the larger version, an expiry included.
            version, before = self.versions.get(show.pk, (-1, None))
            assert state.seats_version >= version + (shown != before)
            self.versions[show.pk] = state.seats_version, shown
