"""Whoever has no account: what they say of themselves, and forgetting it."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.emails import counted_as
from bookings.access_keys import new_access
from bookings.errors import GuestsOff
from bookings.models import Guest, Order, OrderNote

# How many guests are forgotten in one transaction.
BATCH = 1000


class GuestDetails(NamedTuple):
    """What a guest says of themselves. At the box office and to a machine each of it may be blank."""

    email: str = ""
    name: str = ""
    telephone: str = ""


def new_guest(details: GuestDetails, *, by_machine: bool = False) -> Guest:
    """Return a guest who buys without staff, with a key; it is written with their order.

    Raises GuestsOff, but to a machine: for it, staff made a key.
    """
    if not (settings.GUESTS or by_machine):
        raise GuestsOff
    guest = _with_details(details)
    guest.access_salt, guest.access_key_hash = new_access()
    return guest


def walk_in(details: GuestDetails | None) -> Guest | None:
    """Return a guest at the box office, without a key; None for one who says nothing of themselves."""
    return _with_details(details) if details and any(details) else None


def _with_details(details: GuestDetails) -> Guest:
    address = counted_as(details.email, spellings_as_one=settings.EMAIL_SPELLINGS_AS_ONE)
    return Guest(address=address, **details._asdict())


def anonymise_guests(before: datetime) -> int:
    """Forget the contact details of guests all of whose shows ended before that moment; return of how many.

    Their orders stay as they are, without the notes of staff, and no key opens them. A thousand guests in a
    transaction; what another process is at is left to it.
    """
    forgotten = 0
    while batch := _anonymise_some(before):
        forgotten += batch
    return forgotten


@transaction.atomic
def _anonymise_some(before: datetime) -> int:
    recent = Order.objects.filter(guest=OuterRef("pk"), show__ends_at__gte=before)
    over = Guest.objects.filter(~Exists(recent), anonymised_at=None, created_at__lt=before).order_by()
    guests = [guest.pk for guest in over.select_for_update(skip_locked=True)[:BATCH]]
    _forget(guests)
    return len(guests)


def _forget(guests: Collection[int]) -> None:
    OrderNote.objects.filter(order__guest__in=guests).delete()
    blank = dict.fromkeys(("email", "address", "name", "telephone", "access_salt", "access_key_hash"), "")
    Guest.objects.filter(pk__in=guests).update(anonymised_at=timezone.now(), **blank)
