"""The page of an order: what it says, and what is done with the order at once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from accounts.tests.factories import make_staff, make_user
from bookings import services
from bookings.models import Guest, Order, OrderNote, Status
from bookings.tests.factories import block, by, hold, let_expire, make_order
from bookings.tests.order_pages import address, clerk, messages, opened, seat, send, statuses
from movies.tests.factories import browser_for, make_cinema, make_screen, make_show

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser():
    return clerk()


@pytest.fixture
def show():
    cinema = make_cinema(name="Roxy", time_zone="Asia/Tokyo")
    return make_show(
        screen=make_screen(cinema=cinema), price=Decimal("9.00"), starts_at=now() + timedelta(days=3)
    )


def text_of(response):
    return " ".join(response.content.decode().split())


def test_the_page_says_all_of_an_order(browser, show):
    ada = make_user("ada", first_name="Ada", last_name="Lovelace")
    order = make_order(show, 1, 2, user=ada, status=Status.BOOKED)
    services.cancel_order(order, actor=by(ada), seat_numbers=[2])

    page = browser.get(address(order))
    facts, text = page.context["facts"], text_of(page)

    assert [(line.booking.seat_label, line.kind, line.status, line.back) for line in facts.lines] == [
        ("A1", "Standard seat", Status.BOOKED, Decimal("9.00")),
        ("A2", "Standard seat", Status.CANCELLED, None),
    ]
    assert (facts.money.total, facts.money.given_back, facts.money.kept) == (
        Decimal(9),
        Decimal(9),
        Decimal(0),
    )
    assert [
        (line.label, line.before, line.after, line.who, line.channel) for line in page.context["history"]
    ] == [
        ("A2", "Booked", "Cancelled", "ada", "API"),
        ("A2", "Held", "Booked", "ada", "API"),
        ("A1", "Held", "Booked", "ada", "API"),
        ("A2", "Free", "Held", "ada", "API"),
        ("A1", "Free", "Held", "ada", "API"),
    ]
    for word in ("Ada Lovelace", "ada@example.com", "100 % until 24 hours before the start", "Asia/Tokyo"):
        assert word in text
    assert text.count("Asia/Tokyo") == 1  # the zone is told once


def test_times_are_those_of_the_cinema(browser, show):
    order = make_order(show, 1)
    local = show.starts_at + timedelta(hours=9)

    assert f"{local:%H:%M}" in text_of(browser.get(address(order)))


def test_a_guest_and_who_sold_it_are_named(browser, show):
    order = make_order(show, 1, status=Status.BOOKED)
    guest = Guest.objects.create(name="Grace Hopper", email="grace@example.com", telephone="+49 170 1234")
    Order.objects.filter(pk=order.pk).update(user=None, guest=guest, sold_by=make_staff())
    order.refresh_from_db()

    text = text_of(browser.get(address(order)))

    for word in ("Grace Hopper", "mailto:grace@example.com", "tel:+491701234", f"sold by {order.sold_by}"):
        assert word in text


def test_house_seats_are_freed_elsewhere(browser, show):
    block(show, "A1")

    page = browser.get(address(Order.objects.get()))

    assert "Free them on the page of the seats" in text_of(page)
    assert "Cancel seats" not in text_of(page)


def test_an_order_that_is_not_there_is_said_so(browser):
    for number in ("0", str(2**63), "abc"):
        response = browser.get(f"/admin/bookings/order/{number}/change/", follow=True)
        assert "doesn’t exist" in messages(response)[0]


def test_a_hold_is_confirmed(browser, show):
    order = hold(show, 1, 2)

    response = send(browser, order, "change", opened(browser, order, "change"), _confirm="")

    assert messages(response) == ["The order is confirmed: its seats are booked."]
    assert statuses(show) == {1: "BOOKED", 2: "BOOKED"}


def test_a_hold_is_extended(browser, show):
    order = hold(show, 1)
    order.bookings.update(expires_at=now() + timedelta(minutes=1))

    response = send(browser, order, "change", opened(browser, order, "change"), _extend="")

    assert messages(response)[0].startswith("The seats are held until ")
    assert seat(order, 1).expires_at > now() + timedelta(minutes=2)


def test_a_hold_is_released_when_staff_say(browser, show):
    order = hold(show, 1)
    until = (show.starts_at - timedelta(hours=5)).replace(second=0, microsecond=0)
    clock = f"{until + timedelta(hours=9):%Y-%m-%dT%H:%M}"

    response = send(browser, order, "change", opened(browser, order, "change"), until=clock, _release="")

    assert messages(response)[0].startswith("The seats are held until ")
    assert seat(order, 1).expires_at == until
    assert OrderNote.objects.get().text.startswith("Held until ")


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        (-1, "Hold the seats until a moment to come."),
        (24 * 3 + 1, "Hold the seats until the show starts at the latest."),
    ],
)
def test_a_hold_ends_neither_in_the_past_nor_after_the_start(browser, show, hours, sentence):
    order = hold(show, 1)
    before = seat(order, 1).expires_at
    clock = f"{now() + timedelta(hours=9 + hours):%Y-%m-%dT%H:%M}"

    page = send(browser, order, "change", opened(browser, order, "change"), until=clock, _release="")

    assert page.context["refused"] == {"release": sentence}
    assert clock in text_of(page)  # what was typed stays
    assert seat(order, 1).expires_at == before


@pytest.mark.parametrize("clock", ["0001-01-01T00:00", "noon", "2030-02-30T10:00"])
def test_a_moment_that_no_clock_shows_is_asked_for_again(browser, show, clock):
    order = hold(show, 1)

    page = send(browser, order, "change", opened(browser, order, "change"), until=clock, _release="")

    assert page.context["refused"] == {"release": "Say a day and a time."}


def test_a_hold_whose_time_is_over_is_not_confirmed(browser, show):
    order = hold(show, 1)
    form = opened(browser, order, "change")
    let_expire(order)

    page = send(browser, order, "change", form, _confirm="")

    assert "confirm" in page.context["refused"]
    assert statuses(show) == {}
    assert 'role="alert"' in text_of(page)


def test_notes_say_who_and_when(show):
    order = make_order(show, 1)
    staff = make_staff("view_order", "sell_seats")

    response = browser_for(staff).post(
        address(order), {"text": "Comes late, by train", "_note": ""}, follow=True
    )

    note = OrderNote.objects.get()
    assert (note.order, note.author, note.text) == (order, staff, "Comes late, by train")
    assert "Comes late, by train" in text_of(response)
    assert staff.username in text_of(response)


def test_an_empty_note_is_asked_for(browser, show):
    page = send(browser, make_order(show, 1), "change", {}, text=" ", _note="")

    assert page.context["refused"] == {"note": "Write the note first."}


@pytest.mark.parametrize("button", ["_confirm", "_extend", "_release", "_note", "_nonsense"])
def test_whoever_only_looks_does_nothing(show, button):
    order = hold(show, 1)
    viewer = browser_for(make_staff("view_order"))

    assert viewer.get(address(order)).status_code == 200
    assert viewer.post(address(order), {button: "", "text": "x", "shown": ""}).status_code == 403
    assert statuses(show) == {1: "HELD"}


def test_an_order_is_linked_from_its_customer():
    show = make_show()
    order = make_order(show, 1)
    root = browser_for(make_user("root", is_staff=True, is_superuser=True))

    page = text_of(root.get(f"/admin/accounts/user/{order.user_id}/change/"))

    assert f"/admin/bookings/order/?user__id__exact={order.user_id}" in page
    listed = root.get(f"/admin/bookings/order/?user__id__exact={order.user_id}")
    assert list(listed.context["cl"].result_list) == [order]
