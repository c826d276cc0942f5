"""Concurrent requests for the same user name, and with the same token."""

from collections import Counter
from datetime import timedelta
from functools import partial
from itertools import count
from threading import Barrier, BrokenBarrierError

import pytest
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.models import TokenFamily, User
from accounts.tests.factories import PASSWORD, client_for, make_user
from movie_booking.tests.concurrency import run_concurrently

pytestmark = pytest.mark.usefixtures("real_transactions")


def post(path, body):
    return client_for().post(path, body)


def assert_one_account_and_seven_refusals(responses, field):
    assert Counter(response.status_code for response in responses) == {201: 1, 400: 7}
    assert [response.data["errors"].keys() for response in responses if response.status_code == 400] == [
        {field}
    ] * 7
    assert User.objects.count() == 1


def test_of_many_sign_ups_with_one_name_in_any_case_one_succeeds():
    names = ["john", "John", "JOHN", "jOhn", "joHn", "johN", "JOhn", "joHN"]

    responses = run_concurrently(
        *(
            partial(
                post, "/api/signup/", {"username": name, "email": f"{n}@example.com", "password": PASSWORD}
            )
            for n, name in enumerate(names)
        )
    )

    assert_one_account_and_seven_refusals(responses, "username")


def test_of_many_sign_ups_with_one_address_in_any_case_one_succeeds():
    addresses = ["john@example.com", "JOHN@example.com"] * 4

    responses = run_concurrently(
        *(
            partial(post, "/api/signup/", {"username": f"john{n}", "email": email, "password": PASSWORD})
            for n, email in enumerate(addresses)
        )
    )

    assert_one_account_and_seven_refusals(responses, "email")


def refresh_token():
    user = make_user()
    return post("/api/login/", {"username": user.username, "password": PASSWORD}).data["refresh"]


def token_from_before():
    """One that was signed when tokens had no families."""
    return str(RefreshToken.for_user(make_user()))


every_token = pytest.mark.parametrize("make_token", [refresh_token, token_from_before])


@every_token
def test_of_many_refreshes_with_one_token_all_get_the_same_pair(make_token):
    token = make_token()

    responses = run_concurrently(*[partial(post, "/api/token/refresh/", {"refresh": token})] * 4)

    assert Counter(response.status_code for response in responses) == {200: 4}
    assert len({tuple(response.data.items()) for response in responses}) == 1
    assert TokenFamily.objects.get().generation == 1


def meet_after_reading(monkeypatch, patience):
    """Have two requests wait for each other when both have read the family, at clocks a second apart.

    Returns a list that fills with whether they met.
    """
    meeting, met, takes = Barrier(2), [], TokenFamily.takes
    start, seconds = timezone.now(), count()

    def meet(*args, **kwargs):
        try:
            meeting.wait(patience)
            met.append(True)
        except BrokenBarrierError:
            met.append(False)
        return takes(*args, **kwargs)

    monkeypatch.setattr(TokenFamily, "takes", meet)
    monkeypatch.setattr(
        "accounts.services.log_ins.timezone.now", lambda: start + timedelta(seconds=next(seconds))
    )
    return met


@pytest.mark.postgres
def test_control_without_the_lock_two_refreshes_with_one_token_get_different_pairs(monkeypatch):
    token = refresh_token()
    met = meet_after_reading(monkeypatch, patience=10)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self)

    responses = run_concurrently(*[partial(post, "/api/token/refresh/", {"refresh": token})] * 2)

    assert met == [True, True]
    assert len({response.data["refresh"] for response in responses}) == 2


@pytest.mark.postgres
def test_with_the_lock_two_refreshes_with_one_token_cannot_both_exchange_it(monkeypatch):
    """The control with the lock in place: the second waits for the family, and does not meet the first."""
    token = refresh_token()
    met = meet_after_reading(monkeypatch, patience=0.5)

    responses = run_concurrently(*[partial(post, "/api/token/refresh/", {"refresh": token})] * 2)

    assert met == [False, False]
    assert len({tuple(response.data.items()) for response in responses}) == 1


@every_token
def test_of_many_log_outs_with_one_token_one_succeeds(make_token):
    token = make_token()

    responses = run_concurrently(*[partial(post, "/api/logout/", {"refresh": token})] * 4)

    assert Counter(response.status_code for response in responses) == {204: 1, 401: 3}


@every_token
def test_after_a_refresh_and_a_log_out_at_once_nobody_is_logged_in(make_token):
    token = make_token()

    refreshed, logged_out = run_concurrently(
        partial(post, "/api/token/refresh/", {"refresh": token}),
        partial(post, "/api/logout/", {"refresh": token}),
    )

    assert (refreshed.status_code, logged_out.status_code) in [(200, 204), (401, 204)]
    for left in (token, refreshed.data.get("refresh", token)):
        assert post("/api/token/refresh/", {"refresh": left}).status_code == 401


def test_of_a_used_token_that_is_sent_often_the_family_ends_once_and_for_all():
    token = refresh_token()
    newest = post("/api/token/refresh/", {"refresh": token}).data["refresh"]
    TokenFamily.objects.update(issued_at=timezone.now() - timedelta(days=1))

    responses = run_concurrently(*[partial(post, "/api/token/refresh/", {"refresh": token})] * 3)

    assert Counter(response.status_code for response in responses) == {401: 3}
    assert post("/api/token/refresh/", {"refresh": newest}).status_code == 401


def test_after_a_refresh_and_another_password_at_once_only_the_tokens_of_the_new_one_live():
    user = make_user()
    pair = post("/api/login/", {"username": user.username, "password": PASSWORD}).data
    client = client_for()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
    passwords = {"old_password": PASSWORD, "new_password": "correct horse battery"}

    refreshed, changed = run_concurrently(
        partial(post, "/api/token/refresh/", {"refresh": pair["refresh"]}),
        partial(client.post, "/api/password/change/", passwords),
    )

    assert (refreshed.status_code, changed.status_code) in [(200, 200), (401, 200)]
    for left, status in ((pair, 401), (refreshed.data, 401), (changed.data, 200)):
        if "access" in left:
            me = client_for().get("/api/me/", HTTP_AUTHORIZATION=f"Bearer {left['access']}")
            again = post("/api/token/refresh/", {"refresh": left["refresh"]})
            assert (me.status_code, again.status_code) == (status, status)


def test_of_many_changes_of_one_password_at_once_one_succeeds():
    user = make_user()
    client = client_for(user)

    responses = run_concurrently(
        *(
            partial(
                client_for(user).post,
                "/api/password/change/",
                {"old_password": PASSWORD, "new_password": f"correct horse {n}"},
            )
            for n in range(3)
        )
    )

    assert sum(response.status_code == 200 for response in responses) == 1
    assert {response.status_code for response in responses} <= {200, 400, 401}
    assert client.get("/api/me/").status_code == 401
