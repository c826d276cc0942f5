"""Machines sell with a key of their own, change what they sold, and look up orders of their cinemas."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_user
from bookings import services
from bookings.models import Booking, BookingEvent, Guest, IdempotencyKey, Order, Status
from bookings.tests.api import assert_refused
from bookings.tests.factories import (
    block,
    by,
    hold,
    let_expire,
    make_guest,
    make_order,
    make_shows_of_one_movie,
)
from bookings.tests.history import assert_history_consistent
from movies.models import MachineKey
from movies.services import revoke_key
from movies.tests.factories import make_cinema, make_screen, make_show
from movies.tests.machines import key_for, machine

pytestmark = pytest.mark.django_db

NOBODY = {"email": "", "name": "", "telephone": ""}


def kiosk(*cinemas, **fields):
    """A machine that sells, and no more."""
    return machine(key_for(*cinemas, **{"sells": True, "reads_catalogue": False, **fields}))


def desk(*cinemas, **fields):
    """One that looks up, and no more."""
    return kiosk(*cinemas, **{"sells": False, "looks_up": True, **fields})


def sell(client, show, *numbers, **more):
    headers = {"HTTP_IDEMPOTENCY_KEY": more.pop("key")} if "key" in more else {}
    return client.post("/api/orders/", {"show": show.pk, "seat_numbers": list(numbers), **more}, **headers)


def path_of(response):
    return f"/api/orders/{response.data['reference']}/"


# --- Selling --------------------------------------------------------------------------------------


@pytest.mark.parametrize("guest", [{}, {"guest": {}}, {"guest": {"email": "", "name": ""}}])
def test_a_machine_sells_to_somebody_of_whom_it_knows_nothing(guest, settings):
    settings.GUESTS = False  # it has a key of its own
    client, show = kiosk(), make_show()

    made = sell(client, show, 5, 6, **guest)

    assert (made.status_code, made.data["status"], made.data["guest"]) == (201, "HELD", NOBODY)
    assert "customer" not in made.data
    path = path_of(made)
    assert client.get(path).status_code == 200
    assert client.post(f"{path}confirm/").data["status"] == "BOOKED"
    assert client.get(f"{path}cancellation/").status_code == 200
    assert client.post(f"{path}exchange/", {"from": [5], "to": [7]}).status_code == 200
    given_back = client.post(f"{path}cancel/", {"seat_numbers": [7]}).data["bookings"]
    assert {each["ended_by"] for each in given_back} == {"customer", None}
    assert [each["reference"] for each in client.get("/api/orders/").data["results"]] == [
        made.data["reference"]
    ]
    key = MachineKey.objects.get()
    assert set(BookingEvent.objects.values_list("actor", "machine", "channel")) == {(None, key.pk, "API")}
    assert Order.objects.get().machine == key
    assert_history_consistent()


def test_the_receipt_opens_the_order_for_its_customer():
    made = sell(kiosk(), make_show(), 5, guest={"email": "ann@example.com", "name": "Ann"})
    customer = client_for()
    customer.credentials(HTTP_ORDER_KEY=made.data["access_key"])

    assert customer.get(path_of(made)).data["guest"]["name"] == "Ann"
    assert customer.post(f"{path_of(made)}confirm/").status_code == 200
    assert set(BookingEvent.objects.values_list("to_status", "machine")) == {
        ("HELD", MachineKey.objects.get().pk),
        ("BOOKED", None),
    }


def test_a_machine_holds_and_extends_for_as_long_as_a_user(settings):
    settings.GUEST_HOLD_MINUTES, settings.GUEST_HOLD_CAP_MINUTES = 1, 1
    client = kiosk()
    made = sell(client, make_show(), 5)
    Booking.objects.update(expires_at=now() + timedelta(seconds=30))

    extended = client.post(f"{path_of(made)}extend/")

    minutes = settings.HOLD_MINUTES
    for response in (made, extended):
        assert 60 * (minutes - 1) < response.data["expires_in_seconds"] <= 60 * minutes


def test_a_machine_sells_in_its_cinemas_only():
    here, there = make_shows_of_one_movie()
    client = kiosk(here.screen.cinema)

    assert_refused(sell(client, there, 5), 404, "not_found")
    path = path_of(sell(client, here, 5))
    swap = {"from": [5], "to": [5], "to_show": there.pk}
    assert_refused(client.post(f"{path}exchange/", swap), 404, "not_found")
    MachineKey.objects.get().cinemas.set([there.screen.cinema])
    assert_refused(client.get(path), 404, "not_found")
    assert client.get("/api/orders/").data["results"] == []
    assert sell(client, there, 5).status_code == 201


def test_what_is_exchanged_for_another_show_is_still_the_machines():
    here, there = make_shows_of_one_movie()
    client = kiosk()
    path = path_of(sell(client, here, 5))

    swapped = client.post(f"{path}exchange/", {"from": [5], "to": [6], "to_show": there.pk})

    assert swapped.status_code == 200
    assert client.post(f"{path_of(swapped)}confirm/").status_code == 200
    assert set(Order.objects.values_list("machine", flat=True)) == {MachineKey.objects.get().pk}


@pytest.mark.parametrize(
    "fields", [{"sells": False, "reads_catalogue": True}, {"looks_up": True, "sells": False}]
)
def test_who_does_not_sell_is_no_guest_either(fields):
    client = kiosk(**fields)
    order = make_order(make_show(), 1, user=make_guest())

    for body in ({}, {"guest": {"email": "ann@example.com"}}):
        assert_refused(sell(client, make_show(), 5, **body), 403, "scope_missing")
    for verb in ("confirm", "extend", "exchange", "cancel"):
        response = client.post(f"/api/orders/{order.reference}/{verb}/", {})
        assert_refused(response, 403, "scope_missing")
    response = client.get(f"/api/orders/{order.reference}/cancellation/")
    assert_refused(response, 403, "scope_missing")


def test_orders_of_others_are_none_of_its_business():
    client, show = kiosk(), make_show()
    user, guest = make_user(), make_guest()
    references = [
        make_order(show, 1, user=user).reference,
        make_order(show, 3, user=guest).reference,
        sell(kiosk(), show, 5).data["reference"],
    ]

    for reference in references:
        for verb in ("confirm", "extend", "cancel"):
            assert_refused(client.post(f"/api/orders/{reference}/{verb}/", {}), 404, "not_found")
        assert_refused(client.get(f"/api/orders/{reference}/"), 404, "not_found")
    assert client.get("/api/orders/").data["results"] == []
    assert set(BookingEvent.objects.values_list("to_status", flat=True)) == {"HELD"}


def test_what_an_account_took_over_is_the_accounts():
    client = kiosk()
    made = sell(client, make_show(), 5)
    claim = {name: made.data[name] for name in ("reference", "access_key")}

    assert client_for(make_user()).post("/api/orders/claim/", claim).status_code == 200

    assert_refused(client.get(path_of(made)), 404, "not_found")
    assert_refused(client.post(f"{path_of(made)}cancel/"), 404, "not_found")
    assert_refused(client.post("/api/orders/claim/", claim), 403, "scope_missing")


def test_a_revoked_key_ends_in_the_middle_and_what_it_sold_stays():
    client = kiosk()
    made = sell(client, make_show(), 5)
    revoke_key(MachineKey.objects.get())

    assert client.post(f"{path_of(made)}confirm/").status_code == 401
    customer = client_for()
    customer.credentials(HTTP_ORDER_KEY=made.data["access_key"])
    assert customer.post(f"{path_of(made)}confirm/").data["status"] == "BOOKED"


def test_customers_without_an_address_are_not_one_customer(settings):
    settings.MAX_HELD_ORDERS, settings.MAX_SEATS_PER_SHOW, settings.HOARDING_ORDERS = 1, 2, 1
    client, show = kiosk(), make_show()

    for seats in ((1, 2), (3, 4), (5, 6)):
        assert sell(client, show, *seats).status_code == 201
    let_expire(*Order.objects.all())
    assert sell(client, show, 7, 8).status_code == 201


def test_customers_with_an_address_are_counted_by_it_whoever_sells(settings):
    settings.MAX_HELD_ORDERS = 2
    show, ann = make_show(), {"guest": {"email": "ann@example.com"}}
    hold(show, 1, user=make_guest("ann@example.com"))

    assert sell(kiosk(), show, 3, **ann).status_code == 201
    assert_refused(sell(kiosk(), show, 5, **ann), 409, "too_many_holds")


def test_a_machine_is_held_to_the_rules_of_customers():
    client, show = kiosk(), make_show()
    assert_refused(sell(client, show, 5, leave_single_seat=True), 403, "permission_denied")
    assert_refused(sell(client, show, 5, guest={"email": "no address"}), 400, "invalid")
    assert Guest.objects.count() == 0


# --- Idempotency-Key ------------------------------------------------------------------------------


def test_a_request_that_is_repeated_gets_the_same_order_and_its_key():
    client, show = kiosk(), make_show()
    first = sell(client, show, 5, key="1")
    again = sell(client, show, 5, key="1")

    assert again.data == first.data
    assert again["Idempotent-Replayed"] == "true"
    assert Order.objects.count() == 1


def test_keys_of_machines_and_guests_do_not_meet():
    show = make_show()
    made = [
        sell(kiosk(), show, 1, key="1"),
        sell(kiosk(), show, 3, key="1"),
        sell(client_for(), show, 5, key="1", guest={"email": "none"}),
        sell(client_for(), show, 7, key="1", guest={"email": "ann@example.com"}),
    ]

    assert [response.status_code for response in made] == [201, 201, 400, 201]
    assert IdempotencyKey.objects.count() == 3


# --- Looking up -----------------------------------------------------------------------------------


def test_orders_of_its_cinemas_are_looked_up_with_their_customers():
    show = make_show()
    user = make_user(first_name="Ada", last_name="Lovelace")
    of_user = make_order(show, 1, user=user)
    of_guest = make_order(show, 3, user=make_guest("ann@example.com", name="Ann"))
    sold = sell(kiosk(), show, 5)
    client = desk(show.screen.cinema)

    def customer(reference):
        return client.get(f"/api/orders/{reference.lower()}/").data["customer"]

    assert customer(of_user.reference) == {"name": "Ada Lovelace", "email": user.email}
    assert customer(of_guest.reference) == {"name": "Ann", "email": "ann@example.com"}
    assert customer(sold.data["reference"]) == {"name": "", "email": ""}
    assert_refused(desk(make_cinema()).get(f"/api/orders/{of_user.reference}/"), 404, "not_found")


def test_the_orders_of_a_show_are_listed_in_as_many_queries_for_one_as_for_three():
    show, other = make_shows_of_one_movie()
    client = desk(show.screen.cinema)
    client.get(f"/api/orders/?show={show.pk}")  # which notes that the key was used
    sell(kiosk(), other, 1)
    counts = []
    for seats in ((1,), (3, 5)):
        for seat in seats:
            make_order(show, seat, user=make_guest() if seat == 3 else make_user())
        with CaptureQueriesContext(connection) as captured:
            found = client.get(f"/api/orders/?show={show.pk}")
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert [each["bookings"][0]["seat_number"] for each in found.data["results"]] == [5, 3, 1]
    assert all(each["customer"]["email"] for each in found.data["results"])
    assert client.get(f"/api/orders/?show={other.pk}").data["results"] == []
    response = client.get("/api/orders/")
    assert_refused(response, 400, "invalid")
    assert response.data["error_codes"] == {"show": ["required"]}


def test_who_looks_up_and_sells_changes_only_what_it_sold():
    show = make_show()
    client = kiosk(looks_up=True)
    others = make_order(show, 1, status=Status.BOOKED)
    own = sell(client, show, 3)

    assert client.get(f"/api/orders/{others.reference}/").status_code == 200
    assert_refused(client.post(f"/api/orders/{others.reference}/cancel/"), 404, "not_found")
    assert client.post(f"{path_of(own)}cancel/").status_code == 200


def test_house_seats_are_no_order_of_anybody():
    show = make_show(screen=make_screen())
    block(show, "A1")

    assert_refused(desk().get(f"/api/orders/{Order.objects.get().reference}/"), 404, "not_found")
    assert desk().get(f"/api/orders/?show={show.pk}").data["results"] == []


def test_what_is_left_of_limits_is_told_to_persons():
    client, show = kiosk(), make_show()

    assert client.get("/api/limits/").status_code == 200
    assert_refused(client.get(f"/api/limits/?show={show.pk}"), 403, "scope_missing")


def test_a_show_at_which_a_machine_sold_nothing_in_the_end_is_deleted():
    client, show = kiosk(), make_show()
    made = sell(client, show, 5)
    client.post(f"{path_of(made)}cancel/")

    services.delete_show(show.pk, actor=by())

    assert Order.objects.count() == 0
    assert MachineKey.objects.count() == 1
