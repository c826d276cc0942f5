"""Groups in the Admin: those of the roles are what the table in the code says."""

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from bookings.roles import ROLES
from movies.admin.staff import GroupAdmin as CatalogueGroupAdmin

NAMES = {role.name for role in ROLES}

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(CatalogueGroupAdmin):
    """Who wants other rights together makes a group of their own: it can be given as a role too."""

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.name not in NAMES)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.name not in NAMES)
