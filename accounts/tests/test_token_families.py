"""A refresh token is exchanged once. Its answer may be lost; and whoever sends it late has a copy."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from rest_framework_simplejwt.state import token_backend
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.models import TokenFamily
from accounts.tests.factories import PASSWORD, client_for, make_user
from accounts.tokens import FAMILY, GENERATION

pytestmark = pytest.mark.django_db


def post(path, **body):
    return client_for().post(f"/api/{path}/", body)


def log_in(user=None):
    return post("login", username=(user or make_user()).username, password=PASSWORD).data["refresh"]


def refresh(token):
    return post("token/refresh", refresh=str(token))


def log_out(token):
    return post("logout", refresh=str(token))


def successor(token):
    response = refresh(token)
    assert response.status_code == 200
    return response.data["refresh"]


def let_pass(seconds):
    """As if all that was signed had been signed so much earlier."""
    for family in TokenFamily.objects.all():
        family.issued_at -= timedelta(seconds=seconds)
        family.save()


def assert_refused(response):
    assert (response.status_code, response.data["code"]) == (401, "token_not_valid")


def assert_ended(*tokens):
    for token in tokens:
        assert_refused(refresh(token))


def read_me(access):
    return client_for().get("/api/me/", HTTP_AUTHORIZATION=f"Bearer {access}")


def from_before(user=None):
    """A token as they were signed when there were no families."""
    return RefreshToken.for_user(user or make_user())


# --- The answer was lost --------------------------------------------------------------------------


@pytest.mark.parametrize("make_token", [log_in, from_before])
@pytest.mark.parametrize("after", [0, 20])
def test_a_token_gets_the_same_pair_again_while_its_answer_may_have_been_lost(make_token, after):
    token = make_token()
    first = refresh(token)
    let_pass(after)
    signed_at = TokenFamily.objects.get().issued_at
    expected = refresh(token) if after else first

    again = refresh(token)

    assert (again.status_code, again.data) == (200, expected.data)
    assert AccessToken(again.data["access"])["exp"] == int((signed_at + AccessToken.lifetime).timestamp())
    assert refresh(again.data["refresh"]).status_code == 200


def test_to_ask_again_makes_no_difference_for_the_newest_token():
    token = log_in()
    newest = successor(token)
    for _ in range(3):
        refresh(token)

    assert refresh(newest).status_code == 200


def test_how_long_that_is_is_a_setting(settings):
    settings.REFRESH_GRACE_SECONDS = 100
    token = log_in()
    refresh(token)
    let_pass(99)

    assert refresh(token).status_code == 200


@pytest.mark.parametrize("behind", [0, 5])
def test_it_can_be_switched_off(settings, behind):
    """Also for a server whose clock is behind that of the one which signed the pair."""
    settings.REFRESH_GRACE_SECONDS = 0
    token = log_in()
    newest = successor(token)
    let_pass(-behind)

    assert_ended(token, newest)


def test_the_clock_of_another_server_may_be_behind():
    token = log_in()
    first = refresh(token)
    TokenFamily.objects.update(issued_at=timezone.now() + timedelta(seconds=9))

    assert refresh(token).status_code == first.status_code == 200


# --- Somebody has a copy --------------------------------------------------------------------------


@pytest.mark.parametrize("make_token", [log_in, from_before])
def test_a_used_token_that_is_sent_late_ends_all_tokens_of_its_log_in(make_token, caplog):
    token = make_token()
    newest = successor(token)
    let_pass(31)

    assert_refused(refresh(token))

    assert_ended(newest, token)
    assert [record.message for record in caplog.records if record.name == "accounts.services.log_ins"] == [
        f"A used refresh token of user {TokenFamily.objects.get().user_id} was sent again: its family ended."
    ]


def test_a_token_of_which_the_successor_was_used_is_a_copy_at_once():
    """Its answer was not lost: somebody used what it brought."""
    first = log_in()
    second = successor(first)
    third = successor(second)

    assert_refused(refresh(first))

    assert_ended(third, second)


def test_the_other_log_ins_of_the_user_go_on():
    user = make_user()
    stolen, other = log_in(user), log_in(user)
    refresh(stolen)
    let_pass(31)
    assert_refused(refresh(stolen))

    assert refresh(other).status_code == 200


def test_an_access_token_lives_its_short_life_when_its_family_ends():
    response = post("login", username=make_user("john").username, password=PASSWORD)
    log_out(response.data["refresh"])

    assert read_me(response.data["access"]).status_code == 200


# --- Logging out ----------------------------------------------------------------------------------


@pytest.mark.parametrize("make_token", [log_in, from_before])
def test_logging_out_is_not_undone_by_the_token_before(make_token):
    token = make_token()
    newest = successor(token)

    assert log_out(newest).status_code == 204

    assert_ended(token, newest)


def test_one_whose_refresh_was_lost_can_log_out_and_then_nobody_is_logged_in():
    token = log_in()
    newest = successor(token)

    assert log_out(token).status_code == 204

    assert_ended(newest, token)


def test_logging_out_with_a_copy_ends_the_family_and_is_refused():
    token = log_in()
    newest = successor(token)
    let_pass(31)

    assert_refused(log_out(token))

    assert_ended(newest)


def test_logging_out_twice_is_refused():
    token = log_in()
    log_out(token)

    assert_refused(log_out(token))


# --- Whose tokens they are ------------------------------------------------------------------------


def test_a_closed_account_gets_no_pair_again():
    user = make_user()
    token = log_in(user)
    newest = successor(token)
    user.is_active = False
    user.save()

    assert_ended(token, newest)


def test_a_deleted_account_takes_its_tokens_along():
    user = make_user()
    token = log_in(user)
    user.delete()

    assert_refused(refresh(token))
    assert TokenFamily.objects.count() == 0


def test_another_secret_key_ends_every_token(monkeypatch):
    token = log_in()
    newest = successor(token)
    monkeypatch.setattr(token_backend, "prepared_signing_key", b"another key, of length enough for HS256")

    assert_ended(token, newest)
    assert refresh(log_in()).status_code == 200


def test_a_token_from_before_that_was_used_or_logged_out_then_stays_so():
    token = from_before()
    token.blacklist()

    assert_ended(token)
    assert_refused(log_out(token))


CLAIMS = [
    *((FAMILY, value) for value in ("", "x", "0" * 31, "0" * 32, "\x00" * 32, 5, None, [], {})),
    *((GENERATION, value) for value in ("0", 0.0, True, False, None, [], {}, -1, 2, 10**30)),
]


@pytest.mark.parametrize(("claim", "value"), CLAIMS, ids=lambda each: f"{each!r:.20}")
@pytest.mark.parametrize("endpoint", [refresh, log_out])
def test_a_token_that_we_signed_with_another_place_in_a_family_is_refused(endpoint, claim, value):
    token = RefreshToken(log_in())
    token[claim] = value

    assert_refused(endpoint(token))


@pytest.mark.parametrize("endpoint", [refresh, log_out])
def test_a_token_of_another_user_s_family_is_refused(endpoint):
    token = RefreshToken(log_in())
    token["user_id"] = str(make_user().pk)

    assert_refused(endpoint(token))
    assert TokenFamily.objects.get().ended_at is None


# --- What is kept, and what it costs --------------------------------------------------------------


def test_one_row_a_log_in_is_kept_and_no_token():
    token = log_in()
    for _ in range(5):
        token = successor(token)

    assert TokenFamily.objects.count() == 1
    assert (OutstandingToken.objects.count(), BlacklistedToken.objects.count()) == (0, 0)
    kept = " ".join(str(value) for value in TokenFamily.objects.values_list().get())
    assert not any(part in kept for part in token.split("."))


def test_a_refresh_takes_as_many_queries_the_first_time_and_again(django_assert_num_queries):
    token = log_in()

    with django_assert_num_queries(5):  # savepoint, the old list, family and user, write, release
        first = refresh(token)
    with django_assert_num_queries(4):
        assert refresh(token).data == first.data


def purge():
    output = StringIO()
    call_command("purge_tokens", stdout=output)
    return output.getvalue()


def test_log_ins_are_forgotten_when_their_last_token_has_expired(settings):
    fresh, expired, within_leeway = log_in(), log_in(), log_in()
    old = from_before()
    old.blacklist()
    for token, ago in ((expired, 60), (within_leeway, 5)):
        families = TokenFamily.objects.filter(pk=RefreshToken(token)[FAMILY])
        families.update(expires_at=timezone.now() - timedelta(seconds=ago))
    OutstandingToken.objects.update(expires_at=timezone.now() - timedelta(seconds=60))

    assert purge() == "Log-ins forgotten: 1.\n"
    assert purge() == "Log-ins forgotten: 0.\n"

    left = {family.pk.hex for family in TokenFamily.objects.all()}
    assert left == {RefreshToken(token)[FAMILY] for token in (fresh, within_leeway)}
    assert (OutstandingToken.objects.count(), BlacklistedToken.objects.count()) == (0, 0)


def test_a_log_in_that_was_forgotten_does_not_come_back():
    token = log_in()
    TokenFamily.objects.all().delete()

    assert_refused(refresh(token))
