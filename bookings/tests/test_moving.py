"""A sold show is moved with its guests: to another screen, another start, a plan that was drawn anew."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.models import Booking, Status
from bookings.tests.api import assert_refused, iso, read
from bookings.tests.factories import block, book, change, give_back, hold, let_expire, make_order, move
from bookings.tests.history import assert_history_consistent, db_snapshot
from bookings.tests.moves import REASON, ask, redraw, seats_of, show_in
from movies.models import Show
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.django_db

# --- Who sits where ---------------------------------------------------------------------------------


def test_guests_keep_labels_and_ids_and_get_the_seats_of_the_new_screen():
    show = show_in("A oooo\nB oooo")
    order = make_order(show, 5, 6, status=Status.BOOKED)
    ids = set(order.bookings.values_list("pk", flat=True))
    screen = make_screen(cinema=show.cinema, seat_plan="A oooooo\nB oooooo")

    response = ask(show, screen=screen.pk)

    assert response.status_code == 200
    assert (response.data["changed"], response.data["left_out"], response.data["dropped"]) == (0, [], "")
    show.refresh_from_db()
    assert (show.screen, show.total_seats, show.live_seats) == (screen, 12, 2)
    assert dict(order.bookings.values_list("pk", "seat_number")) == dict(
        zip(sorted(ids), (7, 8), strict=True)
    )
    assert seats_of(order) == ["B1", "B2"]
    assert_history_consistent()


def test_a_show_gets_the_rows_that_a_larger_screen_has_behind_its_own():
    show = show_in("A oo")
    order = make_order(show, 1, 2, status=Status.BOOKED)

    assert ask(show, screen=make_screen(cinema=show.cinema, seat_plan="A oo\nB oooo").pk).status_code == 200

    show.refresh_from_db()
    assert (show.total_seats, seats_of(order)) == (6, ["A1", "A2"])
    assert_history_consistent()


def test_a_show_gets_the_rows_that_were_drawn_behind_its_own():
    show = show_in("A oo")
    order = make_order(show, 1, 2, status=Status.BOOKED)
    redraw(show, "A oo\nB oooo")

    assert ask(show, screen=show.screen_id).status_code == 200

    show.refresh_from_db()
    assert (show.total_seats, seats_of(order)) == (6, ["A1", "A2"])
    assert_history_consistent()


def test_a_show_that_sells_the_first_seats_of_its_screen_does_so_at_another_hour():
    show = show_in("A oo")
    redraw(show, "A oo\nB oooo")

    assert ask(show, starts_at=iso(show.starts_at + timedelta(hours=1))).status_code == 200

    show.refresh_from_db()
    assert show.total_seats == 2


def test_the_plan_names_every_seat_before_and_after():
    show = show_in("A oo\nB oo")
    order = make_order(show, 3, 4, status=Status.BOOKED)
    block(show, "A1")

    data = ask(show, screen=make_screen(cinema=show.cinema, seat_plan="A oo\nC oo").pk).data

    seats = [(each["before"], each["after"], each["order"], each["status"]) for each in data["seats"]]
    assert seats[1:] == [
        (
            {"seat_number": 3, "label": "B1", "kind": "standard"},
            {"seat_number": 3, "label": "C1", "kind": "standard"},
            order.reference,
            "BOOKED",
        ),
        (
            {"seat_number": 4, "label": "B2", "kind": "standard"},
            {"seat_number": 4, "label": "C2", "kind": "standard"},
            order.reference,
            "BOOKED",
        ),
    ]
    assert (data["seats"][0]["before"]["label"], data["seats"][0]["status"]) == ("A1", "BLOCKED")
    assert (data["changed"], data["refund"], data["currency"]) == (2, "0.00", "EUR")
    assert data["show"]["screen"] == Show.objects.get().screen_id


def test_a_dry_run_answers_the_same_plan_and_writes_nothing():
    show = show_in("A oo\nB oo")
    make_order(show, 3, 4, status=Status.BOOKED)
    let_expire(hold(show, 1))
    make_order(show, 2, status=Status.BOOKED)
    body = {"screen": make_screen(cinema=show.cinema, seat_plan="X oo\nC o").pk, "leave_out": "refund"}
    before = db_snapshot()

    planned = ask(show, dry_run=True, **body)

    assert db_snapshot() == before
    assert planned.status_code == 200
    assert (planned.data["show"]["total_seats"], planned.data["show"]["available_seats"]) == (3, 0)
    assert ask(show, **body).data == planned.data


def test_a_dry_run_tells_of_the_show_as_it_would_be_and_leaves_holds_alone_whose_time_is_over():
    show = show_in("A oooo")
    make_order(show, 1, 2, status=Status.BOOKED)
    let_expire(hold(show, 4))
    screen = make_screen(cinema=show.cinema, seat_plan="A ooo")
    before = db_snapshot()

    planned = ask(show, screen=screen.pk, dry_run=True)

    assert db_snapshot() == before
    assert (planned.data["show"]["total_seats"], planned.data["show"]["available_seats"]) == (3, 1)
    assert ask(show, screen=screen.pk).data == planned.data
    assert_history_consistent()


def test_moved_seats_may_take_the_places_of_one_another():
    show = show_in("A oooo")
    orders = [make_order(show, number, status=Status.BOOKED) for number in (1, 2, 3, 4)]
    chosen = [
        {"booking": order.bookings.get().pk, "seat_number": number}
        for order, number in zip(orders, (4, 3, 2, 1), strict=True)
    ]

    assert ask(show, seats=chosen).status_code == 200

    assert [seats_of(order) for order in orders] == [["A4"], ["A3"], ["A2"], ["A1"]]
    assert_history_consistent()


def test_a_hold_moves_too_and_expired_holds_do_not():
    show = show_in("A oo\nB oo")
    held, over = hold(show, 1), hold(show, 3)
    let_expire(over)
    move(show, screen=make_screen(cinema=show.cinema, seat_plan="C oo"))
    assert seats_of(held) == ["C1"]
    assert over.bookings.get().status == Status.EXPIRED
    assert_history_consistent()


def test_house_seats_keep_their_label_or_are_released():
    show = show_in("A oo\nB oo")
    block(show, "A2, B2")
    data = ask(show, screen=make_screen(cinema=show.cinema, seat_plan="A oo").pk).data
    assert data["dropped"] == "B2"
    assert Show.objects.get().live_seats == 1
    assert list(Booking.objects.order_by("id").values_list("status", flat=True)) == ["BLOCKED", "CANCELLED"]
    assert_history_consistent()


# --- Who cannot be seated ---------------------------------------------------------------------------


def test_a_move_is_refused_if_it_leaves_somebody_out_and_names_them():
    show = show_in("A oooo")
    order = make_order(show, 1, 2, 3, status=Status.BOOKED)
    before = db_snapshot()
    response = ask(show, screen=make_screen(cinema=show.cinema, seat_plan="A oo").pk)
    assert_refused(response, 409, "cannot_seat_all")
    assert response.data["left_out"] == [{"order": order.reference, "seats": "A1-A3"}]
    assert db_snapshot() == before


def test_those_who_are_left_out_may_get_everything_back():
    show = show_in("A oooo", price=Decimal("10.00"))
    group = make_order(show, 1, 2, 3, status=Status.BOOKED)
    held = hold(show, 4)
    data = ask(show, screen=make_screen(cinema=show.cinema, seat_plan="A o").pk, leave_out="refund").data
    assert data["left_out"] == [{"order": group.reference, "seats": "A1-A3"}]
    assert data["refund"] == "30.00"
    assert {(b.status, b.refund_percent, b.reason) for b in group.bookings.all()} == {
        (Status.CANCELLED, 100, REASON)
    }
    assert [b.seat_label for b in group.bookings.select_related("show").order_by("pk")] == ["A1", "A2", "A3"]
    assert seats_of(held) == ["A1"]
    assert_history_consistent()


def test_a_party_may_be_taken_apart_if_staff_say_so():
    show = show_in("A oo")
    order = make_order(show, 1, 2, status=Status.BOOKED)
    screen = make_screen(cinema=show.cinema, seat_plan="A o\nB o")
    assert_refused(ask(show, screen=screen.pk), 409, "cannot_seat_all")
    assert ask(show, screen=screen.pk, may_sit_alone=True).status_code == 200
    assert seats_of(order) == ["A1", "B1"]


# --- Seats chosen by hand ----------------------------------------------------------------------------


def test_others_are_seated_around_seats_that_are_chosen_by_hand():
    show = show_in("A oo\nB oo")
    john, jane = book(show, 1), book(show, 2)
    chosen = [{"booking": jane.pk, "seat_number": 1}]
    assert (
        ask(show, screen=make_screen(cinema=show.cinema, seat_plan="A oo\nB oo").pk, seats=chosen).status_code
        == 200
    )
    assert seats_of(jane.order) == ["A1"]
    assert seats_of(john.order) == ["A2"]


def test_those_whom_a_choice_leaves_out_get_everything_back_though_nothing_else_changes():
    show = show_in("A WC\nB oo")
    pair, other = make_order(show, 1, 2, status=Status.BOOKED), make_order(show, 4, status=Status.BOOKED)
    companion = pair.bookings.get(seat_number=2)
    chosen = [{"booking": companion.pk, "seat_number": 1}]  # so that there is no space for the other one

    response = ask(show, seats=chosen, leave_out="refund")

    assert response.data["left_out"] == [{"order": pair.reference, "seats": "A1-A2"}]
    assert {(b.status, b.refund_percent) for b in pair.bookings.all()} == {(Status.CANCELLED, 100)}
    assert seats_of(other) == ["B2"]
    assert_history_consistent()


def test_a_choice_that_breaks_a_rule_is_refused_with_the_reason():
    show = show_in("A oooo")
    order = make_order(show, 1, 2, status=Status.BOOKED)
    first = order.bookings.get(seat_number=1)
    chosen = [{"booking": first.pk, "seat_number": 4}]
    response = ask(show, seats=chosen)
    assert_refused(response, 409, "seats_do_not_fit")
    planned = ask(show, seats=chosen, dry_run=True)
    problem = {"reason": "alone", "order": order.reference, "seats": "A1-A2"}
    assert planned.data["problems"] == response.data["problems"] == [problem]


def test_chosen_seats_leave_no_seat_single_unless_staff_say_so():
    screen = make_screen(seat_plan="A oooooo", no_single_seats=True)
    show = make_show(screen=screen)
    order = make_order(show, 1, 2, status=Status.BOOKED)
    make_order(show, 5, 6, status=Status.BOOKED)
    first, second = order.bookings.order_by("seat_number").values_list("pk", flat=True)
    chosen = [{"booking": first, "seat_number": 2}, {"booking": second, "seat_number": 3}]

    refused = ask(show, seats=chosen)

    assert_refused(refused, 409, "seats_do_not_fit")
    assert refused.data["problems"] == [{"reason": "left_single", "order": order.reference, "seats": "A2"}]
    assert ask(show, seats=chosen, leave_single_seat=True).status_code == 200
    assert seats_of(order) == ["A2", "A3"]


def test_a_single_seat_that_the_plan_leaves_too_is_not_the_fault_of_chosen_seats():
    show = show_in("A ooooo")
    left, right = make_order(show, 1, 2, status=Status.BOOKED), make_order(show, 4, 5, status=Status.BOOKED)
    screen = make_screen(cinema=show.cinema, seat_plan="A ooooo", no_single_seats=True)
    chosen = [{"booking": each.pk, "seat_number": each.seat_number} for each in left.bookings.all()]
    assert ask(show, screen=screen.pk, seats=chosen).status_code == 200
    assert (seats_of(left), seats_of(right)) == (["A1", "A2"], ["A4", "A5"])


@pytest.mark.parametrize(
    ("choose", "error"),
    [
        (lambda one, other: [(one, 9)], "Seats are numbered 1 to 4."),
        (lambda one, other: [(one, 1), (other, 1)], "Choose each seat for one booking only."),
        (lambda one, other: [(one, 1), (one, 2)], "Name each booking once."),
        (lambda one, other: [(one + 1000, 1)], "Not a booking of this show: {}."),
        (lambda one, other: [(10**30, 1)], f"Not a booking of this show: {10**30}."),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(choose, error):
    show = show_in("A oooo")
    one, other = book(show, 1).pk, book(show, 2).pk
    chosen = [{"booking": booking, "seat_number": number} for booking, number in choose(one, other)]
    response = ask(show, seats=chosen)
    assert response.status_code == 400
    assert response.data["errors"] == {"seats": [error.format(one + 1000)]}


def test_a_choice_for_a_booking_that_is_over_by_now_is_no_obstacle():
    show = show_in("A oooo")
    gone, stays = book(show, 1), book(show, 2)
    give_back(gone)
    chosen = [{"booking": gone.pk, "seat_number": 3}, {"booking": stays.pk, "seat_number": 4}]
    assert ask(show, seats=chosen).status_code == 200
    assert seats_of(stays.order) == ["A4"]


# --- Money ------------------------------------------------------------------------------------------


def test_a_dearer_seat_costs_nothing_and_a_cheaper_one_gives_the_difference_back():
    prices = {"price": Decimal("8.00"), "premium_price": Decimal("12.00")}
    show = show_in("A oo\nB PP", **prices)
    standard = make_order(show, 1, 2, status=Status.BOOKED)
    assert (
        ask(show, screen=make_screen(cinema=show.cinema, seat_plan="A PP\nC oo").pk, dry_run=True).data[
            "refund"
        ]
        == "0.00"
    )
    premium = make_order(show, 3, 4, status=Status.BOOKED)

    data = ask(show, screen=make_screen(cinema=show.cinema, seat_plan="D oo\nE oo").pk).data

    assert data["refund"] == "8.00"
    assert read(premium).data["total"] == "16.00"
    assert read(standard).data["total"] == "16.00"
    [told] = read(premium).data["changes"]
    assert told["changes"]["prices"] == {"old": ["12.00", "12.00"], "new": ["8.00", "8.00"]}


# --- Who may, and what is refused ----------------------------------------------------------------


@pytest.mark.parametrize("permissions", [["change_show"], ["view_show"], []])
def test_moving_takes_a_permission_of_its_own(permissions):
    show = show_in("A oo")
    response = ask(show, staff=make_staff(*permissions), starts_at=iso(show.starts_at + timedelta(hours=1)))
    assert_refused(response, 403, "permission_denied")


def test_a_show_does_not_move_into_the_past_nor_once_it_is_over():
    show, over = show_in("A oo"), show_in("A oo", starts_at=now() - timedelta(hours=5))
    assert_refused(ask(show, starts_at=iso(now() - timedelta(days=400))), 400, "invalid")
    assert_refused(ask(over, starts_at=iso(now() + timedelta(days=1))), 409, "show_started")


def test_a_show_that_runs_moves_only_to_a_later_start():
    show = show_in("A oo", starts_at=now() - timedelta(minutes=5))
    screen = make_screen(cinema=show.cinema, seat_plan="A oo")
    assert_refused(ask(show, screen=screen.pk), 409, "show_started")
    assert ask(show, screen=screen.pk, starts_at=iso(now() + timedelta(hours=1))).status_code == 200


def test_a_show_that_is_late_moves_though_its_sale_has_ended_by_then():
    show = show_in("A oo", starts_at=now() + timedelta(minutes=20), sales_cutoff_minutes=60)
    later = show.starts_at + timedelta(minutes=15)
    assert ask(show, starts_at=iso(later)).status_code == 200
    assert Show.objects.get().starts_at == later


def test_a_cancelled_show_does_not_move():
    show = show_in("A oo", status=Show.Status.CANCELLED, cancelled_at=now())
    assert_refused(ask(show, screen=make_screen(cinema=show.cinema).pk), 409, "show_cancelled")


def test_a_move_onto_another_show_is_refused_and_names_it():
    there = show_in("A oo")
    screen = make_screen(cinema=there.cinema, seat_plan="A oo")
    show = make_show(screen=screen, starts_at=there.starts_at + timedelta(minutes=30))
    response = ask(show, screen=there.screen_id, dry_run=True)
    assert_refused(response, 409, "screen_occupied")
    assert [each["id"] for each in response.data["shows"]] == [there.pk]


def test_a_move_may_be_based_on_the_version_that_staff_saw():
    show = show_in("A oo")
    etag = client_for(make_user()).get(f"/api/shows/{show.pk}/")["ETag"]
    change(show, price=Decimal("9.00"))
    response = ask(show, screen=make_screen(cinema=show.cinema).pk, headers={"If-Match": etag})
    assert_refused(response, 412, "precondition_failed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "screen"),
        ({"screen": 999_999_999}, "screen"),
        ({"screen": "1"}, "screen"),
        ({"screen": None}, "screen"),
        ({"starts_at": "soon"}, "starts_at"),
        ({"starts_at": None}, "starts_at"),
        ({"starts_at": "2026-12-01T19:00:00Z", "reason": ""}, "reason"),
        ({"starts_at": "2026-12-01T19:00:00Z", "reason": "x" * 201}, "reason"),
        ({"starts_at": "2026-12-01T19:00:00Z", "dry_run": "yes"}, "dry_run"),
        ({"starts_at": "2026-12-01T19:00:00Z", "leave_out": "keep"}, "leave_out"),
        ({"starts_at": "2026-12-01T19:00:00Z", "dryrun": True}, "dryrun"),
        ({"seats": {"1": 2}}, "seats"),
        ({"seats": [{"booking": 1}]}, "seats"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(body, field):
    response = ask(show_in("A oo"), **body)
    assert response.status_code == 400
    assert list(response.data["errors"]) == [field]


def test_no_such_show():
    assert_refused(ask(Show(pk=999_999_999), screen=make_screen().pk), 404, "not_found")
