"""When a show can be seen and booked: once it is no draft, and while its sale is open."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.models import Booking, Status
from bookings.tests.api import iso
from bookings.tests.factories import block, change, give_back, make_booking, make_former_staff
from movie_booking.tests.problems import problem_of
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def book(show, user=None):
    return client_for(user or make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})


# --- Drafts ------------------------------------------------------------------------------------


def seen_in(client, show):
    """In which lists and pages the client finds the show."""
    lists = {
        path
        for path in (
            "shows/",
            "shows/?status=DRAFT",
            "shows/?upcoming=false",
            f"shows/?search={show.movie.title}",
            f"movies/{show.movie_id}/shows/",
        )
        if show.pk in [row["id"] for row in client.get(f"/api/{path}").data["results"]]
    }
    return lists | ({"itself"} if client.get(f"/api/shows/{show.pk}/").status_code == 200 else set())


@pytest.mark.parametrize(
    "make_caller", [lambda: None, make_user, make_staff, lambda: make_former_staff("view_show")]
)
def test_customers_do_not_see_a_draft_anywhere(make_caller):
    show = make_show(status=Show.Status.DRAFT)

    assert seen_in(client_for(make_caller()), show) == set()


@pytest.mark.parametrize(
    "make_caller", [lambda: make_staff("view_show"), lambda: make_user(is_staff=True, is_superuser=True)]
)
def test_staff_who_may_view_shows_see_it_everywhere(make_caller):
    show = make_show(status=Show.Status.DRAFT)

    assert seen_in(client_for(make_caller()), show) == {
        "shows/",
        "shows/?status=DRAFT",
        "shows/?upcoming=false",
        f"shows/?search={show.movie.title}",
        f"movies/{show.movie_id}/shows/",
        "itself",
    }


@pytest.mark.parametrize("make_caller", [make_user, lambda: make_user(is_staff=True, is_superuser=True)])
def test_a_draft_cannot_be_booked_and_is_not_found(make_caller):
    response = book(make_show(status=Show.Status.DRAFT), make_caller())

    assert response.status_code == 404
    assert response.data["code"] == "not_found"
    assert Booking.objects.count() == 0


def test_a_movie_with_nothing_but_a_draft_is_not_showing():
    show = make_show(status=Show.Status.DRAFT)

    def showing():
        return client_for().get("/api/movies/?now_showing=true").data["count"]

    assert showing() == 0
    change(show, status=Show.Status.ON_SALE)
    assert showing() == 1


def test_a_draft_that_is_put_on_sale_can_be_seen_and_booked():
    show = make_show(status=Show.Status.DRAFT)

    change(show, status=Show.Status.ON_SALE)

    assert "itself" in seen_in(client_for(), show)
    assert client_for().get(f"/api/shows/{show.pk}/seats/").status_code == 200
    assert book(show).status_code == 201


# --- The time of the sale ----------------------------------------------------------------------


def test_before_its_sale_opens_a_show_is_seen_and_not_booked_and_says_when_it_will_be():
    opens = now() + MINUTE
    show = make_show(sales_open_at=opens)

    response = book(show)

    assert response.status_code == 409
    assert problem_of(response) == {
        "type": "urn:problem-type:movie-booking:not_on_sale",
        "title": "Not on sale",
        "status": 409,
        "detail": "The sale of this show has not begun.",
        "code": "not_on_sale",
        "sales_open_at": iso(opens),
    }
    assert client_for().get(f"/api/shows/{show.pk}/").json()["sales_open_at"] == iso(opens)
    assert Booking.objects.count() == 0


@pytest.mark.parametrize("ago", [timedelta(0), MINUTE])
def test_from_the_moment_that_its_sale_opens_a_show_is_booked(ago):
    assert book(make_show(sales_open_at=now() - ago)).status_code == 201


def test_the_moment_at_which_a_sale_opens_belongs_to_it_and_that_at_which_it_closes_does_not(monkeypatch):
    show = make_show(sales_open_at=now() + MINUTE, sales_cutoff_minutes=30)

    monkeypatch.setattr(timezone, "now", lambda: show.sales_open_at)
    assert book(show).status_code == 201
    monkeypatch.setattr(timezone, "now", lambda: show.sales_close_at)
    assert book(show).data["code"] == "sales_closed"


@pytest.mark.parametrize(
    ("starts_in", "cutoff", "code"),
    [
        (31 * MINUTE, 30, None),
        (30 * MINUTE, 30, "sales_closed"),  # by now it is a little less
        (MINUTE, 30, "sales_closed"),
        (MINUTE, 0, None),
        (timedelta(0), 0, "show_started"),
        (-MINUTE, 30, "show_started"),
        (timedelta(days=7, minutes=1), 7 * 24 * 60, None),
        (timedelta(days=7), 7 * 24 * 60, "sales_closed"),
    ],
)
def test_the_sale_closes_so_many_minutes_before_the_start(starts_in, cutoff, code):
    show = make_show(starts_at=now() + starts_in, sales_cutoff_minutes=cutoff)

    response = book(show)

    assert response.status_code == (409 if code else 201)
    assert response.data.get("code") == code
    assert Booking.objects.count() == (0 if code else 1)
    assert client_for().get(f"/api/shows/{show.pk}/").json()["sales_close_at"] == iso(
        show.starts_at - cutoff * MINUTE
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": "CANCELLED"}, "show_cancelled"),
        ({"status": "CANCELLED", "starts_at": now() - MINUTE}, "show_cancelled"),
        ({"starts_at": now() - MINUTE}, "show_started"),
        ({"sales_cutoff_minutes": 7 * 24 * 60}, "not_on_sale"),
    ],
)
def test_of_several_refusals_the_one_that_will_last_is_given(fields, code):
    response = book(make_show(sales_open_at=now() + MINUTE, **fields))

    assert (response.status_code, response.data["code"]) == (409, code)


def test_a_sale_can_be_opened_early_or_later():
    show = make_show(sales_open_at=now() + MINUTE)
    staff = client_for(make_staff("change_show"))

    def book_after(**fields):
        assert staff.patch(f"/api/shows/{show.pk}/", fields).status_code == 200
        return book(show)

    assert book_after(sales_open_at=None).status_code == 201
    assert book_after(sales_open_at=iso(now() + MINUTE)).data["code"] == "not_on_sale"


@pytest.mark.parametrize(
    "fields", [{"sales_open_at": now() + timedelta(hours=1)}, {"sales_cutoff_minutes": 7 * 24 * 60}]
)
def test_outside_of_the_sale_seats_are_still_given_back_and_blocked(fields):
    user, show = make_user(), make_show()
    booking = make_booking(show, user=user)
    Show.objects.update(**fields)

    assert give_back(booking).status == Status.CANCELLED
    assert block(show, "A1", staff=user).seat_numbers == [1]
