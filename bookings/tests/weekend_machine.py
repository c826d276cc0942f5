"""A state machine over two cinemas that compares services and plain model after every step."""

import sys
from contextlib import ExitStack
from datetime import datetime, timedelta
from datetime import timezone as timezones
from itertools import pairwise
from unittest.mock import patch

from django.conf import settings
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from hypothesis.stateful import RuleBasedStateMachine, invariant

from accounts.actors import Channel
from accounts.tests.factories import make_user
from bookings import seat_map
from bookings.models import Booking, BookingEvent, Order
from bookings.services import Actor
from bookings.services.rules import sale_terms
from bookings.tests import weekend_seats
from bookings.tests.history import replayed
from bookings.tests.model import BLOCKED, BOOKED, HELD, LIVE
from bookings.tests.model_machine import Clock
from bookings.tests.weekend_seats import read
from bookings.tests.weekend_world import (
    CLEANING,
    HOLD,
    MINUTE,
    TOLERANCE,
    Cinema,
    Film,
    Screen,
    Show,
    World,
)
from movie_booking.errors import DomainError
from movies import models
from movies.services import schedule_show
from movies.tests.factories import make_cinema, make_movie, make_screen

STAFF = "Staff"
PRE_SHOW = 10 * MINUTE  # of a cinema that does not say
# The days before the clocks change in New York, before they change in London, and before no change at all.
FRIDAYS = [datetime(2031, *day, 12, tzinfo=timezones.utc) for day in ((3, 7), (3, 28), (5, 9))]
PRICES = (
    {"standard": 10, "premium": 13, "sofa": 15, "wheelchair": 8, "companion": 0},
    {"standard": 12, "premium": 11, "sofa": 20, "wheelchair": 8, "companion": 8},
)


class WeekendClock(Clock):
    """The clock, also for modules that have imported the function that tells the time."""

    def installed(self) -> ExitStack:
        now = timezone.now
        stack = super().installed()
        for name, module in list(sys.modules.items()):
            if name.startswith(("movies.", "bookings.")) and vars(module).get("now") is now:
                stack.enter_context(patch.object(module, "now", self))
        return stack


class Weekend(RuleBasedStateMachine):
    """Two cinemas in the database and in the model; what is done there follows in a subclass."""

    def __init__(self):
        super().__init__()
        self.clock = WeekendClock()
        self.world = World(self.clock)
        self.story = self.clock.installed()
        self.story.enter_context(override_settings(**SETTINGS))
        self.story.enter_context(transaction.atomic())
        self.users = {name: make_user(name) for name in ("Ann", "Bob", "Cid")}
        self.users[STAFF] = make_user(STAFF, is_staff=True, is_superuser=True)  # of both cinemas
        self.first_facts, self.over, self.seen, self.maps = {}, {}, {}, {}

    def teardown(self):
        transaction.set_rollback(True)
        self.story.close()

    def open_cinemas(self, friday, single_seats):
        """Three shows: of one film in both cinemas, and of two films in one of them."""
        self.clock.now = friday
        for zone, pre_show in (("Europe/London", 20), ("America/New_York", None)):
            row = make_cinema(time_zone=zone, pre_show_minutes=pre_show)
            cinema = Cinema(row.pk, zone, PRE_SHOW if pre_show is None else pre_show * MINUTE)
            for drawings in (weekend_seats.SCREEN_1, weekend_seats.SCREEN_2):
                screen = make_screen(cinema=row, seat_plan=drawings[0], no_single_seats=not single_seats)
                self.world.screens.append(Screen(screen.pk, cinema, drawings, drawings[0], not single_seats))
        for minutes in (95, 148):
            self.world.films.append(Film(make_movie(duration_minutes=minutes).pk, minutes * MINUTE))
        (film, other), (london, _, _, new_york) = self.world.films, self.world.screens
        for hours, shown, screen in ((26, film, london), (28.5, other, london), (31, film, new_york)):
            prices = PRICES[screen is new_york]
            self.put_on(shown, screen, friday + timedelta(hours=hours), prices, cutoff=0)

    def put_on(self, film, screen, start, prices, *, cutoff, total_seats=None):
        """Schedule a show, or see it refused for the right reason."""
        seats, pre_show = read(screen.drawing, total_seats), screen.cinema.pre_show
        show = self.attempt(
            lambda: schedule_show(
                movie=self.row(film),
                screen=self.row(screen),
                starts_at=start,
                total_seats=total_seats,
                sales_cutoff_minutes=cutoff,
                **price_fields(prices),
            ),
            why_not=self.world.why_not_start(start, cutoff * MINUTE)
            | self.world.why_not_there(screen, start, pre_show + film.running_time)
            | ({"invalid"} if len(seats) < (total_seats or 0) else set()),
        )
        if show:
            times = cutoff * MINUTE, pre_show, film.running_time
            self.world.shows.append(Show(show.pk, film, screen, start, seats, prices, *times))
            self.first_facts[show.pk] = self.facts(models.Show.objects.get(pk=show.pk))

    # --- How the services are called ------------------------------------------------------------------

    def attempt(self, call, *, why_not=frozenset(), may=frozenset()):
        """Do it, or see it refused: for one of the reasons that the model knows, or that it allows."""
        self.refusal = done = None
        try:
            done = call()
        except DomainError as refusal:
            self.refusal = refusal
        if self.refusal is None:
            assert not why_not
        else:
            assert self.refusal.code in {*why_not, *may}, self.refusal.extra
        return done

    def row(self, known):
        """The row of something that the model knows, as a view finds it."""
        model = {Film: models.Movie, Show: models.Show, Screen: models.Screen, Cinema: models.Cinema}
        return model[type(known)].objects.get(pk=known.pk)

    def order(self, sale):
        return Order.objects.get(reference=sale.reference)

    def actor(self, name=STAFF):
        return Actor(self.users[name], Channel.API)

    def ids(self, order, numbers):
        """The bookings of an order that have these seats now, by number."""
        rows = Booking.objects.filter(order=order, status__in=LIVE, seat_number__in=numbers)
        return dict(rows.values_list("seat_number", "pk"))

    def set_terms(self, terms):
        """The operator changes the settings."""
        self.world.terms = tiers, cutoff = terms
        settings.REFUND_TIERS = ",".join(f"{hours}:{percent}" for hours, percent in tiers)
        settings.CANCEL_CUTOFF_MINUTES = cutoff // MINUTE

    # --- What holds after every step ------------------------------------------------------------------

    @invariant()
    def what_is_promised_holds(self):
        self.rows = list(Booking.objects.with_details().select_related("user").order_by("id"))
        self.told = {row.pk: self.as_told(row) for row in self.rows}
        self.stored = {row.pk: row for row in models.Show.objects.select_related("screen__cinema")}
        self.each_guest_has_their_seat_or_their_money()
        self.each_could_give_back_by_the_terms_of_their_sale()
        self.no_seat_has_two_bookings_and_each_is_in_the_plan_of_its_show()
        self.shows_are_as_the_model_says()
        self.no_two_shows_overlap()
        self.nothing_changes_of_a_show_that_is_over_or_cancelled()
        self.the_history_of_shows_replays()
        self.the_history_of_bookings_replays()
        self.the_seat_map_has_another_version_with_every_change()

    def each_guest_has_their_seat_or_their_money(self):
        assert self.told == {
            ticket.pk: (
                ticket.sale.reference,
                ticket.sale.show.pk,
                ticket.sale.user,
                ticket.number,
                ticket.label,
                self.world.status(ticket),
                ticket.price,
                ticket.refund,
                ticket.expires_at if self.world.status(ticket) == HELD else None,
            )
            for ticket in self.world.tickets()
        }

    def as_told(self, row):
        status = row.status_at(self.clock.now)
        return (
            row.order.reference,
            row.show_id,
            row.user.username,
            row.seat_number,
            row.seat_label,
            status,
            row.price,
            row.refund_percent,
            row.expires_at if status == HELD else None,
        )

    def each_could_give_back_by_the_terms_of_their_sale(self):
        booked = {row.order.reference: row for row in self.rows if row.status == BOOKED}
        for sale in self.world.sales:
            if sale.reference in booked:
                row = booked[sale.reference]
                terms = sale_terms(row.order, row.show)
                percent = terms.refund_percent(self.clock.now)
                assert (percent, terms.cancel_until) == (sale.percent(self.clock.now), sale.cancel_until)

    def no_seat_has_two_bookings_and_each_is_in_the_plan_of_its_show(self):
        for show in self.world.shows:
            live = [row for row in self.rows if row.show_id == show.pk and row.status in LIVE]
            numbers = [row.seat_number for row in live]
            assert len(set(numbers)) == len(numbers)
            assert set(numbers) <= {seat.number for seat in show.seats}
            assert all(ticket.kind == show.seats[ticket.number - 1].kind for ticket in self.world.live(show))

    def shows_are_as_the_model_says(self):
        counts = {show.pk: 0 for show in self.world.shows}
        for row in self.rows:
            counts[row.show_id] += row.status in LIVE
        for show in self.world.shows:
            row = self.stored[show.pk]
            times = row.starts_at, row.ends_at, row.screen_free_at
            assert times == (show.starts_at, show.ends_at, show.screen_free_at)
            assert (row.movie_id, row.screen_id) == (show.film.pk, show.screen.pk)
            assert row.screen.cinema.time_zone == show.screen.cinema.zone
            assert (read(row.seat_plan), row.total_seats) == (show.seats, len(show.seats))
            assert row.status == ("CANCELLED" if show.cancelled else "ON_SALE")
            assert row.live_seats == counts[show.pk]
            assert {kind.value: price for kind, price in row.prices.items()} == show.prices

    def no_two_shows_overlap(self):
        for screen in self.world.screens:
            shows = [show for show in self.world.shows if show.screen is screen and not show.cancelled]
            shows.sort(key=lambda show: show.starts_at)
            for show, following in pairwise(shows):
                assert show.screen_free_at <= following.starts_at

    def nothing_changes_of_a_show_that_is_over_or_cancelled(self):
        """But for holds that expire or are let go, and house seats that are released."""
        for show in self.world.shows:
            tickets = [
                self.told[row.pk]
                for row in self.rows
                if row.show_id == show.pk and row.status not in (HELD, BLOCKED)
            ]
            facts = self.facts(self.stored[show.pk])
            if show in self.over:
                facts_then, tickets_then = self.over[show]
                assert facts == facts_then
                assert all(ticket in tickets for ticket in tickets_then)
            elif self.world.why_not_changed(show):
                self.over[show] = facts, tickets

    def the_history_of_shows_replays(self):
        replayed_facts = {pk: dict(facts) for pk, facts in self.first_facts.items()}
        versions = dict.fromkeys(replayed_facts, 0)
        for event in models.ShowEvent.objects.order_by("id"):
            versions[event.show_id] += 1
            assert event.version == versions[event.show_id]
            facts = replayed_facts[event.show_id]
            if "starts_at" in event.changes and "ends_at" not in event.changes:  # the end goes along
                before, after = map(datetime.fromisoformat, event.changes["starts_at"])
                end = datetime.fromisoformat(facts["ends_at"])
                facts["ends_at"] = (end + (after - before)).isoformat()
            for name, (before, after) in event.changes.items():
                if name in facts:
                    assert facts[name] == before, name
                    facts[name] = after
        assert versions == {row.pk: row.version for row in self.stored.values()}
        assert replayed_facts == {row.pk: self.facts(row) for row in self.stored.values()}

    def facts(self, row):
        """What tickets and posters say of a show, as its history writes it."""
        return {
            "starts_at": row.starts_at.isoformat(),
            "ends_at": row.ends_at.isoformat(),
            "pre_show_minutes": row.pre_show_minutes,
            "screen": row.screen_id,
            "movie": row.movie_id,
            "total_seats": row.total_seats,
            "seat_plan": row.seat_plan,
            "status": row.status,
        }

    def the_history_of_bookings_replays(self):
        assert replayed() == {row.pk: row.status for row in self.rows}
        prices = {}
        for pk, changes in BookingEvent.objects.order_by("id").values_list("booking", "changes"):
            if "price" in (changes or {}):
                before, after = changes["price"]
                assert prices.get(pk, before) == before
                prices[pk] = after
        assert prices == {row.pk: str(row.price) for row in self.rows if row.pk in prices}

    def the_seat_map_has_another_version_with_every_change(self):
        for show in self.world.shows:
            seats = [(row.pk, row.status, row.seat_number) for row in self.rows if row.show_id == show.pk]
            row = self.stored[show.pk]
            shown = seats, row.seat_plan, row.status, row.starts_at, row.prices
            version_before, shown_before = self.seen.get(show.pk, (-1, None))
            assert row.seats_version >= version_before + (shown != shown_before)
            self.seen[show.pk] = row.seats_version, shown
            state = seat_map.seat_map_state(show.pk)
            seats = seat_map.seat_map(state)
            # A client that knows this ETag has this map.
            assert self.maps.setdefault(state.etag_of(None), seats) == seats
            occupied = self.world.occupied(show)
            assert {
                seat["seat_number"]: seat["status"] for row in seats["rows"] for seat in row["seats"]
            } == {
                seat.number: occupied[seat.number].status.lower() if seat.number in occupied else "available"
                for seat in show.seats
            }


SETTINGS = {
    "HOLD_MINUTES": HOLD / MINUTE,
    "HOLD_CAP_MINUTES": HOLD / MINUTE,
    "PRE_SHOW_MINUTES": PRE_SHOW // MINUTE,
    "CLEANING_MINUTES": CLEANING // MINUTE,
    "MOVE_TOLERANCE_MINUTES": TOLERANCE // MINUTE,
    "REFUND_TIERS": "24:100,2:50",
    "CANCEL_CUTOFF_MINUTES": 0,
    # Tests of their own know the limits.
    "MAX_SEATS_PER_SHOW": 1000,
    "MAX_HELD_ORDERS": 1000,
}


def price_fields(prices):
    return {f"{kind}_price" if kind != "standard" else "price": price for kind, price in prices.items()}
