"""What staff may do: a member of staff has the right, or not."""

from django.contrib.auth.models import AnonymousUser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User


def is_staff_with(user: User | AnonymousUser, *permissions: str) -> bool:
    """Whether the user may enter the Admin and has one of these permissions, such as "movies.add_show"."""
    return user.is_staff and any(user.has_perm(permission) for permission in permissions)


class StaffWithPermission(BasePermission):
    """For views whose actions name what they take in `staff_permissions`, as {action: permission}.

    Other actions are for every user who is logged in.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        needed = getattr(view, "staff_permissions", {}).get(getattr(view, "action", None))
        return needed is None or is_staff_with(request.user, needed)
