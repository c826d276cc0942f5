"""Opening an account, and what its user says of it."""

from django.db import IntegrityError, transaction

from accounts.errors import TokenNotValid
from accounts.models import EMAIL_TAKEN, USERNAME_TAKEN, OutgoingMail, User
from accounts.services.mails import request_mail
from accounts.services.passwords import why_password_refused
from accounts.services.verification import ask_to_verify
from movie_booking.errors import Invalid
from movie_booking.field_messages import FieldMessage, FieldMessages


def sign_up(*, username: str, email: str, password: str) -> User:
    """Open an account and return it. Raises Invalid with all the fields that are refused."""
    if refused := why_refused(username=username, email=email, password=password):
        raise Invalid(errors=refused)
    user = User(username=username, email=User.objects.normalize_email(email))
    user.set_password(password)  # slow on purpose, so before the transaction and not within
    with transaction.atomic():
        _save(user)
        ask_to_verify(user)
    return user


def why_refused(*, username: str = "", email: str = "", password: str | None = None) -> FieldMessages:
    """Return what is wrong with those fields of a new account that are given."""
    user = User(username=username, email=User.objects.normalize_email(email))
    refused = _taken(user)
    if password is not None and (messages := why_password_refused(password, user)):
        refused["password"] = messages
    return refused


@transaction.atomic
def change_profile(*, user: User, **changes: str) -> User:
    """Write what changes of the e-mail address and the names, on the account as it is now, and return it.

    Another address has to be verified anew, and who reads the one before is told. Raises Invalid for an
    address in use, and TokenNotValid for an account that was closed meanwhile.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.closed_at is not None:
        raise TokenNotValid
    address_before = user.email.lower()
    if "email" in changes:
        changes["email"] = User.objects.normalize_email(changes["email"])
    changes = {name: value for name, value in changes.items() if getattr(user, name) != value}
    for name, value in changes.items():
        setattr(user, name, value)
    _refuse_taken(user)
    is_another_address = user.email.lower() != address_before
    if is_another_address:
        user.email_verified_at = None
    _save(user, update_fields=[*changes, "email_verified_at"])
    if is_another_address:
        ask_to_verify(user)
        if address_before:
            request_mail(OutgoingMail.Kind.EMAIL_CHANGED, address_before)
    return user


def _save(user: User, update_fields: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            user.save(update_fields=update_fields)
    except IntegrityError:
        _refuse_taken(user)  # another request was faster; now its row is there to be named
        raise


def _refuse_taken(user: User) -> None:
    if taken := _taken(user):
        raise Invalid(errors=taken)


def _taken(user: User) -> FieldMessages:
    others = User.objects.exclude(pk=user.pk)
    taken: FieldMessages = {}
    if user.username and others.named(user.username).exists():
        taken["username"] = [FieldMessage(USERNAME_TAKEN, "not_unique")]
    if user.email and others.counted_as(user.email).exists():
        taken["email"] = [FieldMessage(EMAIL_TAKEN, "not_unique")]
    return taken
