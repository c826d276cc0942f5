"""Several spellings of an e-mail address count as one person's, if that is asked for."""

import pytest

from accounts.emails import counted_as, spellings_of
from accounts.models import User
from accounts.tests.factories import client_for, make_user

pytestmark = pytest.mark.django_db

SAME = [
    ("ann@example.com", "Ann+cinema@Example.com"),
    ("ann+x@example.com", "ann@example.com"),
    ("a.nn@gmail.com", "ann+x@googlemail.com"),
    ("ann@googlemail.com", "A.N.N@gmail.com"),
]
OTHERS = [
    ("ann@example.com", "a.nn@example.com"),
    ("ann@example.com", "anna@example.com"),
    ("ann@example.com", "ann@example.org"),
    ("ann@gmail.com", "ann.x@gmail.com"),
    ("a_n@example.com", "axn@example.com"),
    ("ann@example.com", "ann@exampleXcom"),
]


def sign_up(email):
    body = {"username": "other", "password": "correct horse battery", "email": email}
    return client_for().post("/api/signup/", body)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_an_account_is_refused_to_another_spelling_if_asked_for(settings, one, other):
    make_user(email=one)
    settings.EMAIL_SPELLINGS_AS_ONE = True

    response = sign_up(other)

    assert (response.status_code, response.data["error_codes"]) == (400, {"email": ["not_unique"]})
    assert counted_as(one, spellings_as_one=True) == counted_as(other, spellings_as_one=True)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_without_it_they_are_two(one, other):
    make_user(email=one)

    assert sign_up(other).status_code == 201
    assert User.objects.count() == 2


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_people_are_other_people(settings, one, other):
    settings.EMAIL_SPELLINGS_AS_ONE = True
    make_user(email=one)

    assert not User.objects.counted_as(other).exists()
    assert counted_as(one, spellings_as_one=True) != counted_as(other, spellings_as_one=True)


def test_a_pattern_reads_no_part_of_an_address_as_one():
    assert spellings_of("a.b-c_d@ex-ample.com") == r"^a\.b\-c_d(\+[^@]*)?@ex\-ample\.com$"
