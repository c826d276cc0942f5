"""A forgotten password: a link by mail, which works once and for an hour."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils import timezone

from accounts.attempts import forget_failures
from accounts.models import OutgoingMail, User
from accounts.services.mails import request_mail
from accounts.services.passwords import follow_password_change, why_password_refused
from accounts.tokens import user_named
from movie_booking.errors import Invalid

BAD_LINK = "This link is not valid, is too old or was used already. Ask for another one."


def request_password_reset(*, email: str) -> None:
    """Ask for a link to be mailed to the account with this address, if there is one.

    The same row is written whether or not there is: who asks cannot tell from the answer, nor from the time
    it takes.
    """
    request_mail(OutgoingMail.Kind.PASSWORD_RESET, email)


def reset_password(*, uid: str, token: str, new_password: str) -> None:
    """Set the password of the user whose link this is, and end all log-ins.

    The link came by mail, so its address is verified by that, and wrong passwords count no longer. Raises
    Invalid for another link, and for what is wrong with the password.
    """
    bad_link = Invalid.of("token", BAD_LINK, "invalid")
    user = user_named(uid)
    if user is None or not takes_reset(user, token):
        raise bad_link
    if messages := why_password_refused(new_password, user):
        raise Invalid(errors={"new_password": messages})
    hashed = make_password(new_password)  # slow on purpose, so before the transaction and not within
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if not takes_reset(user, token):  # another request was faster
            raise bad_link
        user.password = hashed
        user.email_verified_at = user.email_verified_at or timezone.now()
        user.save(update_fields=["password", "email_verified_at"])
        follow_password_change(user)
        forget_failures(user.username)


def takes_reset(user: User, token: str) -> bool:
    return user.may_reset_password and default_token_generator.check_token(user, token)
