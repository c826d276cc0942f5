"""Notes of staff on an order."""

from accounts.actors import Actor
from bookings.models import Order, OrderNote


def add_note(order: Order, text: str, *, actor: Actor) -> OrderNote:
    """Keep a note on an order, with who wrote it and when, and return it. No seat is touched: no lock."""
    return OrderNote.objects.create(order=order, show_id=order.show_id, author=actor.person, text=text)
