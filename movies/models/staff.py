"""Who works where, and what was changed of the catalogue, its prices and the rights of staff."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils.timezone import now

from accounts.actors import Channel
from movies.models.catalogue import Cinema


class StaffRole(models.Model):
    """A role that a member of staff has: in all cinemas, those to come too, or in some."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="staff_roles")
    # The permissions of its group are what the role may do. No index of its own: few roles have rows here.
    role = models.ForeignKey(Group, models.PROTECT, related_name="+", db_index=False)
    all_cinemas = models.BooleanField("all cinemas", default=False)
    # None of them, if a cinema was deleted: then it is a role without a place, which brings no right.
    cinemas = models.ManyToManyField(Cinema, blank=True, related_name="+")

    class Meta:
        verbose_name = "role"
        default_permissions = ()  # only superusers give roles
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"],
                name="staff_role_user_role_unique",
                violation_error_message="The user has this role already: tick its cinemas there.",
            )
        ]

    def __str__(self) -> str:
        return self.role.name


class AuditEvent(models.Model):
    """One change of the catalogue, of prices or of what staff may do: when, who, how, from what to what.

    A trigger refuses changes, and on PostgreSQL deleting (migration 0012).
    """

    at = models.DateTimeField("time (UTC)", default=now)
    # Empty: a command did it, for no user in particular.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=10, choices=Channel)
    action = models.CharField(
        max_length=10, choices=[("ADD", "Added"), ("CHANGE", "Changed"), ("DELETE", "Deleted")]
    )
    # The row outlives neither its id nor its name here.
    model = models.CharField("kind", max_length=100, help_text="Such as movies.show.")
    row_id = models.CharField("number", max_length=20)
    row = models.CharField("what", max_length=300, help_text="What it was called.")
    changes = models.JSONField(default=dict, help_text="By field: [before, after], in words.")
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "log entry"
        verbose_name_plural = "log"
        ordering = ("-id",)
        default_permissions = ()  # for superusers
        indexes = [
            # Read by a search in the log for one row.
            models.Index(fields=["row_id", "-id"], name="audit_event_by_row"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.model} {self.row}"
