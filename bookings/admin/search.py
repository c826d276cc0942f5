"""How staff find a sale from one box: by reference, customer, telephone or film.

Every part of it is answered by an index, or by the sales of the last days. See decision 0050.
"""

import re
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Q, Value
from django.db.models.functions import Lower
from django.utils.timezone import now

from accounts.models import User
from bookings.models import REFERENCE_ALPHABET, Guest, Order, as_reference
from bookings.models.references import REFERENCE_LENGTH
from movie_booking.admin import MAX_ROWS
from movie_booking.folding import fold
from movie_booking.limits import is_searchable
from movies.models import Show

SEARCH_HELP = (
    "Reference or a part of it, name (in either order), user name, e-mail address, telephone, or film (shows"
    " of the last 30 days and to come)."
)
# Of which films it finds the sales, and among which it looks for the middle or the end of a reference.
RECENT = timedelta(days=30)
# How many customers or orders a search takes into account; of a beginning that more have, one types on.
MAX_FOUND = 100
# Fewer characters are the beginning of too many references, and as well that of a name.
LEAST_OF_REFERENCE = 5
LEAST_OF_PART = 4
LEAST_OF_TELEPHONE = 5
TELEPHONE = re.compile(r"[+()\d\s./-]+")
BETWEEN_PARTS = re.compile(r"[\s.\-\u2010-\u2015]+")  # how people group a reference


class Found(NamedTuple):
    """What was found, by id. `is_cut_off`: more customers or orders match than are taken into account."""

    orders: list[int]
    users: list[int]
    shows: list[int]
    is_cut_off: bool

    @property
    def as_orders(self) -> Q:
        return Q(pk__in=self.orders) | Q(user__in=self.users) | Q(show__in=self.shows)

    @property
    def as_bookings(self) -> Q:
        return Q(order__in=self.orders) | Q(user__in=self.users) | Q(show__in=self.shows)


def find(term: str) -> Found:
    """Return what was meant by a term: everything that it can mean at once."""
    if not (term and is_searchable(term)):
        return Found([], [], [], is_cut_off=False)
    orders, users, guests = ids_of_orders(term), ids_of_users(term), ids_of_guests(term)
    shows = [] if "@" in term else ids_of_shows(term)
    of_guests = list(Order.objects.filter(guest__in=guests).order_by().values_list("pk", flat=True))
    is_cut_off = MAX_FOUND in (len(orders), len(users), len(guests))
    if not (orders or users or guests or shows):
        orders = ids_of_recent_orders(term)
    return Found([*orders, *of_guests], users, shows, is_cut_off)


def ids_of_orders(term: str) -> list[int]:
    """The order of this reference, or those whose references begin so."""
    typed = BETWEEN_PARTS.sub("", term)
    orders = Order.objects.with_reference(typed)
    if len(typed) >= LEAST_OF_REFERENCE:
        orders = Order.objects.beginning(typed)
    return list(orders.order_by().values_list("pk", flat=True)[:MAX_FOUND])


def ids_of_recent_orders(term: str) -> list[int]:
    """Orders of the last days with this in the middle or at the end of their references."""
    part = as_reference(BETWEEN_PARTS.sub("", term))
    if not LEAST_OF_PART <= len(part) <= REFERENCE_LENGTH or not set(part) <= set(REFERENCE_ALPHABET):
        return []
    recent = Order.objects.filter(created_at__gte=now() - RECENT, reference__contains=part)
    return list(recent.order_by("-created_at").values_list("pk", flat=True)[:MAX_FOUND])


def ids_of_users(term: str) -> list[int]:
    """Users whose names, user names or e-mail addresses begin with what was typed."""
    words = term.replace(",", " ").split()
    users = User.objects.beginning(term, names="@" not in term)
    if len(words) > 1:
        first, last = Lower("first_name"), Lower("last_name")
        users = User.objects.alias(first=first, last=last).filter(_names(words))
    return list(users.order_by("username").values_list("pk", flat=True)[:MAX_FOUND])


def _names(words: list[str]) -> Q:
    """First and last name in either order, wherever one of several words ends and the other begins."""
    found = Q(first__startswith=_folded(words)) | Q(last__startswith=_folded(words))
    for at in range(1, len(words)):
        one, other = _folded(words[:at]), _folded(words[at:])
        found |= Q(first__startswith=one, last__startswith=other)
        found |= Q(last__startswith=one, first__startswith=other)
    return found


def _folded(words: list[str]) -> Lower:
    """As the index of names has it: folded by the database."""
    return Lower(Value(" ".join(words)))


def ids_of_guests(term: str) -> list[int]:
    """Guests whose e-mail addresses, names or telephone numbers begin so; a number may end so too."""
    words = term.replace(",", " ").split()
    matches = Q()
    for at in range(1, len(words)):  # the last name first
        last, first = fold(" ".join(words[:at])), fold(" ".join(words[at:]))
        matches |= Q(surname_folded__startswith=last, name_folded__startswith=first)
    if TELEPHONE.fullmatch(term):
        matches |= Q(telephone_digits__in=_as_dialled_at_home(re.sub(r"\D", "", term)))
    guests = Guest.objects.beginning(term)
    if matches:
        guests |= Guest.objects.filter(matches)
    return list(guests.order_by("-pk").values_list("pk", flat=True)[:MAX_FOUND])


def _as_dialled_at_home(digits: str) -> list[str]:
    """What was typed with the code of a country, as somebody there may have written it: 0 for the code."""
    digits = digits.removeprefix("00")
    return [f"0{digits[code:]}" for code in (1, 2, 3) if len(digits) >= LEAST_OF_TELEPHONE + code]


def ids_of_shows(term: str) -> list[int]:
    """Recent shows, and those to come, of films with these words in their titles."""
    recent: Any = Show.objects.filter(starts_at__gte=now() - RECENT)
    for word in term.split():
        recent = recent.filter(movie__title_folded__contains=word)
    return list(recent.order_by("-starts_at").values_list("pk", flat=True)[:MAX_ROWS])
