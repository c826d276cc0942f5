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
    list_display = ("username", "email", "first_name", "last_name", "is_staff", "is_active", "joined")
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")
    search_fields = ("username", "first_name_folded__contains", "last_name_folded__contains", "email")
    # Users have no cinema, so no clock but that of the server.
    fieldsets = (
        *(DjangoUserAdmin.fieldsets or ())[:-1],
        ("Important dates (UTC)", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "email", "usable_password", "password1", "password2"),
            },
        ),
    )

    @admin.display(description="Date joined (UTC)", ordering="date_joined")
    def joined(self, user: User) -> str:
        return f"{user.date_joined:%d %b %Y, %H:%M}"


# simplejwt's pages show refresh tokens in full, and with one of those a reader can act as its owner.
admin.site.unregister([OutstandingToken, BlacklistedToken])
