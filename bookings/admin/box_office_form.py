"""What a member of staff says at the box office: which seats, for whom, until when, and why."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django import forms
from django.utils.timezone import now

from bookings.admin.clock import LOCAL_TIME, moment_by_clock
from bookings.models import Guest
from movies.models import Show
from movies.seat_plan import SeatKind
from movies.times import to_local

CANNOT_BE_READ = "This page cannot be read. Please open it anew."
NO_SEATS = "Choose at least one seat first."
NO_TIME = "Give a date and a time."
NOON, WEEK = 12, 7
UNLABELLED = {"seat", "shown", "sale"}  # what is wrong with these needs no name


def kept_as(name: str) -> Any:
    """Return the form field of what is kept of a guest by this name; all of it may stay empty."""
    field: Any = Guest._meta.get_field(name)
    return field.formfield(required=False, validators=field.validators)


class ShownField(forms.JSONField):
    """Which booking the page showed on which seat, as `{"5": 1503}`; None if it does not say."""

    def to_python(self, value: Any) -> Any:
        try:
            shown = super().to_python(value)
            if shown is None:
                return None
            return {int(number): int(booking_id) for number, booking_id in shown.items()}
        except (AttributeError, TypeError, ValueError, OverflowError, RecursionError) as error:
            raise forms.ValidationError(CANNOT_BE_READ) from error


class HoldChoice(NamedTuple):
    """A button that holds seats until then, by the clock of the cinema."""

    value: str
    label: str


def hold_choices(show: Show, at: datetime) -> list[HoldChoice]:
    """Return until when groups usually have their seats kept, as far as it is before the show."""
    zone, start = show.screen.cinema.zone, to_local(show.starts_at, show.screen.cinema.zone)
    local = to_local(at, zone).replace(second=0, microsecond=0)
    noon = local.replace(hour=NOON, minute=0)
    times = {
        local + timedelta(minutes=30): "half an hour",
        start - timedelta(hours=1): "1 hour before the show",
        noon + timedelta(days=1): "tomorrow noon",
        noon + timedelta(days=WEEK - noon.weekday()): "Monday noon",
    }
    return [
        HoldChoice(f"{time:{LOCAL_TIME}}", f"{label} ({time:%a %d %b, %H:%M})")
        for time, label in sorted(times.items())
        if local < time < start
    ]


class BoxOfficeForm(forms.Form):
    """Chosen seats of a show, and what is to be done with them: the name of the button that was pressed.

    `shown` says which booking the page showed on each seat that was not free: only these are worked on, and
    none of these seats is sold.
    """

    seat = forms.TypedMultipleChoiceField(coerce=int, required=False)
    party = forms.IntegerField(label="Best available", min_value=1, required=False)
    kind = forms.ChoiceField(
        label="Kind of seat",
        required=False,
        choices=[("", "any kind"), *((kind.value, kind.label.lower()) for kind in SeatKind)],
    )
    name, email, telephone = kept_as("name"), kept_as("email"), kept_as("telephone")
    hold_until = forms.CharField(required=False)
    # Which sale this is: what is sent twice is sold once.
    sale = forms.CharField(max_length=40, required=False, error_messages={"max_length": CANNOT_BE_READ})
    reason = forms.CharField(label="Reason for blocking", max_length=200, required=False)
    shown = ShownField(required=False, error_messages={"invalid": CANNOT_BE_READ})
    leave_single_seat = forms.BooleanField(label="Even if it leaves a single seat", required=False)

    def __init__(self, *args: Any, show: Show, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.show = show
        seats: Any = self.fields["seat"]
        seats.choices = [(seat.number, seat.label) for seat in show.plan.seats]
        kinds: Any = self.fields["kind"]
        of_plan = {seat.kind.value for seat in show.plan.seats}
        kinds.choices = [(value, label) for value, label in kinds.choices if not value or value in of_plan]

    def clean_party(self) -> int | None:
        pressed = self.data.get("_find", "")  # a button for parties of one size
        return int(pressed) if re.fullmatch("[1-9]", pressed) else self.cleaned_data["party"]

    def clean_hold_until(self) -> datetime | None:
        typed = self.data.get("_hold") or self.cleaned_data["hold_until"]
        if not typed:
            return None
        try:
            clock = datetime.fromisoformat(typed)
        except ValueError as error:
            raise forms.ValidationError(NO_TIME) from error
        moment = moment_by_clock(clock, self.show, no_time=NO_TIME)
        if moment <= now():
            raise forms.ValidationError("That time is over. Give a later one.")
        return moment

    @property
    def ticked(self) -> set[int]:
        """The seats that were chosen, to be drawn again."""
        sent = self.data.getlist("seat") if self.is_bound else []  # type: ignore[attr-defined]
        numbers = {int(text) for text in sent if text.isascii() and text.isdigit() and len(text) < 6}
        return {number for number in numbers if self.show.plan.has_seat(number)}

    def problem(self, fields: Collection[str]) -> str:
        """Return what is wrong with some of what was sent, in sentences; nothing if all is well."""
        texts = [
            str(text) if name in UNLABELLED else f"{self[name].label}: {text}"
            for name in fields
            for text in self.errors.get(name, ())
        ]
        return " ".join(dict.fromkeys(texts))
