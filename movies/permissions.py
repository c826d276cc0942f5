"""Who may write the catalogue."""

from rest_framework.permissions import SAFE_METHODS, DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.views import APIView


class AnyoneReadsStaffWrite(DjangoModelPermissions):
    """Reading is free. Writing takes a member of staff who has the model's permission."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.method in SAFE_METHODS:
            return True
        return super().has_permission(request, view) and bool(request.user.is_staff)
