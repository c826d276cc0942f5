"""Rows that several people edit: which version one has seen, and writing what changed under a lock."""

import json
from collections.abc import Collection
from datetime import datetime, timezone
from decimal import Decimal
from hashlib import sha256
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model

from accounts.models import User
from movie_booking.errors import NotFound, PreconditionFailed
from movies.services.log import log_deletion

Row = TypeVar("Row", bound=Model)
# The versions that a change may be based on, or None for any.
Versions = Collection[str] | None


def version_of(row: Model) -> str:
    """Return a text that changes whenever a field changes that people edit.

    It is worked out from these fields, so selling a seat leaves the version of a show as it is.
    """
    fields = (field for field in row._meta.concrete_fields if field.editable and not field.primary_key)
    values = {field.name: _canonical(field.to_python(field.value_from_object(row))) for field in fields}
    for relation in row._meta.many_to_many:
        values[relation.name] = sorted(other.pk for other in getattr(row, relation.name).all())
    return sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:32]


def refuse_stale(row: Model, versions: Versions) -> None:
    """Raises PreconditionFailed unless the row, which the caller has locked, is one of these versions."""
    if versions is not None and version_of(row) not in versions:
        raise PreconditionFailed


def lock_row(row: Row, versions: Versions = None) -> Row:
    """Return the row as it is now, locked until the transaction ends.

    Raises NotFound if it is there no more, and PreconditionFailed as `refuse_stale` does.
    """
    rows: Any = type(row)._default_manager
    # NO KEY: rows may still be inserted that merely point at it.
    fresh: Row | None = (
        rows.select_for_update(of=("self",), no_key=True).order_by("pk").filter(pk=row.pk).first()
    )
    if fresh is None:
        raise NotFound
    refuse_stale(fresh, versions)
    return fresh


def write_fields(row: Model, changes: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Write those fields whose value changes, and no other; or a new row whole. Return both values."""
    is_new = row._state.adding
    pairs = {name: (getattr(row, name, None), value) for name, value in changes.items()}
    changed = {name: (before, after) for name, (before, after) in pairs.items() if before != after}
    for name in changed:
        setattr(row, name, changes[name])
    if is_new:
        row.save()
    elif changed:
        row.save(update_fields=changed)
    return changed


@transaction.atomic
def delete_row(row: Model, *, versions: Versions = None, editor: User | None = None) -> None:
    """Delete a row to which nothing refers. `versions`: see `lock_row`."""
    fresh = lock_row(row, versions)
    log_deletion(fresh, editor)
    fresh.delete()


def _canonical(value: Any) -> Any:
    """The same for equal values, whether they were just typed or come from the database."""
    match value:
        case datetime():
            return value.astimezone(timezone.utc).isoformat()
        case Decimal():
            return f"{value.normalize():f}"
    return value
