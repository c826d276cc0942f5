"""Exchanging seats for those of another show: a new order, in one step, by the rules of both shows."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.models import Booking, BookingEvent, Order, Status
from bookings.tests.api import assert_refused, iso, post_to, read, statuses, swap
from bookings.tests.factories import let_expire, make_order, make_shows_of_one_movie
from bookings.tests.history import assert_history_consistent, db_snapshot
from movies.models import Show
from movies.tests.factories import browser_for, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db


def new_order(response):
    assert response.status_code == 200, response.data
    return Order.objects.get(reference=response.data["reference"])


@pytest.mark.parametrize("status", [Status.HELD, Status.BOOKED])
def test_seats_are_exchanged_for_as_many_of_another_show(status):
    show, other = make_shows_of_one_movie()
    order = make_order(show, 5, 6, 7, status=status)
    until = read(order).data["expires_at"]

    response = swap(order, [5, 6], other, [21, 20])

    swapped = new_order(response)
    assert swapped.pk != order.pk
    assert swapped.user == order.user
    answer = response.json()
    assert {name: answer[name] for name in ("show", "status", "expires_at", "exchanged_from", "total")} == {
        "show": other.pk,
        "status": status,
        "expires_at": until,
        "exchanged_from": order.reference,
        "total": str(2 * other.price),
    }
    assert [(row["order"], row["seat_number"], row["status"]) for row in answer["bookings"]] == [
        (swapped.reference, 20, status),
        (swapped.reference, 21, status),
    ]
    assert read(swapped).data["bookings"] == answer["bookings"]
    left = read(order).data
    assert (left["status"], left["show"], left["exchanged_from"]) == (status, show.pk, None)
    assert statuses(order) == {5: "CANCELLED", 6: "CANCELLED", 7: status}
    assert list(Show.objects.order_by("pk").values_list("live_seats", flat=True)) == [1, 2]
    assert_history_consistent()


@pytest.mark.parametrize(("status", "back"), [(Status.HELD, None), (Status.BOOKED, 100)])
def test_the_old_order_stays_readable_and_says_what_became_of_its_seats(status, back):
    show, other = make_shows_of_one_movie()
    order = make_order(show, 5, 6, status=status)

    swap(order, [5, 6], other, [1, 2])

    old = read(order).data
    assert (old["status"], old["total"], old["expires_at"]) == ("CANCELLED", "0.00", None)
    assert {row["refund_percent"] for row in old["bookings"]} == {back}
    fields = ("reason", "cancelled_by", "refund_percent")
    assert set(order.bookings.values_list(*fields)) == {("Exchanged", order.user.pk, back)}


def test_each_step_is_an_event_of_its_show_by_the_customer():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 5, status=Status.BOOKED)
    newest = BookingEvent.objects.latest("id").pk

    swapped = new_order(swap(order, [5], other, [1]))

    steps = BookingEvent.objects.filter(pk__gt=newest)
    assert list(steps.values_list("show", "seat_number", "from_status", "to_status", "actor", "channel")) == [
        (show.pk, 5, "BOOKED", "CANCELLED", order.user.pk, "API"),
        (other.pk, 1, "", "BOOKED", order.user.pk, "API"),
    ]
    moments = {*steps.values_list("at", flat=True), swapped.created_at, swapped.bookings.get().created_at}
    assert moments == {order.bookings.get().cancelled_at}


def test_the_seat_maps_of_both_shows_change():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 5)
    paths = [f"/api/shows/{each.pk}/seats/" for each in (show, other)]
    before = [client_for().get(path)["ETag"] for path in paths]

    swap(order, [5], other, [1])

    after = [client_for().get(path)["ETag"] for path in paths]
    assert all(new != old for new, old in zip(after, before, strict=True))


def test_what_was_held_stays_held_until_the_same_moment():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 5)
    until = now() + timedelta(minutes=3)
    Booking.objects.update(expires_at=until)

    swapped = new_order(swap(order, [5], other, [1]))

    assert swapped.bookings.get().expires_at == until
    assert post_to(swapped, "confirm").data["status"] == "BOOKED"
    assert post_to(order, "confirm").data["code"] == "already_cancelled"


def test_a_hold_is_not_extended_for_longer_by_being_exchanged(settings):
    settings.HOLD_MINUTES, settings.HOLD_CAP_MINUTES = 10, 25
    show, other = make_shows_of_one_movie()
    order = make_order(show, 5)
    held_since = now() - timedelta(minutes=20)
    Order.objects.update(created_at=held_since)
    Booking.objects.update(expires_at=now() + timedelta(minutes=1))
    there = new_order(swap(order, [5], other, [1]))
    back = new_order(swap(there, [1], show, [5]))

    extended = post_to(back, "extend")

    assert extended.data["expires_at"] == iso(held_since + timedelta(minutes=25))
    assert post_to(back, "extend").data["code"] == "hold_limit_reached"


def test_an_expired_hold_on_a_new_seat_expires():
    show, other = make_shows_of_one_movie()
    order, expired = make_order(show, 5), make_order(other, 1)
    let_expire(expired)

    assert swap(order, [5], other, [1]).status_code == 200
    assert statuses(expired) == {1: "EXPIRED"}
    assert_history_consistent()


def test_seats_are_exchanged_there_and_back_and_every_order_names_the_one_before():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 5, status=Status.BOOKED)

    there = new_order(swap(order, [5], other, [1]))
    back = new_order(swap(there, [1], show, [5]))

    listed = client_for(order.user).get("/api/orders/").data["results"]
    assert [(row["reference"], row["exchanged_from"], row["status"]) for row in listed] == [
        (back.reference, there.reference, "BOOKED"),
        (there.reference, order.reference, "CANCELLED"),
        (order.reference, None, "CANCELLED"),
    ]
    assert_history_consistent()


def test_a_list_of_exchanged_orders_takes_no_more_queries(django_assert_num_queries):
    show, other = make_shows_of_one_movie()
    user = make_user()
    for seat in (1, 2, 3):
        swap(make_order(show, seat, user=user, status=Status.BOOKED), [seat], other, [seat])

    client = client_for(user)

    with django_assert_num_queries(4):  # the user, how many orders, the orders, their bookings
        client.get("/api/orders/")


def test_the_orders_own_show_is_an_exchange_as_without_it():
    show, _ = make_shows_of_one_movie()
    order = make_order(show, 5, 6)

    response = swap(order, [5, 6], show, [6, 7])

    assert (response.data["reference"], response.data["exchanged_from"]) == (order.reference, None)
    assert statuses(order) == {5: "CANCELLED", 6: "HELD", 7: "HELD"}


def test_the_same_request_with_a_key_is_done_once():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 5, 6, status=Status.BOOKED)
    body = {"from": [5], "to_show": other.pk, "to": [1]}
    client, path = client_for(order.user), f"/api/orders/{order.reference}/exchange/"

    first = client.post(path, body, headers={"Idempotency-Key": "once"})
    second = client.post(path, body, headers={"Idempotency-Key": "once"})

    assert (first.status_code, second.status_code) == (200, 200)
    assert second["Idempotent-Replayed"] == "true"
    assert first.json() == second.json()
    assert other.bookings.count() == 1
    another = client.post(path, {**body, "to": [2]}, headers={"Idempotency-Key": "once"})
    assert_refused(another, 422, "idempotency_key_reused")


# --- Which show ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("same_movie", "same_cinema", "status"),
    [(True, True, 200), (True, False, 200), (False, True, 200), (False, False, 409)],
)
def test_the_other_show_is_of_the_same_movie_or_in_the_same_cinema(same_movie, same_cinema, status):
    show = make_show()
    screen = make_screen(cinema=show.screen.cinema if same_cinema else None)
    other = make_show(movie=show.movie if same_movie else make_movie(), screen=screen)
    order = make_order(show, 5)

    response = swap(order, [5], other, [1])

    assert response.status_code == status
    if status == 409:
        assert response.data["code"] == "not_exchangeable"
        assert statuses(order) == {5: "HELD"}


def test_a_draft_is_as_unknown_as_a_show_that_does_not_exist():
    show, draft = make_shows_of_one_movie()
    order, over = make_order(show, 5), make_order(show, 6)
    post_to(over, "cancel")
    Show.objects.filter(pk=draft.pk).update(status=Show.Status.DRAFT)
    unknown = Show(pk=draft.pk + 1)
    before = db_snapshot()

    responses = [swap(each, [5], to, [1]) for each in (order, over) for to in (draft, unknown)]

    assert [(r.status_code, r.data["code"]) for r in responses] == [(404, "not_found")] * 4
    assert db_snapshot() == before


def test_another_customers_order_is_not_found():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 5)

    response = post_to(order, "exchange", {"from": [5], "to_show": other.pk, "to": [1]}, user=make_user())

    assert_refused(response, 404, "not_found")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"starts_at": now() - timedelta(minutes=1)}, "show_started"),
        ({"status": Show.Status.CANCELLED}, "show_cancelled"),
        ({"sales_open_at": now() + timedelta(hours=1)}, "not_on_sale"),
        ({"sales_cutoff_minutes": 7 * 24 * 60}, "sales_closed"),
    ],
)
def test_the_other_show_is_on_sale(changes, code):
    show, other = make_shows_of_one_movie()
    order = make_order(show, 5, status=Status.BOOKED)
    Show.objects.filter(pk=other.pk).update(**changes)

    response = swap(order, [5], other, [1])

    assert_refused(response, 409, code)
    assert response.data["show"] == other.pk
    assert statuses(order) == {5: "BOOKED"}


@pytest.mark.parametrize("status", [Status.HELD, Status.BOOKED])
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"starts_at": now() - timedelta(minutes=1)}, "show_started"),
        ({"status": Show.Status.CANCELLED}, "show_cancelled"),
    ],
)
def test_the_show_that_is_left_has_yet_to_start(changes, code, status):
    show, other = make_shows_of_one_movie()
    order = make_order(show, 5, status=status)
    Show.objects.filter(pk=show.pk).update(**changes)

    response = swap(order, [5], other, [1])

    assert_refused(response, 409, code)
    assert response.data["show"] == show.pk
    assert statuses(order) == {5: status}


def test_the_show_that_is_left_may_be_off_sale():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 5, status=Status.BOOKED)
    Show.objects.filter(pk=show.pk).update(sales_cutoff_minutes=7 * 24 * 60)

    assert swap(order, [5], other, [1]).status_code == 200


# --- Around it ---------------------------------------------------------------------------------------


def test_a_show_whose_only_hold_was_exchanged_never_sold_and_can_be_deleted():
    show, other = make_shows_of_one_movie()
    swapped = new_order(swap(make_order(show, 5), [5], other, [1]))

    response = client_for(make_staff("delete_show", "view_show")).delete(f"/api/shows/{show.pk}/")

    assert response.status_code == 204
    assert read(swapped).data["exchanged_from"] is None
    assert_history_consistent()


def test_the_page_of_an_order_links_to_the_one_before():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 5)
    swapped = new_order(swap(order, [5], other, [1]))
    browser = browser_for(make_staff("view_order", "view_booking"))

    page = browser.get(reverse("admin:bookings_order_change", args=[swapped.pk])).content.decode()

    link = reverse("admin:bookings_order_change", args=[order.pk])
    assert f'<a href="{link}">{order.reference}</a>' in page
