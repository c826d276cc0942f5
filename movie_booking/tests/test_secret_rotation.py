"""SECRET_KEY is replaced while people buy: what a key signed is good as long as hosts know that key."""

from datetime import timedelta
from itertools import pairwise

import jwt
import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.utils.timezone import now
from rest_framework_simplejwt.state import token_backend
from rest_framework_simplejwt.tokens import AccessToken

from accounts import tokens
from accounts.models import User
from accounts.tests.factories import PASSWORD, client_for, make_user
from accounts.tokens import email_token, uid_of
from bookings.access_keys import Access, key_told
from bookings.models import IdempotencyKey, Order
from bookings.tests.api import assert_refused
from bookings.tests.guests import opened, order
from movies.tests.factories import make_show
from movies.tests.machines import key_for, machine

pytestmark = pytest.mark.django_db

OLD, NEW, STRANGE = (
    f"{name} key, of a length enough for HS256" for name in ("the old", "the new", "a strange")
)
# What hosts know in turn, as docs/operations.md has it: SECRET_KEY, and its fallbacks.
BEFORE, ANNOUNCED, CHANGED, AFTER = (OLD, []), (OLD, [NEW]), (NEW, [OLD]), (NEW, [])
PHASES = [BEFORE, ANNOUNCED, CHANGED, AFTER]
# Hosts are restarted one after the other, so two neighbours are in use at once.
NEIGHBOURS = [pair for one, two in pairwise(PHASES) for pair in ((one, two), (two, one))]


@pytest.fixture
def knows(settings, monkeypatch):
    """Go on as a host that knows these keys."""

    def become(secret, fallbacks):
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = secret, fallbacks
        monkeypatch.setattr(token_backend, "prepared_signing_key", secret.encode())
        tokens._access_token.cache_clear()

    yield become
    tokens._access_token.cache_clear()


def log_in(user):
    answer = client_for().post("/api/login/", {"username": user.username, "password": PASSWORD})
    assert answer.status_code == 200
    return answer.data


def read_me(access):
    return client_for().get("/api/me/", HTTP_AUTHORIZATION=f"Bearer {access}").status_code


def refresh(token):
    return client_for().post("/api/token/refresh/", {"refresh": token})


@pytest.mark.parametrize(("signed_by", "read_by"), NEIGHBOURS)
def test_tokens_of_one_host_are_good_at_the_next(knows, signed_by, read_by):
    knows(*signed_by)
    pair = log_in(make_user())

    knows(*read_by)

    assert read_me(pair["access"]) == 200
    again = refresh(pair["refresh"])
    assert again.status_code == 200
    assert jwt.decode(again.data["refresh"], read_by[0], algorithms=["HS256"])["generation"] == 1
    assert client_for().post("/api/logout/", {"refresh": again.data["refresh"]}).status_code == 204


def test_tokens_end_with_the_key_that_signed_them(knows):
    knows(*ANNOUNCED)
    pair = log_in(make_user())

    knows(*AFTER)

    assert read_me(pair["access"]) == 401
    assert_refused(refresh(pair["refresh"]), 401, "token_not_valid")


@pytest.mark.parametrize(
    ("key", "algorithm", "changes"),
    [
        (STRANGE, "HS256", {}),
        (OLD, "HS512", {}),
        ("", "none", {}),
        (OLD, "HS256", {"exp": now() - timedelta(minutes=1)}),
        (OLD, "HS256", {"token_type": "refresh"}),
        (OLD, "HS256", {"user_id": "0"}),
    ],
)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_fallback_key_accepts_no_more_than_the_key_itself(knows, key, algorithm, changes):
    knows(*CHANGED)
    claims = AccessToken.for_user(make_user()).payload | changes

    assert read_me(jwt.encode(claims, key, algorithm=algorithm)) == 401


@pytest.mark.parametrize(("signed_by", "read_by"), NEIGHBOURS)
def test_who_is_logged_in_to_the_admin_stays_so(knows, signed_by, read_by):
    knows(*signed_by)
    browser = Client()
    browser.force_login(make_user(is_staff=True, is_superuser=True))

    knows(*read_by)

    assert browser.get("/admin/password_change/").status_code == 200
    knows(STRANGE, [])
    assert browser.get("/admin/password_change/").status_code == 302


@pytest.mark.parametrize(("signed_by", "read_by"), NEIGHBOURS)
def test_links_in_mails_lead_on(knows, signed_by, read_by):
    knows(*signed_by)
    user = make_user()
    verification = {"uid": uid_of(user), "token": email_token(user)}
    reset = {
        "uid": uid_of(user),
        "token": default_token_generator.make_token(user),
        "new_password": "Pop-Corn-7",
    }

    knows(*read_by)

    assert client_for().post("/api/email/verify/", verification).status_code == 204
    assert client_for().post("/api/password/reset/confirm/", reset).status_code == 204
    assert User.objects.get(pk=user.pk).check_password("Pop-Corn-7")


@pytest.mark.parametrize(("first", "then"), NEIGHBOURS)
def test_the_request_of_a_guest_that_is_repeated_at_the_next_host_is_answered_as_before(knows, first, then):
    show = make_show()
    knows(*first)
    made = order(show, 5, key="k")

    knows(*then)
    again = order(show, 5, key="k")

    assert (again.status_code, again.data, again["Idempotent-Replayed"]) == (201, {**made.data}, "true")
    assert Order.objects.count() == 1
    assert_refused(order(show, 6, key="k"), 422, "idempotency_key_reused")
    client, path = opened(made)
    assert client.post(f"{path}confirm/").data["status"] == "BOOKED"


@pytest.mark.parametrize(("first", "then"), NEIGHBOURS)
def test_a_machine_keeps_its_key_and_what_it_repeats_is_known(knows, first, then):
    show, client = make_show(), machine(key_for(sells=True))

    def sell():
        body = {"show": show.pk, "seat_numbers": [5]}
        return client.post("/api/orders/", body, HTTP_IDEMPOTENCY_KEY="k")

    knows(*first)
    made = sell()
    knows(*then)

    assert (made.status_code, sell().data) == (201, {**made.data})
    assert Order.objects.count() == 1


def test_what_was_repeated_while_two_keys_were_known_is_known_by_either(knows):
    show = make_show()
    knows(*ANNOUNCED)
    made = order(show, 5, key="k")
    for phase in (CHANGED, ANNOUNCED, AFTER, BEFORE):
        knows(*phase)
        assert order(show, 5, key="k").data["reference"] == made.data["reference"]

    assert Order.objects.count() == 1
    assert set(IdempotencyKey.objects.values_list("status", flat=True)) == {201}


def test_an_answer_tells_no_key_rather_than_a_wrong_one(knows):
    show = make_show()
    knows(*ANNOUNCED)
    order(show, 5, key="k")

    knows(*AFTER)
    again = order(show, 5, key="k")

    assert again["Idempotent-Replayed"] == "true"
    assert "access_key" not in again.data
    guest = Order.objects.get().guest
    knows(*CHANGED)
    assert key_told(Access(guest.access_salt, guest.access_key_hash)) is not None
