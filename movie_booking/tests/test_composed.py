"""A query that is composed once returns what the ORM returns, each time."""

from collections import Counter

import pytest
from django.db import connection, models, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from accounts.authentication import USER
from accounts.models import User
from accounts.tests.factories import make_user
from bookings.models import BOOKINGS_OF_ORDER, HOLDS_OF_USER, OWN_ORDER, Status
from bookings.services.inventory import ORDER_ROWS, SEAT_ROWS
from bookings.tests.factories import block, book, make_order
from movie_booking.composed import PLACEHOLDER, ComposedQuery
from movies.models import Movie
from movies.models.shows import LOCKED_SHOW
from movies.tests.factories import make_movie, make_show


def as_values(row):
    """A row with all that was loaded with it; what was not is left out, as reading it would load it."""
    if not isinstance(row, models.Model):
        return row
    loaded = {name: value for name, value in row.__dict__.items() if name != "_state"}
    related = {name: as_values(other) for name, other in row._state.fields_cache.items()}
    return type(row), loaded, related, row._state.adding, row._state.db


def a_show():
    show = make_show()
    book(show, 5)
    make_order(show, 1, 2)
    make_order(show, 8, 9, status=Status.BOOKED)
    block(show, "B1")
    return show.pk


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("composed", "make_row"),
    [(LOCKED_SHOW, a_show), (SEAT_ROWS, a_show), (USER, lambda: make_user().pk)],
    ids=["a show to lock", "who has its seats", "the user of a request"],
)
def test_it_returns_what_the_orm_returns(composed, make_row):
    ids = [make_row(), make_row(), 987_654]
    for row_id in ids:
        with CaptureQueriesContext(
            connection,
        ) as first:
            rows = composed(row_id)
        with CaptureQueriesContext(connection) as second:
            expected = list(composed.build(row_id))
        assert Counter(map(repr, map(as_values, rows))) == Counter(map(repr, map(as_values, expected)))
        assert [each["sql"] for each in first] == [each["sql"] for each in second]
    assert composed(ids[0])
    assert composed(ids[2]) == []


@pytest.mark.django_db
def test_those_of_an_order_and_of_a_customer_return_what_the_orm_returns():
    order, other = make_order(make_show(), 1, 2), make_order(make_show(), 3)
    block(make_show(), "B1")
    for composed, calls in (
        (OWN_ORDER, [(each.user_id, each.reference, "X") for each in (order, other)]),
        (OWN_ORDER, [(other.user_id, order.reference, "X")]),
        (BOOKINGS_OF_ORDER, [(order.pk,), (other.pk,)]),
        (ORDER_ROWS, [(order.pk, order.show_id), (order.pk, other.show_id), (other.pk, other.show_id)]),
        (HOLDS_OF_USER, [(order.user_id,), (other.user_id,)]),
    ):
        for values in calls:
            with CaptureQueriesContext(connection) as first:
                rows = composed(*values)
            with CaptureQueriesContext(connection) as second:
                expected = list(composed.build(*values))
            assert [repr(as_values(row)) for row in rows] == [repr(as_values(row)) for row in expected]
            assert [each["sql"] for each in first] == [each["sql"] for each in second]
    assert OWN_ORDER(order.user_id, "X1", order.reference) == [order]
    assert OWN_ORDER(other.user_id, order.reference, order.reference) == []
    assert ORDER_ROWS(order.pk, other.show_id) == []


@pytest.mark.django_db
def test_the_orm_composes_it_once():
    built = []

    def build(movie_id):
        built.append(movie_id)
        return Movie.objects.filter(pk=movie_id)

    composed, movies = ComposedQuery(build), [make_movie("Dune"), make_movie("Alien")]
    assert [composed(movie.pk) for movie in movies] == [[movie] for movie in movies]
    assert built == [PLACEHOLDER]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_in_a_transaction_only():
    show = make_show()
    with transaction.atomic():
        assert LOCKED_SHOW(show.pk) == [show]
    with pytest.raises(TransactionManagementError):
        LOCKED_SHOW(show.pk)


@pytest.mark.django_db
def test_a_user_is_read_anew_with_every_call():
    user = make_user("ada")
    assert USER(user.pk)[0].is_active
    User.objects.update(is_active=False)
    assert not USER(user.pk)[0].is_active
