"""Whether an e-mail address belongs to its user: who reads a mail that was sent there can say so."""

from django.conf import settings
from django.utils import timezone

from accounts.models import OutgoingMail, User
from accounts.services.mails import request_mail
from accounts.tokens import is_email_token, user_named
from movie_booking.errors import Invalid

BAD_LINK = "This link is not valid or too old, or the address was changed since. Ask for another one."


def ask_to_verify(user: User) -> None:
    """Ask for a mail to a new address, where bookings wait for it."""
    if settings.VERIFY_EMAIL and user.email:
        request_mail(OutgoingMail.Kind.EMAIL_VERIFICATION, user.email)


def request_verification(*, user: User) -> None:
    """Ask for a mail with a link to the user's address, unless it is verified. Raises Invalid without one."""
    if not user.email:
        raise Invalid.of("email", "Your account has no e-mail address.", "required")
    if user.email_verified_at is None:
        request_mail(OutgoingMail.Kind.EMAIL_VERIFICATION, user.email)


def verify_email(*, uid: str, token: str) -> None:
    """Note that the address of the user is theirs, unless that was noted. Raises Invalid for another link."""
    user = user_named(uid)
    if user is None or not user.is_active or not is_email_token(user, token):
        raise Invalid.of("token", BAD_LINK, "invalid")
    # Of the address that the link was for: it may be changed at the same time.
    unverified = User.objects.filter(pk=user.pk, email=user.email, email_verified_at=None)
    unverified.update(email_verified_at=timezone.now())
