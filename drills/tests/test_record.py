"""What follows from what buyers were told."""

import pytest

from drills.record import Answer, Found, Sale, by_status, longest_without, lost, sold_twice


def sale(booking, *, seat=(1, 1), buyer=7, reference="", at=0.0):
    return Sale(at, booking, reference or f"ORDER{booking}", seat, buyer)


def found(booking, *, seat=(1, 1), buyer=7, reference=""):
    return Found(booking, reference or f"ORDER{booking}", seat, buyer)


@pytest.mark.parametrize(
    ("moments", "seconds"),
    [
        ([9, 11, 12, 19, 20], 7),
        ([19, 12, 11, 9, 20], 7),  # buyers write down side by side
        ([8, 15, 20], 7),  # a pause that had begun before counts from its beginning
        ([9.5, 10.5], 9.5),  # nothing until the end
        ([], 10),
        ([1, 2, 25], 18),  # what came after the end is none
    ],
)
def test_the_longest_pause_is_measured(moments, seconds):
    assert longest_without(moments, 10, 20) == seconds


def test_what_the_database_has_is_not_lost():
    assert lost([sale(1), sale(2, seat=(1, 2))], [found(1), found(2, seat=(1, 2)), found(3)]) == []


@pytest.mark.parametrize(
    "stands",
    [
        [],
        [found(2)],
        [found(1, seat=(1, 2))],
        [found(1, buyer=8)],
        [found(1, reference="ANOTHER")],
    ],
    ids=["nothing", "another booking", "another seat", "another buyer", "another order"],
)
def test_a_booking_that_is_not_as_the_buyer_was_told_is_lost(stands):
    assert lost([sale(1)], stands) == [sale(1)]


def test_a_seat_that_two_were_told_is_theirs_is_sold_twice_though_the_database_has_one():
    assert sold_twice([sale(1, buyer=7), sale(2, buyer=8)], [found(2, buyer=8)]) == {(1, 1)}


def test_a_seat_that_the_database_has_twice_is_sold_twice_though_one_buyer_was_told():
    assert sold_twice([sale(1)], [found(1), found(2)]) == {(1, 1)}


def test_a_buyer_who_is_told_of_one_booking_twice_has_one():
    assert sold_twice([sale(1), sale(1, at=3.0)], [found(1)]) == set()


def test_answers_are_counted_by_status_and_code():
    answers = [
        Answer(1, "book", "503", "busy"),
        Answer(2, "book", "201"),
        Answer(3, "book", "503", "proxy"),
        Answer(4, "book", "503", "busy"),
        Answer(5, "book", "cut"),
        Answer(6, "read", "200"),
    ]

    assert by_status(answers, "book") == {"201": 1, "503 busy": 2, "503 proxy": 1, "cut": 1}
