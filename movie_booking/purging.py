"""How rows are deleted of which there may be millions."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

BATCH = 1000


def delete_in_batches(rows: QuerySet[Any]) -> int:
    """Delete these rows, in their order, and return how many; of a thousand each in a transaction of its own.

    So no lock is held for long, and what is deleted can be cleaned up meanwhile. What another transaction is
    at is left to the next time.
    """
    deleted = 0
    while batch := _delete_some(rows):
        deleted += batch
        if batch < BATCH:
            break
    return deleted


@transaction.atomic
def _delete_some(rows: QuerySet[Any]) -> int:
    found = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
    if found:
        rows.model._base_manager.filter(pk__in=found).delete()
    return len(found)
