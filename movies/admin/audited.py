"""Pages of the Admin whose changes are in the log: who, and from what to what."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

from django import forms
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict

from accounts.actors import Actor, Channel
from accounts.models import User
from movies.admin.inputs import in_words, read_sent, sent_by
from movies.services import audit


def admin_actor(request: HttpRequest) -> Actor:
    """The member of staff who is asking: the Admin lets no other user in."""
    return Actor(cast("User", request.user), Channel.ADMIN)


class Audited:
    """A model admin that writes the log along with Django's own."""

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        above: Any = super()
        sent: Any = request  # which lives as long as what it asks for
        changes = dict(self.changes_of(form, formsets or ()))
        sent.form_changes = changes if changes or form.changed_data else None
        message: list[dict[str, Any]] = above.construct_change_message(request, form, formsets, add)
        return message

    def changes_of(self, form: Any, formsets: Iterable[Any]) -> Iterator[tuple[str, tuple[str, str]]]:
        """What a form changes, and what the lines of its tables do."""
        yield from _changes(form)
        for formset in formsets:
            for line in formset.forms:
                if line in formset.initial_forms and not line.instance.pk:
                    continue  # of a row that is not there, and so is not written
                if line.has_changed() and hasattr(line, "cleaned_data"):
                    prefix = f"{line.instance}: " if line.instance.pk else ""
                    yield from ((prefix + name, pair) for name, pair in _changes(line))

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        above: Any = super()
        entry: LogEntry = above.log_addition(request, obj, message)
        audit.record(obj, audit.ADD, actor=admin_actor(request), note=self.note_of(obj))
        return entry

    def note_of(self, added: Any) -> str:
        """What else the log says of a row that was added."""
        return ""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        """`message` is a sentence, or what `construct_change_message` has said."""
        above: Any = super()
        entry: LogEntry = above.log_change(request, obj, message)
        changes = getattr(request, "form_changes", None) if isinstance(message, list) else {}
        if changes is not None:
            note = "" if changes else entry.get_change_message()
            audit.record(obj, audit.CHANGE, actor=admin_actor(request), changes=changes, note=note)
        return entry

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        above: Any = super()
        entries = above.log_deletions(request, queryset)
        audit.record_all(queryset, audit.DELETE, actor=admin_actor(request))
        return entries


def _changes(form: Any) -> Iterator[tuple[str, tuple[str, str]]]:
    """What was typed in each field of a form beside what stood there; not of passwords."""
    for name in form.changed_data:
        field = form.fields.get(name)
        if field is None or isinstance(field.widget, (forms.PasswordInput, forms.HiddenInput)):
            continue
        sent_as = form.add_prefix(name)
        before = sent_by(field.widget, sent_as, field.prepare_value(form[name].initial))
        old = in_words(field, read_sent(field, sent_as, MultiValueDict(before)))
        yield (
            str(form[name].label),
            (old, in_words(field, read_sent(field, sent_as, form.data))),
        )
