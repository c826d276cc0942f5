"""Making the groups of Django what the table of roles says."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from accounts.actors import Actor
from bookings.roles import ROLES, Role
from movies.services import audit


@transaction.atomic
def sync_roles(*, actor: Actor) -> list[str]:
    """Make the groups of the roles that are missing, and give each the permissions of the table and no other.

    Returns what was changed, in a sentence each. To run it again changes nothing. Other groups stay.
    """
    rows = Permission.objects.select_related("content_type").filter(content_type__app_label__in=_apps())
    known = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    groups = Group.objects.filter(name__in=[role.name for role in ROLES]).prefetch_related(
        "permissions__content_type"
    )
    by_name = {group.name: group for group in groups}
    return [done for role in ROLES for done in _sync(role, by_name.get(role.name), known, actor)]


def _sync(role: Role, group: Group | None, known: dict[str, Permission], actor: Actor) -> list[str]:
    # A right that is not there yet comes with its migration.
    wanted = {name: known[name] for name in role.permissions & known.keys()}
    if group is None:
        Group.objects.create(name=role.name).permissions.set(wanted.values())
        return [f"{role.name}: added, with {len(wanted)} permissions."]
    has = {f"{row.content_type.app_label}.{row.codename}" for row in group.permissions.all()}
    if has == wanted.keys():
        return []
    group.permissions.set(wanted.values())
    given, taken = sorted(wanted.keys() - has), sorted(has - wanted.keys())
    changes: dict[str, tuple[Any, Any]] = {"Permissions given": ("", given), "Permissions taken": (taken, "")}
    changes = {name: pair for name, pair in changes.items() if any(pair)}
    audit.record(group, audit.CHANGE, actor=actor, changes=changes)
    return [f"{role.name}: {', '.join([*(f'+{name}' for name in given), *(f'-{name}' for name in taken)])}."]


def _apps() -> set[str]:
    return {name.split(".")[0] for role in ROLES for name in role.permissions}
