"""Logging in, staying logged in, logging out."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.tests.factories import PASSWORD, client_for, make_user
from movie_booking.tests.problems import problem_of

pytestmark = pytest.mark.django_db


def log_in(client=None, **changes):
    return (client or client_for()).post("/api/login/", {"username": "john", "password": PASSWORD, **changes})


def refresh(token):
    return client_for().post("/api/token/refresh/", {"refresh": str(token)})


def log_out(token):
    return client_for().post("/api/logout/", {"refresh": str(token)})


def read_me(access, scheme="Bearer"):
    return APIClient().get("/api/me/", HTTP_AUTHORIZATION=f"{scheme} {access}")


def expired_token(kind, user):
    """A token that expired a minute ago."""
    token = kind.for_user(user)
    token.set_exp(from_time=timezone.now() - timedelta(minutes=1), lifetime=timedelta(0))
    return token


def forged(kind, user):
    """A token whose last character before the signature's padding bits was changed."""
    header, payload, signature = str(kind.for_user(user)).split(".")
    return f"{header}.{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def unsigned(kind, user):
    """A token whose header claims that it needs no signature."""
    _, payload, _ = str(kind.for_user(user)).split(".")
    return f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}."


def assert_token_refused(response):
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'
    assert response.data["code"] == "token_not_valid"


@pytest.mark.parametrize("username", ["john", "John", "JOHN"])
def test_logging_in_answers_with_two_tokens_whatever_the_case_of_the_name(username):
    make_user("john")

    response = log_in(username=username)

    assert response.status_code == 200
    assert response.data.keys() == {"access", "refresh"}
    assert read_me(response.data["access"]).data["username"] == "john"


@pytest.mark.parametrize(
    "wrong",
    [{"password": "wrong"}, {"password": PASSWORD.upper()}, {"username": "jane"}, {"username": "ĵohn"}],
)
def test_a_wrong_name_and_a_wrong_password_look_the_same(wrong):
    make_user("john")

    response = log_in(**wrong)

    assert response.status_code == 401
    assert problem_of(response) == {
        "type": "urn:problem-type:movie-booking:no_active_account",
        "title": "No active account",
        "status": 401,
        "detail": "No active account found with the given credentials.",
        "code": "no_active_account",
    }


def test_a_closed_account_cannot_log_in():
    make_user("john", is_active=False)

    assert log_in().data["code"] == "no_active_account"


@pytest.mark.parametrize("header", ["Bearer garbage", "Bearer", "Bearer a b c", "Basic am9objp4", "nonsense"])
@pytest.mark.parametrize("path", ["login", "signup", "token/refresh", "logout"])
def test_a_bad_header_is_ignored_where_no_token_is_needed(path, header):
    user = make_user("john")
    body = {
        "login": {"username": "john", "password": PASSWORD},
        "signup": {"username": "jane", "password": PASSWORD, "email": "jane@example.com"},
        "token/refresh": {"refresh": str(RefreshToken.for_user(user))},
        "logout": {"refresh": str(RefreshToken.for_user(user))},
    }[path]

    response = APIClient(HTTP_AUTHORIZATION=header).post(f"/api/{path}/", body)

    assert response.status_code == {"signup": 201, "logout": 204}.get(path, 200)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR", " bearer ", "Bearer\t"])
def test_the_scheme_may_be_written_in_any_case(scheme):
    access = RefreshToken.for_user(make_user("john")).access_token

    assert read_me(access, scheme).data["username"] == "john"


def test_an_expired_token_in_the_header_does_not_prevent_a_log_in():
    expired = expired_token(AccessToken, make_user("john"))

    assert_token_refused(read_me(expired))
    assert log_in(APIClient(HTTP_AUTHORIZATION=f"Bearer {expired}")).status_code == 200


@pytest.mark.parametrize(("ahead", "is_good"), [(-20, False), (-5, True), (0, True), (5, True), (20, False)])
def test_clocks_of_servers_may_differ_by_some_seconds(ahead, is_good):
    """By up to TOKEN_LEEWAY_SECONDS: a token begins and ends by the clock of the server that signed it."""
    user, clock = make_user(), timezone.now() + timedelta(seconds=ahead)
    for kind, use in ((AccessToken, read_me), (RefreshToken, refresh)):
        token = kind.for_user(user)
        if ahead < 0:
            token.set_exp(from_time=clock, lifetime=timedelta(0))
        else:
            token.set_iat(at_time=clock)

        assert use(token).status_code == (200 if is_good else 401)


def test_a_token_that_was_good_is_refused_once_it_expires(monkeypatch):
    """Its signature is checked once, its age with every request."""
    token = str(AccessToken.for_user(make_user()))
    assert [read_me(token).status_code for _ in range(2)] == [200, 200]

    later = timezone.now() + AccessToken.lifetime + timedelta(minutes=1)
    monkeypatch.setattr("accounts.tokens.aware_utcnow", lambda: later)

    assert_token_refused(read_me(token))


def test_a_token_with_a_good_one_s_claims_and_another_signature_is_refused():
    user = make_user()
    assert read_me(AccessToken.for_user(user)).status_code == 200
    header, payload, signature = str(AccessToken.for_user(user)).split(".")
    assert read_me(f"{header}.{payload}.{signature}").status_code == 200

    changed = "B" if signature[0] == "A" else "A"
    assert_token_refused(read_me(f"{header}.{payload}.{changed}{signature[1:]}"))


def test_a_refresh_token_is_exchanged_for_a_new_pair():
    user = make_user("john")
    old = RefreshToken.for_user(user)

    response = refresh(old)

    assert response.status_code == 200
    assert response.data.keys() == {"access", "refresh"}
    assert response.data["refresh"] != str(old)
    assert read_me(response.data["access"]).data["id"] == user.pk
    assert refresh(response.data["refresh"]).status_code == 200


def test_logging_out_on_one_device_leaves_the_other_logged_in():
    user = make_user()
    phone, laptop = RefreshToken.for_user(user), RefreshToken.for_user(user)
    log_out(phone)

    assert refresh(laptop).status_code == 200


@pytest.mark.parametrize("endpoint", [refresh, log_out])
@pytest.mark.parametrize(
    "make_token",
    [
        pytest.param(lambda user: "garbage", id="garbage"),
        pytest.param(lambda user: "a.b.c", id="three parts of garbage"),
        pytest.param(AccessToken.for_user, id="an access token"),
        pytest.param(lambda user: expired_token(RefreshToken, user), id="expired"),
        pytest.param(lambda user: forged(RefreshToken, user), id="forged"),
        pytest.param(lambda user: unsigned(RefreshToken, user), id="unsigned"),
    ],
)
def test_an_invalid_refresh_token_is_refused(endpoint, make_token):
    assert_token_refused(endpoint(make_token(make_user())))


@pytest.mark.parametrize(
    "make_token",
    [
        pytest.param(lambda user: "garbage", id="garbage"),
        pytest.param(RefreshToken.for_user, id="a refresh token"),
        pytest.param(lambda user: forged(AccessToken, user), id="forged"),
        pytest.param(lambda user: unsigned(AccessToken, user), id="unsigned"),
    ],
)
def test_an_invalid_access_token_is_refused(make_token):
    assert_token_refused(read_me(make_token(make_user())))


def test_closing_an_account_ends_its_tokens():
    user = make_user()
    token = RefreshToken.for_user(user)
    user.is_active = False
    user.save()

    assert_token_refused(refresh(token))
    assert read_me(token.access_token).status_code == 401
    assert read_me(token.access_token)["Content-Type"] == "application/problem+json"


# --- Tokens that we signed, and never wrote -------------------------------------------------------

MISSING = object()
NO_ID = [
    *("john", "", " ", "1.0", "-1", "+1", " 1", "1_0", "٣", "1e3", "0x1", "\x00", "9" * 4000, str(2**63)),
    *(2**63, 10**30, -1, 1.0, 1.5, 1e300, float("nan"), float("inf"), True, None, [], [1], {}, {"id": 1}),
    MISSING,
]
MALFORMED = [
    *(("user_id", value) for value in NO_ID),
    *(("jti", value) for value in ("", "x" * 256, "\x00", "a\nb", 5, None, [], {}, MISSING)),
    *(("exp", value) for value in (10**30, 1e300, float("inf"), "soon", "", None, [], {}, MISSING)),
    *(("token_type", value) for value in ("", "nonsense", 5, None, [], {}, MISSING)),
    *(("iat", value) for value in (10**30, float("nan"), "soon", None, [])),
]


def with_claim(kind, name, value):
    """A token of a user, signed by us, with another value of one claim, or without it."""
    token = kind.for_user(make_user())
    if value is MISSING:
        del token[name]
    else:
        token[name] = value
    return token


every_malformed_claim = pytest.mark.parametrize(
    ("name", "value"), MALFORMED, ids=[f"{name} {value!r:.20}" for name, value in MALFORMED]
)


@every_malformed_claim
@pytest.mark.parametrize("path", ["me/", "bookings/", "movies/"])
def test_an_access_token_with_a_malformed_claim_is_refused(path, name, value):
    token = with_claim(AccessToken, name, value)

    response = APIClient().get(f"/api/{path}", HTTP_AUTHORIZATION=f"Bearer {token}")

    assert_token_refused(response)


@every_malformed_claim
@pytest.mark.parametrize("endpoint", [refresh, log_out])
def test_a_refresh_token_with_a_malformed_claim_is_refused(endpoint, name, value):
    assert_token_refused(endpoint(with_claim(RefreshToken, name, value)))


@pytest.mark.parametrize("kind", [int, str])
def test_the_id_in_a_token_may_be_a_number_or_its_digits(kind):
    user = make_user()
    token = RefreshToken.for_user(user)
    token["user_id"] = kind(user.pk)

    assert read_me(token.access_token).data["id"] == user.pk
    assert refresh(token).status_code == 200


@pytest.mark.parametrize("user_id", ["0", 0, 2**63 - 1, "999999"])
def test_the_token_of_a_user_who_does_not_exist_is_refused(user_id):
    token = with_claim(RefreshToken, "user_id", user_id)

    response = read_me(token.access_token)

    assert (response.status_code, response.data["code"]) == (401, "user_not_found")
    assert_token_refused(refresh(token))
