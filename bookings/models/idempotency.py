"""Which requests were answered already."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class IdempotencyKey(models.Model):
    """The response already given to a request, for the client that never received it.

    Without a user it is a guest's, and `key` a hash of all that only this guest knows.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)  # read by the purge
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_user_key_unique"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(user__isnull=True), name="idempotency_key_of_guests_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.key
