"""Closing an account: it says no longer whose it was, and what was sold to it stays."""

from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import check_password
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from accounts.attempts import attempt, forget_failures
from accounts.errors import StaffAccount
from accounts.models import OutgoingMail, User
from accounts.services.passwords import WRONG_PASSWORD
from movie_booking.errors import Invalid


def refuse_other_password(user: User, password: str, *, network: str | None = None) -> None:
    """Raises Invalid unless the password is that of the user; with a network, also TooManyAttempts.

    It is slow on purpose, and with a network it counts: so not within a transaction.
    """

    def check() -> bool:
        return check_password(password, user.password)

    if not (check() if network is None else attempt(user.username, network, check)):
        raise Invalid.of("password", WRONG_PASSWORD, "wrong_password")


def lock_to_close(user: User) -> User:
    """Lock and return the account that is to be closed. Raises StaffAccount."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.is_staff or user.is_superuser:
        raise StaffAccount
    return user


def anonymise(user: User) -> User:
    """Make a locked account nobody's, for good, and return it. Name and address are free again.

    Tokens and sessions are dead by that: there is no password any longer, and the account is not active.
    """
    if user.closed_at is not None:
        return user
    OutgoingMail.objects.filter(address=user.email.lower()).delete()
    forget_failures(user.username)
    user.token_families.all().delete()
    user.outstandingtoken_set.all().delete()
    user.groups.clear()
    user.user_permissions.clear()
    user.username = closed_name(user.pk)
    user.email = user.first_name = user.last_name = ""
    user.email_verified_at = user.last_login = None
    user.is_active = False
    user.closed_at = timezone.now()
    user.set_unusable_password()
    user.save()
    # The log of the Admin calls rows by what they were called then.
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk)
    ).update(object_repr=user.username)
    return user


def closed_name(user_id: int) -> str:
    """Return the user name of a closed account. With a blank, so that nobody can sign up with it."""
    return f"closed {user_id}"
