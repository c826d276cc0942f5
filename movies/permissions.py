"""Who may write the catalogue."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.views import APIView


class AnyoneReadsStaffWrite(DjangoModelPermissions):
    """Reading is free. Writing takes a member of staff who has the model's permission in that cinema."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        # Logging in would not help with a method that there is not: let the view refuse it, with 405.
        if request.method in SAFE_METHODS or request.method not in view.allowed_methods:
            return True
        return super().has_permission(request, view) and bool(request.user.is_staff)

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        """Whether they have it in the cinema of the row, or of the place where one is to be."""
        if request.method in SAFE_METHODS:
            return True
        needed = self.get_required_permissions(str(request.method), self._queryset(view).model)
        return request.user.has_perms(needed, obj)
