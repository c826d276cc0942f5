"""One request sent eight times at once with the same Idempotency-Key."""

from collections import Counter
from functools import partial

import pytest

from accounts.tests.factories import client_for, make_user
from bookings import buying_together
from bookings.idempotency import Asker, StoredResponse, run_once
from bookings.models import BookingEvent
from bookings.tests.factories import make_order
from bookings.tests.race_calls import (
    assert_consistent,
)
from movie_booking.tests.concurrency import run_concurrently
from movies.tests.factories import make_show

pytestmark = pytest.mark.usefixtures("real_transactions")


def requests():
    """What can be sent with a key, and how many changes of seats it makes."""
    show, user = make_show(), make_user()
    order = make_order(show, 1, 2, user=user)
    reference = f"/api/orders/{order.reference}"
    return user, {
        "book": (f"/api/shows/{show.pk}/book/", {"seat_number": 5}, 1),
        "order": ("/api/orders/", {"show": show.pk, "best_available": 3}, 3),
        "confirm": (f"{reference}/confirm/", {}, 2),
        "cancel": (f"{reference}/cancel/", {}, 2),
        "exchange": (f"{reference}/exchange/", {"from": [1], "to": [7]}, 2),
        "cancel one": (f"/api/bookings/{order.bookings.first().pk}/cancel/", {}, 1),
    }


def send_eight_times(user, path, body):
    clients = [client_for(user) for _ in range(8)]
    return run_concurrently(
        *(partial(client.post, path, body, HTTP_IDEMPOTENCY_KEY="k") for client in clients)
    )


@pytest.mark.parametrize("what", ["book", "order", "confirm", "cancel", "exchange", "cancel one"])
def test_the_same_key_eight_times_at_once_has_one_effect_and_eight_equal_responses(what):
    user, all_requests = requests()
    path, body, effects = all_requests[what]
    before = BookingEvent.objects.count()

    responses = send_eight_times(user, path, body)

    status = 201 if what in ("book", "order") else 200
    first = responses[0].content
    assert {(response.status_code, response.content) for response in responses} == {(status, first)}
    assert Counter(response.get("Idempotent-Replayed") for response in responses) == {"true": 7, None: 1}
    assert BookingEvent.objects.count() == before + effects
    assert_consistent()


@pytest.mark.parametrize("common", ["hash by the new key", "hash by the old key"])
def test_hosts_of_which_half_know_another_secret_too_do_the_work_once(common):
    done = []

    def work():
        done.append(1)
        return StoredResponse(201, "{}")

    both = ("hash by the new key", "hash by the old key")
    askers = [Asker(None, keys) for keys in ((common,), both) * 4]
    responses = run_concurrently(
        *(partial(run_once, asker=asker, fingerprint="the same", work=work) for asker in askers)
    )

    assert len(done) == 1
    assert Counter(responses) == {(201, "{}", True): 7, (201, "{}", False): 1}


@pytest.mark.postgres
def test_control_without_the_claim_on_the_key_every_request_has_its_effect(monkeypatch):
    user, all_requests = requests()
    path, body, effects = all_requests["order"]
    before = BookingEvent.objects.count()
    monkeypatch.setattr(buying_together, "claim_all", lambda claims, *, is_shared: {})

    responses = send_eight_times(user, path, body)

    took_effect = [response.status_code for response in responses].count(201)
    assert took_effect > 1
    assert BookingEvent.objects.count() == before + effects * took_effect
