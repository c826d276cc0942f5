"""Limits of requests: what is counted for whom, and what a client is told of it."""

import re

import pytest
from django.test import Client
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.tests.factories import PASSWORD, client_for, make_user
from movie_booking import counting
from movie_booking.counting import counts
from movie_booking.rates import Rate
from movies.tests.factories import make_show
from movies.tests.machines import key_for, machine

pytestmark = pytest.mark.django_db

HERE, ELSEWHERE = {"REMOTE_ADDR": "203.0.113.7"}, {"REMOTE_ADDR": "203.0.113.8"}


class NoTime:
    @staticmethod
    def monotonic():
        return 1000.0


@pytest.fixture(autouse=True)
def no_time_goes_by(monkeypatch):
    monkeypatch.setattr(counting, "time", NoTime)


@pytest.fixture
def rates(settings):
    """Sets limits of three a minute: `rates("login")`."""

    def rates(*scopes):
        settings.THROTTLE_RATES = settings.THROTTLE_RATES | dict.fromkeys(scopes, Rate(3, 60))

    return rates


def assert_refused(response, scope):
    assert (response.status_code, response.json()["code"]) == (429, "throttled")
    assert response.json()["retry_after"] == 20
    assert response.headers["Retry-After"] == "20"
    assert response.headers["RateLimit-Policy"] == f'"{scope}";q=3;w=60'
    assert response.headers["RateLimit"] == f'"{scope}";r=0;t=60'


def statuses(call, times=4):
    return [call().status_code for _ in range(times)]


LIMITED_BY_ADDRESS = [
    ("signup", "/api/signup/", {}),
    ("login", "/api/login/", {"username": "nobody", "password": "a guess"}),
    ("refresh", "/api/token/refresh/", {"refresh": "nonsense"}),
    ("refresh", "/api/logout/", {"refresh": "nonsense"}),
]


@pytest.mark.parametrize(("scope", "path", "body"), LIMITED_BY_ADDRESS)
def test_what_anybody_may_send_is_limited_by_address(rates, scope, path, body):
    rates(scope)
    api = client_for()
    for left, full_in in ((2, 20), (1, 40), (0, 60)):
        response = api.post(path, body, **HERE)
        assert response.status_code in (400, 401)
        assert response.headers["RateLimit-Policy"] == f'"{scope}";q=3;w=60'
        assert response.headers["RateLimit"] == f'"{scope}";r={left};t={full_in}'

    assert_refused(api.post(path, body, **HERE), scope)
    assert api.post(path, body, **ELSEWHERE).status_code in (400, 401)


def test_a_client_cannot_be_another_by_a_header(rates):
    rates("login")
    forged = iter(range(1, 5))

    def guess():
        body = {"username": "nobody", "password": "a guess"}
        return client_for().post("/api/login/", body, HTTP_X_FORWARDED_FOR=f"198.51.100.{next(forged)}")

    assert statuses(guess) == [401, 401, 401, 429]


def test_refreshing_is_limited_by_account_from_wherever(rates):
    rates("refresh_account")
    john, jane = make_user(), make_user()
    addresses = iter(range(1, 9))

    def refresh(user):
        body = {"refresh": str(RefreshToken.for_user(user))}
        return client_for().post("/api/token/refresh/", body, REMOTE_ADDR=f"203.0.113.{next(addresses)}")

    assert statuses(lambda: refresh(john)) == [200, 200, 200, 429]
    assert refresh(jane).status_code == 200


def test_booking_and_holding_are_limited_by_user_from_wherever(rates):
    rates("booking")
    user, show = make_user(), make_show()
    api = client_for(user)

    assert api.post(f"/api/shows/{show.pk}/book/", {"seat_number": 1}, **HERE).status_code == 201
    held = api.post("/api/orders/", {"show": show.pk, "seat_numbers": [3, 4]}, **ELSEWHERE)
    assert held.status_code == 201
    assert api.post(f"/api/orders/{held.data['reference']}/confirm/").status_code == 200
    assert_refused(api.post(f"/api/shows/{show.pk}/book/", {"seat_number": 6}), "booking")
    another = client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": 6})
    assert another.status_code == 201


def test_without_a_token_booking_is_401_however_often(rates):
    rates("booking")

    assert statuses(lambda: client_for().post("/api/orders/", {})) == [401] * 4


@pytest.mark.parametrize(
    "path", ["/api/movies/", "/api/shows/{show}/seats/", "/api/limits/", "/swagger.json"]
)
def test_reading_is_limited_by_address_without_a_token(rates, path):
    rates("read")
    path = path.format(show=make_show().pk)

    assert statuses(lambda: Client().get(path, **HERE)) == [200, 200, 200, 429]
    assert Client().get(path, **ELSEWHERE).status_code == 200


def test_asking_for_mails_is_limited_by_address_and_by_e_mail_address(rates):
    rates("reset_account")
    ask = client_for()

    answers = [ask.post("/api/password/reset/", {"email": f"{name}@example.com"}) for name in "aaaAb"]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429, 202]
    rates("reset")
    counts.cache_clear()
    answers = [ask.post("/api/password/reset/", {"email": f"{name}@example.com"}, **HERE) for name in "abcd"]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]


def test_no_account_tries_out_which_addresses_are_taken(rates):
    rates("reset_account")
    taken, user = make_user(), make_user()
    api = client_for(user)

    tried = [api.patch("/api/me/", {"email": taken.email}).status_code for _ in range(4)]
    assert tried == [400, 400, 400, 429]
    assert api.patch("/api/me/", {"first_name": "Ann", "email": user.email.upper()}).status_code == 200
    assert client_for(make_user()).patch("/api/me/", {"email": "ann@example.com"}).status_code == 200


def test_all_that_is_held_of_a_user_is_not_asked_for_all_the_time(rates):
    rates("export")
    api = client_for(make_user())

    assert statuses(lambda: api.get("/api/me/export/")) == [200, 200, 200, 429]
    assert client_for(make_user()).get("/api/me/export/").status_code == 200
    assert api.get("/api/me/").status_code == 200


def test_reading_is_limited_by_user_with_a_token(rates):
    rates("read")
    john, jane = client_for(make_user()), client_for(make_user())

    assert statuses(lambda: john.get("/api/orders/")) == [200, 200, 200, 429]
    assert jane.get("/api/orders/").status_code == 200


def test_a_header_with_a_token_does_not_make_polling_another_s(rates):
    rates("read")
    path = f"/api/shows/{make_show().pk}/seats/"

    assert statuses(lambda: Client().get(path, HTTP_AUTHORIZATION="Bearer nonsense")) == [200] * 3 + [429]


def test_polls_that_are_answered_before_everything_are_counted_once_each(rates):
    """Those that are known, those that are not, and reads all together."""
    rates("read")
    show = make_show()
    path = f"/api/shows/{show.pk}/seats/"
    etag = Client().get(path).headers["ETag"]

    known = Client().get(path, HTTP_IF_NONE_MATCH=etag)
    assert (known.status_code, "RateLimit" in known.headers) == (304, False)
    assert Client().get(path, HTTP_IF_NONE_MATCH='"another"').headers["RateLimit"] == '"read";r=0;t=60'
    assert_refused(Client().get(path, HTTP_IF_NONE_MATCH=etag), "read")


def test_off_limits_nothing_and_says_nothing(rates, settings):
    rates("read")
    settings.THROTTLE = False
    responses = [Client().get("/api/movies/") for _ in range(4)]

    assert [response.status_code for response in responses] == [200] * 4
    assert not any("RateLimit" in name for response in responses for name in response.headers)


def test_a_single_limit_can_be_off(rates, settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"read": None}

    assert "RateLimit" not in Client().get("/api/movies/").headers


def test_guests_are_limited_by_address_and_by_address_of_e_mail(rates):
    rates("guest", "guest_email")
    show = make_show()
    seats = iter(range(1, 50, 2))

    def order(email, **address):
        body = {"show": show.pk, "seat_numbers": [next(seats)], "guest": {"email": email}}
        return client_for().post("/api/orders/", body, **address)

    made = [order(f"{name}@example.com", **HERE).status_code for name in "abcd"]
    assert made == [201, 201, 201, 429]
    assert [order("a@example.com", **ELSEWHERE).status_code for _ in range(2)] == [201, 201]
    refused = order("A@example.com", REMOTE_ADDR="203.0.113.9")
    assert (refused.status_code, refused.data["code"]) == (429, "throttled")
    assert refused.headers["RateLimit-Policy"] == '"guest";q=3;w=60, "guest_email";q=3;w=60'
    assert refused.headers["RateLimit"] == '"guest";r=2;t=20, "guest_email";r=0;t=60'


def test_whatever_a_machine_asks_for_is_limited_by_its_key_from_wherever(rates):
    rates("machine")
    kiosk, other, show = machine(key_for(sells=True)), machine(key_for()), make_show()

    assert kiosk.get("/api/movies/", **HERE).status_code == 200
    assert kiosk.post("/api/orders/", {"show": show.pk, "seat_numbers": [1]}, **ELSEWHERE).status_code == 201
    last = kiosk.get("/api/orders/", **HERE)
    assert last.headers["RateLimit"] == '"machine";r=0;t=60'
    assert_refused(kiosk.get("/api/movies/", **HERE), "machine")
    assert_refused(kiosk.post("/api/orders/", {}, **ELSEWHERE), "machine")
    assert other.get("/api/movies/", **HERE).status_code == 200
    assert Client().get("/api/movies/", **HERE).status_code == 200


@pytest.mark.parametrize(
    ("rate", "told"), [("5/hour", '"machine";q=5;w=3600'), ("off", None), ("", '"machine";q=3;w=60')]
)
def test_a_key_may_have_a_limit_of_its_own(rates, rate, told):
    rates("machine")

    response = machine(key_for(rate=rate)).get("/api/movies/")

    assert response.headers.get("RateLimit-Policy") == told


def test_the_usual_limits_are_met_by_no_school_and_no_foyer():
    """What one address may do in a minute: read as 5,000 seat pickers do, log in as ten classes do."""
    statuses = {Client().get("/api/limits/").status_code for _ in range(500)}

    assert statuses == {200}


@pytest.mark.needs("redis-server")
def test_with_redis_gone_requests_are_answered(rates, settings, tmp_path, caplog):
    rates("read")
    settings.REDIS_URL = f"unix://{tmp_path}/nothing"

    assert statuses(lambda: Client().get("/api/movies/")) == [200] * 4
    assert [record.name for record in caplog.records] == ["movie_booking.counting"]
    counts.cache_clear()


def test_the_headers_are_structured_fields(rates):
    """As draft-ietf-httpapi-ratelimit-headers has them: lists of strings with parameters."""
    headers = Client().get("/api/movies/").headers

    assert re.fullmatch(r'"read";q=\d+;w=\d+', headers["RateLimit-Policy"])
    assert re.fullmatch(r'"read";r=\d+;t=\d+', headers["RateLimit"])


def test_the_log_in_of_the_admin_is_limited_like_that_of_the_api(rates):
    rates("login")
    make_user("anna", is_staff=True)
    browser = Client()

    def enter(password):
        return browser.post("/admin/login/", {"username": "anna", "password": password})

    assert statuses(lambda: enter("a guess"), times=3) == [200] * 3
    refused = enter(PASSWORD)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "20")
    assert "Too many requests." in refused.content.decode()
