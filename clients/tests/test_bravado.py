"""The tour of the README by bravado, which makes its methods and models of /swagger.json as it starts.

It holds each request and each answer against the document, and knows the operations by their names only.
"""

import json
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from clients.tests.tools import package

# bravado is behind what it is built on.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore:jsonschema\.RefResolver:DeprecationWarning"),
    pytest.mark.filterwarnings(r"ignore:Accessing Validator\.resolver:DeprecationWarning"),
]
HELD_AGAINST_THE_DOCUMENT = {
    "validate_swagger_spec": True,
    "validate_requests": True,
    "validate_responses": True,
    "use_models": True,
}


@pytest.fixture(scope="module")
def bravado(site):
    """A function that makes a client, and the errors that its methods raise."""
    package("bravado")
    from bravado import exception
    from bravado.client import SwaggerClient
    from bravado.requests_client import RequestsClient
    from bravado_core.formatter import SwaggerFormat

    as_it_is = {"to_wire": str, "to_python": str, "validate": lambda value: None, "description": "text"}
    formats = [SwaggerFormat(format=name, **as_it_is) for name in ("email", "uri")]

    def client(token=None):
        http = RequestsClient()
        if token is not None:
            http.set_api_key(
                urlsplit(site).netloc, f"Bearer {token}", param_name="Authorization", param_in="header"
            )
        config = HELD_AGAINST_THE_DOCUMENT | {"formats": formats}
        return SwaggerClient.from_url(f"{site}/swagger.json", http_client=http, config=config)

    return SimpleNamespace(client=client, errors=exception)


@pytest.fixture(scope="module")
def visitor(bravado):
    return bravado.client()


@pytest.fixture(scope="module")
def customer(bravado, visitor):
    """The client of somebody who has just signed up and logged in."""
    who = {"username": "bravado", "password": "securepass123"}
    account = visitor.Accounts.signUp(data={**who, "email": "bravado@example.com"}).result()
    assert (account.username, account.email) == ("bravado", "bravado@example.com")
    tokens = visitor.Accounts.logIn(data=who).result()
    return bravado.client(tokens.access)


@pytest.fixture(scope="module")
def show(visitor):
    """One that is to come in days, so that all of the price comes back."""
    page = visitor.Shows.listShows(upcoming=True).result()
    assert page.count > len(page.results) == 20
    while page.next:
        number = int(page.next.partition("page=")[2].partition("&")[0])
        page = visitor.Shows.listShows(upcoming=True, page=number).result()
    return page.results[-1]


@pytest.fixture
def refusal(bravado):
    """Return a function that calls, is refused with that status, and reads the refusal as the model of it."""
    from bravado_core.unmarshal import unmarshal_schema_object
    from bravado_core.validate import validate_schema_object

    def refusal(status, call, **arguments):
        with pytest.raises(bravado.errors.HTTPError) as refused:
            call(**arguments).response()
        answer = refused.value.response
        assert answer.status_code == status
        # It reads application/json; what is of another type of JSON it hands on as it came.
        problem, spec = json.loads(answer.text), call.operation.swagger_spec
        described = spec.deref(call.operation.op_spec["responses"])[str(status)]["schema"]
        validate_schema_object(spec, spec.deref(described), problem)
        return unmarshal_schema_object(spec, spec.deref(described), problem)

    return refusal


def test_the_catalogue_is_read(visitor, show):
    movies = visitor.Movies.listMovies(search="Incep").result()
    cinemas = visitor.Cinemas.listCinemas().result()

    assert [movie.title for movie in movies.results] == ["Inception"]
    assert visitor.Movies.getMovie(id=movies.results[0].id).result().duration_minutes == 148
    assert show.cinema in [cinema.id for cinema in cinemas.results]
    assert visitor.Shows.getShow(id=show.id).result().starts_at == show.starts_at
    assert visitor.Shows.listShowsOfMovie(id=show.movie).result().count > 0


def test_the_seat_map_is_its_layout_and_its_availability(visitor, show):
    whole = visitor.Shows.getSeatMap(id=show.id).result()
    layout = visitor.Shows.getSeatLayout(id=show.id).result()
    availability = visitor.Shows.getSeatAvailability(id=show.id).result()

    taken = {*availability.taken.held, *availability.taken.booked, *availability.taken.blocked}
    seats = [seat for row in whole.rows for seat in row.seats]
    drawn = [seat for row in layout.rows for seat in row.seats]
    assert {seat.seat_number for seat in seats if seat.status != "available"} == taken
    assert len(seats) - len(taken) == availability.available_seats == whole.available_seats
    assert [seat.seat_number for seat in drawn] == [seat.seat_number for seat in seats]


def test_what_has_not_changed_is_not_sent_again(bravado, visitor, show):
    first = visitor.Shows.getSeatAvailability(id=show.id).response()
    known = {"headers": {"If-None-Match": first.metadata.headers["ETag"]}}

    with pytest.raises(bravado.errors.HTTPNotModified):
        visitor.Shows.getSeatAvailability(id=show.id, _request_options=known).response()


def test_a_seat_is_booked_once_and_then_a_conflict_that_names_it(visitor, customer, show, refusal):
    seats = [seat for row in visitor.Shows.getSeatMap(id=show.id).result().rows for seat in row.seats]
    free = [seat for seat in seats if (seat.kind, seat.status) == ("standard", "available")]
    seat = free[0].seat_number

    booking = customer.Bookings.bookSeat(id=show.id, data={"seat_number": seat}).result()
    problem = refusal(409, customer.Bookings.bookSeat, id=show.id, data={"seat_number": seat})

    assert (booking.status, booking.seat_number, booking.price) == ("BOOKED", seat, show.price)
    assert customer.Bookings.getBooking(id=booking.id).result().order == booking.order
    assert (problem.code, problem.status) == ("seat_taken", 409)
    assert [(each.seat_number, each.reason) for each in problem.seats] == [(seat, "booked")]


def test_seats_are_held_extended_confirmed_and_given_back(customer, show, refusal):
    order = customer.Orders.holdSeats(data={"show": show.id, "best_available": 2}).result()
    reference = order.reference
    assert (order.status, len(order.bookings)) == ("HELD", 2)
    assert order.expires_at > order.created_at

    extended = customer.Orders.extendOrder(reference=reference).result()
    confirmed = customer.Orders.confirmOrder(reference=reference, data={}).result()
    assert extended.expires_at >= order.expires_at
    assert (confirmed.status, confirmed.expires_at) == ("BOOKED", None)
    assert reference in [each.reference for each in customer.Orders.listOrders().result().results]

    one, other = confirmed.bookings
    quote = customer.Bookings.quoteCancellation(id=one.id).result()
    cancelled = customer.Bookings.cancelBooking(id=one.id).result()
    assert (quote.refund_percent, quote.refund_amount) == (100, one.price)
    assert (cancelled.status, cancelled.refund_amount) == ("CANCELLED", quote.refund_amount)
    assert refusal(409, customer.Bookings.cancelBooking, id=one.id, data={}).code == "already_cancelled"

    rest = customer.Orders.cancelOrder(reference=reference, data={"seat_numbers": [other.seat_number]})
    assert rest.result().status == "CANCELLED"
    assert customer.Bookings.listBookings(status="CANCELLED").result().results[0].id == other.id


def test_a_seat_is_exchanged_for_another(customer, show):
    order = customer.Orders.holdSeats(data={"show": show.id, "best_available": 1}).result()
    [held] = order.bookings
    other = customer.Orders.holdSeats(data={"show": show.id, "best_available": 1}).result()
    free = other.bookings[0].seat_number
    customer.Orders.cancelOrder(reference=other.reference).result()

    exchanged = customer.Orders.exchangeSeats(
        reference=order.reference, data={"from": [held.seat_number], "to": [free]}
    ).result()

    assert [each.seat_number for each in exchanged.bookings if each.status == "HELD"] == [free]


def test_the_same_key_brings_the_same_answer(customer, show):
    call = {"data": {"show": show.id, "best_available": 1}, "Idempotency-Key": "2f7c"}

    first, again = (customer.Orders.holdSeats(**call).response() for _ in range(2))

    assert first.result.reference == again.result.reference
    assert "Idempotent-Replayed" not in first.metadata.headers
    assert again.metadata.headers["Idempotent-Replayed"] == "true"


def test_a_visitor_and_wrong_input_are_refused_as_described(visitor, customer, show, refusal):
    nobody = refusal(401, visitor.Bookings.bookSeat, id=show.id, data={"seat_number": 1})
    nowhere = refusal(404, visitor.Shows.getShow, id=0)
    wrong = refusal(400, visitor.Accounts.signUp, data={"username": "x", "password": "1", "email": "x"})

    assert nobody.code == "not_authenticated"
    assert nowhere.code == "not_found"
    assert wrong.code == "invalid"
    assert {*wrong.errors} == {"password", "email"}
