"""What tests share: clients, a row of everything, bodies sent to endpoints, and the production server."""

import json

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.models import User
from accounts.tests.factories import make_user
from accounts.tokens import email_token, uid_of
from bookings.access_keys import key_of
from bookings.models import Booking, BookingEvent, IdempotencyKey, Order, Status
from bookings.tests.factories import block, hold, make_guest, make_order
from movie_booking.tests.endpoints import ENDPOINTS
from movie_booking.tests.server import running
from movie_booking.tests.standby import behind, in_step, later, primary, standby, watched  # noqa: F401 - fixtures
from movie_booking.tests.wire import messages  # noqa: F401 - a fixture
from movies.models import Cinema, Movie, Screen, Show
from movies.tests.factories import make_cinema, make_screen, make_show


@pytest.fixture
def superuser(db):
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def api(superuser):
    """Django's client, which sends bytes as they are, with the token of a superuser."""
    return Client(HTTP_AUTHORIZATION=f"Bearer {RefreshToken.for_user(superuser).access_token}")


@pytest.fixture
def anonymous(db):
    return Client()


@pytest.fixture
def ids(superuser):
    screen = make_screen(cinema=make_cinema(), total_seats=50)
    show = make_show(screen=screen)
    block(show, "E10", staff=superuser)
    guest = make_guest()
    of_guest = hold(show, 41, user=guest)
    return {
        "movie": show.movie_id,
        "cinema": screen.cinema_id,
        "screen": screen.pk,
        "show": show.pk,
        "booking": make_order(show, 21, user=superuser, status=Status.BOOKED).bookings.get().pk,
        "order": make_order(show, 31, 32, user=superuser).reference,
        "order_of_guest": of_guest.reference,
        "access_key": key_of(guest.access_salt),
        "refresh": str(RefreshToken.for_user(superuser)),
        "uid": uid_of(superuser),
        "reset_token": default_token_generator.make_token(superuser),
        "email_token": email_token(superuser),
    }


@pytest.fixture
def body_of(ids):
    """The valid body of an endpoint, with changes."""

    def body_of(name, /, **changes):
        def fill(value):
            return ids[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value

        return {field: fill(value) for field, value in ENDPOINTS[name].body.items()} | changes

    return body_of


@pytest.fixture
def send(api, ids):
    """Send a body to an endpoint: bytes as they are, anything else as JSON."""

    def send(name, body, content_type="application/json", **headers):
        endpoint = ENDPOINTS[name]
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        path = endpoint.path.format(**ids)
        return api.generic(endpoint.method, path, data, content_type=content_type, **headers)

    return send


@pytest.fixture
def rows(ids):
    """What is in the database, to see that a refusal wrote nothing."""

    def rows():
        return {
            model: list(model.objects.order_by("pk").values())
            for model in (User, Movie, Cinema, Screen, Show, Order, Booking, BookingEvent, IdempotencyKey)
        }

    return rows


@pytest.fixture
def server(tmp_path, request):
    """A running server, with the settings of the test's parameter if it has one."""
    with running(tmp_path / "log", **getattr(request, "param", {})) as server:
        yield server
