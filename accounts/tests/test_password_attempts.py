"""Guessing passwords, at the API and at the Admin."""

from collections import Counter
from datetime import timedelta
from functools import partial
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import attempts
from accounts.attempts import attempt
from accounts.errors import TooManyAttempts
from accounts.models import PasswordFailures
from accounts.tests.factories import PASSWORD, client_for, make_staff, make_user
from movie_booking.tests.concurrency import run_concurrently

pytestmark = pytest.mark.django_db

HERE, ELSEWHERE = "203.0.113.7", "198.51.100.1"


@pytest.fixture
def john():
    return make_user("john")


def log_in(typed="a guess", username="john", address=HERE):
    return client_for().post("/api/login/", {"username": username, "password": typed}, REMOTE_ADDR=address)


def enter(typed="a guess", username="john", address=HERE):
    return Client().post("/admin/login/", {"username": username, "password": typed}, REMOTE_ADDR=address)


def guess(times, **who):
    return [log_in(**who).status_code for _ in range(times)]


def let_pass(minutes):
    """As if so much time went by."""
    for failures in PasswordFailures.objects.all():
        failures.until -= timedelta(minutes=minutes)
        failures.save()


def assert_no_longer_looked_at(response):
    assert (response.status_code, response.data["code"]) == (429, "too_many_attempts")
    assert 0 < response.data["retry_after"] <= 900
    assert response.headers["Retry-After"] == str(response.data["retry_after"])


def test_after_twenty_wrong_passwords_in_a_row_none_is_looked_at(john, monkeypatch):
    assert guess(20) == [401] * 20

    monkeypatch.setattr("django.contrib.auth.backends.ModelBackend.authenticate", None)  # it would fail
    assert_no_longer_looked_at(log_in())
    assert_no_longer_looked_at(log_in(PASSWORD))


def test_a_stranger_locks_out_nobody_elsewhere(john):
    guess(21)

    assert log_in(PASSWORD, address=ELSEWHERE).status_code == 200


def test_others_at_the_same_address_are_not_kept_out(john):
    make_user("jane")
    guess(21)

    assert log_in(PASSWORD, username="jane").status_code == 200


def test_it_ends_by_itself_however_often_the_stranger_tries_meanwhile(john):
    guess(20)
    let_pass(minutes=14)
    assert guess(5) == [429] * 5
    let_pass(minutes=1.1)

    assert log_in(PASSWORD).status_code == 200


def test_the_right_password_begins_a_new_row(john):
    guess(19)
    assert log_in(PASSWORD).status_code == 200

    assert guess(21) == [401] * 20 + [429]


def test_wrong_passwords_long_ago_do_not_count(john):
    guess(19)
    let_pass(minutes=15)

    assert guess(21) == [401] * 20 + [429]


@pytest.mark.parametrize("spelling", ["JOHN", "John", "joh\N{FULLWIDTH LATIN SMALL LETTER N}"])
def test_an_account_has_one_count_however_it_is_spelled(john, spelling):
    guess(20)

    assert_no_longer_looked_at(log_in(username=spelling))


def test_a_household_has_one_count(john):
    guess(20, address="2001:db8:1:2::1")

    assert_no_longer_looked_at(log_in(address="2001:db8:1:2:ffff::9"))
    assert log_in(address="2001:db8:1:3::1").status_code == 401


def test_accounts_that_do_not_exist_are_counted_alike():
    assert guess(21, username="nobody") == [401] * 20 + [429]
    assert guess(1, username="x" * 100_000) == [401]


def test_the_admin_counts_where_the_old_password_is_asked_for():
    page, staff = Client(REMOTE_ADDR=HERE), make_staff()
    page.force_login(staff)

    def change(old):
        typed = {"old_password": old, "new_password1": "moresecure456", "new_password2": "moresecure456"}
        return page.post("/admin/password_change/", typed)

    assert [change("a guess").status_code for _ in range(20)] == [200] * 20
    refused = change(PASSWORD)
    assert (refused.status_code, 0 < int(refused.headers["Retry-After"]) <= 900) == (429, True)
    assert "Too many wrong passwords for this account." in refused.content.decode()
    assert_no_longer_looked_at(log_in(PASSWORD, username=staff.username))
    let_pass(minutes=15)
    assert change(PASSWORD).headers["Location"] == "/admin/password_change/done/"


@pytest.mark.parametrize("foreign", ["https://evil.example/", "//evil.example/"])
def test_who_logs_in_is_led_to_the_admin_and_to_no_foreign_site(foreign):
    typed = {"username": make_staff().username, "password": PASSWORD, "next": foreign}

    response = Client().post("/admin/login/", typed)

    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")


def test_the_api_and_the_admin_count_together(john):
    john.is_staff = True
    john.save()
    assert guess(10) == [401] * 10
    assert [enter().status_code for _ in range(10)] == [200] * 10

    refused = enter(PASSWORD)
    assert (refused.status_code, 0 < int(refused.headers["Retry-After"]) <= 900) == (429, True)
    assert "Too many wrong passwords for this account." in refused.content.decode()
    assert_no_longer_looked_at(log_in(PASSWORD))
    assert enter(PASSWORD, address=ELSEWHERE).status_code == 302


def test_where_many_guess_together_each_has_three_tries_and_the_owner_has_some(john):
    for number in range(5):
        guess(20, address=f"192.0.2.{number}")

    assert guess(4, address="192.0.2.99") == [401] * 3 + [429]
    assert log_in(PASSWORD, address=ELSEWHERE).status_code == 200
    let_pass(minutes=61)
    assert guess(21, address="192.0.2.99") == [401] * 20 + [429]


def test_how_many_and_for_how_long_are_settings(john, settings):
    settings.PASSWORD_FAILURES, settings.PASSWORD_PAUSE_MINUTES = 2, 1

    assert guess(3) == [401, 401, 429]
    assert 0 < log_in().data["retry_after"] <= 60


def test_an_attempt_takes_two_statements_besides_the_check(django_assert_num_queries):
    with django_assert_num_queries(6):  # each in a savepoint, as the test has a transaction
        attempt("john", HERE, lambda: None)
    with django_assert_num_queries(4):
        attempt("john", HERE, lambda: True)


def test_what_is_forgotten_is_deleted_by_the_command(john):
    guess(1)
    let_pass(minutes=15)
    guess(1, username="jane")
    output = StringIO()
    call_command("purge_password_failures", stdout=output)

    assert output.getvalue() == "Counts of wrong passwords forgotten: 1.\n"
    kept = PasswordFailures.objects.values_list("account", "network").order_by("account", "network")
    assert list(kept) == [("jane", ""), ("jane", HERE), ("john", "")]


@pytest.fixture
def browser():
    client = Client()
    client.force_login(make_staff("view_passwordfailures", "delete_passwordfailures"))
    return client


LIST = "/admin/accounts/passwordfailures/"


def test_staff_see_who_is_locked_and_unlock(john, browser):
    guess(20)
    guess(1, username="jane")
    locked = PasswordFailures.objects.get(account="john", network=HERE)

    assert browser.get(f"{LIST}?locked=yes").context["cl"].result_count == 1
    assert browser.get(LIST).context["cl"].result_count == 4
    done = browser.post(LIST, {"action": "unlock", "_selected_action": [locked.pk]}, follow=True)

    assert "Forgotten: 1." in done.content.decode()
    assert log_in(PASSWORD).status_code == 200


def test_staff_who_may_only_look_unlock_nothing(john):
    guess(20)
    client = Client()
    client.force_login(make_staff("view_passwordfailures"))
    locked = PasswordFailures.objects.get(network=HERE)
    client.post(LIST, {"action": "unlock", "_selected_action": [locked.pk]})

    assert PasswordFailures.objects.filter(pk=locked.pk).exists()


@pytest.mark.usefixtures("real_transactions")
@pytest.mark.postgres
class TestAtOnce:
    def guess(self, checked):
        try:
            return attempt("john", HERE, lambda: checked.append(1))
        except TooManyAttempts:
            return "refused"
        finally:
            connection.close()

    def test_of_fifty_guesses_at_once_twenty_are_looked_at(self):
        checked = []

        answers = run_concurrently(*[partial(self.guess, checked)] * 50)

        assert (len(checked), Counter(answers)) == (20, {None: 20, "refused": 30})

    def test_counting_afterwards_would_let_more_through(self, monkeypatch):
        """The control: where an attempt is counted when it has failed, all fifty are looked at."""
        checked, count = [], attempts._count

        def look(account, network):
            known = PasswordFailures.objects.filter(account=account, network=network).first()
            if known and known.failures >= 20:
                raise TooManyAttempts(retry_after=1)

        monkeypatch.setattr(attempts, "_count", look)
        monkeypatch.setattr(attempts, "_count_everywhere", lambda account: count(account, HERE))
        run_concurrently(*[partial(self.guess, checked)] * 50)

        assert len(checked) > 20


def test_at_the_end_of_its_time_a_count_is_over(john):
    guess(20)
    PasswordFailures.objects.update(until=timezone.now())

    assert log_in(PASSWORD).status_code == 200
