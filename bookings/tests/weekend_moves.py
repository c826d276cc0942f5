"""What staff do at a weekend to shows that have sold: move them, re-time them, redraw their screens."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from bookings import services
from bookings.serializers.moving import MoveSerializer
from bookings.tests.model import HELD
from bookings.tests.weekend_customers import Customers, seldom
from bookings.tests.weekend_machine import STAFF
from bookings.tests.weekend_seats import read, wrongs
from bookings.tests.weekend_world import CLEANING, MINUTE, same_clock
from movies.services import save_screen

REASON = "The projector is broken."
ZONES = ["Europe/London", "America/New_York", "Europe/Berlin", "UTC"]
often = st.sampled_from([True, True, True, False])


class Moves(Customers):
    def draw_start(self, data, film, screen, start=None):
        """Some hour of these days; close to other shows of the screen; or close to the start until now."""
        quarter = self.clock.now.replace(minute=0, second=0, microsecond=0)
        starts = [quarter + timedelta(hours=hours) for hours in (-1, 1, 2, 3, 5, 8, 13, 21, 30, 47)]
        for show in self.world.shows:
            if show.screen is screen:
                before = show.starts_at - screen.cinema.pre_show - film.running_time - CLEANING
                starts += [show.screen_free_at, show.screen_free_at - MINUTE, before, before + MINUTE]
        options = st.sampled_from(starts)
        if start:
            options |= st.sampled_from([start + shift * MINUTE for shift in (0, 5, 6, -5, -6, 90)])
        return data.draw(options, label="start")

    def draw_film(self, data):
        return data.draw(st.sampled_from(self.world.films), label="film")

    def draw_screen(self, data):
        return data.draw(st.sampled_from(self.world.screens), label="screen")

    def draw_other_screen(self, data, show):
        """Mostly of the cinema of the show, in which it stays."""
        others = [screen for screen in self.world.screens if screen is not show.screen]
        here = [screen for screen in others if screen.cinema is show.screen.cinema]
        return data.draw(st.sampled_from(here * 4 + others), label="screen")

    # --- Moving ---------------------------------------------------------------------------------------

    @rule(data=st.data(), elsewhere=st.booleans(), may_sit_alone=seldom, refund=often)
    def move(self, data, elsewhere, may_sit_alone, refund):
        """To another screen or another start, or both."""
        show, screen, start = self.draw_show(data, sold=True), None, None
        if elsewhere:
            screen = self.draw_other_screen(data, show)
        if screen is None or data.draw(st.booleans(), label="another start"):
            start = self.draw_start(data, show.film, screen or show.screen, show.starts_at)
        self.move_show(show, screen, start, {}, may_sit_alone=may_sit_alone, refund=refund)

    @rule(data=st.data(), may_sit_alone=st.booleans())
    def move_by_hand(self, data, may_sit_alone):
        """Staff choose the seats of some guests, of the same plan or of another one."""
        show = self.draw_show(data, sold=True)
        if not (live := self.world.live(show)):
            return
        here = [screen for screen in self.world.screens if screen.cinema is show.screen.cinema]
        screen = data.draw(st.none() | st.sampled_from(here), label="screen")
        seats = read(screen.drawing) if screen else show.seats
        number = st.integers(1, len(seats) + 1)
        ids = [ticket.pk for ticket in live]
        chosen = data.draw(
            st.dictionaries(st.sampled_from(ids), number, min_size=1, max_size=2), label="seats"
        )
        self.move_show(show, screen, None, chosen, may_sit_alone=may_sit_alone, refund=True)

    def move_show(self, show, screen, start, chosen, *, may_sit_alone, refund):
        """Ask first who would sit where; then nothing else may come of it."""
        asked = {
            "actor": self.actor(),
            "reason": REASON,
            "screen": screen and self.row(screen),
            "starts_at": start,
            "seats": chosen,
            "may_sit_alone": may_sit_alone,
        }
        seats = read(screen.drawing) if screen else show.seats
        screen, start = screen or show.screen, start or show.starts_at
        why_not = self.why_not_moved(show, screen, start)
        if not all(number <= len(seats) for number in chosen.values()):
            why_not |= {"no_such_seat"}
        if len(set(chosen.values())) < len(chosen):
            why_not |= {"invalid"}
        planned = self.attempt(lambda: services.move_show(show.pk, dry_run=True, **asked), why_not=why_not)
        self.what_is_promised_holds()
        if planned is None:
            return
        plan = answer(planned)
        why_not = {"seats_do_not_fit"} if planned.problems else set()
        why_not |= {"cannot_seat_all"} if plan["left_out"] and not refund else set()
        moved = self.attempt(
            lambda: services.move_show(show.pk, refund_left_out=refund, **asked), why_not=why_not
        )
        if moved is None:
            assert self.refusal.extra.get("left_out", plan["left_out"]) == plan["left_out"]
            return
        assert answer(moved) == plan
        self.moved_to(show, screen, start, seats, moved, may_sit_alone=may_sit_alone, chosen=chosen)

    def why_not_moved(self, show, screen, start, cutoff=timedelta(0)):
        """To another screen or start; or not at all, but seated anew."""
        why_not = self.world.why_not_changed(show)
        if start == show.starts_at:
            why_not |= self.world.why_not_started(show)
        else:
            why_not |= self.world.why_not_start(start, cutoff)
        if (screen, start) != (show.screen, show.starts_at):
            why_not |= self.world.why_not_there(screen, start, show.length_anew, but=[show])
        return why_not | self.world.why_not_in(screen, show)

    def moved_to(self, show, screen, start, seats, moved, *, may_sit_alone, chosen):
        """Judge where the guests sit now, and take it over into the model."""
        assigned = {seat.booking.pk: seat.after and seat.after.number for seat in moved.seats}
        live = self.world.live(show)
        assert assigned.keys() == {ticket.pk for ticket in live}
        assert all(assigned[pk] in (None, number) for pk, number in chosen.items())
        for sale in {ticket.sale for ticket in live}:
            tickets = self.world.live(sale)
            pairs = [(show.seats[t.number - 1], seats[assigned[t.pk] - 1]) for t in tickets if assigned[t.pk]]
            if sale.user == STAFF:
                kept = [(old, new) for old, new in pairs if old.label == new.label]
                assert len(kept) == len(pairs) or chosen
                continue
            assert len(pairs) in (0, len(tickets))  # a party is left out as a whole
            assert list(wrongs(pairs, may_sit_alone=may_sit_alone)) == []
            if seats == show.seats and not chosen:
                assert all(old == new for old, new in pairs)
        show.version += not self.is_unmoved(show, screen, start, seats, assigned)
        self.world.place(show, screen, start)
        self.world.move(show, seats, assigned)
        prices = {seat.booking.pk: seat.price_after for seat in moved.seats if seat.after}
        assert prices == {ticket.pk: ticket.price for ticket in live if assigned[ticket.pk]}
        for sale in {ticket.sale for ticket in live if self.world.status(ticket) == HELD}:
            if sale.moved:
                self.confirm_sale(sale, None)
                assert self.refusal.extra["show_version"] == show.version

    def is_unmoved(self, show, screen, start, seats, assigned):
        """Whether nothing changes that people must hear of."""
        return (screen, start, seats) == (show.screen, show.starts_at, show.seats) and all(
            assigned[ticket.pk] in (None, ticket.number) for ticket in self.world.live(show)
        )

    @rule(data=st.data())
    def change_start(self, data):
        """As a PATCH of the show does."""
        show = self.draw_show(data)
        start = self.draw_start(data, show.film, show.screen, show.starts_at)
        if start == show.starts_at:
            return
        if self.attempt(
            lambda: services.change_show(show.pk, actor=self.actor(), starts_at=start),
            why_not=self.why_not_moved(show, show.screen, start, show.sales_cutoff),
        ):
            self.world.place(show, show.screen, start)
            show.version += 1

    @rule(data=st.data(), minutes=st.sampled_from([0, 5, 30]))
    def change_pre_show(self, data, minutes):
        show = self.draw_show(data)
        if show.pre_show == minutes * MINUTE:
            return
        length = minutes * MINUTE + show.film.running_time
        if self.attempt(
            lambda: services.change_show(show.pk, actor=self.actor(), pre_show_minutes=minutes),
            why_not=self.world.why_not_changed(show) | self.why_not_retimed(show, show.screen, length),
        ):
            show.pre_show, show.running_time = minutes * MINUTE, show.film.running_time
            show.version += 1

    def why_not_retimed(self, show, screen, length):
        """Its times are worked out anew: it might be over then, or not have the screen for so long."""
        over = {"invalid"} if show.starts_at + length <= self.clock.now else set()
        return over | self.world.why_not_there(screen, show.starts_at, length, but=[show])

    @rule(data=st.data(), seats_anew=often, may_sit_alone=seldom, refund=often)
    def redraw(self, data, seats_anew, may_sit_alone, refund):
        """The screen of a show, which keeps the plan that it has until its guests are seated anew."""
        show = self.draw_show(data, sold=True)
        screen = show.screen
        screen.drawing = data.draw(st.sampled_from(screen.drawings), label="drawing")
        save_screen(self.row(screen), seat_plan=screen.drawing)
        if seats_anew:
            self.move_show(show, screen, None, {}, may_sit_alone=may_sit_alone, refund=refund)

    @rule(data=st.data(), total_seats=st.integers(8, 22))
    def resize(self, data, total_seats):
        show = self.draw_show(data)
        if total_seats == len(show.seats):
            return
        seats = read(show.screen.drawing)
        why_not = self.world.why_not_changed(show)
        if total_seats > len(seats):
            why_not |= {"invalid"}
        if is_sold := self.world.sold(show):
            seats = read(show.screen.drawing, total_seats)
            lost = {t.kind and (t.label, t.kind) for t in self.world.live(show)} - {s.ticket for s in seats}
            why_not |= {"show_has_bookings"} if total_seats < len(show.seats) or lost else set()
        else:
            why_not |= self.why_not_retimed(show, show.screen, show.length_anew)
        if self.attempt(
            lambda: services.change_show(show.pk, actor=self.actor(), total_seats=total_seats),
            why_not=why_not,
            may={"show_has_bookings"} if is_sold else set(),
        ):
            seats = read(show.screen.drawing, total_seats)
            numbers = {seat.label: seat.number for seat in seats}
            assigned = {ticket.pk: numbers[ticket.label] for ticket in self.world.live(show)}
            self.world.move(show, seats, assigned)
            if not is_sold:
                show.running_time = show.film.running_time
            show.version += 1

    @rule(data=st.data())
    def change_screen(self, data):
        """As a PATCH of the show does, if it never sold: with as many seats as it has."""
        show = self.draw_show(data)
        screen = self.draw_other_screen(data, show)
        seats = read(screen.drawing, len(show.seats))
        why_not = self.world.why_not_changed(show)
        why_not |= {"show_has_bookings"} if self.world.sold(show) else set()
        why_not |= {"invalid"} if len(seats) < len(show.seats) else set()
        why_not |= self.world.why_not_in(screen, show)
        if self.attempt(
            lambda: services.change_show(show.pk, actor=self.actor(), screen=self.row(screen)),
            why_not=why_not | self.why_not_retimed(show, screen, show.length_anew),
        ):
            self.world.place(show, screen, show.starts_at)
            show.seats = seats
            show.version += 1

    # --- Running times and time zones -----------------------------------------------------------------

    @rule(data=st.data(), minutes=st.sampled_from([80, 95, 110, 148, 190]), keep=st.booleans())
    def change_running_time(self, data, minutes, keep):
        """Of a film: its shows to come end by it, but with `keep` those that sold."""
        film = self.draw_film(data)
        running_time = minutes * MINUTE
        slots = {}
        if film.running_time != running_time:
            for show in self.world.to_come():
                if show.film is film and not (keep and self.world.sold(show)):
                    slots[show] = show.starts_at, show.pre_show + running_time
        if self.attempt(
            lambda: services.change_movie(
                self.row(film), actor=self.actor(), keep=keep, reason=REASON, duration_minutes=minutes
            ),
            why_not=self.world.why_not_retimed(slots),
        ):
            film.running_time = running_time
            for show in slots:
                show.version += show.running_time != running_time
                show.running_time = running_time

    @rule(
        data=st.data(), zone=st.sampled_from(ZONES), keep=st.sampled_from([None, "moment", "clock", "clock"])
    )
    def change_time_zone(self, data, zone, keep):
        """Of a cinema: its shows to come keep the moment of their start, or the time that the clock shows."""
        cinema = self.draw_screen(data).cinema
        shows = [show for show in self.world.to_come() if show.screen.cinema is cinema]
        if zone == cinema.zone:
            shows = []
        why_not = {"time_zone_in_use"} if shows and keep is None else set()
        starts = {show: show.starts_at for show in shows}
        if keep == "clock":
            starts = {show: same_clock(show.starts_at, cinema.zone, zone) for show in shows}
            if None in starts.values():
                why_not |= {"invalid"}
            else:
                slots = {show: (start, show.ends_at - show.starts_at) for show, start in starts.items()}
                why_not |= self.world.why_not_retimed(slots)
                for show, start in starts.items():
                    why_not |= self.world.why_not_start(start, show.sales_cutoff)
        if self.attempt(
            lambda: services.change_cinema(
                self.row(cinema), actor=self.actor(), keep=keep, reason=REASON, time_zone=zone
            ),
            why_not=why_not,
        ):
            cinema.zone = zone
            for show, start in starts.items():
                show.starts_at = start
                show.version += 1


def answer(move):
    """A move as clients read it."""
    return MoveSerializer(move).data
