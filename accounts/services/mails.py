"""Mails: a request only notes that one is wanted, and a process beside the server writes and sends it."""

import logging
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage, get_connection
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import OutgoingMail, User
from accounts.tokens import email_token, uid_of
from movie_booking.metrics import MAILS, child
from movie_booking.purging import delete_in_batches

logger = logging.getLogger(__name__)

# A mail that could not be sent for so long is given up: its reader has asked for another one or gone.
KEPT = timedelta(hours=24)
# Between two attempts, doubling. Longer than one can take: a mail is claimed for that time.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
BATCH = 100


def request_mail(kind: OutgoingMail.Kind, address: str) -> None:
    """Note that such a mail is wanted: one statement, whoever the address belongs to."""
    OutgoingMail.objects.create(kind=kind, address=address.lower())


def tell_of_another_password(user: User) -> None:
    """Note that a user is to be told: who has changed it may be somebody else."""
    if user.email:
        request_mail(OutgoingMail.Kind.PASSWORD_CHANGED, user.email)


def send_mails() -> int:
    """Write and send what is due, and return how many mails went out.

    What cannot be sent is logged, without its address, and tried again after a pause that grows. Safe to run
    in parallel; a mail comes twice only if its sender dies in between.
    """
    mails = list(OutgoingMail.objects.due(timezone.now())[:BATCH])
    if any(mail.created_at < _oldest_kept() for mail in mails):
        drop_old_mails()
    sent, mailer = 0, get_connection()
    try:
        for mail in mails:
            sent += _send(mail, mailer)
    except (OSError, smtplib.SMTPException) as error:
        # The address may stand in what the server said.
        logger.warning("Mail %s could not be sent and will be tried again: %s", mail.pk, _kind_of(error))
        child(MAILS, "failed").inc()
    finally:
        mailer.close()
    return sent


def drop_old_mails() -> int:
    """Give up what could not be sent for KEPT, say so, and return how many mails that were."""
    dropped = delete_in_batches(OutgoingMail.objects.filter(created_at__lt=_oldest_kept()))
    if dropped:
        child(MAILS, "given_up").inc(dropped)
        logger.error("Mails given up, as they could not be sent for %s: %s.", KEPT, dropped)
    return dropped


def _oldest_kept() -> datetime:
    return timezone.now() - KEPT


def _send(mail: OutgoingMail, mailer: Any) -> int:
    """Send a mail unless another process does, and return whether it went out.

    Raises what the mail server refuses with. If it cannot be reached, all other mails wait as long.
    """
    now = timezone.now()
    next_attempt = now + min(FIRST_PAUSE * 2 ** min(mail.attempts, 10), LONGEST_PAUSE)
    claim = {"due_at": next_attempt, "attempts": F("attempts") + 1}
    if not OutgoingMail.objects.filter(pk=mail.pk, due_at=mail.due_at).update(**claim):
        return 0
    message = WRITERS[OutgoingMail.Kind(mail.kind)](mail.address)
    if message is not None:
        try:
            mailer.open()
        except (OSError, smtplib.SMTPException):
            OutgoingMail.objects.due(now).update(due_at=next_attempt)
            raise
        mailer.send_messages([message])
        child(MAILS, "sent").inc()
    # With all that was asked for in the meantime.
    OutgoingMail.objects.filter(kind=mail.kind, address=mail.address, created_at__lte=now).delete()
    return int(message is not None)


def _kind_of(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def _password_reset(address: str) -> EmailMessage | None:
    user = User.objects.with_email(address).first()  # and to the address as the account has it
    if user is None or not user.may_reset_password:
        return None
    link = _link(settings.PASSWORD_RESET_URL, user, default_token_generator.make_token(user))
    return _message(
        "password_reset", "Choose a new password", [user.email], username=user.username, link=link
    )


def _email_verification(address: str) -> EmailMessage | None:
    user = User.objects.with_email(address).first()
    if user is None or not user.is_active or user.email_verified_at is not None:
        return None
    link = _link(settings.EMAIL_VERIFICATION_URL, user, email_token(user))
    subject = "Is this your e-mail address?"
    return _message("email_verification", subject, [user.email], username=user.username, link=link)


def _password_changed(address: str) -> EmailMessage | None:
    user = User.objects.with_email(address).first()
    if user is None or not user.is_active:
        return None
    return _message("password_changed", "Your password was changed", [user.email], username=user.username)


def _email_changed(address: str) -> EmailMessage:
    """To the address before: whoever has taken an account over would otherwise go unnoticed."""
    return _message("email_changed", "Your e-mail address was changed", [address])


def _link(url: str, user: User, token: str) -> str:
    return url.replace("{uid}", uid_of(user)).replace("{token}", quote(token, safe=""))


def _message(template: str, subject: str, to: list[str], **context: str) -> EmailMessage:
    text = render_to_string(f"accounts/mails/{template}.txt", {**context, "site": settings.SITE_URL})
    return EmailMessage(subject, text, to=to)


WRITERS: dict[OutgoingMail.Kind, Callable[[str], EmailMessage | None]] = {
    OutgoingMail.Kind.PASSWORD_RESET: _password_reset,
    OutgoingMail.Kind.EMAIL_VERIFICATION: _email_verification,
    OutgoingMail.Kind.PASSWORD_CHANGED: _password_changed,
    OutgoingMail.Kind.EMAIL_CHANGED: _email_changed,
}
