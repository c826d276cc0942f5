"""What the user of an account is told by mail, as somebody else may have done it."""

import pytest
from django.contrib.auth.tokens import default_token_generator

from accounts.models import OutgoingMail
from accounts.services import send_mails
from accounts.tests.factories import PASSWORD, client_for, make_user
from accounts.tokens import uid_of

pytestmark = pytest.mark.django_db

ANOTHER = "another-secret-456"


def told(mailoutbox):
    """To whom what was mailed since the last time."""
    send_mails()
    mails = [(mail.to, mail.subject) for mail in mailoutbox]
    mailoutbox.clear()
    return mails


def test_another_password_is_told_however_it_was_set(mailoutbox):
    user = make_user(email="john@example.com")

    changed = {"old_password": PASSWORD, "new_password": ANOTHER}
    assert client_for(user).post("/api/password/change/", changed).status_code == 200
    assert told(mailoutbox) == [(["john@example.com"], "Your password was changed")]

    user.refresh_from_db()
    link = {"uid": uid_of(user), "token": default_token_generator.make_token(user)}
    answer = client_for().post("/api/password/reset/confirm/", {**link, "new_password": "a-third-one-789"})
    assert answer.status_code == 204
    assert told(mailoutbox) == [(["john@example.com"], "Your password was changed")]


def test_another_password_by_staff_is_told_too(mailoutbox, admin_client):
    user = make_user(email="john@example.com")

    form = {"usable_password": "true", "password1": ANOTHER, "password2": ANOTHER}
    assert admin_client.post(f"/admin/accounts/user/{user.pk}/password/", form).status_code == 302

    assert told(mailoutbox) == [(["john@example.com"], "Your password was changed")]


def test_another_address_is_told_to_the_one_before(mailoutbox):
    user = make_user(email="john@example.com")

    assert client_for(user).patch("/api/me/", {"email": "thief@example.com"}).status_code == 200

    [mail] = OutgoingMail.objects.all()
    assert str(mail).startswith("Notice of another e-mail address")
    send_mails()
    [mail] = mailoutbox
    assert (mail.to, mail.subject) == (["john@example.com"], "Your e-mail address was changed")
    assert "thief" not in mail.body + str(mail.message())


@pytest.mark.parametrize("email", ["john@example.com", "JOHN@example.com"])
def test_the_same_address_and_refusals_tell_nothing(email, mailoutbox):
    user = make_user(email="john@example.com")

    client_for(user).patch("/api/me/", {"email": email, "first_name": "John"})
    client_for(user).post("/api/password/change/", {"old_password": "wrong", "new_password": ANOTHER})
    client_for(user).patch("/api/me/", {"email": make_user().email})

    assert told(mailoutbox) == []


def test_who_has_no_address_and_who_is_closed_is_told_nothing(mailoutbox):
    nobody = make_user(email="")
    client_for(nobody).patch("/api/me/", {"email": "first@example.com"})
    closed = make_user()
    OutgoingMail.objects.create(kind=OutgoingMail.Kind.PASSWORD_CHANGED, address=closed.email)
    closed.is_active = False
    closed.save()

    assert told(mailoutbox) == []
