"""The Admin shows orders of guests and of people who gave no name, and who sold them."""

import pytest
from django.test import Client

from accounts.tests.factories import make_user
from bookings.exports import booking_rows
from bookings.models import Booking, BookingEvent, Guest, Order
from bookings.services import GuestDetails, SeatChoice, sell_seats
from bookings.tests.factories import by, make_guest, make_order
from movies.tests.factories import make_show
from movies.tests.machines import key_for, machine

pytestmark = pytest.mark.django_db


@pytest.fixture
def show():
    """With an order of a guest, one that staff sold to a name, and one that they sold to nobody they know."""
    show, staff = make_show(), by(make_user("till", is_staff=True))
    make_order(show, 1, user=make_guest("ann@example.com"))
    sell_seats(show.pk, SeatChoice([3]), guest=GuestDetails(name="Ada Lovelace"), actor=staff)
    sell_seats(show.pk, SeatChoice([5]), guest=None, actor=staff)
    return show


@pytest.fixture
def admin():
    client = Client()
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("rows", ["order", "booking", "bookingevent"])
def test_lists_and_pages_open(admin, show, rows):
    model = {"order": Order, "booking": Booking, "bookingevent": BookingEvent}[rows]
    paths = [
        f"/admin/bookings/{rows}/",
        *(f"/admin/bookings/{rows}/{row.pk}/change/" for row in model.objects.all()),
    ]

    pages = [admin.get(path) for path in paths]

    assert [page.status_code for page in pages] == [200] * 4
    if rows != "bookingevent":
        for name in ("ann@example.com", "Ada Lovelace", "Walk-in"):
            assert name in pages[0].content.decode()


def test_the_page_of_the_seats_names_them(admin, show):
    response = admin.get(f"/admin/movies/show/{show.pk}/seats/")

    assert response.status_code == 200
    assert "Ada Lovelace" in response.content.decode()


def test_the_history_says_what_a_guest_did(admin, show):
    booking = Booking.objects.get(seat_number=1)

    page = admin.get(f"/admin/bookings/booking/{booking.pk}/change/").content.decode()

    assert "<p>Guest</p>" in page


def test_the_table_of_bookings_names_them(show):
    header, *rows = booking_rows(Booking.objects.order_by("pk"))

    columns = [header.index("customer"), header.index("e-mail")]
    assert [[row[column] for column in columns] for row in rows] == [
        ["ann@example.com", "ann@example.com"],
        ["Ada Lovelace", ""],
        ["Walk-in", ""],
    ]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ann@", ["Ann Smith"]),
        ("ANN", ["Ann Smith", "Anna Berg"]),
        ("smi", ["Ann Smith"]),
        ("nn", []),
        ("+49 30 12", ["Ann Smith"]),
        ("030 1234", ["Ann Smith"]),
        ("1234", ["Ann Smith"]),
        ("123", []),
        (" ", []),
    ],
)
def test_guests_are_found_by_beginnings_and_by_the_end_of_a_number(typed, found):
    Guest.objects.create(name="Ann Smith", email="Ann@example.com", telephone="+49 (30) 12-34")
    Guest.objects.create(name="Anna Berg", email="berg@example.com", telephone="0171 99")

    assert list(Guest.objects.beginning(typed).order_by("pk").values_list("name", flat=True)) == found


def test_what_a_machine_did_stands_there_as_its_owners(admin):
    show = make_show()
    client = machine(key_for(owner="Kiosk, foyer", sells=True))
    body = {"show": show.pk, "seat_numbers": [7], "guest": {"name": "Ann"}}
    reference = client.post("/api/orders/", body).data["reference"]
    client.post(f"/api/orders/{reference}/cancel/")
    client.post("/api/orders/", body)
    order, booking = Order.objects.get(reference=reference), Booking.objects.first()

    for path in (
        f"bookings/order/{order.pk}/change/",
        "bookings/order/",
        "bookings/bookingevent/",
        f"bookings/bookingevent/{BookingEvent.objects.first().pk}/change/",
        f"bookings/booking/{booking.pk}/change/",
        f"movies/show/{show.pk}/seats/",
        f"movies/show/{show.pk}/people/?csv",
    ):
        response = admin.get(f"/admin/{path}")
        page = b"".join(response) if response.streaming else response.content
        assert "Kiosk, foyer" in page.decode(), path
    assert "Kiosk, foyer" in str(list(booking_rows(Booking.objects.all())))
