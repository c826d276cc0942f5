"""Lines in front of the database: one at a time, in their order, and not for ever."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from accounts.tests.factories import make_user
from movie_booking.errors import Busy
from movie_booking.tests.server import wait_until
from movie_booking.turns import Turns, turns

pytestmark = pytest.mark.django_db


@pytest.fixture
def line():
    return Turns()


def waiting(line, key):
    return len(line._lines[key])


def test_turns_are_had_one_at_a_time_in_the_order_of_their_coming(line):
    order, inside = [], []

    def visit(number):
        with line.take("show"):
            inside.append(number)
            order.append(list(inside))
            inside.remove(number)

    with ThreadPoolExecutor(20) as visitors, line.take("show"):
        for number in range(20):
            visitors.submit(visit, number)
            wait_until(lambda number=number: waiting(line, "show") == number + 1)

    assert order == [[number] for number in range(20)]
    assert line._lines == {}


def test_different_shows_do_not_wait_for_each_other(line):
    with line.take(1, 2), line.take(3):
        pass


def test_a_refusal_within_a_turn_ends_it(line):
    with pytest.raises(ZeroDivisionError), line.take(1, 2):
        raise ZeroDivisionError

    with line.take(1, 2):
        pass


def test_beyond_the_bound_it_is_refused_at_once(line, settings):
    settings.MAX_WAITING_PER_SHOW = 1
    done = Event()
    with ThreadPoolExecutor(1) as visitors:
        with line.take("show"):
            visitors.submit(lambda: exits(line, "show", done))
            wait_until(lambda: waiting(line, "show") == 1)
            with pytest.raises(Busy), line.take("show"):
                pass
        assert done.wait(10)


def exits(line, key, done):
    with line.take(key):
        done.set()


def test_who_waited_too_long_is_refused_and_leaves_the_line(line, settings):
    settings.LOCK_TIMEOUT_SECONDS = 0.01
    with line.take("show"):
        with pytest.raises(Busy), line.take("other", "show"):
            pass
        assert waiting(line, "show") == 0

    with line.take("show", "other"):
        pass


@pytest.mark.waits_in_line
def test_a_form_of_the_admin_that_waits_too_long_is_told_so(client, settings):
    settings.LOCK_TIMEOUT_SECONDS = 0.01
    with turns.take("/admin/login/"):
        response = client.post("/admin/login/", {"username": make_user().username})
        assert client.get("/admin/login/").status_code == 200

    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert "again" in response.content.decode()
