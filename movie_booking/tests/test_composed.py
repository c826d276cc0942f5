"""A query that is composed once returns what the ORM returns, each time."""

from collections import Counter

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import signals
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from accounts.authentication import USER
from accounts.models import User
from accounts.tests.factories import make_user
from bookings.models import Order, Status
from bookings.rows import (
    BOOKINGS_OF_ORDER,
    HOLDS_OF_ADDRESS,
    HOLDS_OF_USER,
    ORDER_FOR_MACHINE,
    ORDER_OF_GUEST,
    ORDER_ROWS,
    OWN_ORDER,
    ROWS_OF_ADDRESS,
    SEAT_ROWS,
    SHOW_FOR_SALE,
    SHOW_WITH_SEATS,
)
from bookings.tests.factories import block, book, give_back, make_guest, make_order
from movie_booking.composed import PLACEHOLDER, ComposedQuery
from movies.models import Movie
from movies.models.shows import LOCKED_SHOW
from movies.tests.factories import make_movie, make_show

APPS = ("accounts", "movies", "bookings")


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


@pytest.fixture(params=["prepared", "as it is"])
def way(request):
    """How PostgreSQL gets a statement: prepared, or through a pooler that would not know it again."""
    connection.ensure_connection()
    if connection.vendor == "postgresql":
        before = connection.connection.prepared
        connection.connection.prepared = {} if request.param == "prepared" else None
        connection.connection.failures += 1  # no name again
        yield request.param
        connection.connection.prepared = before
    else:
        yield "as it is"


def assert_equal(composed, *values, way):
    """Rows, and SQL where it is to be seen, are what the ORM has. Return the rows."""
    with CaptureQueriesContext(connection) as first:
        rows = composed(*values)
    with CaptureQueriesContext(connection) as second:
        expected = list(composed.build(*values))
    assert Counter(repr(as_values(row)) for row in rows) == Counter(repr(as_values(row)) for row in expected)
    if way == "as it is":
        assert [each["sql"].split("; ")[-1] for each in first] == [each["sql"] for each in second]
    return rows


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("composed", "make_row"),
    [(LOCKED_SHOW, a_show), (SEAT_ROWS, a_show), (USER, lambda: make_user().pk)],
    ids=["a show to lock", "who has its seats", "the user of a request"],
)
def test_it_returns_what_the_orm_returns(composed, make_row, way):
    ids = [make_row(), make_row(), 987_654]
    found = [assert_equal(composed, row_id, way=way) for row_id in [*ids, *ids]]
    assert found[0]
    assert found[2] == []


@pytest.mark.django_db
def test_those_of_an_order_and_of_a_customer_return_what_the_orm_returns(way):
    order, other = make_order(make_show(), 1, 2), make_order(make_show(), 3)
    shows = [order.show_id, other.show_id]
    block(make_show(), "B1")
    for composed, calls in (
        (OWN_ORDER.anywhere, [(each.user_id, each.reference, "X") for each in (order, other)]),
        (OWN_ORDER.anywhere, [(other.user_id, order.reference, "X")]),
        (OWN_ORDER.of_show, [(show, order.user_id, "X", order.reference) for show in shows]),
        (BOOKINGS_OF_ORDER, [(order.show_id, order.pk), (other.show_id, other.pk)]),
        (ORDER_ROWS, [(order.show_id, order.pk), (other.show_id, order.pk), (other.show_id, other.pk)]),
        (HOLDS_OF_USER, [(order.user_id,), (other.user_id,)]),
    ):
        for values in calls:
            assert_equal(composed, *values, way=way)
    for show_id, found in ((None, [order]), (order.show_id, [order]), (other.show_id, [])):
        assert OWN_ORDER(order.user_id, "X1", order.reference, show_id=show_id) == found
        assert OWN_ORDER(other.user_id, order.reference, order.reference, show_id=show_id) == []
    assert ORDER_ROWS(other.show_id, order.pk) == []


@pytest.mark.django_db
def test_a_show_for_sale_comes_with_the_bookings_that_matter(way):
    show, ada, ben = make_show(), make_user("ada"), make_user("ben")
    for seat, user in ((3, ben), (4, ada), (5, ben), (9, ada), (10, ben)):
        book(show, seat, user=user)
    make_order(show, 6, user=ben)
    give_back(book(show, 2, user=ben))
    book(make_show(), 4, user=ben)

    def seats(*values):
        return sorted(row.sale_seat_number or 0 for row in assert_equal(SHOW_FOR_SALE, *values, way=way))

    assert seats(show.pk, 1, 2, make_user("eve").pk) == [0]
    assert seats(show.pk, 1, 5, ada.pk) == [3, 4, 5, 9]
    assert seats(show.pk, 6, 6, ada.pk) == [4, 6, 9]
    assert seats(987_654, 1, 5, ada.pk) == []


@pytest.mark.django_db
def test_what_is_read_for_guests_is_what_the_orm_returns(way):
    ann, eve = make_guest("ann@example.com"), make_guest("eve@example.com")
    show = make_show()
    of_ann, of_eve = make_order(show, 1, 2, user=ann), make_order(show, 4, user=eve)
    book(show, 6)
    for composed, values, found in (
        (ORDER_OF_GUEST.anywhere, (of_ann.reference, "X"), 1),
        (ORDER_OF_GUEST.anywhere, (make_order(show, 8).reference, "X"), 0),
        (ORDER_OF_GUEST.of_show, (show.pk, of_ann.reference, "X"), 1),
        (ORDER_OF_GUEST.of_show, (make_show().pk, of_ann.reference, "X"), 0),
        (HOLDS_OF_ADDRESS, ("ann@example.com",), 2),
        (HOLDS_OF_ADDRESS, ("nobody@example.com",), 0),
        (ROWS_OF_ADDRESS, (show.pk, "eve@example.com"), 1),
        (ROWS_OF_ADDRESS, (make_show().pk, "eve@example.com"), 0),
        (SHOW_WITH_SEATS, (show.pk, 1, 6), 4),
        (SHOW_WITH_SEATS, (show.pk, 20, 21), 1),
        (SHOW_WITH_SEATS, (987_654, 1, 6), 0),
    ):
        assert len(assert_equal(composed, *values, way=way)) == found
    assert ORDER_OF_GUEST("X", of_eve.reference, show_id=None) == [of_eve]
    assert ORDER_OF_GUEST("X", of_eve.reference, show_id=show.pk) == [of_eve]


@pytest.mark.django_db
def test_what_is_read_for_machines_is_what_the_orm_returns(way):
    order = make_order(make_show(), 1, 2)
    block(make_show(), "B1")
    house_seats = Order.objects.exclude(pk=order.pk).get()
    for reference, found in ((order.reference, [order]), (house_seats.reference, []), ("Y", [])):
        assert assert_equal(ORDER_FOR_MACHINE.anywhere, reference, "X", way=way) == found
        assert assert_equal(ORDER_FOR_MACHINE.of_show, order.show_id, reference, "X", way=way) == found
    assert ORDER_FOR_MACHINE("X", order.reference, show_id=house_seats.show_id) == []
    [read] = ORDER_FOR_MACHINE("X", order.reference, show_id=order.show_id)
    assert read.cinema_id == order.show.screen.cinema_id


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


@pytest.mark.parametrize("model", [each for name in APPS for each in apps.get_app_config(name).get_models()])
def test_no_model_does_anything_when_an_instance_is_made(model):
    assert model.__init__ is models.Model.__init__
    assert model.from_db.__func__ is models.Model.from_db.__func__
    assert not any(signal.has_listeners(model) for signal in (signals.pre_init, signals.post_init))
