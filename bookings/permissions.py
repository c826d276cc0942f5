"""Who may work on the seats of a show, and who may set a rule of seating aside."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.errors import EmailNotVerified
from accounts.machines import Machine, Scope
from accounts.permissions import IsPerson, StaffWithPermission, is_staff_with
from bookings.access_keys import META_KEY
from movies.access import cinemas_with, is_show_among


class StaffOfShow(StaffWithPermission):
    """Staff with one permission in the cinema of the show that the path names.

    A show that is not there is refused by whoever looks for it, with 404.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and is_show_among(
            int(view.kwargs["pk"]), cinemas_with(request.user, self.permission)
        )

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        return request.user.has_perm(self.permission, obj)


class MayBlockSeats(StaffOfShow):
    permission = "bookings.block_seats"


class MayCancelShow(StaffOfShow):
    permission = "movies.change_show"


class MayMoveShow(StaffOfShow):
    permission = "movies.move_show"


class EmailIsVerified(BasePermission):
    """Asked of a user who takes seats, where VERIFY_EMAIL is on. Raises EmailNotVerified."""

    takes_seats = ("book", "create")

    def has_permission(self, request: Request, view: APIView) -> bool:
        if settings.VERIFY_EMAIL and getattr(view, "action", None) in self.takes_seats:
            user = request.user
            if user.is_authenticated and user.email_verified_at is None:
                raise EmailNotVerified
        return True


class KeyForOrders(BasePermission):
    """A machine sells, and changes what it sold; or reads orders, also to look up those of others.

    Which orders it finds, the view says. Without a key, others say who may.
    """

    message = IsPerson.message
    code = IsPerson.code
    reads = ("list", "retrieve")
    of_persons = ("claim",)

    def has_permission(self, request: Request, view: Any) -> bool:
        machine = request.user
        if not isinstance(machine, Machine):
            return True
        if view.action in self.reads and machine.may(Scope.LOOK_UP):
            return True
        return machine.may(Scope.SELL) and view.action not in self.of_persons


class UserOrGuest(BasePermission):
    """A user, or a machine that `KeyForOrders` let through; or somebody who says who they are when they
    order, or sends the key of the order they ask for.

    Whether it is the key of that order, the view finds out.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.user.is_authenticated or isinstance(request.user, Machine):
            return True
        if view.action == "create":
            return isinstance(request.data, dict) and "guest" in request.data
        return bool(view.detail) and META_KEY in request.META


class MayLeaveSingleSeat(BasePermission):
    """Leaving a single seat takes the permission to block seats, in the cinema of the show.

    Its object is what was asked for, once it is valid, and not a row:
    `self.check_object_permissions(request, data.validated_data)`.
    """

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        if not isinstance(obj, Mapping) or not obj.get("leave_single_seat"):
            return True
        if not is_staff_with(request.user, MayBlockSeats.permission):
            return False
        cinemas = cinemas_with(request.user, MayBlockSeats.permission)
        return cinemas is None or all(is_show_among(show, cinemas) for show in view.shows_to_lock())
