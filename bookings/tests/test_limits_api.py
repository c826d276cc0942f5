"""`GET limits/`: what there is to know before one buys."""

from datetime import timedelta

import pytest
from django.test import override_settings

from accounts.services.passwords import PASSWORD_CODES
from accounts.tests.factories import client_for, make_user
from bookings.models import Status
from bookings.tests.api import assert_refused
from bookings.tests.factories import block, book, give_back, let_expire, make_order
from movies.tests.factories import make_show


def limits(user=None, **query):
    return client_for(user).get("/api/limits/", query)


@pytest.mark.django_db
@override_settings(
    HOLD_MINUTES=7.5,
    HOLD_CAP_MINUTES=20.0,
    MAX_SEATS_PER_ORDER=8,
    MAX_SEATS_PER_SHOW=9,
    MAX_HELD_ORDERS=3,
    REFUND_TIERS="48:100,4:25",
    CANCEL_CUTOFF_MINUTES=30,
    MOVE_TOLERANCE_MINUTES=6,
    CURRENCY="GBP",
    SIMPLE_JWT={"ACCESS_TOKEN_LIFETIME": timedelta(minutes=12), "REFRESH_TOKEN_LIFETIME": timedelta(days=3)},
    REFRESH_GRACE_SECONDS=20,
    IDEMPOTENCY_HOURS=48,
    POLL_SECONDS=4,
)
def test_anybody_reads_what_the_settings_say(django_assert_num_queries):
    with django_assert_num_queries(0):
        response = limits()

    answer = response.json()
    assert response.status_code == 200
    rules = answer.pop("password")
    assert answer == {
        "hold_minutes": 7.5,
        "hold_cap_minutes": 20.0,
        "max_seats_per_order": 8,
        "max_seats_per_show": 9,
        "max_held_orders": 3,
        "refund_tiers": [{"hours_before": 48, "percent": 100}, {"hours_before": 4, "percent": 25}],
        "cancel_cutoff_minutes": 30,
        "move_tolerance_minutes": 6,
        "currency": "GBP",
        "access_token_minutes": 12,
        "refresh_token_days": 3,
        "refresh_grace_seconds": 20,
        "idempotency_hours": 48,
        "poll_seconds": 4,
        "guests": {"hold_minutes": 5.0, "hold_cap_minutes": 10.0},
        "yours": None,
    }
    assert (rules["min_length"], rules["max_length"]) == (8, 128)
    assert [rule["code"] for rule in rules["rules"]] == [
        "password_too_similar",
        "password_too_short",
        "password_too_common",
        "password_entirely_numeric",
    ]
    assert all(rule["detail"].startswith("Your password") for rule in rules["rules"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("q7x", "password_too_short"),
        ("password", "password_too_common"),
        ("928374651027", "password_entirely_numeric"),
    ],
)
def test_a_password_that_breaks_a_rule_is_refused_in_the_words_that_belong_to_its_code(password, code):
    assert code in PASSWORD_CODES.values()
    body = {"username": "ann", "email": "ann@example.com", "password": password}

    response = client_for().post("/api/signup/", body)

    assert_refused(response, 400, "invalid")
    assert code in response.data["error_codes"]["password"]


@pytest.mark.django_db
def test_a_user_reads_what_is_left_of_a_show():
    show, other, user = make_show(), make_show(), make_user()
    assert limits(user, show=show.pk).json()["yours"] == {
        "show": show.pk,
        "seats": 0,
        "seats_left": 10,
        "held_orders": 0,
        "held_orders_left": 5,
    }

    book(show, 1, user=user)
    give_back(book(show, 2, user=user))
    make_order(show, 3, 4, user=user)
    make_order(other, 1, user=user)
    make_order(other, 2, user=user, status=Status.BOOKED)
    let_expire(make_order(show, 5, user=user))
    block(show, "A9", staff=user)
    book(show, 10)

    assert limits(user, show=show.pk).json()["yours"] == {
        "show": show.pk,
        "seats": 3,
        "seats_left": 7,
        "held_orders": 2,
        "held_orders_left": 3,
    }


@pytest.mark.django_db
def test_who_has_more_than_is_allowed_by_now_has_none_left():
    show, user = make_show(), make_user()
    make_order(show, 1, 2, user=user)
    make_order(show, 3, user=user)

    with override_settings(MAX_SEATS_PER_SHOW=1, MAX_HELD_ORDERS=1):
        yours = limits(user, show=show.pk).json()["yours"]

    assert (yours["seats_left"], yours["held_orders_left"]) == (0, 0)


@pytest.mark.django_db
def test_a_show_is_for_users_only_and_must_be_one_that_they_see():
    user = make_user()

    for named in (make_show().pk, "x", ""):
        assert_refused(limits(show=named), 401, "not_authenticated")
    for hidden in (make_show(status="DRAFT").pk, 987654):
        assert_refused(limits(user, show=hidden), 404, "not_found")
    for nonsense in ("", "x", "-1", "1.5", 2**63):
        assert_refused(limits(user, show=nonsense), 400, "invalid")
