"""What is no order: every 400 names its field and holds nothing."""

import pytest

from accounts.tests.factories import client_for, make_user
from bookings.models import Order
from bookings.tests.api import post_to
from bookings.tests.factories import make_order
from bookings.tests.history import db_snapshot
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db

NO_INTEGER = ["A valid integer is required."]
EITHER = ["Give either seat_numbers or best_available."]
NO_FIELD = ["There is no such field."]
WITH_BEST = ["Goes with best_available only."]


def assert_invalid(response, errors):
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert (response.data["code"], response.data["errors"]) == ("invalid", errors)


@pytest.mark.parametrize(
    ("seat_numbers", "messages"),
    [
        ([], ["This list may not be empty."]),
        ([5, 5], ["Name each seat once: 5."]),
        ([7, 5, 6, 5, 7], ["Name each seat once: 5, 7."]),
        ([*range(1, 12)], ["At most 10 seats an order."]),
        ([5] * 100_000, ["At most 10 seats an order."]),
        (["5"], NO_INTEGER),
        ([5.0], NO_INTEGER),
        ([5, True], NO_INTEGER),
        ([[5]], NO_INTEGER),
        ([{}], NO_INTEGER),
        ([None], ["This field may not be null."]),
        ([0], ["Ensure this value is greater than or equal to 1."]),
        ([5, -1], ["Ensure this value is greater than or equal to 1."]),
        (None, ["This field may not be null."]),
        (5, ['Expected a list of items but got type "int".']),
        ("5", ['Expected a list of items but got type "str".']),
        ({"5": 6}, ['Expected a list of items but got type "dict".']),
    ],
    ids=lambda value: repr(value)[:30],
)
@pytest.mark.parametrize(
    ("verb", "field", "rest"),
    [
        (None, "seat_numbers", {}),
        ("cancel", "seat_numbers", {}),
        ("exchange", "from", {"to": [7]}),
        ("exchange", "to", {"from": [20]}),
    ],
)
def test_wrong_lists_of_seats_are_invalid_wherever_seats_are_named(seat_numbers, messages, verb, field, rest):
    order = make_order(make_show(), 20)
    body = {field: seat_numbers, **rest}
    before = db_snapshot()

    if verb:
        response = post_to(order, verb, body)
    else:
        response = client_for(order.user).post("/api/orders/", {"show": order.show_id, **body})

    assert_invalid(response, {field: messages})
    assert db_snapshot() == before


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"seat_numbers": EITHER, "best_available": EITHER}),
        ({"seat_numbers": [1], "best_available": 1}, {"seat_numbers": EITHER, "best_available": EITHER}),
        ({"kind": "standard"}, {"seat_numbers": EITHER, "best_available": EITHER}),
        ({"seat_numbers": [1], "kind": "standard"}, {"kind": WITH_BEST}),
        ({"seat_numbers": [1], "adjacent": "required"}, {"adjacent": WITH_BEST}),
        ({"best_available": 2, "kind": "balcony"}, {"kind": ['"balcony" is not a valid choice.']}),
        ({"best_available": 2, "kind": ""}, {"kind": ['"" is not a valid choice.']}),
        ({"best_available": 2, "kind": None}, {"kind": ["This field may not be null."]}),
        ({"best_available": 2, "kind": ["sofa"]}, {"kind": ["\"['sofa']\" is not a valid choice."]}),
        ({"best_available": 2, "adjacent": True}, {"adjacent": ['"True" is not a valid choice.']}),
        ({"best_available": 2, "adjacent": "no"}, {"adjacent": ['"no" is not a valid choice.']}),
        (
            {"best_available": 0},
            {"best_available": ["Ensure this value is greater than or equal to 1."]},
        ),
        (
            {"best_available": -1},
            {"best_available": ["Ensure this value is greater than or equal to 1."]},
        ),
        ({"best_available": 11}, {"best_available": ["At most 10 seats an order."]}),
        ({"best_available": 10**30}, {"best_available": ["At most 10 seats an order."]}),
        ({"best_available": "2"}, {"best_available": NO_INTEGER}),
        ({"best_available": 2.0}, {"best_available": NO_INTEGER}),
        ({"best_available": True}, {"best_available": NO_INTEGER}),
        ({"best_available": [2]}, {"best_available": NO_INTEGER}),
        ({"best_available": None}, {"best_available": ["This field may not be null."]}),
        ({"seat_numbers": [1], "leave_single_seat": 1}, {"leave_single_seat": ["Must be a valid boolean."]}),
        (
            {"seat_numbers": [1], "leave_single_seat": "true"},
            {"leave_single_seat": ["Must be a valid boolean."]},
        ),
        (
            {"seat_numbers": [1], "leave_single_seat": None},
            {"leave_single_seat": ["This field may not be null."]},
        ),
        (
            {"best_available": 3, "kind": "sofa"},
            {"best_available": ["Sofas are sold in pairs: ask for an even number."]},
        ),
        ({"best_available": 2, "adjecent": "required"}, {"adjecent": NO_FIELD}),
        ({"show": None, "seat_numbers": [1]}, {"show": ["This field may not be null."]}),
        ({"show": "1", "seat_numbers": [1]}, {"show": NO_INTEGER}),
        ({"show": 1.0, "seat_numbers": [1]}, {"show": NO_INTEGER}),
        ({"show": True, "seat_numbers": [1]}, {"show": NO_INTEGER}),
        (
            {"show": -1, "seat_numbers": [1]},
            {"show": ["Ensure this value is greater than or equal to 0."]},
        ),
    ],
)
def test_an_order_that_makes_no_sense_is_invalid(body, errors):
    response = client_for(make_user()).post("/api/orders/", {"show": make_show().pk, **body})

    assert_invalid(response, errors)
    assert Order.objects.count() == 0


def test_a_misspelt_field_does_not_cancel_the_whole_order():
    order = make_order(make_show(), 5, 6)
    path, client = f"/api/orders/{order.reference}", client_for(order.user)

    assert_invalid(client.post(f"{path}/cancel/", {"seat_number": [5]}), {"seat_number": NO_FIELD})
    assert_invalid(
        client.post(f"{path}/exchange/", {"from": [5], "to": [7], "form": [6]}), {"form": NO_FIELD}
    )
    many = client.post(f"{path}/cancel/", {f"field_{n}": n for n in range(10_000)})
    assert (many.status_code, len(many.data["errors"])) == (400, 10)
    assert order.bookings.live().count() == 2


def test_an_order_says_for_which_show():
    response = client_for(make_user()).post("/api/orders/", {"seat_numbers": [1]})

    assert_invalid(response, {"show": ["This field is required."]})


@pytest.mark.parametrize(
    ("field", "too_many", "allowed"), [("seat_numbers", [1, 2, 3], [1, 2]), ("best_available", 3, 2)]
)
def test_how_many_seats_an_order_takes_is_a_setting(settings, field, too_many, allowed):
    settings.MAX_SEATS_PER_ORDER = 2
    client, show = client_for(make_user()), make_show()

    response = client.post("/api/orders/", {"show": show.pk, field: too_many})

    assert_invalid(response, {field: ["At most 2 seats an order."]})
    assert client.post("/api/orders/", {"show": show.pk, field: allowed}).status_code == 201


@pytest.mark.parametrize("missing", ["from", "to"])
def test_an_exchange_says_from_which_seats_to_which(missing):
    order = make_order(make_show(), 5)
    body = {"from": [5], "to": [7]}
    del body[missing]

    response = post_to(order, "exchange", body)

    assert_invalid(response, {missing: ["This field is required."]})
