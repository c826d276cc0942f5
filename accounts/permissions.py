"""What staff may do: a member of staff has the right, or not."""

from typing import ClassVar

from django.contrib.auth.models import AnonymousUser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User


def is_staff_with(user: User | AnonymousUser, *permissions: str) -> bool:
    """Whether the user may enter the Admin and has one of these permissions, such as "movies.add_show"."""
    return user.is_staff and any(user.has_perm(permission) for permission in permissions)


class StaffWithPermission(BasePermission):
    """Staff with one permission: subclasses name it."""

    permission: ClassVar[str]

    def has_permission(self, request: Request, view: APIView) -> bool:
        return is_staff_with(request.user, self.permission)
