"""The Admin pages of users."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.models import User

admin.site.site_header = "Movie booking"
admin.site.site_title = "Movie booking"
admin.site.index_title = "Administration"


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    date_hierarchy = "date_joined"
    list_display = ("username", "email", "first_name", "last_name", "is_staff", "is_active", "date_joined")
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "email", "usable_password", "password1", "password2"),
            },
        ),
    )


# simplejwt's pages show refresh tokens in full, and with one of those a reader can act as its owner.
admin.site.unregister([OutstandingToken, BlacklistedToken])
