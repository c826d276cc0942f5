"""A forgotten password: what a link does, and what who asks for one learns."""

from datetime import timedelta
from functools import partial
from threading import Barrier, BrokenBarrierError

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator, default_token_generator
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import OutgoingMail, User
from accounts.services import log_ins, resetting, send_mails
from accounts.tests.factories import PASSWORD, client_for, make_user
from accounts.tests.links import mailed_links
from accounts.tests.test_passwords import is_dead, log_in
from accounts.tokens import uid_of
from movie_booking.tests.concurrency import run_concurrently

NEW = "correct horse battery"


def ask(email):
    return client_for().post("/api/password/reset/", {"email": email})


def confirm(link, new_password=NEW):
    return client_for().post("/api/password/reset/confirm/", {**link, "new_password": new_password})


def link_for(user):
    return {"uid": uid_of(user), "token": default_token_generator.make_token(user)}


def assert_refused(response):
    assert (response.status_code, response.data["error_codes"]) == (400, {"token": ["invalid"]})
    assert response.data["errors"]["token"] == [resetting.BAD_LINK]


@pytest.mark.django_db
def test_a_link_is_mailed_to_the_address_as_the_account_has_it(mailoutbox, settings):
    user = make_user("john", email="John@example.com")
    settings.PASSWORD_RESET_URL = "https://cinema.example/new?u={uid}&t={token}"

    response = ask("JOHN@EXAMPLE.com")
    send_mails()

    assert response.status_code == 202
    [mail] = mailoutbox
    assert (mail.to, mail.subject) == (["John@example.com"], "Choose a new password")
    assert mail.from_email == settings.DEFAULT_FROM_EMAIL
    assert f"https://cinema.example/new?u={uid_of(user)}&t=" in mail.body
    assert "Hello john," in mail.body
    assert not OutgoingMail.objects.exists()


@pytest.mark.django_db
def test_a_link_sets_a_new_password_and_ends_all_tokens(mailoutbox):
    user = make_user()
    pair = log_in(user).data
    ask(user.email)
    [link] = mailed_links(mailoutbox)

    response = confirm(link)

    assert (response.status_code, response.content) == (204, b"")
    assert is_dead(pair)
    assert log_in(user).status_code == 401
    assert log_in(user, NEW).status_code == 200
    user.refresh_from_db()
    assert user.email_verified_at is not None  # the mail was read


@pytest.mark.django_db
def test_a_link_works_once():
    link = link_for(make_user())

    assert confirm(link).status_code == 204
    assert_refused(confirm(link))


@pytest.mark.django_db
def test_a_link_works_for_an_hour(monkeypatch):
    link, now = link_for(make_user()), timezone.localtime().replace(tzinfo=None)

    for seconds, status in ((3605, 400), (3590, 204)):
        later = now + timedelta(seconds=seconds)
        monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self, later=later: later)
        assert confirm(link).status_code == status


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"is_active": False},
        {"email": "other@example.com"},
        {"email": ""},
        {"last_login": timezone.now()},
        {"password": "!unusable"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_link_ends_with_what_it_was_made_for(change):
    user = make_user()
    link = link_for(user)
    User.objects.filter(pk=user.pk).update(**change)

    assert_refused(confirm(link))


@pytest.mark.django_db
def test_a_link_of_somebody_else_or_nobody_is_refused():
    user, other = make_user(), make_user()
    link = link_for(user)

    for bad in (
        {**link, "uid": uid_of(other)},
        {**link, "uid": "OTk5OTk5"},
        {**link, "uid": "%%%"},
        {**link, "uid": "é"},
        {**link, "token": "x"},
        {**link, "token": link["token"][:-1] + "é"},
        {**link, "token": link["token"].swapcase()},
    ):
        assert_refused(confirm(bad))
    assert confirm(link).status_code == 204


@pytest.mark.django_db
def test_a_weak_password_is_told_with_all_its_faults_and_the_link_stays_good():
    link = link_for(make_user())

    weak = confirm(link, "12345")

    assert weak.data["error_codes"] == {
        "new_password": ["password_too_short", "password_too_common", "password_entirely_numeric"]
    }
    assert confirm(link).status_code == 204


@pytest.mark.django_db
def test_what_is_wrong_with_a_password_is_told_to_none_but_the_owner():
    """Whether it is like the name or address would tell these."""
    user = make_user("wilhelmina")

    assert_refused(confirm({**link_for(user), "token": "x"}, "wilhelmina"))


# --- What who asks learns ------------------------------------------------------------------------


@pytest.fixture
def addresses():
    """Known ones of every kind, and one that nobody has."""
    known = make_user()
    inactive, external = make_user(is_active=False), make_user(password=None)
    return [known.email, inactive.email, external.email, known.email.upper(), "nobody@example.com"]


@pytest.mark.django_db
def test_the_answer_and_the_statements_are_the_same_whoever_has_the_address(addresses):
    told = []
    for email in addresses * 2:
        with CaptureQueriesContext(connection) as queries:
            response = ask(email)
        statements = [query["sql"].split("VALUES")[0] for query in queries]
        its_own = ("RateLimit", "X-Request-ID")
        headers = {name: text for name, text in response.headers.items() if name not in its_own}
        told.append((response.status_code, response.content, headers, statements))

    assert told == [told[0]] * len(told)
    assert len(told[0][-1]) == 1
    assert told[0][-1][0].startswith('INSERT INTO "accounts_outgoingmail"')


@pytest.mark.django_db
def test_only_who_can_log_in_gets_a_mail(addresses, mailoutbox):
    for email in addresses:
        ask(email)

    assert send_mails() == 1
    assert [mail.to for mail in mailoutbox] == [[addresses[0]]]
    assert not OutgoingMail.objects.exists()


@pytest.mark.django_db
def test_what_is_asked_for_often_meanwhile_is_mailed_once(mailoutbox):
    user = make_user()
    for _ in range(5):
        ask(user.email)

    assert send_mails() == 1
    assert send_mails() == 0
    assert len(mailoutbox) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("email", ["nonsense", "", None, 5, "é@example.com"])
def test_what_is_no_address_is_refused(email):
    response = ask(email)

    assert (response.status_code, list(response.data["errors"])) == (400, ["email"])


# --- At once -------------------------------------------------------------------------------------


def at_once(link):
    """Set two passwords by one link at the same moment."""
    return run_concurrently(*(partial(confirm, link, f"{NEW} {n}") for n in range(2)))


@pytest.mark.usefixtures("real_transactions")
def test_of_two_requests_with_one_link_one_sets_its_password():
    user = make_user()

    responses = at_once(link_for(user))

    assert sorted(response.status_code for response in responses) == [204, 400]
    winner = next(n for n, response in enumerate(responses) if response.status_code == 204)
    assert [log_in(user, f"{NEW} {n}").status_code for n in range(2)] == [
        200 if n == winner else 401 for n in range(2)
    ]


def meet_before_writing(monkeypatch, patience):
    """Have two requests wait for each other when both have found the link good for the last time."""
    meeting, met, save = Barrier(2), [], User.save

    def meet(self, *args, **kwargs):
        try:
            meeting.wait(patience)
            met.append(True)
        except BrokenBarrierError:
            met.append(False)
        return save(self, *args, **kwargs)

    monkeypatch.setattr(User, "save", meet)
    return met


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_control_without_the_lock_both_requests_with_one_link_set_a_password(monkeypatch):
    link = link_for(make_user())
    met = meet_before_writing(monkeypatch, patience=10)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self)

    responses = at_once(link)

    assert met == [True, True]
    assert [response.status_code for response in responses] == [204, 204]


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_with_the_lock_the_second_request_finds_the_link_used(monkeypatch):
    link = link_for(make_user())
    met = meet_before_writing(monkeypatch, patience=0.3)

    responses = at_once(link)

    assert met == [False]
    assert sorted(response.status_code for response in responses) == [204, 400]


@pytest.mark.usefixtures("real_transactions")
def test_a_log_in_with_the_old_password_that_was_on_its_way_is_refused(monkeypatch):
    """It was found right before the reset, and would begin a log-in after it."""
    user = make_user()
    authenticate = log_ins.authenticate

    def slowly(**credentials):
        found = authenticate(**credentials)
        monkeypatch.setattr(log_ins, "authenticate", authenticate)
        assert confirm(link_for(user)).status_code == 204
        return found

    monkeypatch.setattr(log_ins, "authenticate", slowly)

    response = log_in(user, PASSWORD)

    assert (response.status_code, response.data["code"]) == (401, "no_active_account")
    assert user.token_families.filter(ended_at=None).count() == 0
