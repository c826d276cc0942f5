"""Who may do something: a person, a machine whose key is for it, a member of staff with the right."""

from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.models import AnonymousUser
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request

from accounts.machines import Machine, Scope
from accounts.models import User

if TYPE_CHECKING:  # it needs the default permission before it is there itself
    from rest_framework.views import APIView


def is_staff_with(user: User | AnonymousUser, *permissions: str) -> bool:
    """Whether the user may enter the Admin and has one of these permissions, such as "movies.add_show"."""
    return user.is_staff and any(user.has_perm(permission) for permission in permissions)


class IsPerson(IsAuthenticated):
    """Whoever has an account. A machine has none, and what its key is for is named by `KeyFor`."""

    # Said to machines: who has sent neither token nor key is told so by DRF.
    message = "The key is not for this."
    code = "scope_missing"


class KeyFor(BasePermission):
    """A machine does what its key is for. Without a key, others say who may: subclasses name the scope."""

    scope: ClassVar[Scope]
    message = IsPerson.message
    code = IsPerson.code

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return not isinstance(request.user, Machine) or request.user.may(self.scope)


class StaffWithPermission(BasePermission):
    """Staff with one permission: subclasses name it."""

    permission: ClassVar[str]

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return is_staff_with(request.user, self.permission)
