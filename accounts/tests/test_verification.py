"""Whether an e-mail address belongs to its user, and who has to say so before booking."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import OutgoingMail, User
from accounts.services import send_mails
from accounts.tests.factories import PASSWORD, client_for, make_user
from accounts.tests.links import mailed_links
from accounts.tokens import EMAIL_TOKEN_LIFETIME, email_token, uid_of

pytestmark = pytest.mark.django_db


def ask(user):
    return client_for(user).post("/api/email/verification/")


def verify(link):
    return client_for().post("/api/email/verify/", link)


def link_for(user):
    return {"uid": uid_of(user), "token": email_token(user)}


def is_verified(user):
    return User.objects.get(pk=user.pk).email_verified_at is not None


def assert_refused(response):
    assert (response.status_code, response.data["error_codes"]) == (400, {"token": ["invalid"]})


def test_a_link_that_is_asked_for_verifies_the_address(mailoutbox, settings):
    settings.EMAIL_VERIFICATION_URL = "https://cinema.example/mine#uid={uid}&token={token}"
    user = make_user("john")

    assert ask(user).status_code == 202
    [link] = mailed_links(mailoutbox)
    assert not is_verified(user)
    response = verify(link)

    assert (response.status_code, response.content) == (204, b"")
    assert is_verified(user)
    assert client_for(user).get("/api/me/").data["email_verified_at"] is not None
    assert "https://cinema.example/mine#uid=" in mailoutbox[0].body
    assert mailoutbox[0].to == ["john@example.com"]


def test_verifying_again_changes_nothing():
    user = make_user()
    link = link_for(user)
    verify(link)
    first = User.objects.get().email_verified_at

    assert verify(link).status_code == 204
    assert User.objects.get().email_verified_at == first


def test_an_address_that_is_verified_gets_no_further_mail(mailoutbox):
    user = make_user(email_verified_at=timezone.now())

    assert ask(user).status_code == 202
    assert not OutgoingMail.objects.exists()


def test_one_that_was_verified_in_the_meantime_gets_none_either(mailoutbox):
    user = make_user()
    ask(user)
    verify(link_for(user))

    assert send_mails() == 0
    assert not OutgoingMail.objects.exists()


def test_without_an_address_there_is_nothing_to_verify():
    response = ask(make_user(email=""))

    assert (response.status_code, response.data["error_codes"]) == (400, {"email": ["required"]})


def test_a_link_is_for_one_address_of_one_user_for_three_days(monkeypatch):
    user, other = make_user("john"), make_user()
    link = link_for(user)
    for bad in (
        {**link, "uid": uid_of(other)},
        {**link, "uid": "x"},
        {**link, "token": link["token"] + "x"},
        {**link, "token": "email"},
        {**link, "token": "é:é:é"},
    ):
        assert_refused(verify(bad))

    client_for(user).patch("/api/me/", {"email": "other@example.com"})
    assert_refused(verify(link))
    client_for(user).patch("/api/me/", {"email": "JOHN@example.com"})
    later = (timezone.now() + EMAIL_TOKEN_LIFETIME + timedelta(seconds=1)).timestamp()
    with monkeypatch.context() as patch:
        patch.setattr("django.core.signing.time.time", lambda: later)
        assert_refused(verify(link))
    assert verify(link).status_code == 204


def test_a_link_for_a_new_password_verifies_no_address_and_the_other_way_round():
    user = make_user()
    link = link_for(user)

    reset = client_for().post("/api/password/reset/confirm/", {**link, "new_password": "moresecure456"})

    assert_refused(reset)


def test_inactive_users_verify_nothing():
    user = make_user()
    link = link_for(user)
    User.objects.update(is_active=False)

    assert_refused(verify(link))


@pytest.mark.parametrize(
    ("email", "stays"), [("other@example.com", False), ("JOHN@EXAMPLE.COM", True), ("john@example.com", True)]
)
def test_another_address_has_to_be_verified_anew(email, stays):
    user = make_user("john", email_verified_at=timezone.now())

    response = client_for(user).patch("/api/me/", {"email": email})

    assert response.status_code == 200
    assert (response.data["email_verified_at"] is not None, is_verified(user)) == (stays, stays)


def test_an_address_that_staff_change_has_to_be_verified_anew():
    root, user = make_user(is_staff=True, is_superuser=True), make_user(email_verified_at=timezone.now())
    client = Client()
    client.force_login(root)
    form = {"username": user.username, "is_active": "on"}

    client.post(f"/admin/accounts/user/{user.pk}/change/", {**form, "email": user.email, "first_name": "J"})
    assert is_verified(user)
    client.post(f"/admin/accounts/user/{user.pk}/change/", {**form, "email": "other@example.com"})
    assert not is_verified(user)


@pytest.mark.parametrize("on", [False, True])
def test_a_link_is_mailed_by_itself_only_where_it_is_needed(on, settings, mailoutbox):
    settings.VERIFY_EMAIL = on
    client_for().post("/api/signup/", {"username": "john", "email": "john@example.com", "password": PASSWORD})
    send_mails()
    client_for(User.objects.get()).patch("/api/me/", {"email": "new@example.com", "first_name": "J"})
    send_mails()
    client_for(User.objects.get()).patch("/api/me/", {"first_name": "John"})
    send_mails()

    links = [mail.to for mail in mailoutbox if "/email/verify/" in mail.body]
    assert links == [["john@example.com"], ["new@example.com"]] * on


def test_a_sign_up_that_is_refused_asks_for_no_mail(settings):
    settings.VERIFY_EMAIL = True

    client_for().post("/api/signup/", {"username": "john", "email": "john@example.com", "password": "7"})

    assert not OutgoingMail.objects.exists()
