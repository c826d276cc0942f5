"""Two people change one row at the same moment: neither loses what the other wrote."""

from collections import Counter
from functools import partial
from threading import Barrier

import pytest

from accounts.tests.factories import client_for, make_staff, make_user
from movie_booking.tests.concurrency import run_concurrently
from movie_booking.tests.pages import inputs_of
from movies.admin import MovieAdmin
from movies.services import catalogue, refuse_stale
from movies.tests.factories import browser_for, make_cinema, make_movie, make_screen, make_show

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("real_transactions")]

ROUNDS = 10
# For each route a row, and what two people make of it.
EDITS = {
    "movies": (make_movie, {"title": "Dune"}, {"language": "English"}),
    "cinemas": (make_cinema, {"address": "1 High Street"}, {"time_zone": "Europe/London"}),
    "screens": (make_screen, {"total_seats": 45}, {"no_single_seats": True}),
    "shows": (make_show, {"price": "14.00"}, {"sales_cutoff_minutes": 30}),
}


@pytest.fixture
def staff():
    return make_staff(*(f"change_{model}" for model in ("movie", "cinema", "screen", "show")))


def patch_together(staff, path, *changes, **headers):
    clients = [client_for(staff) for _ in changes]
    return run_concurrently(
        *(
            partial(client.patch, path, change, headers=headers)
            for client, change in zip(clients, changes, strict=True)
        )
    )


def values_of(row):
    return type(row).objects.values().get(pk=row.pk)


def as_stored(values):
    return {name: str(value) for name, value in values.items()}


@pytest.mark.parametrize("route", EDITS)
def test_two_changes_of_different_fields_at_once_both_take_effect(staff, route):
    make_row, first, second = EDITS[route]

    for _ in range(ROUNDS):
        row = make_row()
        responses = patch_together(staff, f"/api/{route}/{row.pk}/", first, second)

        assert [response.status_code for response in responses] == [200, 200]
        written = as_stored(values_of(row))
        assert {name: written[name] for name in {**first, **second}} == as_stored({**first, **second})


def test_two_changes_of_an_account_at_once_both_take_effect():
    for _ in range(ROUNDS):
        user = make_staff()
        patch_together(user, "/api/me/", {"first_name": "Ada"}, {"last_name": "Byron"})

        user.refresh_from_db()
        assert user.get_full_name() == "Ada Byron"


@pytest.mark.parametrize("route", EDITS)
def test_of_two_changes_of_one_version_at_once_one_is_made(staff, route):
    make_row, first, second = EDITS[route]

    for _ in range(ROUNDS):
        path = f"/api/{route}/{make_row().pk}/"
        etag = client_for(staff).get(path)["ETag"]
        responses = patch_together(staff, path, first, second, **{"If-Match": etag})

        assert Counter(response.status_code for response in responses) == {200: 1, 412: 1}


def without_the_lock(monkeypatch):
    """Both read the row before one of them writes it."""
    meeting = Barrier(2)

    def read_then_meet(row, versions=None):
        found = type(row).objects.get(pk=row.pk)
        refuse_stale(found, versions)
        meeting.wait(timeout=10)
        return found

    monkeypatch.setattr(catalogue, "lock_row", read_then_meet)


def test_control_without_the_lock_both_change_the_version_that_they_read(staff, monkeypatch):
    path = f"/api/movies/{make_movie().pk}/"
    etag = client_for(staff).get(path)["ETag"]
    without_the_lock(monkeypatch)

    responses = patch_together(staff, path, {"title": "Dune"}, {"title": "Alien"}, **{"If-Match": etag})

    assert [response.status_code for response in responses] == [200, 200]


def test_control_without_the_lock_a_row_that_is_written_whole_loses_a_change(staff, monkeypatch):
    def write_whole(row, changes):
        for name, value in changes.items():
            setattr(row, name, value)
        row.save()
        return {}

    movie = make_movie("Inception", language="")
    without_the_lock(monkeypatch)
    monkeypatch.setattr(catalogue, "write_fields", write_whole)

    patch_together(staff, f"/api/movies/{movie.pk}/", {"title": "Dune"}, {"language": "English"})

    movie.refresh_from_db()
    assert (movie.title, movie.language) in [("Dune", ""), ("Inception", "English")]


# --- Forms of the Admin ----------------------------------------------------------------------------


def save_together(row, *changes):
    """Each opens the form of the row; then both save it at the same moment."""
    model = row._meta.model_name
    page = f"/admin/movies/{model}/{row.pk}/change/"
    browsers = [browser_for(make_user(is_staff=True, is_superuser=True)) for _ in changes]
    forms = [
        {**inputs_of(browser.get(page), f"{model}_form"), **change}
        for browser, change in zip(browsers, changes, strict=True)
    ]
    return run_concurrently(
        *(partial(browser.post, page, form) for browser, form in zip(browsers, forms, strict=True))
    )


@pytest.mark.parametrize("route", EDITS)
def test_of_two_forms_that_are_saved_at_once_one_is_a_conflict(route):
    make_row, first, second = EDITS[route]
    second = {name: "on" if value is True else value for name, value in second.items()}

    for _ in range(3):
        responses = save_together(make_row(), first, second)

        assert Counter(response.status_code for response in responses) == {302: 1, 200: 1}


def test_control_without_the_lock_both_forms_are_saved(monkeypatch):
    meeting = Barrier(2)

    def meet(page, row):
        meeting.wait(timeout=10)
        return row

    monkeypatch.setattr(MovieAdmin, "lock", meet)

    responses = save_together(make_movie(), {"title": "Dune"}, {"title": "Alien"})

    assert [response.status_code for response in responses] == [302, 302]
