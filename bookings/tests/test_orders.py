"""Orders: several seats, all or none, held until they are confirmed."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking, Order, Status
from bookings.tests.factories import block, let_expire, make_order
from bookings.tests.history import assert_history_consistent
from movies.models import Show
from movies.tests.factories import make_cinema, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db


def order(client, show, *seat_numbers):
    return client.post("/api/orders/", {"show": show.pk, "seat_numbers": seat_numbers})


def do(order, verb, body=None, user=None):
    client = client_for(user or order.user)
    return client.post(f"/api/orders/{order.reference}/{verb}/", {} if body is None else body)


def look(order, user=None):
    return client_for(user or order.user).get(f"/api/orders/{order.reference}/")


def assert_refused(response, status, code):
    assert (response.status_code, response.data["code"]) == (status, code)


def statuses(order):
    return dict(order.bookings.order_by("seat_number", "id").values_list("seat_number", "status"))


def z(moment):
    return moment.isoformat().replace("+00:00", "Z")


# --- Holding -----------------------------------------------------------------------------------


def test_seats_are_held_together_and_the_answer_says_until_when():
    screen = make_screen(name="Screen 1", cinema=make_cinema(name="Odeon"), seat_plan="A ooP")
    show = make_show(
        screen=screen, movie=make_movie("Inception"), price=Decimal("10.00"), premium_price=Decimal("12.50")
    )
    user = make_user()

    response = order(client_for(user), show, 3, 2)

    placed = Order.objects.get()
    first, second = placed.bookings.order_by("seat_number")

    def booking(row, label, price):
        return {
            "id": row.pk,
            "order": placed.reference,
            "show": show.pk,
            "movie_title": "Inception",
            "screen_name": "Screen 1",
            "cinema_name": "Odeon",
            "starts_at": z(show.starts_at),
            "seat_number": row.seat_number,
            "seat_label": label,
            "price": price,
            "status": "HELD",
            "created_at": z(row.created_at),
            "cancelled_at": None,
            "refund_percent": None,
            "refund_amount": None,
        }

    assert response.status_code == 201
    answer = response.json()
    assert answer.pop("expires_in_seconds") in (599, 600)
    assert answer == {
        "reference": placed.reference,
        "show": show.pk,
        "status": "HELD",
        "bookings": [booking(first, "A2", "10.00"), booking(second, "A3", "12.50")],
        "total": "22.50",
        "currency": "EUR",
        "expires_at": z(first.expires_at),
        "created_at": z(placed.created_at),
    }
    assert first.expires_at == second.expires_at
    assert abs(first.expires_at - placed.created_at - timedelta(minutes=10)) < timedelta(seconds=1)
    assert (placed.user, first.user, second.user) == (user, user, user)
    show.refresh_from_db()
    assert show.live_seats == 2
    assert_history_consistent()


def test_a_reference_can_be_read_out_and_not_be_guessed():
    show = make_show()

    references = {make_order(show, number).reference for number in range(1, 21)}

    assert len(references) == 20
    assert all(re.fullmatch("[0-9A-HJKMNP-TV-Z]{10}", reference) for reference in references)


def test_how_long_seats_are_held_is_a_setting(settings):
    settings.HOLD_MINUTES = 2

    response = order(client_for(make_user()), make_show(), 1)

    assert response.data["expires_in_seconds"] in (119, 120)


def test_a_conflict_names_every_seat_in_the_way_and_why_and_holds_nothing():
    show = make_show(total_seats=50)
    block(show, "A4")
    make_order(show, 3, 2)
    make_order(show, 1, status=Status.BOOKED)
    do(make_order(show, 5), "cancel")
    let_expire(make_order(show, 6))
    before = Booking.objects.count(), Order.objects.count()

    response = order(client_for(make_user()), show, 7, 6, 5, 4, 2, 1)

    assert_refused(response, 409, "seat_taken")
    assert response.json()["seats"] == [
        {"seat_number": 1, "reason": "booked"},
        {"seat_number": 2, "reason": "held"},
        {"seat_number": 4, "reason": "blocked"},
    ]
    assert (Booking.objects.count(), Order.objects.count()) == before
    assert_history_consistent()


@pytest.mark.parametrize("unknown", [51, 10**30])
def test_a_seat_that_the_show_does_not_have_is_invalid_and_nothing_is_held(unknown):
    show = make_show(total_seats=50)
    make_order(show, 1)
    before = Booking.objects.count(), Order.objects.count()

    response = order(client_for(make_user()), show, 2, 1, unknown)

    assert_refused(response, 400, "no_such_seat")
    assert response.data["errors"] == {"seat_numbers": ["Seats are numbered 1 to 50."]}
    assert (Booking.objects.count(), Order.objects.count()) == before


def test_half_a_sofa_is_not_held_but_a_whole_one_is():
    show = make_show(screen=make_screen(seat_plan="A ooSS"))
    client = client_for(make_user())

    half = order(client, show, 2, 3)

    assert_refused(half, 409, "sold_in_pairs")
    assert half.data["seats"] == [{"seat_number": 4, "reason": "other_half"}]
    assert order(client, show, 3, 4).status_code == 201


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"status": Show.Status.DRAFT}, 404, "not_found"),
        ({"status": Show.Status.CANCELLED}, 409, "show_cancelled"),
        ({"starts_at": now() - timedelta(minutes=1)}, 409, "show_started"),
        ({"sales_open_at": now() + timedelta(hours=1)}, 409, "not_on_sale"),
        ({"starts_at": now() + timedelta(minutes=30), "sales_cutoff_minutes": 31}, 409, "sales_closed"),
    ],
)
def test_a_show_that_is_not_on_sale_takes_no_order(fields, status, code):
    response = order(client_for(make_user()), make_show(**fields), 1)

    assert_refused(response, status, code)
    assert Order.objects.count() == 0


@pytest.mark.parametrize("show", [0, 999_999, 2**63, 10**30])
def test_an_order_for_a_show_that_is_not_there_is_not_found(show):
    response = client_for(make_user()).post("/api/orders/", {"show": show, "seat_numbers": [1]})

    assert_refused(response, 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", ""), ("post", ""), ("get", "X/")]
    + [("post", f"X/{verb}/") for verb in ("confirm", "extend", "cancel", "exchange")],
)
def test_without_logging_in_there_are_no_orders(method, path):
    assert_refused(getattr(client_for(), method)(f"/api/orders/{path}"), 401, "not_authenticated")


# --- Limits ------------------------------------------------------------------------------------


def test_a_user_has_so_many_live_seats_of_a_show_and_no_more(settings):
    settings.MAX_SEATS_PER_SHOW = 4
    user, show = make_user(), make_show()
    make_order(show, 1, 2, user=user, status=Status.BOOKED)
    held = make_order(show, 3, user=user)
    client = client_for(user)

    too_many = order(client, show, 4, 5)
    assert_refused(too_many, 409, "too_many_seats")
    assert too_many.data["limit"] == 4
    assert order(client, show, 4).status_code == 201
    assert_refused(client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}), 409, "too_many_seats")

    # Neither what has expired counts, nor another show, nor another user.
    let_expire(held)
    assert client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}).status_code == 201
    assert order(client, make_show(), 1, 2, 3, 4).status_code == 201
    assert order(client_for(make_user()), show, 6, 7, 8, 9).status_code == 201


def test_a_user_has_so_many_orders_on_hold_and_no_more(settings):
    settings.MAX_HELD_ORDERS = 2
    user = make_user()
    first, second = make_order(make_show(), 1, 2, user=user), make_order(make_show(), 1, user=user)
    show, client = make_show(), client_for(user)

    too_many = order(client, show, 1)
    assert_refused(too_many, 409, "too_many_holds")
    assert too_many.data["limit"] == 2
    # What is booked at once is never on hold.
    assert client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 1}).status_code == 201

    do(first, "confirm")
    assert order(client, show, 2).status_code == 201
    assert_refused(order(client, show, 3), 409, "too_many_holds")
    let_expire(second)
    assert order(client, show, 3).status_code == 201


# --- Confirming and extending ------------------------------------------------------------------


def test_confirming_books_the_seats_that_were_held():
    held = make_order(make_show(price=Decimal("9.50")), 5, 6)

    response = do(held, "confirm")

    assert response.status_code == 200
    answer = response.json()
    assert answer == look(held).json()
    assert (answer["reference"], answer["status"], answer["total"]) == (held.reference, "BOOKED", "19.00")
    assert (answer["expires_at"], answer["expires_in_seconds"]) == (None, None)
    assert statuses(held) == {5: "BOOKED", 6: "BOOKED"}
    assert not held.bookings.exclude(expires_at=None).exists()
    assert_history_consistent()


def test_a_reference_may_be_typed_in_any_case():
    held = make_order(make_show(), 5)
    client = client_for(held.user)
    path = f"/api/orders/{held.reference.lower()}/"

    assert client.get(path).data["reference"] == held.reference
    for verb, body in (
        ("extend", {}),
        ("exchange", {"from": [5], "to": [6]}),
        ("confirm", {}),
        ("cancel", {}),
    ):
        if verb == "extend":
            Booking.objects.update(expires_at=now() + timedelta(minutes=1))
        assert client.post(f"{path}{verb}/", body).status_code == 200, verb


def test_an_order_is_confirmed_once():
    booked = make_order(make_show(), 5, status=Status.BOOKED)

    assert_refused(do(booked, "confirm"), 409, "already_confirmed")


@pytest.mark.parametrize("verb", ["confirm", "extend", "cancel"])
def test_what_was_given_back_is_not_there_to_confirm_extend_or_cancel(verb):
    held = make_order(make_show(), 5, 6)
    do(held, "cancel")

    assert_refused(do(held, verb), 409, "already_cancelled")
    assert statuses(held) == {5: "CANCELLED", 6: "CANCELLED"}


def test_of_an_order_cancelled_in_part_the_rest_is_confirmed():
    held = make_order(make_show(), 5, 6)
    do(held, "cancel", {"seat_numbers": [5]})

    assert do(held, "confirm").data["status"] == "BOOKED"
    assert statuses(held) == {5: "CANCELLED", 6: "BOOKED"}


@pytest.mark.parametrize("verb", ["confirm", "extend", "cancel"])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"starts_at": now() - timedelta(minutes=1)}, "show_started"),
        ({"status": Show.Status.CANCELLED}, "show_cancelled"),
    ],
)
def test_an_order_of_a_show_that_is_past_or_cancelled_stays_as_it_is(verb, change, code):
    held = make_order(make_show(), 5)
    Show.objects.update(**change)

    assert_refused(do(held, verb), 409, code)
    assert statuses(held) == {5: "HELD"}


def test_a_hold_that_began_in_time_is_confirmed_after_the_end_of_sales():
    held = make_order(make_show(), 5)
    Show.objects.update(sales_cutoff_minutes=7 * 24 * 60)

    assert do(held, "confirm").status_code == 200


def test_extending_holds_the_seats_anew_but_never_beyond_the_cap():
    held = make_order(make_show(), 5, 6)

    def age(minutes, left):
        """As if the order had been placed so long ago, with so long to go."""
        Order.objects.update(created_at=now() - timedelta(minutes=minutes))
        Booking.objects.update(expires_at=now() + timedelta(minutes=left))

    age(9, left=1)
    extended = do(held, "extend")
    assert (extended.status_code, extended.data["status"]) == (200, "HELD")
    assert extended.data["expires_in_seconds"] in (599, 600)
    assert len(set(held.bookings.values_list("expires_at", flat=True))) == 1

    age(25, left=1)
    assert do(held, "extend").data["expires_in_seconds"] in (299, 300)
    assert_refused(do(held, "extend"), 409, "hold_limit_reached")
    assert do(held, "confirm").status_code == 200


def test_a_hold_that_is_as_long_as_it_may_be_is_not_extended(settings):
    settings.HOLD_MINUTES = settings.HOLD_CAP_MINUTES = 10

    assert_refused(do(make_order(make_show(), 5), "extend"), 409, "hold_limit_reached")


def test_only_a_hold_is_extended():
    booked = make_order(make_show(), 5, status=Status.BOOKED)

    assert_refused(do(booked, "extend"), 409, "not_held")


# --- Cancelling --------------------------------------------------------------------------------


def test_releasing_a_hold_frees_its_seats_and_nothing_was_paid():
    show = make_show()
    held = make_order(show, 5, 6)

    response = do(held, "cancel")

    assert response.status_code == 200
    assert (response.data["status"], response.data["total"]) == ("CANCELLED", "0.00")
    assert [row["refund_percent"] for row in response.data["bookings"]] == [None, None]
    assert make_order(show, 5, 6).bookings.count() == 2
    assert_history_consistent()


def test_a_booked_order_is_cancelled_whole():
    booked = make_order(make_show(starts_at=now() + timedelta(days=3)), 5, 6, status=Status.BOOKED)

    response = do(booked, "cancel")

    assert (response.data["status"], response.data["total"]) == ("CANCELLED", "0.00")
    assert [row["refund_amount"] for row in response.data["bookings"]] == ["10.00", "10.00"]
    assert_refused(do(booked, "cancel"), 409, "already_cancelled")


@pytest.mark.parametrize("status", [Status.HELD, Status.BOOKED])
def test_some_seats_of_an_order_are_given_back_and_the_rest_stays(status):
    show = make_show()
    placed = make_order(show, 5, 6, 7, status=status)

    response = do(placed, "cancel", {"seat_numbers": [6]})

    assert (response.data["status"], response.data["total"]) == (status, "20.00")
    assert statuses(placed) == {5: status, 6: "CANCELLED", 7: status}
    assert make_order(show, 6).bookings.count() == 1
    assert_history_consistent()


@pytest.mark.parametrize("seat_numbers", [[7], [5, 7], [4, 7], [51], [10**30]])
def test_seats_that_are_not_in_the_order_cannot_be_given_back_with_it(seat_numbers):
    placed = make_order(make_show(), 4, 5)
    do(placed, "cancel", {"seat_numbers": [4]})
    make_order(placed.show, 7, user=placed.user)

    response = do(placed, "cancel", {"seat_numbers": seat_numbers})

    assert_refused(response, 400, "invalid")
    assert response.data["errors"].keys() == {"seat_numbers"}
    assert statuses(placed) == {4: "CANCELLED", 5: "HELD"}


def test_a_seat_is_given_back_once():
    placed = make_order(make_show(), 4, 5, 6)
    do(placed, "cancel", {"seat_numbers": [4]})

    assert_refused(do(placed, "cancel", {"seat_numbers": [4]}), 409, "already_cancelled")
    assert_refused(do(placed, "cancel", {"seat_numbers": [4, 5]}), 409, "already_cancelled")
    Booking.objects.filter(seat_number=5).update(expires_at=now())
    assert_refused(do(placed, "cancel", {"seat_numbers": [5]}), 409, "hold_expired")
    assert statuses(placed) == {4: "CANCELLED", 5: "HELD", 6: "HELD"}


def test_an_order_gives_back_both_halves_of_a_sofa_or_none():
    show = make_show(screen=make_screen(seat_plan="A ooSS"))
    placed = make_order(show, 1, 3, 4, status=Status.BOOKED)

    response = do(placed, "cancel", {"seat_numbers": [1, 3]})

    assert_refused(response, 409, "sold_in_pairs")
    assert response.data["seats"] == [{"seat_number": 4, "reason": "other_half"}]
    assert do(placed, "cancel", {"seat_numbers": [3, 4]}).status_code == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"starts_at": now() - timedelta(minutes=1)}, "show_started"),
        ({"status": Show.Status.CANCELLED}, "show_cancelled"),
    ],
)
def test_half_a_sofa_of_a_show_that_is_past_or_cancelled_is_refused_for_that(change, code):
    show = make_show(screen=make_screen(seat_plan="A ooSS"))
    booked = make_order(show, 3, 4, status=Status.BOOKED)
    Show.objects.update(**change)

    assert_refused(do(booked, "cancel", {"seat_numbers": [3]}), 409, code)


def test_the_booking_of_half_a_sofa_takes_the_other_half_along():
    show = make_show(screen=make_screen(seat_plan="A ooSS"))
    placed = make_order(show, 1, 3, 4, status=Status.BOOKED)
    client, half = client_for(placed.user), placed.bookings.get(seat_number=3)

    quote = client.get(f"/api/bookings/{half.pk}/cancellation/")
    response = client.post(f"/api/bookings/{half.pk}/cancel/")

    assert (response.status_code, response.data["seat_number"]) == (200, 3)
    assert statuses(placed) == {1: "BOOKED", 3: "CANCELLED", 4: "CANCELLED"}
    returned = sum(booking.refund_amount for booking in placed.bookings.filter(seat_number__gt=1))
    assert Decimal(quote.data["refund_amount"]) == returned


def test_a_single_booking_of_an_order_is_cancelled_by_its_id():
    placed = make_order(make_show(), 5, 6, status=Status.BOOKED)
    booking = placed.bookings.get(seat_number=5)

    response = client_for(placed.user).post(f"/api/bookings/{booking.pk}/cancel/")

    assert (response.status_code, response.data["order"]) == (200, placed.reference)
    assert look(placed).data["status"] == "BOOKED"
    assert statuses(placed) == {5: "CANCELLED", 6: "BOOKED"}


# --- Whose orders ------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["", "confirm/", "extend/", "cancel/", "exchange/"])
def test_somebody_elses_order_is_not_found(verb):
    held = make_order(make_show(), 5)
    for stranger in (make_user(), make_user(is_staff=True, is_superuser=True)):
        client, path = client_for(stranger), f"/api/orders/{held.reference}/{verb}"
        body = {"from": [5], "to": [6]} if verb == "exchange/" else {}

        response = client.post(path, body) if verb else client.get(path)

        assert_refused(response, 404, "not_found")
    assert statuses(held) == {5: "HELD"}


def test_the_list_has_ones_own_orders_newest_first_with_their_bookings():
    user, show = make_user(), make_show()
    first = make_order(show, 1, 2, user=user)
    make_order(show, 3)
    second = make_order(show, 4, user=user, status=Status.BOOKED)

    answer = client_for(user).get("/api/orders/").json()

    assert (answer["count"], answer["next"], answer["previous"]) == (2, None, None)
    assert [(row["reference"], row["status"], len(row["bookings"])) for row in answer["results"]] == [
        (second.reference, "BOOKED", 1),
        (first.reference, "HELD", 2),
    ]
    assert answer["results"][0] == look(second).json()


def test_seats_that_staff_blocked_are_no_orders_of_theirs():
    staff, show = make_user(), make_show()
    block(show, "A1-A2", staff=staff)
    blocked = Order.objects.get()
    bought = make_order(show, 3, user=staff)

    assert [row["reference"] for row in client_for(staff).get("/api/orders/").data["results"]] == [
        bought.reference
    ]
    assert_refused(look(blocked), 404, "not_found")
    assert_refused(do(blocked, "cancel"), 404, "not_found")


def test_a_booking_made_at_once_is_an_order_of_one():
    user, show = make_user(), make_show()
    booking = client_for(user).post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}).json()

    placed = look(Order.objects.get()).json()

    assert (placed["reference"], placed["status"]) == (booking["order"], "BOOKED")
    assert placed["bookings"] == [booking]


@pytest.mark.parametrize("orders", [1, 3])
def test_the_list_costs_the_same_queries_for_any_number_of_orders(orders, django_assert_num_queries):
    user = make_user()
    for seats in range(1, orders + 1):
        make_order(make_show(), *range(1, seats + 1), user=user)
    client = client_for(user)

    with django_assert_num_queries(4):  # who is asking, how many orders, the orders, their bookings
        client.get("/api/orders/")
