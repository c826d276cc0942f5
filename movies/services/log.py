"""The log of the Admin (its button *History*), with what was changed by other ways than its forms."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db.models import Model, QuerySet
from django.utils.text import capfirst, get_text_list

from accounts.actors import Actor, Channel
from accounts.models import User
from movies.services import audit


def log_addition(row: Model, editor: User | None) -> None:
    """Note who added the row through the API. Without an editor nothing is noted: Admin logs by itself."""
    _log(row, editor, ADDITION, "Added through the API.")
    if editor is not None:
        audit.record(row, audit.ADD, actor=Actor(editor, Channel.API))


def log_change(row: Model, fields: Mapping[str, tuple[Any, Any]], editor: User | None) -> None:
    """Note who changed which fields, by name, through the API, and from what to what."""
    if fields and editor is not None:
        names = [capfirst(str(getattr(row._meta.get_field(name), "verbose_name", name))) for name in fields]
        _log(row, editor, CHANGE, f"Changed {get_text_list(names, 'and')} through the API.")
        audit.record(row, audit.CHANGE, actor=Actor(editor, Channel.API), changes=fields)


def log_deletion(row: Model, editor: User | None) -> None:
    """Note who deletes the row through the API. To be called before."""
    _log(row, editor, DELETION, "Deleted through the API.")
    if editor is not None:
        audit.record(row, audit.DELETE, actor=Actor(editor, Channel.API))


def log_note(row: Model, text: str, editor: User | None) -> None:
    """Note what was done to the row through the API otherwise, and by whom."""
    _log(row, editor, CHANGE, text)
    if editor is not None:
        audit.record(row, audit.CHANGE, actor=Actor(editor, Channel.API), note=text)


def log_notes(rows: Sequence[Model], text: str, editor: User | None, action: int = CHANGE) -> None:
    """Note the same of many rows. `action` says whether they were changed, or what else."""
    if rows and editor is not None:
        LogEntry.objects.log_actions(editor.pk, rows, action, text)


def log_entries(row: Model) -> "QuerySet[LogEntry]":
    """What the log says of the row, newest first, each with its user."""
    model = row._meta
    return (
        LogEntry.objects.filter(
            content_type__app_label=model.app_label,
            content_type__model=model.model_name,
            object_id=str(row.pk),
        )
        .select_related("user")
        .order_by("-id")
    )


def _log(row: Model, editor: User | None, action: int, message: str) -> None:
    if editor is not None:
        LogEntry.objects.log_actions(editor.pk, [row], action, message, single_object=True)
