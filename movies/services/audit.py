"""The log of what was changed of the catalogue, of prices and of rights: who, how, and from what to what.

Each change has a line, through whichever channel it came. The log of the Admin (`log.py`) is beside: it is
read on the page of a row, and knows the Admin and the API.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from django.db.models import Model
from django.utils.text import capfirst

from accounts.actors import Actor
from accounts.models import User
from movies.models import AuditEvent

ADD, CHANGE, DELETE = "ADD", "CHANGE", "DELETE"
# By field: before and after.
Changes = Mapping[str, tuple[Any, Any]]
MAX_NAME = 300


def record(row: Model, action: str, *, actor: Actor, changes: Changes | None = None, note: str = "") -> None:
    """Write down what was done to a row.

    `changes` are by the names of fields or in words, and so are their values. A row that was added, or is
    about to be deleted, says by itself what was entered of it.
    """
    record_all([row], action, actor=actor, changes=changes, note=note)


def record_all(
    rows: Iterable[Model], action: str, *, actor: Actor, changes: Changes | None = None, note: str = ""
) -> None:
    """The same of several rows, in one statement."""
    AuditEvent.objects.bulk_create(
        AuditEvent(
            actor=actor.user,
            channel=actor.channel,
            action=action,
            model=row._meta.label_lower,
            row_id=str(row.pk),
            row=_name(row),
            changes=_changes(row, action) if changes is None else _told(row, changes),
            note=note[:MAX_NAME],
        )
        for row in rows
    )


def _changes(row: Model, action: str) -> dict[str, list[str]]:
    """The changes that it is for a row to come or to go: all that is entered of it."""
    if action == CHANGE or isinstance(row, User):
        return {}
    fields = [field for field in row._meta.concrete_fields if field.editable and not field.primary_key]
    values = {field.name: in_words(getattr(row, field.name)) for field in fields}
    return _told(
        row, {name: ("", value) if action == ADD else (value, "") for name, value in values.items() if value}
    )


def _told(row: Model, changes: Changes) -> dict[str, list[str]]:
    known = {field.name: field for field in row._meta.get_fields()}
    labels = {name: capfirst(str(getattr(known.get(name), "verbose_name", name))) for name in changes}
    return {labels[name]: [in_words(each) for each in pair] for name, pair in changes.items()}


def in_words(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value.astimezone(timezone.utc):%d %b %Y, %H:%M} UTC"
        case list() | tuple() | set():
            return ", ".join(sorted(map(str, value)))
    return str(value)


def _name(row: Model) -> str:
    # What a user is called changes and may have to be forgotten, so it is looked up when the log is read.
    return "" if isinstance(row, User) else str(row)[:MAX_NAME]
