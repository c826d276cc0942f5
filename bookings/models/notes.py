"""What staff tell each other of an order."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from bookings.models.orders import Order
from movies.models import Show


class OrderNote(models.Model):
    """A note of staff on an order: who, when, what. It is added to, and not changed; no customer sees it."""

    # An order goes only with a show that never sold.
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="notes")
    # That of the order, with which the note goes: on PostgreSQL a trigger sees to that (migration 0023).
    show = models.ForeignKey(
        Show,
        on_delete=models.DO_NOTHING,
        related_name="+",
        editable=False,
        db_index=False,
        db_constraint=False,
    )
    at = models.DateTimeField(default=timezone.now, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(max_length=1000)

    class Meta:
        ordering = ("id",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.author}, {self.at:%d %b %Y, %H:%M} UTC: {self.text}"
