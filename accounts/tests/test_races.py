"""Concurrent requests for the same user name, and with the same token."""

from collections import Counter
from functools import partial

import pytest
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.models import User
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


@pytest.mark.parametrize(("path", "success"), [("/api/token/refresh/", 200), ("/api/logout/", 204)])
def test_of_many_requests_with_one_refresh_token_one_succeeds(path, success):
    token = str(RefreshToken.for_user(make_user()))

    responses = run_concurrently(*[partial(post, path, {"refresh": token})] * 4)

    assert Counter(response.status_code for response in responses) == {success: 1, 401: 3}


def test_a_refresh_and_a_logout_with_one_token_do_not_both_succeed():
    token = str(RefreshToken.for_user(make_user()))

    refreshed, logged_out = run_concurrently(
        partial(post, "/api/token/refresh/", {"refresh": token}),
        partial(post, "/api/logout/", {"refresh": token}),
    )

    assert (refreshed.status_code, logged_out.status_code) in [(200, 401), (401, 204)]
