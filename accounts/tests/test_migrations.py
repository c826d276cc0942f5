"""Migrations keep the users that were there."""

import pytest

from accounts.models import User
from movie_booking.tests.migrations import migrate_to_latest, models_at


@pytest.fixture
def models_before(transactional_db):
    with models_at([("accounts", "0004_unquoted_email")]) as models:
        yield models


def test_users_from_before_are_found_by_their_names_however_they_are_written(models_before):
    users = models_before.get_model("accounts", "User").objects
    names = {"first_name": "\xc9lodie", "last_name": "Dvor\u030c\xe1k"}
    user = users.create(username="elodie", email="elodie@example.com", **names)
    users.create(username="nameless", email="nameless@example.com")

    migrate_to_latest()

    found = User.objects.get(first_name_folded="e\u0301LODIE", last_name_folded__contains="VO\u0158")
    assert (found.pk, found.first_name, found.last_name) == (user.pk, *names.values())
    assert User.objects.get(username="nameless").first_name_folded == ""
