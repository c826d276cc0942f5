"""The roles of staff, which only superusers give: who has a role is staff, and each change is in the log."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.models import User
from movies.models import StaffRole
from movies.services import audit


@contextmanager
def changing_roles(user: User, *, actor: Actor) -> Iterator[None]:
    """Whatever changes the roles of a user happens in here, in one transaction.

    With a first role the user becomes staff. With the last one they are no longer, unless they have rights
    without roles. The log gets a line of what changed.
    """
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
        before = roles_in_words(user)
        yield
        after = roles_in_words(user)
        if before == after:
            return
        changes: dict[str, Any] = {"Roles": ("; ".join(before), "; ".join(after))}
        locked.refresh_from_db(fields=["is_staff", "is_superuser"])
        is_staff = bool(after) or _has_other_rights(locked)
        if is_staff != locked.is_staff:
            changes["Staff status"] = (locked.is_staff, is_staff)
            locked.is_staff = user.is_staff = is_staff
            locked.save(update_fields=["is_staff"])
        audit.record(user, audit.CHANGE, actor=actor, changes=changes)


def roles_in_words(user: User) -> list[str]:
    """Return the roles of a user with their cinemas: "Door: Odeon, Roxy"."""
    roles = StaffRole.objects.filter(user=user).select_related("role").prefetch_related("cinemas")
    return [f"{each.role.name}: {_places(each)}" for each in roles.order_by("role__name")]


def _places(role: StaffRole) -> str:
    if role.all_cinemas:
        return "all cinemas"
    return ", ".join(cinema.name for cinema in role.cinemas.all()) or "no cinema"


def _has_other_rights(user: User) -> bool:
    return user.is_superuser or user.groups.exists() or user.user_permissions.exists()
