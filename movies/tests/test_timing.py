"""The times of a show are judged together, and against the clock, wherever it is planned or changed."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff
from movie_booking.errors import Invalid
from movies.models import Show
from movies.services import preview_copy, preview_week, schedule_week
from movies.services.timing import NEVER_ON_SALE, SALES_HAVE_ENDED, TIME_HAS_PASSED, timing_problems
from movies.tests.factories import browser_for, make_movie, make_screen, make_show, utc

NOON = utc(2030, 6, 1, 12)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("starts_in", "opens_in", "cutoff", "problems"),
    [
        (HOUR, None, 0, {}),
        (HOUR, -HOUR, 59, {}),
        (HOUR, HOUR / 2, 29, {}),
        (timedelta(0), None, 0, {"starts_at": TIME_HAS_PASSED}),
        (-HOUR, None, 30, {"starts_at": TIME_HAS_PASSED}),
        (HOUR, None, 60, {"sales_cutoff_minutes": SALES_HAVE_ENDED}),
        (HOUR, HOUR, 0, {"sales_open_at": NEVER_ON_SALE}),
        (HOUR, 2 * HOUR, 0, {"sales_open_at": NEVER_ON_SALE}),
        (HOUR, HOUR / 2, 30, {"sales_open_at": NEVER_ON_SALE}),
        (-HOUR, HOUR, 0, {"starts_at": TIME_HAS_PASSED, "sales_open_at": NEVER_ON_SALE}),
    ],
)
def test_what_is_wrong_with_times(starts_in, opens_in, cutoff, problems):
    opens = opens_in if opens_in is None else NOON + opens_in

    assert timing_problems(NOON + starts_in, opens, cutoff, at=NOON) == problems


# What staff send, and the field that is named.
WRONG = [
    ({"starts_at": -HOUR}, "starts_at"),
    ({"sales_open_at": 3 * HOUR}, "sales_open_at"),
    ({"sales_cutoff_minutes": 200}, "sales_cutoff_minutes"),
]


def sent(fields):
    return {name: now() + value if isinstance(value, timedelta) else value for name, value in fields.items()}


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["DRAFT", "ON_SALE"])
@pytest.mark.parametrize(("fields", "field"), WRONG)
def test_a_show_is_not_planned_with_them(fields, field, status):
    body = {
        "movie": make_movie().pk,
        "screen": make_screen().pk,
        "starts_at": now() + 2 * HOUR,
        "status": status,
        **sent(fields),
    }

    response = client_for(make_staff("add_show")).post("/api/shows/", body)

    assert (response.status_code, response.data["errors"].keys()) == (400, {field})
    assert Show.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(("fields", "field"), [*WRONG, ({"starts_at": HOUR / 2}, "sales_open_at")])
def test_nor_changed_so_as_to_have_them(fields, field):
    show = make_show(starts_at=now() + 2 * HOUR, sales_open_at=now() + HOUR)
    staff = client_for(make_staff("change_show"))

    response = staff.patch(f"/api/shows/{show.pk}/", sent(fields))

    assert response.status_code == 400
    assert field in response.data["errors"]
    assert Show.objects.get().starts_at == show.starts_at


@pytest.mark.django_db
def test_a_draft_whose_time_has_passed_is_not_put_on_sale():
    show = make_show(starts_at=now() - HOUR, status="DRAFT")

    response = client_for(make_staff("change_show")).patch(f"/api/shows/{show.pk}/", {"status": "ON_SALE"})

    assert response.data["errors"] == {"starts_at": [TIME_HAS_PASSED]}


@pytest.mark.django_db
def test_the_price_of_a_show_that_has_started_is_changed_as_ever():
    show = make_show(starts_at=now() - HOUR, sales_cutoff_minutes=30)
    staff = client_for(make_staff("change_show"))

    assert staff.patch(f"/api/shows/{show.pk}/", {"price": "9.50"}).data["price"] == "9.50"


def admin_fields(show=None, **changes):
    fields = {
        "movie": show.movie_id if show else make_movie().pk,
        "screen": show.screen_id if show else make_screen().pk,
        "price": "10.00",
        "status": "ON_SALE",
        "sales_cutoff_minutes": 0,
        **changes,
    }
    starts_at = fields.pop("starts_at")
    fields |= {"starts_at_0": f"{starts_at:%Y-%m-%d}", "starts_at_1": f"{starts_at:%H:%M:%S}"}
    if opens_at := fields.pop("sales_open_at", None):
        fields |= {"sales_open_at_0": f"{opens_at:%Y-%m-%d}", "sales_open_at_1": f"{opens_at:%H:%M:%S}"}
    return fields


@pytest.mark.django_db
@pytest.mark.parametrize(("fields", "field"), WRONG)
@pytest.mark.parametrize("change", [False, True])
def test_the_form_in_the_admin_says_so_beside_the_field(fields, field, change):
    staff = browser_for(make_staff("add_show", "change_show", "view_show"))
    show = make_show(starts_at=now() + 5 * HOUR) if change else None
    url = reverse("admin:movies_show_change", args=[show.pk]) if change else reverse("admin:movies_show_add")

    response = staff.post(url, admin_fields(show, **{"starts_at": now() + 2 * HOUR, **sent(fields)}))

    assert response.status_code == 200
    assert response.context["adminform"].form.errors.keys() == {field}


@pytest.mark.django_db
def test_a_week_says_which_of_its_shows_could_not_be_sold():
    at = now()
    asked = {
        "movie": make_movie(),
        "screens": [make_screen()],
        "dates": [(at + timedelta(days=days)).date() for days in (2, 8)],
        "times": [at.time().replace(second=0, microsecond=0)],
        "sales_cutoff_minutes": 3 * 24 * 60,
    }

    assert [proposal.problems for proposal in preview_week(**asked)] == [[SALES_HAVE_ENDED], []]
    with pytest.raises(Invalid, match="not valid"):
        schedule_week(**asked)


@pytest.mark.django_db
def test_so_does_a_copy():
    make_show(starts_at=now() + timedelta(days=1), sales_open_at=now() + timedelta(days=2))

    [proposal] = preview_copy(shows=Show.objects.all())

    assert proposal.problems == [NEVER_ON_SALE]
