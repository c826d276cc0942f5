"""Reading the catalogue is free; writing it takes a permission."""

import pytest

from accounts.tests.factories import client_for, make_staff, make_user
from movies.tests.factories import make_cinema, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db

MODELS = ["movie", "cinema", "screen", "show"]
WRITES = [("post", "add"), ("put", "change"), ("patch", "change"), ("delete", "delete")]


@pytest.fixture
def rows():
    show = make_show()
    screen = make_screen(cinema=show.cinema)
    return {"movie": make_movie(), "cinema": make_cinema(), "screen": screen, "show": show}


@pytest.fixture
def write(rows):
    """Write a model by a method, with a body that is in order."""
    bodies = {
        "movie": {"title": "Dune", "duration_minutes": 155},
        "cinema": {"name": "Odeon"},
        "screen": {"cinema": rows["cinema"].pk, "name": "Screen A", "total_seats": 50},
        "show": {
            "movie": rows["movie"].pk,
            "screen": rows["screen"].pk,
            "starts_at": "2030-01-01T20:00:00Z",
            "total_seats": 50,
        },
    }

    def write(user, model, method):
        path = f"/api/{model}s/" if method == "post" else f"/api/{model}s/{rows[model].pk}/"
        return getattr(client_for(user), method)(path, bodies[model])

    return write


def everything_but(permission):
    return make_staff(
        *(
            f"{verb}_{model}"
            for verb in ("view", "add", "change", "delete")
            for model in MODELS
            if f"{verb}_{model}" != permission
        )
    )


def customer_with(permission):
    """A right without being staff, as is left over when a member of staff leaves."""
    user = make_staff(permission)
    user.is_staff = False
    user.save()
    return user


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("make_reader", [lambda: None, make_user, make_staff])
def test_anyone_reads(make_reader, method, model, rows):
    read = getattr(client_for(make_reader()), method)

    assert read(f"/api/{model}s/").status_code == 200
    assert read(f"/api/{model}s/{rows[model].pk}/").status_code == 200


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("method", [method for method, _ in WRITES])
def test_writing_takes_a_login(method, model, write):
    response = write(None, model, method)

    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response.data["code"] == "not_authenticated"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("method", "verb"), WRITES)
@pytest.mark.parametrize(
    "make_writer",
    [
        pytest.param(lambda permission: make_user(), id="a customer"),
        pytest.param(customer_with, id="a customer with the right"),
        pytest.param(lambda permission: make_staff(), id="staff without rights"),
        pytest.param(everything_but, id="staff with every other right"),
    ],
)
def test_writing_takes_staff_with_the_right(make_writer, method, verb, model, write):
    response = write(make_writer(f"{verb}_{model}"), model, method)

    assert response.status_code == 403
    assert response["Content-Type"] == "application/problem+json"
    assert response.data["code"] == "permission_denied"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("method", "verb"), WRITES)
@pytest.mark.parametrize(
    "make_writer",
    [
        pytest.param(make_staff, id="staff with the right"),
        pytest.param(lambda permission: make_user(is_staff=True, is_superuser=True), id="a superuser"),
    ],
)
def test_staff_with_the_right_writes(model, method, verb, make_writer, write):
    response = write(make_writer(f"{verb}_{model}"), model, method)

    assert response.status_code == {"post": 201, "delete": 204}.get(method, 200)


def test_the_shows_of_a_movie_are_for_reading_only(rows):
    root = client_for(make_user(is_staff=True, is_superuser=True))

    response = root.post(f"/api/movies/{rows['movie'].pk}/shows/", {})

    assert response.status_code == 405
    assert response.data["code"] == "method_not_allowed"
