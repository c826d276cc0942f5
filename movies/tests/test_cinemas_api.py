"""Cinemas and their screens."""

import pytest

from accounts.tests.factories import client_for, make_staff
from movies.models import Cinema, Screen
from movies.tests.factories import make_cinema, make_screen, make_show

pytestmark = pytest.mark.django_db


def names(path):
    response = client_for().get(f"/api/{path}")
    assert response.status_code == 200
    return [row["name"] for row in response.data["results"]]


@pytest.fixture
def staff():
    rights = [f"{verb}_{model}" for verb in ("add", "change", "delete") for model in ("cinema", "screen")]
    return client_for(make_staff(*rights))


def test_a_cinema_says_where_it_is_and_what_time_it_keeps():
    cinema = make_cinema(name="Odeon", address="1 Leicester Square", time_zone="Europe/London")

    response = client_for().get(f"/api/cinemas/{cinema.pk}/")

    assert response.status_code == 200
    assert response.json() == {
        "id": cinema.pk,
        "name": "Odeon",
        "address": "1 Leicester Square",
        "time_zone": "Europe/London",
        "pre_show_minutes": None,
    }


def test_a_screen_says_whose_it_is_and_how_many_seats_it_has():
    screen = make_screen(name="Screen 1", cinema=make_cinema(name="Odeon"), total_seats=50)

    response = client_for().get(f"/api/screens/{screen.pk}/")

    assert response.status_code == 200
    assert response.json() == {
        "id": screen.pk,
        "cinema": screen.cinema_id,
        "cinema_name": "Odeon",
        "name": "Screen 1",
        "total_seats": 50,
        "seat_plan": "",
        "no_single_seats": False,
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("cinemas/", ["Odeon", "Rex"]),
        ("cinemas/?ordering=-name", ["Rex", "Odeon"]),
        ("cinemas/?search=rEx", ["Rex"]),
        ("cinemas/?search=leicester", ["Odeon"]),
        ("screens/", ["Big", "Small", "Attic"]),
        ("screens/?ordering=name", ["Attic", "Big", "Small"]),
        ("screens/?search=odeon", ["Big", "Small"]),
        ("screens/?search=attic", ["Attic"]),
    ],
)
def test_the_lists_can_be_searched_and_ordered(path, expected):
    odeon = make_cinema(name="Odeon", address="1 Leicester Square")
    make_screen(name="Attic", cinema=make_cinema(name="Rex"))
    make_screen(name="Small", cinema=odeon)
    make_screen(name="Big", cinema=odeon)

    assert names(path) == expected


def test_the_screens_of_one_cinema():
    screen = make_screen(name="Screen 1")
    make_screen(name="Screen 2")

    assert names(f"screens/?cinema={screen.cinema_id}") == ["Screen 1"]
    assert names(f"screens/?cinema={2**63 - 1}") == []


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("path", ["cinemas/", "screens/", "screens/?search=i", "screens/?cinema={cinema}"])
def test_the_lists_cost_two_queries_for_any_number_of_rows(path, rows, django_assert_num_queries):
    cinema = make_cinema()
    for _ in range(rows):
        make_screen(cinema=cinema)
    for _ in range(rows - 1):
        make_cinema()

    with django_assert_num_queries(2):  # how many there are, and the page
        assert len(names(path.format(cinema=cinema.pk))) == rows


def test_screens_of_the_same_name_are_in_a_stable_order():
    screens = [make_screen(name="Screen 1").pk for _ in range(5)]

    seen = [
        client_for().get(f"/api/screens/?ordering=name&page_size=1&page={page}").data["results"][0]["id"]
        for page in range(1, 6)
    ]

    assert seen == screens


def test_staff_build_a_cinema_and_its_screen(staff):
    cinema = staff.post("/api/cinemas/", {"name": "Odeon", "time_zone": "Asia/Tokyo"})
    screen = staff.post("/api/screens/", {"cinema": cinema.data["id"], "name": "Screen 1", "total_seats": 50})

    assert (cinema.status_code, screen.status_code) == (201, 201)
    assert cinema.data["time_zone"] == "Asia/Tokyo"
    assert screen.data["cinema_name"] == "Odeon"


def test_a_cinema_keeps_universal_time_unless_it_says_otherwise(staff):
    assert staff.post("/api/cinemas/", {"name": "Odeon"}).data["time_zone"] == "UTC"


def test_staff_rename_a_cinema_and_a_screen(staff):
    screen = make_screen(name="Screen 1", total_seats=50)

    cinema = staff.patch(f"/api/cinemas/{screen.cinema_id}/", {"name": "Rex"})
    renamed = staff.patch(f"/api/screens/{screen.pk}/", {"name": "Screen 2"})

    assert (cinema.status_code, renamed.status_code) == (200, 200)
    assert (renamed.data["name"], renamed.data["cinema_name"], renamed.data["total_seats"]) == (
        "Screen 2",
        "Rex",
        50,
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 101),
        ("name", 5),
        ("name", None),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "europe/london"),
        ("time_zone", "+01:00"),
        ("time_zone", "../../etc/localtime"),
        ("time_zone", "localtime"),
        ("time_zone", ""),
        ("time_zone", 5),
    ],
)
def test_what_is_no_cinema_is_refused_with_the_field(staff, field, value):
    response = staff.post("/api/cinemas/", {"name": "Odeon", "time_zone": "UTC", field: value})

    assert response.status_code == 400
    assert response.data["errors"].keys() == {field}
    assert Cinema.objects.count() == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cinema", 0),
        ("cinema", 10**30),
        ("cinema", "1"),
        ("cinema", True),
        ("cinema", None),
        ("name", ""),
        ("total_seats", 0),
        ("total_seats", -1),
        ("total_seats", 6001),
        ("total_seats", 10**30),
        ("total_seats", "50"),
        ("total_seats", 50.0),
        ("total_seats", True),
    ],
)
def test_what_is_no_screen_is_refused_with_the_field(staff, field, value):
    body = {"cinema": make_cinema().pk, "name": "Screen 1", "total_seats": 50, field: value}

    response = staff.post("/api/screens/", body)

    assert response.status_code == 400
    assert response.data["errors"].keys() == {field}
    assert Screen.objects.count() == 0


def test_two_cinemas_cannot_have_one_name(staff):
    make_cinema(name="Odeon")

    response = staff.post("/api/cinemas/", {"name": "Odeon"})

    assert response.status_code == 400
    assert response.data["errors"].keys() == {"name"}


def test_two_screens_of_a_cinema_cannot_have_one_name_and_those_of_two_cinemas_can(staff):
    screen = make_screen(name="Screen 1")

    same = staff.post("/api/screens/", {"cinema": screen.cinema_id, "name": "Screen 1", "total_seats": 5})
    other = staff.post("/api/screens/", {"cinema": make_cinema().pk, "name": "Screen 1", "total_seats": 5})

    assert (same.status_code, other.status_code) == (400, 201)
    assert same.data["code"] == "invalid"


def test_what_is_in_use_cannot_be_deleted(staff):
    show = make_show()

    screen = staff.delete(f"/api/screens/{show.screen_id}/")
    cinema = staff.delete(f"/api/cinemas/{show.screen.cinema_id}/")

    assert (screen.status_code, cinema.status_code) == (409, 409)
    assert (screen.data["code"], cinema.data["code"]) == ("in_use", "in_use")
    assert Screen.objects.count() == 1


def test_what_is_not_in_use_can_be_deleted(staff):
    screen = make_screen()

    assert staff.delete(f"/api/screens/{screen.pk}/").status_code == 204
    assert staff.delete(f"/api/cinemas/{screen.cinema_id}/").status_code == 204
    assert Cinema.objects.count() == 0
