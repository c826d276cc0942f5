"""What staff may do in which cinemas.

A right that a user has by themselves, through a group of Django or as superuser counts everywhere; one that
comes with a role (`StaffRole`) in the cinemas of the role.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, TypeVar

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet

from accounts.models import User
from movies.models import Show, StaffRole

Row = TypeVar("Row", bound=Model)
# The ids of cinemas; None for all of them.
Cinemas = frozenset[int] | None
NOWHERE: frozenset[int] = frozenset()
# A cinema is opened and given up by those who work for all of them.
FOR_ALL_CINEMAS = {"movies.add_cinema", "movies.delete_cinema"}


class RolesBackend(ModelBackend):
    """Django's own, to which roles add: `has_perm(perm)` means somewhere, `has_perm(perm, row)` the cinema of
    that row.
    """

    def get_all_permissions(self, user_obj: Any, obj: Model | None = None) -> set[str]:
        if not user_obj.is_active or user_obj.is_anonymous:
            return set()
        everywhere: set[str] = super().get_all_permissions(user_obj)
        of_roles = _rights_of_roles(user_obj)
        if obj is None:
            return everywhere.union(of_roles) if of_roles else everywhere
        return everywhere | {right for right, cinemas in of_roles.items() if _is_among(obj, cinemas)}


def cinemas_with(user: User | AnonymousUser, *permissions: str) -> Cinemas:
    """Return in which cinemas a user has at least one of these permissions, such as "movies.change_show"."""
    if not user.is_active or user.is_anonymous:
        return NOWHERE
    if user.is_superuser:
        return None
    everywhere = ModelBackend().get_all_permissions(user)
    if not everywhere.isdisjoint(permissions):
        return None
    of_roles = _rights_of_roles(user)
    found = [of_roles.get(permission, NOWHERE) for permission in permissions]
    return None if None in found else NOWHERE.union(*(cinemas for cinemas in found if cinemas))


def rows_with(rows: "QuerySet[Row]", user: User | AnonymousUser, *permissions: str) -> "QuerySet[Row]":
    """Narrow rows down to those of cinemas where the user has at least one of these permissions.

    Rows that belong to no cinema stay, as does everything for whom may do so everywhere.
    """
    lookup, cinemas = cinema_lookup(rows.model), cinemas_with(user, *permissions)
    return rows if lookup is None or cinemas is None else rows.filter(**{f"{lookup}__in": cinemas})


def cinema_lookup(model: type[Model]) -> str | None:
    """Return how one gets from a row of this model to its cinema; None if it belongs to none."""
    if found := getattr(model, "cinema_lookup", None):
        return str(found)
    try:
        is_of_show = model._meta.get_field("show").related_model is Show
    except FieldDoesNotExist:
        return None
    return f"show__{Show.cinema_lookup}" if is_of_show else None


def is_show_among(show_id: int, cinemas: Cinemas) -> bool:
    """Whether a show, of which only the id is known, is in one of the cinemas. One that is not there is:
    whoever looks for it will say so.
    """
    if cinemas is None:
        return True
    cinema = Show.objects.filter(pk=show_id).values_list(Show.cinema_lookup, flat=True).first()
    return cinema is None or cinema in cinemas


def _is_among(row: Model, cinemas: Cinemas) -> bool:
    lookup = cinema_lookup(type(row))
    if lookup is None or cinemas is None:
        return True
    *path, last = lookup.split("__")
    found: Any = row
    for name in path:
        found = getattr(found, name)
    return getattr(found, "pk" if last == "pk" else f"{last}_id") in cinemas


def _rights_of_roles(user: Any) -> Mapping[str, Cinemas]:
    """What the roles of a user bring, and where: one query a request, and none for customers."""
    if not user.is_staff:
        return {}
    known: Mapping[str, Cinemas] | None = getattr(user, "_rights_of_roles", None)
    if known is None:
        known = user._rights_of_roles = _read_rights(user)
    return known


def _read_rights(user: User) -> Mapping[str, Cinemas]:
    rows = StaffRole.objects.filter(user=user).values_list(
        "all_cinemas",
        "cinemas",
        "role__permissions__content_type__app_label",
        "role__permissions__codename",
    )
    everywhere: set[str] = set()
    somewhere: dict[str, set[int]] = defaultdict(set)
    for all_cinemas, cinema, app, codename in rows:
        right = f"{app}.{codename}"
        if all_cinemas:
            everywhere.add(right)
        elif cinema is not None and right not in FOR_ALL_CINEMAS:
            somewhere[right].add(cinema)
    return {right: frozenset(cinemas) for right, cinemas in somewhere.items()} | dict.fromkeys(everywhere)
