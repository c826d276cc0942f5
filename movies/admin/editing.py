"""Forms of rows that several people edit: a form is saved only on the version that it was opened with."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.datastructures import MultiValueDict

from movie_booking.admin import ServiceAdmin
from movies import services
from movies.admin.audited import Audited
from movies.admin.inputs import Sent, in_words, read_sent, sent_by


@dataclass(frozen=True)
class Difference:
    """A field that has another value than when the form was opened, or that its reader changed."""

    label: str
    theirs: str
    yours: str

    def __str__(self) -> str:
        return f"{self.label}: {self.theirs}" + (f" (you typed: {self.yours})" if self.yours else "")


class Opened(NamedTuple):
    """What a form was when it was opened: the version of its row, the last entry of the log, its fields."""

    version: str = ""
    log: int = 0
    fields: dict[str, Sent] = {}

    @classmethod
    def read(cls, text: str) -> "Opened":
        """Raises ValueError for what no form of ours has sent."""
        try:
            opened = cls(**json.loads(text))
            inputs = [list(texts) for sent in opened.fields.values() for texts in sent.values()]
            if not all(isinstance(each, str) for texts in inputs for each in texts):
                raise ValueError(text)
            return opened._replace(log=int(opened.log))
        except (TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(text) from error


class VersionedForm(ModelForm):
    """Carries the version that it was opened with. What was changed meanwhile is shown, and nothing saved.

    Only what its reader changed is written (`changes`). After a conflict the form has the new version, with
    what was typed, and the present value of every other field: saving it again is possible.
    """

    class Meta:
        """Model and fields are those of each form."""

    data: Any  # a QueryDict, once the form was sent
    differences: tuple[Difference, ...] = ()
    newer_entries: tuple[Any, ...] = ()  # of the log, since the form was opened
    conflict = ""  # who changed the row after the form was opened, and what to do: empty if it is current
    # What the sentence says of it.
    not_done = "Nothing was saved."
    to_do = "Check the form, and save it again if it is right now."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version = services.version_of(self.instance) if self.instance.pk else ""
        self._opened: Opened | None = None
        if self.version and (text := self.data.get(self.add_prefix("opened"))):
            try:
                self._opened = Opened.read(text)
            except ValueError:
                self._opened = Opened()

    @property
    def opened_as(self) -> str:
        """The hidden input of the form: what it is now, as the page shows it."""
        if not self.version:
            return ""
        newest = services.log_entries(self.instance).values_list("pk", flat=True).first()
        fields = {name: self._sent_now(name) for name in self.fields if name != "opened"}
        return json.dumps(Opened(self.version, newest or 0, fields)._asdict())

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        # A stale form is compared with what it was opened with: that tells what its reader changed.
        if self._is_stale and self._opened and field_name in self._opened.fields:
            sent = MultiValueDict(self._opened.fields[field_name])
            return read_sent(field, self.add_prefix(field_name), sent)
        return super().get_initial_for_field(field, field_name)

    @cached_property
    def changed_data(self) -> list[str]:
        return [name for name in super().changed_data if name != "opened" and not self._is_same_text(name)]

    def changes(self) -> dict[str, Any]:
        """What the reader of the form changed, by field."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name in self.cleaned_data}

    def full_clean(self) -> None:
        super().full_clean()
        if self._opened is None:
            return
        lost = list(self._lost(self._opened))
        if lost or (self._is_stale and self.changed_data):
            self._refuse(self._opened, lost)

    def _save_m2m(self) -> None:
        if self.changed_data:
            super()._save_m2m()  # type: ignore[misc]

    @cached_property
    def _is_stale(self) -> bool:
        """Whether the row was changed since, or looks otherwise: the clock of a cinema was set anew."""
        return self._opened is not None and (
            self._opened.version != self.version
            or any(
                sent != self._sent_now(name)
                for name, sent in self._opened.fields.items()
                if name in self.fields
            )
        )

    def _lost(self, opened: Opened) -> Iterator[Difference]:
        """What was changed in inputs that the form no longer has: a seat was sold meanwhile."""
        for name, sent in opened.fields.items():
            typed = {key: self.data.getlist(key) for key in sent if key in self.data}
            if name not in self.fields and typed and typed != sent:
                yours = " ".join(value for values in typed.values() for value in values)
                yield Difference(name.replace("_", " ").capitalize(), "cannot be changed any more", yours)

    def _refuse(self, opened: Opened, lost: list[Difference]) -> None:
        """Say what differs and who changed it, and bring the form up to date but for what was typed."""
        typed, shown = self.changed_data, [name for name in self.fields if name in opened.fields]
        self.differences = (
            *lost,
            *(
                Difference(
                    str(self[name].label),
                    self._in_words(name, MultiValueDict(self._sent_now(name))),
                    self._in_words(name, self.data) if name in typed else "",
                )
                for name in shown
                if opened.fields[name] != self._sent_now(name)
            ),
        )
        self.newer_entries = tuple(services.log_entries(self.instance).filter(pk__gt=opened.log)[:5])
        self.conflict = self._sentence()
        self.add_error(None, self.conflict)
        data = self.data.copy()
        for name in set(shown) - set(typed):
            for key in opened.fields[name]:
                data.pop(key, None)
            for key, values in self._sent_now(name).items():
                data.setlist(key, values)
        data[self.add_prefix("opened")] = self.opened_as
        self.data = data

    def _sentence(self) -> str:
        who = "; ".join(
            f"{entry.user} on {entry.action_time:%d %b %Y, %H:%M} UTC" for entry in self.newer_entries
        )
        sentences = [
            f"This {self._meta.model._meta.verbose_name} was changed after the page was opened"
            f"{f', by {who}' if who else ''}. {self.not_done}",
            # A form of its own has a table for them; a line within another form has no other place.
            *(f"{each}." for each in self.differences if self.prefix),
            self.to_do,
        ]
        return " ".join(sentences)

    def _is_same_text(self, name: str) -> bool:
        """Whether a text differs only as browsers send it: with other line ends, and without outer blanks."""
        field, before, typed = self.fields[name], self[name].initial, self[name].data
        if not (isinstance(field, forms.CharField) and isinstance(before, str) and isinstance(typed, str)):
            return False
        one, other = ("\n".join(text.strip().splitlines()) for text in (before, typed))
        return one == other

    def _sent_now(self, name: str) -> Sent:
        """What a browser sends of a field that nobody touches."""
        field = self.fields[name]
        value = field.prepare_value(super().get_initial_for_field(field, name))
        return sent_by(field.widget, self.add_prefix(name), value)

    def _in_words(self, name: str, data: Any) -> str:
        field = self.fields[name]
        return in_words(field, read_sent(field, self.add_prefix(name), data))


class EditingAdmin(Audited, ServiceAdmin):
    """The page of a row that several people edit: it is read under its lock before it is written."""

    form = VersionedForm

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        # Forms are saved in a transaction; a page may also be drawn without one.
        saving = request.method == "POST" and transaction.get_connection().in_atomic_block
        return self.lock(found) if found is not None and saving else found

    def lock(self, row: Any) -> Model:
        """Return the row as it is now, locked. The view is one transaction."""
        return services.lock_row(row)

    def change_row(self, request: HttpRequest, row: Any, changes: dict[str, Any]) -> None:
        """Write what was changed in the form. It may take knowing what was sold."""
        raise NotImplementedError

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if context.get("errors"):
            context["sentences"] = list(field_errors(context["adminform"].form))
            for inline in context["inline_admin_formsets"]:
                context["sentences"] += inline.formset.non_form_errors()
                for form in inline.formset.forms:
                    context["sentences"] += form.non_field_errors()
                    context["sentences"] += field_errors(form)
        return super().render_change_form(request, context, *args, **kwargs)


def field_errors(form: forms.BaseForm) -> Iterator[str]:
    """What is wrong with the fields of a form, each with its name: to be read at the top of the page."""
    for name, texts in form.errors.items():
        if name != NON_FIELD_ERRORS:
            yield from (f"{form[name].label}: {text}" for text in texts)
