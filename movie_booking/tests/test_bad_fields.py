"""Values that a field does not take are refused with the name of the field."""

import json
from itertools import product

import pytest

from bookings.models import Booking
from movie_booking.tests.endpoints import (
    ENDPOINTS,
    HUGE,
    NULLABLE,
    OPTIONAL,
    every_endpoint,
    problem,
    refusal,
    refused_fields,
)
from movies.models import Show

pytestmark = pytest.mark.django_db

# No field takes these, but for a price of a half.
BAD_VALUES = ["\x00", "a\x00b", True, HUGE, -HUGE, -1, 0.5, {}, {"pk": 1}, [[]], [{}], [None]]
BAD_PRICES = [
    "NaN",
    "sNaN",
    "Infinity",
    "-Infinity",
    "-0.01",
    "0.001",
    "9.999",
    "9.500",
    "1e30",
    "1e-30",
    "1e999999999",
    "1,5",
]
BAD_TIMES = [
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00",
    "1894-12-31T23:59:59Z",
    "3000-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59Z",
    "10000-01-01T00:00:00Z",
    "2031-02-30T00:00:00Z",
    "2031-01-01T25:00:00Z",
    "2031-01-01T20:00:00.1234567Z",
    "2031-01-01T20:00:00.0000000000001Z",
    "2031-01-01T20:00:00,1234567+01:00",
    1924992000,
    "",
]
BAD_PRICES_AND_TIMES = [
    (name, field, value)
    for name in ("schedule a show", "change a show")
    for field in ENDPOINTS[name].body
    for value in BAD_PRICES * field.endswith("price") + BAD_TIMES * field.endswith("_at")
    if (field, value) != ("sales_open_at", "")
]
FIELDS = [(name, field) for name, endpoint in ENDPOINTS.items() for field in endpoint.body]
# Any text will do for these: one that is wrong is refused as a wrong password or token is.
OF_ANY_LENGTH = {"log in": "no_active_account", "refresh": "token_not_valid", "log out": "token_not_valid"}


def bad_value_refusal(name, field, value):
    if (field, value) == ("seat_number", HUGE):
        return 400, "no_such_seat", [field]
    if field in ("show", "to_show") and value == HUGE:
        return 404, "not_found", []
    return 400, "invalid", [field]


@every_endpoint
def test_a_bad_value_is_refused_with_its_field(send, body_of, rows, name):
    before = rows()
    cases = [
        (field, value)
        for field, value in product(ENDPOINTS[name].body, BAD_VALUES)
        if not (field.endswith("price") and value == 0.5)
    ]

    refusals = [
        (field, value, refused_fields(send(name, body_of(name, **{field: value})))) for field, value in cases
    ]

    assert refusals == [(field, value, bad_value_refusal(name, field, value)) for field, value in cases]
    assert rows() == before


@every_endpoint
def test_a_text_of_ten_thousand_letters_is_refused(send, body_of, rows, name):
    before = rows()
    fields = ENDPOINTS[name].body

    refusals = {f: refused_fields(send(name, body_of(name, **{f: "x" * 10_000}))) for f in fields}

    if name in OF_ANY_LENGTH:
        assert refusals == dict.fromkeys(fields, (401, OF_ANY_LENGTH[name], []))
    else:
        assert refusals == {field: (400, "invalid", [field]) for field in fields}
    assert rows() == before


@every_endpoint
def test_null_is_refused_where_it_has_no_meaning(send, body_of, rows, name):
    before = rows()
    fields = ENDPOINTS[name].body.keys() - NULLABLE

    errors = {f: problem(send(name, body_of(name, **{f: None}))).get("errors") for f in fields}

    assert errors == {field: {field: ["This field may not be null."]} for field in fields}
    assert rows() == before


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=[f"{name}: {field}" for name, field in FIELDS])
def test_a_missing_field_is_named(send, body_of, name, field):
    body = body_of(name)
    del body[field]

    response = send(name, body)

    if name.startswith("change") or field in OPTIONAL.get(name, ()):
        assert response.status_code in (200, 201)
    elif name.startswith("order") and field != "show":
        assert refused_fields(response) == (400, "invalid", ["best_available", "seat_numbers"])
    elif field in ("seat_plan", "total_seats"):
        assert refused_fields(response) == (400, "invalid", ["seat_plan"])
    else:
        assert refusal(response) == (400, "invalid")
        assert problem(response)["errors"] == {field: ["This field is required."]}


@pytest.mark.parametrize(
    "text",
    [
        "\x00",
        "A o\x00",
        "\t",
        "A\tx",
        "A o\to",
        "\x1b[31m",
        "\N{CLAPPER BOARD}",
        "A \N{CLAPPER BOARD}",
        "\N{FULLWIDTH LATIN CAPITAL LETTER A} o",
        "A \N{ARABIC-INDIC DIGIT ONE}",
        "A o\N{COMBINING ACUTE ACCENT}",
        "\N{ZERO WIDTH NO-BREAK SPACE}A o",
        "\N{RIGHT-TO-LEFT OVERRIDE}A1",
        "A o\u2028B o",
        "A o\x0bB o",
        "A-",
        "A1-A999999999",
        ",".join(["A1"] * 100_000),
        "A " + "o" * 1_000_000,
        "A o\n" * 200_000,
        "\n" * 500_000 + "A",
        "A oo\nB oo\n" + "_" * 1_000_000,
    ],
    ids=lambda text: f"{text[:12]!a} {len(text)}",
)
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("draw a screen", "seat_plan"),
        ("change a drawing", "seat_plan"),
        ("block seats", "seats"),
        ("free seats", "seats"),
    ],
)
def test_a_text_that_is_no_seat_plan_or_selection_is_refused(send, body_of, rows, name, field, text):
    before = rows()

    status, code, fields = refused_fields(send(name, body_of(name, **{field: text})))

    # A selection may be too long for its field, or fine as a text and no seat of this show.
    assert code in (("invalid",) if field == "seat_plan" else ("invalid", "no_such_seat"))
    assert (status, fields) == (400, [field])
    assert rows() == before


@pytest.mark.parametrize("name", ["block seats", "cancel a show"])
@pytest.mark.parametrize("reason", ["\N{CLAPPER BOARD}" * 200, "\N{RIGHT-TO-LEFT OVERRIDE}'\"><b>", "=1+1"])
def test_a_reason_is_any_text_of_a_line(send, body_of, name, reason):
    assert send(name, body_of(name, reason=reason)).status_code == 200
    assert reason in (*Booking.objects.values_list("reason", flat=True), Show.objects.get().cancel_reason)


@pytest.mark.parametrize("name", ["block seats", "cancel a show"])
@pytest.mark.parametrize(
    "reason", ["a\x00", "x" * 201, "\N{CLAPPER BOARD}" * 80_000], ids=["NUL", "long", "emoji"]
)
def test_a_reason_of_more_than_a_line_is_invalid(send, body_of, rows, name, reason):
    before = rows()

    response = send(name, body_of(name, reason=reason))

    assert refused_fields(response) == (400, "invalid", ["reason"])
    assert rows() == before


@pytest.mark.parametrize(("name", "field", "value"), BAD_PRICES_AND_TIMES)
def test_prices_and_times_at_the_edge_of_what_can_be_written_are_refused(
    send, body_of, rows, name, field, value
):
    before = rows()

    response = send(name, body_of(name, **{field: value}))

    assert refused_fields(response) == (400, "invalid", [field])
    assert rows() == before


@pytest.mark.parametrize("name", ["schedule a show", "change a show"])
@pytest.mark.parametrize("number", ["9.505", "9.500000000000000001", "1e999999999", "-1e-999999999"])
def test_a_price_as_a_number_of_json_is_not_rounded_before_it_is_looked_at(send, body_of, rows, name, number):
    before = rows()
    body = json.dumps(body_of(name, price="?")).replace('"?"', number)

    assert refused_fields(send(name, body.encode())) == (400, "invalid", ["price"])
    assert rows() == before


def test_a_number_that_is_none_to_count_with_is_no_json(send, body_of, rows):
    body = json.dumps(body_of("schedule a show", price="?")).replace('"?"', "1e" + "9" * 30)

    assert refusal(send("schedule a show", body.encode())) == (400, "parse_error")


@pytest.mark.parametrize("places", ["", ".1", ".123456", ".1234560000", ",5"])
def test_a_time_may_have_the_places_that_are_kept(send, body_of, places):
    response = send("schedule a show", body_of("schedule a show", starts_at=f"2031-01-01T20:00:00{places}Z"))

    assert response.status_code == 201
    assert response.json()["starts_at"] == f"2031-01-01T20:00:00.{places[1:7].ljust(6, '0')}Z"
