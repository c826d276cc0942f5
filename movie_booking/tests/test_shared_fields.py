"""The fields of most serializers are made once for all requests, and keep nothing of one."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from bookings.serializers import BookSeatInput, OrderInput
from movie_booking.api.fields import SharedFields, fields_of


def serializers(of=SharedFields):
    for each in of.__subclasses__():
        if each.fields is SharedFields.fields:  # not those that want fields of their own
            yield each
        yield from serializers(each)


def described(fields):
    return {name: re.sub("at 0x[0-9a-f]+", "", repr(field)) for name, field in fields.items()}


def errors_of(data, **options):
    data = BookSeatInput(data=data, **options)
    return {} if data.is_valid() else data.errors


@pytest.mark.django_db  # to tell of a field that names a row, which one may be named
@pytest.mark.parametrize("serializer_class", [*serializers()], ids=lambda each: each.__name__)
def test_they_are_those_that_drf_makes_for_one_request(serializer_class):
    made = super(SharedFields, serializer_class()).fields

    assert described(serializer_class().fields) == described(made)
    assert serializer_class().fields is fields_of(serializer_class)


def test_what_one_request_sent_is_not_known_to_the_next():
    assert errors_of({}) == {"seat_number": ["This field is required."]}
    assert errors_of({"seat_number": 5}) == {}
    assert list(errors_of({"seat_number": "5"})) == ["seat_number"]
    assert errors_of(None) == {"non_field_errors": ["No data provided"]}
    assert errors_of({"seat_number": 6, "leave_single_seat": True}) == {}


def test_many_requests_at_once_get_what_each_sent():
    def validated(seat):
        data = OrderInput(data={"show": seat, "seat_numbers": [seat, seat + 1]})
        data.is_valid(raise_exception=True)
        return data.validated_data["show"], data.choice.seat_numbers

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(validated, range(1, 400)))

    assert found == [(seat, [seat, seat + 1]) for seat in range(1, 400)]
