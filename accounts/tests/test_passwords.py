"""Another password: what it takes, and which tokens end with the old one."""

from io import StringIO
from unittest.mock import patch

import pytest
from django.contrib.auth.management.commands import changepassword
from django.core.management import call_command
from django.test import Client
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.models import TokenFamily
from accounts.tests.factories import PASSWORD, client_for, make_user

pytestmark = pytest.mark.django_db

NEW = "correct horse battery"


def post(path, user_token=None, **body):
    client = client_for()
    if user_token:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {user_token}")
    return client.post(f"/api/{path}/", body)


def log_in(user, password=PASSWORD):
    return post("login", username=user.username, password=password)


def change(access, old_password=PASSWORD, new_password=NEW):
    return post("password/change", access, old_password=old_password, new_password=new_password)


def read_me(access):
    return client_for().get("/api/me/", HTTP_AUTHORIZATION=f"Bearer {access}")


def refresh(token):
    return post("token/refresh", refresh=str(token))


def is_dead(pair):
    """Whether neither token of a pair is good any longer."""
    told = [read_me(pair["access"]), refresh(pair["refresh"])]
    return [(each.status_code, each.data.get("code")) for each in told] == [(401, "token_not_valid")] * 2


def test_another_password_ends_the_tokens_of_every_device_and_this_one_goes_on():
    user = make_user()
    phone, laptop = log_in(user).data, log_in(user).data

    response = change(phone["access"])

    assert response.status_code == 200
    assert is_dead(phone)
    assert is_dead(laptop)
    assert read_me(response.data["access"]).data["id"] == user.pk
    assert refresh(response.data["refresh"]).status_code == 200
    assert log_in(user).status_code == 401
    assert log_in(user, NEW).status_code == 200


def test_tokens_of_other_users_go_on():
    user, other = make_user(), make_user()
    theirs = log_in(other).data

    change(log_in(user).data["access"])

    assert read_me(theirs["access"]).status_code == 200
    assert refresh(theirs["refresh"]).status_code == 200


def test_a_refresh_token_from_before_there_were_families_ends_too():
    user = make_user()
    old = str(RefreshToken.for_user(user))

    change(log_in(user).data["access"])

    assert refresh(old).status_code == 401


def test_all_that_is_wrong_is_told_at_once_and_nothing_changes():
    user = make_user("wilhelmina")
    pair = log_in(user).data

    response = change(pair["access"], old_password="wrong", new_password="wilhelmina")

    assert (response.status_code, response.data["code"]) == (400, "invalid")
    assert response.data["error_codes"] == {
        "old_password": ["wrong_password"],
        "new_password": ["password_too_similar"],
    }
    assert response.data["errors"]["old_password"] == ["That is not your password."]
    assert read_me(pair["access"]).status_code == 200
    assert log_in(user).status_code == 200


def test_it_takes_a_token():
    assert change(None).data["code"] == "not_authenticated"


def test_a_token_that_names_no_password_is_exchanged_and_not_taken():
    """As those that were issued before tokens named one."""
    user = make_user()
    old = AccessToken.for_user(user)
    del old[api_settings.REVOKE_TOKEN_CLAIM]

    assert (read_me(old).status_code, read_me(old).data["code"]) == (401, "token_not_valid")
    exchanged = refresh(RefreshToken.for_user(user)).data
    assert read_me(exchanged["access"]).status_code == 200


def test_the_check_takes_no_query(django_assert_num_queries):
    access = log_in(make_user()).data["access"]
    read_me(access)

    with django_assert_num_queries(1):
        assert read_me(access).status_code == 200


# --- Other ways ----------------------------------------------------------------------------------


@pytest.fixture
def root():
    client = Client()
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize(
    "form",
    [
        {"password1": NEW, "password2": NEW, "usable_password": "true", "set-password": "1"},
        {"usable_password": "false", "unset-password": "1"},
    ],
    ids=["another one", "none any longer"],
)
def test_another_password_by_staff_ends_all_tokens(root, form):
    user = make_user()
    pair = log_in(user).data

    response = root.post(f"/admin/accounts/user/{user.pk}/password/", form)

    assert response.status_code == 302
    assert is_dead(pair)
    assert TokenFamily.objects.filter(user=user, ended_at=None).count() == 0


def test_ones_own_in_the_admin_ends_all_tokens():
    user = make_user(is_staff=True)
    pair = log_in(user).data
    client = Client()
    client.force_login(user)

    response = client.post(
        "/admin/password_change/", {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    )

    assert response.status_code == 302
    assert is_dead(pair)
    assert client.get("/admin/").status_code == 200  # this session goes on


def test_another_one_by_the_command_ends_all_tokens():
    user = make_user()
    pair = log_in(user).data

    with patch.object(changepassword.Command, "_get_pass", lambda *args, **options: NEW):
        call_command("changepassword", user.username, stdout=StringIO())

    assert is_dead(pair)
    assert log_in(user, NEW).status_code == 200


# --- Hashed anew ---------------------------------------------------------------------------------

PBKDF2 = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
ARGON2ID = "accounts.hashers.Argon2idHasher"


@pytest.fixture
def user_of_old(settings, monkeypatch):
    """One whose password is hashed as it was elsewhere, before better parameters came."""
    monkeypatch.setattr(f"{PBKDF2}.iterations", 1000)  # hashing is slow on purpose
    settings.PASSWORD_HASHERS = [PBKDF2]
    user = make_user()
    settings.PASSWORD_HASHERS = [ARGON2ID, PBKDF2]
    return user


def test_a_password_is_hashed_by_the_new_rules_at_the_next_log_in(user_of_old, settings):
    assert log_in(user_of_old).status_code == 200

    user_of_old.refresh_from_db()
    assert user_of_old.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert log_in(user_of_old).status_code == 200


def test_parameters_of_the_same_kind_that_became_better_count_too(user_of_old, monkeypatch):
    monkeypatch.setattr("accounts.hashers.Argon2idHasher.memory_cost", 8 * 1024)
    log_in(user_of_old)
    monkeypatch.undo()

    log_in(user_of_old)

    user_of_old.refresh_from_db()
    assert user_of_old.password.startswith("argon2$argon2id$v=19$m=19456,")


def test_a_wrong_password_hashes_nothing_anew(user_of_old):
    assert log_in(user_of_old, "wrong").status_code == 401

    user_of_old.refresh_from_db()
    assert user_of_old.password.startswith("pbkdf2_")


def test_hashing_anew_takes_two_statements_and_a_log_in_after_that_none(
    user_of_old, django_assert_num_queries
):
    # The attempt is counted, in a transaction of its own; the user; what was counted is forgotten; savepoint,
    # the user under lock, the family, release.
    with django_assert_num_queries(3 + 1 + 1 + 4 + 1):  # and the new hash
        log_in(user_of_old)
    with django_assert_num_queries(3 + 1 + 1 + 4):
        log_in(user_of_old)


def test_hashing_anew_logs_no_other_device_out(user_of_old, settings):
    settings.PASSWORD_HASHERS = [PBKDF2]
    phone = log_in(user_of_old).data
    settings.PASSWORD_HASHERS = [ARGON2ID, PBKDF2]

    laptop = log_in(user_of_old).data

    assert read_me(phone["access"]).status_code == 401
    exchanged = refresh(phone["refresh"]).data
    assert read_me(exchanged["access"]).status_code == 200
    assert read_me(laptop["access"]).status_code == 200
