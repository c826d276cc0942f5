"""An account takes over what its user bought as a guest, and what guests said is forgotten in time."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_user
from bookings import services
from bookings.models import Guest, Order
from bookings.tests.api import assert_refused
from bookings.tests.factories import book, by, make_order, make_shows_of_one_movie
from bookings.tests.guests import ANN, make_seller, opened, order
from bookings.tests.history import assert_history_consistent
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


def claim(user, **body):
    return client_for(user).post("/api/orders/claim/", body)


def test_an_account_takes_an_order_over_by_its_key_with_those_it_was_exchanged_for():
    here, there = make_shows_of_one_movie()
    made = order(here, 5, 6)
    client, path = opened(made)
    client.post(f"{path}confirm/")
    swapped = client.post(f"{path}exchange/", {"from": [5], "to": [1], "to_show": there.pk}).data
    client.post(f"{path}cancel/", {"seat_numbers": [6]})
    user, named = make_user(), {name: made.data[name] for name in ("reference", "access_key")}

    response = claim(user, **named)

    assert (response.status_code, response.data) == (
        200,
        {"orders": [made.data["reference"], swapped["reference"]]},
    )
    assert client.get(path).status_code == 404  # the key opens nothing any more
    assert_refused(claim(make_user(), **named), 404, "not_found")
    mine = client_for(user).get(path).data
    assert (mine["guest"], {b["ended_by"] for b in mine["bookings"]}) == (None, {"customer"})
    assert len(client_for(user).get("/api/bookings/").data["results"]) == 3
    assert not Guest.objects.exists()
    assert_history_consistent()


def test_what_was_taken_over_counts_as_the_users(settings):
    settings.MAX_SEATS_PER_SHOW = 2
    show, user = make_show(), make_user()
    made = order(show, 5, 6)
    claim(user, reference=made.data["reference"], access_key=made.data["access_key"])

    response = client_for(user).post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})
    assert_refused(response, 409, "too_many_seats")


def test_a_verified_address_takes_over_all_that_was_bought_with_it():
    user = make_user(email="Ann@example.com")
    mine = order(make_show(), 1), order(make_show(), 1, guest={"email": "ann@EXAMPLE.com"})
    other = order(make_show(), 1, guest={"email": "ann+1@example.com"})

    assert_refused(claim(user), 403, "email_not_verified")
    user.email_verified_at = now()
    user.save()
    assert claim(user).data == {"orders": [made.data["reference"] for made in mine]}
    assert claim(user).data == {"orders": []}
    client, path = opened(other)
    assert client.get(path).status_code == 200


def test_claiming_is_for_accounts_and_takes_the_right_key():
    show = make_show()
    made = order(show, 1)
    body = {"reference": made.data["reference"], "access_key": made.data["access_key"]}

    assert_refused(client_for().post("/api/orders/claim/", body), 401, "not_authenticated")
    assert_refused(opened(made)[0].post("/api/orders/claim/", body), 401, "not_authenticated")
    for wrong in ({"access_key": "x"}, {"reference": make_order(show, 3).reference}):
        assert_refused(claim(make_user(), **body | wrong), 404, "not_found")
    half = claim(make_user(), reference=made.data["reference"])
    assert half.data["error_codes"] == {"access_key": ["required"]}
    assert Guest.objects.count() == 1


def test_an_answer_repeated_after_that_tells_no_key():
    show = make_show()
    made = order(show, 5, key="k")
    claim(make_user(), reference=made.data["reference"], access_key=made.data["access_key"])

    assert "access_key" not in order(show, 5, key="k").data


# --- Forgotten ---------------------------------------------------------------------------------------


def test_what_guests_said_is_forgotten_once_all_their_shows_are_long_over():
    old, recent = make_shows_of_one_movie()
    gone, swapped, late = order(old, 1), order(old, 3), order(recent, 5)
    client, path = opened(swapped)
    client.post(f"{path}confirm/")
    client.post(f"{path}exchange/", {"from": [3], "to": [1], "to_show": recent.pk})
    kept = [swapped, late]
    for each in Order.objects.all():
        services.add_note(each, "Called twice", actor=by(make_user()))
    Guest.objects.update(created_at=now() - timedelta(days=400))
    Show.objects.filter(pk=old.pk).update(
        starts_at=now() - timedelta(days=366), ends_at=now() - timedelta(days=365, hours=22)
    )

    assert services.anonymise_guests(now() - timedelta(days=366)) == 0
    assert services.anonymise_guests(now() - timedelta(days=365)) == 1
    assert services.anonymise_guests(now() - timedelta(days=365)) == 0

    [guest] = Guest.objects.exclude(anonymised_at=None)
    blank = {field.name for field in Guest._meta.fields} - {"id", "created_at", "anonymised_at"}
    assert {getattr(guest, name) for name in blank} == {""}
    forgotten = guest.orders.get()
    assert (forgotten.reference, forgotten.notes.count()) == (gone.data["reference"], 0)
    assert forgotten.bookings.count() == 1
    client, path = opened(gone)
    assert client.get(path).status_code == 404
    for made in kept:
        client, path = opened(made)
        assert client.get(path).data["guest"] == ANN


def test_a_show_is_moved_and_cancelled_with_guests_and_walk_ins():
    show = make_show()
    client, path = opened(order(show, 1))
    client.post(f"{path}confirm/")
    book(show, 3)
    services.sell_seats(show.pk, services.SeatChoice([5]), guest=None, actor=make_seller())

    services.cancel_show(show.pk, actor=make_seller(), reason="No heating")

    [booking] = client.get(path).data["bookings"]
    assert (booking["ended_by"], booking["refund_percent"]) == ("staff", 100)
    assert_history_consistent()
