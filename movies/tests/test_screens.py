"""A screen is drawn, or made from a number of seats; shows that are scheduled keep what they have."""

import pytest
from django.test import Client

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.tests.factories import change
from movies.models import Screen
from movies.seat_plan import MAX_SEATS, parse_plan, plain_plan
from movies.services import schedule_show
from movies.services.catalogue import SEATS_ARE_DRAWN
from movies.tests.factories import make_cinema, make_movie, make_screen, tomorrow

pytestmark = pytest.mark.django_db

STUDIO = "A oo_oP\n\nB WC_SS"  # 8 seats
DEN = "A SS\nB oo"  # 4
ADD = "/admin/movies/screen/add/"
PREVIEW = "/admin/movies/screen/preview/"
NO_PLAN = [
    ("A oo\nB ox", "Line 2, column 4: ‘x’ is no kind of seat. Use o, P, S, W, C, or _ for a gap."),
    ("A oo\n\nA oo", "Line 3, column 1: Row A is already drawn in line 1. Give each row its own name."),
    ("A o_S", "Line 1, column 5: This half of a sofa has no other half. Draw each sofa as SS."),
    ("A o\to", "Line 1, column 4: A tab has no fixed width. Use blanks or _ for a gap."),
]


@pytest.fixture
def api():
    return client_for(make_staff("add_screen", "change_screen"))


@pytest.fixture
def admin():
    client = Client()
    client.force_login(make_staff("view_screen", "add_screen", "change_screen"))
    return client


@pytest.fixture
def body():
    return {"cinema": make_cinema().pk, "name": "Screen 1"}


def plan_of_the_screen():
    screen = Screen.objects.get()
    assert screen.total_seats == screen.plan.total_seats
    return screen.plan


# --- The API -----------------------------------------------------------------------------------


def test_a_screen_is_made_from_a_drawing(api, body):
    response = api.post("/api/screens/", {**body, "seat_plan": STUDIO})

    assert response.status_code == 201
    assert (response.data["total_seats"], response.data["seat_plan"]) == (8, STUDIO)
    assert client_for().get(f"/api/screens/{response.data['id']}/").data == response.data
    assert plan_of_the_screen() == parse_plan(STUDIO)


def test_a_screen_is_made_from_a_number_of_seats_in_rows_of_ten(api, body):
    response = api.post("/api/screens/", {**body, "total_seats": 25})

    assert (response.status_code, response.data["total_seats"]) == (201, 25)
    assert plan_of_the_screen() == parse_plan(plain_plan(25))


def test_a_drawing_and_its_number_of_seats_may_both_be_given(api, body):
    assert api.post("/api/screens/", {**body, "seat_plan": STUDIO, "total_seats": 8}).status_code == 201


@pytest.mark.parametrize(
    ("seats", "errors"),
    [
        ({"seat_plan": STUDIO, "total_seats": 9}, {"total_seats": ["The plan has 8 seats."]}),
        ({}, {"seat_plan": ["Draw the seat plan, or give the number of seats."]}),
        ({"seat_plan": " \n "}, {"seat_plan": ["Draw the seat plan, or give the number of seats."]}),
        *(({"seat_plan": text}, {"seat_plan": [error]}) for text, error in NO_PLAN),
    ],
)
def test_what_is_no_seat_plan_is_refused_with_the_place(api, body, seats, errors):
    response = api.post("/api/screens/", {**body, **seats})

    assert response.status_code == 400
    assert response.data["errors"] == errors
    assert Screen.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"seat_plan": DEN}, DEN),
        ({"seat_plan": DEN, "total_seats": 4}, DEN),
        ({"seat_plan": "", "total_seats": 25}, plain_plan(25)),
        ({"total_seats": 8}, STUDIO),  # what it has already: no change, and no reason to lose the drawing
        ({"name": "Screen 2"}, STUDIO),
    ],
)
def test_a_screen_is_drawn_anew_by_a_drawing_or_another_number(api, change, expected):
    screen = make_screen(seat_plan=STUDIO)

    response = api.patch(f"/api/screens/{screen.pk}/", change)

    assert response.status_code == 200
    assert plan_of_the_screen() == parse_plan(expected)


@pytest.mark.parametrize("method", ["patch", "put"])
def test_a_number_of_seats_does_not_throw_the_drawing_away(api, method):
    screen = make_screen(seat_plan=STUDIO)
    change = {"cinema": screen.cinema_id, "name": screen.name, "total_seats": 25}

    response = getattr(api, method)(f"/api/screens/{screen.pk}/", change)

    assert response.status_code == 400
    assert response.data["errors"] == {"total_seats": [SEATS_ARE_DRAWN]}
    assert plan_of_the_screen() == parse_plan(STUDIO)


def test_a_number_of_seats_on_the_page_does_not_throw_the_drawing_away(admin):
    screen = make_screen(seat_plan=STUDIO)

    response = admin.post(
        f"/admin/movies/screen/{screen.pk}/change/",
        {"cinema": screen.cinema_id, "name": screen.name, "seat_plan": STUDIO, "total_seats": "25"},
    )

    assert response.context["adminform"].form.errors == {
        "total_seats": [
            "The seats of this screen are drawn. Change the drawing, or empty it to have rows of ten."
        ]
    }
    assert plan_of_the_screen() == parse_plan(STUDIO)


@pytest.mark.parametrize("seats", [{"seat_plan": STUDIO}, {"total_seats": 25}])
def test_what_a_screen_says_of_itself_can_be_sent_back(api, seats):
    path = f"/api/screens/{make_screen(**seats).pk}/"
    before = client_for().get(path).data

    response = api.put(path, {name: before[name] for name in ("cinema", "name", "total_seats", "seat_plan")})

    assert (response.status_code, response.data) == (200, before)


@pytest.mark.parametrize(
    "change", [{"seat_plan": "A x"}, {"seat_plan": " \n"}, {"seat_plan": DEN, "total_seats": 5}]
)
def test_a_change_that_is_refused_changes_nothing(api, change):
    screen = make_screen(seat_plan=STUDIO)

    assert api.patch(f"/api/screens/{screen.pk}/", change).status_code == 400
    assert plan_of_the_screen() == parse_plan(STUDIO)


# --- Admin -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seats", "expected"),
    [
        ({"seat_plan": STUDIO, "total_seats": ""}, STUDIO),
        ({"seat_plan": STUDIO.replace("\n", "\r\n"), "total_seats": ""}, STUDIO),  # as a browser sends it
        ({"seat_plan": "", "total_seats": "25"}, plain_plan(25)),
    ],
)
def test_a_screen_takes_one_form(admin, body, seats, expected):
    response = admin.post(ADD, {**body, **seats})

    assert response.status_code == 302
    assert plan_of_the_screen() == parse_plan(expected)


@pytest.mark.parametrize(
    ("seats", "field", "error"),
    [
        *(({"seat_plan": text, "total_seats": ""}, "seat_plan", error) for text, error in NO_PLAN),
        (
            {"seat_plan": "", "total_seats": ""},
            "total_seats",
            f"A screen has 1 to {MAX_SEATS:,} seats, not 0.",
        ),
        ({"seat_plan": "", "total_seats": "0"}, "total_seats", None),
        ({"seat_plan": "", "total_seats": str(MAX_SEATS + 1)}, "total_seats", None),
        ({"seat_plan": "A \0", "total_seats": ""}, "seat_plan", "Null characters are not allowed."),
    ],
)
def test_what_is_no_seat_plan_is_an_error_next_to_the_field(admin, body, seats, field, error):
    response = admin.post(ADD, {**body, **seats})

    errors = response.context["adminform"].form.errors
    assert response.status_code == 200
    assert errors.keys() == {field}
    assert error in (None, *errors[field])
    assert Screen.objects.count() == 0


@pytest.mark.parametrize(
    ("seats", "expected"),
    [
        ({"seat_plan": STUDIO, "total_seats": "8"}, STUDIO),  # saved as it was
        ({"seat_plan": DEN, "total_seats": "8"}, DEN),  # the old number is still in its box
        ({"seat_plan": STUDIO, "total_seats": ""}, STUDIO),  # it follows from the drawing
        ({"seat_plan": "", "total_seats": "8"}, plain_plan(8)),
    ],
)
def test_what_staff_typed_anew_counts(admin, seats, expected):
    screen = make_screen(seat_plan=STUDIO)

    response = admin.post(
        f"/admin/movies/screen/{screen.pk}/change/",
        {"cinema": screen.cinema_id, "name": screen.name, **seats},
    )

    assert response.status_code == 302
    assert plan_of_the_screen() == parse_plan(expected)


@pytest.mark.parametrize(
    ("seats", "shown"),
    [
        ({"seat_plan": STUDIO, "total_seats": ""}, "<p>8 seats</p>"),
        ({"seat_plan": "", "total_seats": "1"}, "<p>1 seat</p>"),
        ({"seat_plan": "", "total_seats": ""}, "The seats appear here as you draw them."),
        ({"seat_plan": "A o_S", "total_seats": ""}, "This half of a sofa has no other half."),
        ({"seat_plan": "", "total_seats": "0"}, "A screen has 1 to 6,000 seats, not 0."),
        ({"seat_plan": "", "total_seats": str(10**30)}, "A screen has 1 to 6,000 seats"),
        ({"seat_plan": "", "total_seats": "many"}, "Enter a whole number."),
        ({"seat_plan": "A \0", "total_seats": ""}, "Null characters are not allowed."),
    ],
)
def test_what_was_typed_so_far_is_drawn_or_refused_in_words(admin, seats, shown):
    response = admin.post(PREVIEW, seats)

    assert response.status_code == 200
    assert shown in response.content.decode()


def test_the_preview_is_for_staff_who_may_change_screens():
    viewer = Client()
    viewer.force_login(make_staff("view_screen"))

    assert viewer.post(PREVIEW, {"seat_plan": STUDIO}).status_code == 403


# --- Shows take a copy -------------------------------------------------------------------------


def layout_of(show):
    return client_for().get(f"/api/shows/{show.pk}/seats/?fields=layout").json()


def labels_of(show):
    return [seat["label"] for row in layout_of(show)["rows"] for seat in row["seats"]]


def test_shows_scheduled_before_keep_their_seats_and_those_scheduled_after_have_the_new_ones(api):
    screen, movie, user = make_screen(seat_plan=STUDIO), make_movie(duration_minutes=60), make_user()
    show = schedule_show(movie=movie, screen=screen, starts_at=tomorrow())
    client_for(user).post(f"/api/shows/{show.pk}/book/", {"seat_number": 5})
    seats, tickets = layout_of(show), client_for(user).get("/api/bookings/").data

    api.patch(f"/api/screens/{screen.pk}/", {"seat_plan": DEN})
    screen.refresh_from_db()
    later = schedule_show(movie=movie, screen=screen, starts_at=show.screen_free_at)

    assert layout_of(show) == seats
    assert client_for(user).get("/api/bookings/").data == tickets
    assert tickets["results"][0]["seat_label"] == "B1"
    assert client_for().get(f"/api/shows/{show.pk}/").data["total_seats"] == 8
    assert labels_of(later) == ["A1", "A2", "B1", "B2"]


def test_a_show_that_sells_fewer_seats_has_the_first_of_the_screen():
    show = schedule_show(
        movie=make_movie(), screen=make_screen(seat_plan=STUDIO), starts_at=tomorrow(), total_seats=5
    )

    assert labels_of(show) == ["A1", "A2", "A3", "A4", "B1"]


def test_a_show_takes_another_plan_when_it_takes_another_screen_or_number_and_not_when_it_moves():
    screen = make_screen(seat_plan=STUDIO)
    show = schedule_show(movie=make_movie(), screen=screen, starts_at=tomorrow())
    seats = layout_of(show)

    screen.set_seat_plan(total_seats=30)
    screen.save()
    change(show, starts_at=tomorrow())
    assert layout_of(show) == {**seats, "show_version": 1}
    change(show, total_seats=11)
    assert labels_of(show)[-1] == "B1"
    change(show, screen=make_screen(cinema=show.cinema, seat_plan=DEN), total_seats=4)
    assert labels_of(show) == ["A1", "A2", "B1", "B2"]
