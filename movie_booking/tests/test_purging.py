"""Rows of which there may be millions are deleted some at a time, past those that others are at."""

from datetime import timedelta
from io import StringIO
from threading import Event, Thread

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.attempts import purge_password_failures
from accounts.models import OutgoingMail, PasswordFailures, TokenFamily
from accounts.services import drop_old_mails, purge_sessions, purge_tokens
from accounts.tests.factories import make_user
from bookings.idempotency import purge_idempotency_keys
from bookings.models import IdempotencyKey
from movie_booking import purging
from movie_booking.purging import delete_in_batches

pytestmark = pytest.mark.django_db

OLD = timedelta(days=400)


def keys(*names, age=OLD):
    made_at = timezone.now() - age
    rows = [IdempotencyKey(key=name, fingerprint="", created_at=made_at) for name in names]
    return IdempotencyKey.objects.bulk_create(rows)


def left():
    return sorted(IdempotencyKey.objects.values_list("key", flat=True))


def old_rows(number):
    """So many rows of everything that is purged, their time over."""
    user, then = make_user(), timezone.now() - OLD
    keys(*(f"key{each}" for each in range(number)))
    for each in range(number):
        Session.objects.create(session_key=f"session{each}", session_data="", expire_date=then)
        PasswordFailures.objects.create(account=f"ada{each}", failures=1, until=then)
        TokenFamily.objects.create(user=user, issued_at=then, expires_at=then)
        token = OutstandingToken.objects.create(user=user, jti=f"{each}", token="", expires_at=then)
        BlacklistedToken.objects.create(token=token)
        OutgoingMail.objects.create(
            kind=OutgoingMail.Kind.EMAIL_CHANGED, address=f"ada{each}@example.com", created_at=then
        )


PURGES = [
    (purge_idempotency_keys, IdempotencyKey),
    (purge_sessions, Session),
    (purge_password_failures, PasswordFailures),
    (purge_tokens, TokenFamily),
    (drop_old_mails, OutgoingMail),
]


def test_each_purge_takes_all_whose_time_is_over_some_at_a_time(monkeypatch):
    monkeypatch.setattr(purging, "BATCH", 2)
    old_rows(5)
    keys("new", age=timedelta(0))

    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert [purge() for purge, _ in PURGES] == [5] * 5
    assert [purge() for purge, _ in PURGES] == [0] * 5

    assert left() == ["new"]
    others = [model for _, model in PURGES[1:]]
    assert [model.objects.count() for model in (*others, OutstandingToken, BlacklistedToken)] == [0] * 6
    deleted = [query["sql"] for query in queries if query["sql"].startswith('DELETE FROM "bookings_idem')]
    assert len(deleted) == 3  # of two, two and one


def test_it_looks_no_further_when_there_are_no_more(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(purging, "BATCH", 3)
    keys("a", "b")

    # Savepoint, read, delete, release.
    with django_assert_num_queries(4):
        assert delete_in_batches(IdempotencyKey.objects.order_by("created_at")) == 2


@pytest.mark.postgres
def test_what_another_transaction_is_at_is_left_to_the_next_time(real_transactions):
    keys("a", "b", "c")
    locked, go_on = Event(), Event()

    def use_one():
        with transaction.atomic():
            IdempotencyKey.objects.select_for_update().get(key="b")
            locked.set()
            go_on.wait(30)
        connection.close()

    other = Thread(target=use_one)
    other.start()
    locked.wait(30)
    assert purge_idempotency_keys() == 2
    assert left() == ["b"]

    go_on.set()
    other.join()
    assert purge_idempotency_keys() == 1


def test_sessions_of_those_who_are_logged_in_stay():
    Session.objects.create(
        session_key="open", session_data="", expire_date=timezone.now() + timedelta(minutes=1)
    )

    assert purge_sessions() == 0
    call_command("clearsessions", stdout=StringIO())
    assert Session.objects.count() == 1
