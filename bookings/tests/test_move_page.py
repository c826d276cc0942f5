"""The Admin's page on which a show is moved with its guests: looked at first, and only then done."""

import re
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.staticfiles import finders
from django.urls import reverse
from django.utils.timezone import now

from accounts.tests.factories import make_staff, make_user
from bookings.models import Status
from bookings.tests.factories import (
    block,
    book,
    hold,
    let_expire,
    make_order,
)
from bookings.tests.history import assert_history_consistent, db_snapshot
from bookings.tests.move_page import (
    address,
    change_page,
    do,
    form_of,
    messages,
    mover,
    opened,
    plan,
    press,
    seat_input,
    summary,
    typed_seats,
    was_done,
)
from bookings.tests.moves import REASON, redraw, seats_of, show_in
from movies.seat_chart import COLOURS
from movies.tests.factories import browser_for, make_screen, make_show, utc

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return mover()


# --- Who may, and where the page is linked -----------------------------------------------------------


@pytest.mark.parametrize("permissions", [(), ("view_show", "change_show", "block_seats", "change_booking")])
@pytest.mark.parametrize("method", ["get", "post"])
def test_moving_takes_a_permission_of_its_own(permissions, method):
    show = show_in("A oo")
    before = db_snapshot()

    response = getattr(browser_for(make_staff(*permissions)), method)(address(show), {"_move": ""})

    assert response.status_code == 403
    assert db_snapshot() == before


def test_customers_do_not_get_in():
    url = address(show_in("A oo"))
    assert browser_for(make_user()).get(url)["Location"] == f"/admin/login/?next={url}"


@pytest.mark.parametrize(
    ("fields", "is_offered"),
    [
        ({}, True),
        ({"status": "DRAFT"}, True),
        ({"starts_at": now() - timedelta(minutes=1)}, True),
        ({"starts_at": now() - timedelta(days=1)}, False),
        ({"status": "CANCELLED", "cancelled_at": now()}, False),
    ],
)
def test_the_page_is_linked_where_the_show_can_be_moved(fields, is_offered, staff):
    show = make_show(**fields)

    for page in (change_page(show), reverse("admin:movies_show_seats", args=[show.pk])):
        assert (f'href="{address(show)}"' in staff.get(page).content.decode()) == is_offered
        no_right = browser_for(make_staff("view_show", "change_show")).get(page)
        assert address(show) not in no_right.content.decode()
    assert staff.get(address(show)).status_code == (200 if is_offered else 302)


def test_the_form_of_a_sold_show_says_that_its_screen_changes_by_a_move():
    staff, show = mover("change_show"), make_show()
    sentence = "Move the show with its guests"
    assert sentence not in staff.get(change_page(show)).content.decode()
    book(show, 1)
    assert sentence in staff.get(change_page(show)).content.decode()


@pytest.mark.parametrize("typed", [{}, {"_move": ""}])
def test_a_show_that_can_no_longer_be_moved_leads_back_with_the_reason(typed, staff):
    cancelled = make_show(status="CANCELLED", cancelled_at=now())
    over = make_show(starts_at=now() - timedelta(days=1))

    for show, reason in ((cancelled, "The show was cancelled."), (over, "The show is over.")):
        response = staff.post(address(show), typed, follow=True)
        assert response.redirect_chain == [(change_page(show), 302)]
        assert messages(response) == [reason]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("show_id", [0, 999_999, 10**30])
def test_a_show_that_is_not_there_leads_back_to_the_list(show_id, method, staff):
    response = getattr(staff, method)(f"/admin/movies/show/{show_id}/move/", {"_move": ""})
    assert (response.status_code, response["Location"]) == (302, reverse("admin:movies_show_changelist"))


def test_staff_who_may_move_and_see_no_shows_are_led_to_the_index():
    browser, show = browser_for(make_staff("move_show")), show_in("A oo")
    book(show, 1)
    page = plan(browser, show, screen=make_screen(cinema=show.cinema, seat_plan="A oo").pk)
    assert do(browser, show, page).redirect_chain == [(reverse("admin:index"), 302)]


# --- The plan ----------------------------------------------------------------------------------------


def test_a_show_gets_the_rows_that_were_drawn_behind_its_own(staff):
    show = show_in("A oo")
    book(show, 1)
    redraw(show, "A oo\nB oooo")

    response = do(staff, show, plan(staff, show))

    show.refresh_from_db()
    assert was_done(response, show)
    assert show.total_seats == 6


def test_a_show_that_sells_the_first_seats_of_its_screen_does_so_at_another_hour(staff):
    show = show_in("A oo")
    book(show, 1)
    redraw(show, "A oo\nB oooo")

    page = plan(staff, show, starts_at_0=f"{show.starts_at + timedelta(days=1):%Y-%m-%d}")
    response = do(staff, show, page)

    show.refresh_from_db()
    assert was_done(response, show)
    assert show.total_seats == 2


def test_the_plan_of_a_show_that_has_not_sold_says_so(staff):
    page = plan(staff, show := show_in("A oo"), screen=make_screen(cinema=show.cinema, seat_plan="C oo").pk)

    assert summary(page)[1] == "No seats are sold."


def test_looking_at_the_plan_writes_nothing(staff):
    show = show_in("A oo\nB oo")
    make_order(show, 1, 2, status=Status.BOOKED)
    let_expire(hold(show, 3))
    before = db_snapshot()

    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="C oo").pk)
    press(staff, show, page, "_check")

    assert summary(page)[1] == "2 seats sold: 0 keep their seat, 2 get another one."
    assert db_snapshot() == before


def test_both_charts_draw_each_party_in_a_colour_with_a_mark(staff):
    show = show_in("A oo_oo\nB oo")
    pair, single = make_order(show, 1, 2, status=Status.BOOKED), make_order(show, 5, status=Status.BOOKED)
    block(show, "B2")

    page = plan(
        staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A oo\nC oo").pk
    ).content.decode()

    drawn = re.findall(
        r'class="seat kind-standard status-(\S+) +(party party-\d+)?" (?:data-party="(\w+)" )?.*?'
        r'title="(\w+) .*?>(\w+)</span>',
        page,
    )
    one, two = pair.reference, single.reference
    assert drawn == [
        ("same-seat", "party party-1", one, "A1", "a"),
        ("same-seat", "party party-1", one, "A2", "a"),
        ("available", "", "", "A3", "3"),
        ("available", "", "", "A4", "4"),
        ("another-seat", "party party-2", two, "B1", "b"),
        ("released", "", "", "B2", "2"),
        ("same-seat", "party party-1", one, "A1", "a"),
        ("same-seat", "party party-1", one, "A2", "a"),
        ("another-seat", "party party-2", two, "C1", "b"),
        ("available", "", "", "C2", "2"),
    ]
    assert f'title="B1 · Standard seat · another seat · order {two}: B1 → C1"' in page


def test_marks_and_colours_tell_many_parties_apart(staff):
    show = show_in("A oooooooooo\nB oooooooooo\nC oooooooooo")
    for number in range(1, 31):
        book(show, number)

    chart = (
        plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A oo").pk).context["plan"].before
    )

    parties = [seat.party for row in chart.rows for seat in row.seats]
    assert len({party.mark for party in parties}) == 30
    assert [party.mark for party in (parties[0], parties[25], parties[26], parties[29])] == [
        "a",
        "z",
        "aa",
        "ad",
    ]
    assert all(one.colour != other.colour for one, other in pairwise(parties))


def test_the_style_sheet_has_a_colour_for_each_party_on_which_white_can_be_read():
    def luminance(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        red, green, blue = (x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    sheet = Path(finders.find("movies/seat_chart.css")).read_text()
    colours = dict(re.findall(r"\.party-(\d+) \{ --party: #(\w{6}); \}", sheet))

    assert list(map(int, colours)) == list(range(1, COLOURS + 1))
    assert min(1.05 / (luminance(colour) + 0.05) for colour in colours.values()) > 4.5  # WCAG 2.1, AA


def test_the_summary_says_who_moves_who_is_left_out_and_what_goes_back(staff):
    prices = {"price": Decimal("8.00"), "premium_price": Decimal("12.00")}
    show = show_in("A oo\nB PP\nC oooo", **prices)
    make_order(show, 1, 2, status=Status.BOOKED)
    make_order(show, 3, 4, status=Status.BOOKED)
    left_out = make_order(show, 5, 6, 7, status=Status.BOOKED)
    block(show, "C4")
    screen = make_screen(cinema=show.cinema, seat_plan="A oo\nB oo")

    page = plan(staff, show, screen=screen.pk)

    assert summary(page)[0].startswith(f"Where and when: {screen}; ")
    assert summary(page)[1:] == [
        "7 seats sold: 2 keep their seat, 2 get another one, 1 order (3 seats) cannot be seated.",
        "House seats that are no more: C4.",
        "Goes back: 8.00 EUR for cheaper seats and 24.00 EUR to those who cannot be seated,"
        " if you tick it below.",
    ]
    [row] = [row for row in page.context["plan"].noteworthy if row.order == left_out]
    assert row.notes == ["cannot be seated"]
    again = press(staff, show, page, "_check", refund="on")
    [row] = [row for row in again.context["plan"].noteworthy if row.order == left_out]
    assert row.notes == ["cannot be seated", "24.00 EUR back"]


def test_orders_that_stay_are_folded_away_and_can_be_changed_too(staff):
    show = show_in("A o\nB oo")
    stays, moves = book(show, 1), book(show, 2)

    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A o\nC oo").pk)

    assert [row.order for row in page.context["plan"].others] == [stays.order]
    assert [row.order for row in page.context["plan"].noteworthy] == [moves.order]
    assert typed_seats(page) == {seat_input(stays): "A1", seat_input(moves): "C1"}


def test_names_of_customers_take_the_permission_to_see_bookings(staff):
    show = show_in("A oo")
    book(show, 1, user=make_user("ada"))
    screen = make_screen(cinema=show.cinema, seat_plan="B oo")

    assert "ada" in plan(staff, show, screen=screen.pk).content.decode()
    assert "ada" not in plan(browser_for(make_staff("move_show")), show, screen=screen.pk).content.decode()


def test_a_move_that_changes_nothing_cannot_be_done(staff):
    show = show_in("A oo")
    book(show, 1)
    page = plan(staff, show)
    assert 'name="_move"' not in page.content.decode()
    before = db_snapshot()

    response = do(staff, show, page)

    assert messages(response) == ["The show is there already, and every seat stays."]
    assert db_snapshot() == before


@pytest.mark.parametrize("seats", [2, 12])
def test_the_plan_costs_the_same_queries_for_any_number_of_seats(seats, staff, django_assert_num_queries):
    show = show_in("A oooooo\nB oooooo\nC oo")
    for number in range(1, seats + 1):
        book(show, number)
    data = {
        **opened(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A oooooooo\nB oooooooo").pk),
        "_plan": "",
    }
    page = staff.post(address(show), data)

    with django_assert_num_queries(24):
        staff.post(address(show), {**form_of(page), "_check": ""})


# --- It is done --------------------------------------------------------------------------------------


def test_the_show_moves_as_it_was_shown_and_the_log_says_why(staff):
    show = show_in("A oo\nB oo")
    order, screen = (
        make_order(show, 3, 4, status=Status.BOOKED),
        make_screen(cinema=show.cinema, seat_plan="A oo\nC oo"),
    )

    response = do(staff, show, plan(staff, show, screen=screen.pk))

    assert was_done(response, show)
    assert "2 seats sold: 0 keep their seat, 2 get another one. No money goes back." in messages(response)[0]
    show.refresh_from_db()
    assert (show.screen, seats_of(order)) == (screen, ["C1", "C2"])
    assert LogEntry.objects.get(object_id=str(show.pk)).get_change_message() == f"Moved: {REASON}"
    assert show.events.get().reason == REASON
    assert_history_consistent()


def test_those_who_cannot_be_seated_get_everything_back_only_if_it_was_ticked(staff):
    show = show_in("A oooo", price=Decimal("10.00"))
    order = make_order(show, 1, 2, 3, status=Status.BOOKED)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A oo").pk)
    before = db_snapshot()

    refused = do(staff, show, page)
    assert messages(refused) == [
        "Nothing was moved. Not all guests can be seated. "
        "Choose their seats, or leave them out and give everything back."
    ]
    assert db_snapshot() == before

    assert was_done(do(staff, show, refused, refund="on"), show)
    assert set(order.bookings.values_list("status", "refund_percent")) == {(Status.CANCELLED, 100)}


def test_a_party_is_taken_apart_only_after_that_was_looked_at(staff):
    show = show_in("A oo")
    order = make_order(show, 1, 2, status=Status.BOOKED)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A o\nB o").pk)

    shown = do(staff, show, page, apart="on")
    assert messages(shown) == ["Nothing was moved yet: look at this plan first."]
    assert seats_of(order) == ["A1", "A2"]

    assert was_done(do(staff, show, shown), show)
    assert seats_of(order) == ["A1", "B1"]


@pytest.mark.parametrize("field", ["screen", "starts_at_1"])
def test_another_target_is_looked_at_before_it_is_done(field, staff):
    show = make_show(screen=make_screen(seat_plan="A oo"), starts_at=utc(2030, 1, 15, 19))
    book(show, 1)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="B oo").pk)
    other = {"screen": make_screen(cinema=show.cinema, seat_plan="C oo").pk, "starts_at_1": "21:00"}[field]
    before = db_snapshot()

    shown = do(staff, show, page, **{field: other})
    assert messages(shown) == ["Nothing was moved yet: look at this plan first."]
    assert db_snapshot() == before

    assert was_done(do(staff, show, shown), show)


def test_a_redrawn_screen_is_moved_to_as_it_is_now(staff):
    show = show_in("A oo\nB oo")
    order = make_order(show, 3, 4, status=Status.BOOKED)
    redraw(show, "C ooo")

    assert was_done(do(staff, show, plan(staff, show)), show)

    show.refresh_from_db()
    assert (show.total_seats, seats_of(order)) == (3, ["C1", "C2"])


def test_the_pages_of_events_say_from_which_seat_a_guest_came(staff):
    show = show_in("A oo")
    booking = book(show, 1)
    assert was_done(
        do(staff, show, plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="C oo").pk)), show
    )

    page = browser_for(make_staff("view_booking", "view_bookingevent")).get(
        reverse("admin:bookings_booking_change", args=[booking.pk])
    )

    text = " ".join(re.sub(r"<[^>]*>", " ", page.content.decode()).split())
    assert "C1 Booked, A1 Booked" in text
