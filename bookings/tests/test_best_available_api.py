"""Orders of the best available seats, chosen under the lock. How they are chosen: test_best_available.py."""

import pytest

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking
from bookings.tests.factories import let_expire, make_order
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.django_db


def best(show, seats, user=None, **asked):
    client = client_for(user or make_user())
    return client.post("/api/orders/", {"show": show.pk, "best_available": seats, **asked})


def seats_of(response):
    assert response.status_code == 201, response.data
    return [booking["seat_label"] for booking in response.data["bookings"]]


def assert_refused(response, code, largest_block):
    assert (response.status_code, response.data["code"]) == (409, code)
    assert response.data["largest_block"] == largest_block


def make_show_with(*lines, **fields):
    return make_show(screen=make_screen(seat_plan="\n".join(lines), **fields))


def test_a_party_gets_the_best_seats_together_on_hold():
    show = make_show_with("A ooooo", "B ooooo", "C ooooo", "D ooooo")

    first, second = best(show, 3), best(show, 3)

    assert seats_of(first) == ["C1", "C2", "C3"]
    assert (first.data["status"], first.data["total"]) == ("HELD", "30.00")
    assert set(seats_of(second)).isdisjoint(seats_of(first))
    assert len({label[0] for label in seats_of(second)}) == 1


def test_seats_of_a_hold_that_expired_are_free_to_choose():
    show = make_show_with("A ooooo", "B ooooo", "C ooooo", "D ooooo")
    let_expire(make_order(show, *range(11, 16)))

    assert seats_of(best(show, 3)) == ["C1", "C2", "C3"]


@pytest.mark.parametrize(
    ("kind", "seats"),
    [
        ("standard", ["A1", "A2"]),
        ("premium", ["B1", "B2"]),
        ("sofa", ["C1", "C2"]),
        ("wheelchair", ["D1", "D2"]),
    ],
)
def test_a_party_gets_seats_of_the_kind_it_asks_for(kind, seats):
    assert seats_of(best(make_show_with("A oo", "B PP", "C SS", "D WWCC"), 2, kind=kind)) == seats


def test_wheelchair_and_companion_spaces_are_given_only_if_asked_for():
    show = make_show_with("A oo", "B WWCC")

    assert_refused(best(show, 3), "not_enough_seats", largest_block=2)
    assert seats_of(best(show, 2)) == ["A1", "A2"]
    assert_refused(best(show, 1), "not_enough_seats", largest_block=0)


@pytest.mark.parametrize("adjacent", [{}, {"adjacent": "preferred"}])
def test_a_party_that_prefers_to_sit_together_is_split_if_need_be(adjacent):
    assert seats_of(best(make_show_with("A oo_oo"), 4, **adjacent)) == ["A1", "A2", "A3", "A4"]


def test_a_party_that_must_sit_together_is_told_how_many_still_can():
    show = make_show_with("A ooo_oo")

    assert_refused(best(show, 4, adjacent="required"), "not_together", largest_block=3)
    assert Booking.objects.count() == 0
    assert seats_of(best(show, 3, adjacent="required")) == ["A1", "A2", "A3"]


def test_a_block_of_one_kind_is_counted_in_that_kind():
    show = make_show_with("A ooPP")

    assert_refused(best(show, 3, kind="premium", adjacent="required"), "not_together", largest_block=2)
    assert_refused(best(show, 3, kind="premium"), "not_enough_seats", largest_block=2)


def test_an_odd_party_is_not_given_half_a_sofa():
    response = best(make_show_with("A SSSS"), 3, kind="sofa")
    assert response.status_code == 400
    assert response.data["errors"] == {"best_available": ["Sofas are sold in pairs: ask for an even number."]}
    # Nor if it did not ask for sofas.
    assert_refused(best(make_show_with("A SSSS"), 3), "not_enough_seats", largest_block=2)


def test_the_chosen_seats_leave_no_single_seat():
    show = make_show_with("A ooooo", no_single_seats=True)
    make_order(show, 1)

    assert seats_of(best(show, 3)) == ["A2", "A3", "A4"]


def test_the_limit_of_a_user_holds_for_chosen_seats_too(settings):
    settings.MAX_SEATS_PER_SHOW = 3
    user, show = make_user(), make_show()
    best(show, 2, user=user)

    response = best(show, 2, user=user)

    assert (response.status_code, response.data["code"]) == (409, "too_many_seats")


def test_parties_one_after_the_other_fill_the_screen_to_the_last_seat():
    show = make_show_with("A oooooo", "B oooooo")

    seats = [label for _ in range(4) for label in seats_of(best(show, 3))]

    assert len(set(seats)) == 12
    assert_refused(best(show, 1), "not_enough_seats", largest_block=0)
