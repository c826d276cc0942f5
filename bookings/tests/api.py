"""Requests about orders as tests send them, and how their responses look."""

from datetime import datetime
from typing import Any

from rest_framework.response import Response

from accounts.models import User
from accounts.tests.factories import client_for
from bookings.models import Order
from movies.models import Show


def post_to(order: Order, verb: str, body: Any = None, *, user: User | None = None) -> Response:
    """Ask for a change of the order, as its user or as another."""
    client = client_for(user or order.user)
    return client.post(f"/api/orders/{order.reference}/{verb}/", {} if body is None else body)


def swap(order: Order, from_seats: list[int], show: Show, to_seats: list[int], **more: Any) -> Response:
    """Ask for seats of another show instead of these, as the user of the order."""
    return post_to(order, "exchange", {"from": from_seats, "to_show": show.pk, "to": to_seats, **more})


def read(order: Order, *, user: User | None = None) -> Response:
    return client_for(user or order.user).get(f"/api/orders/{order.reference}/")


def statuses(order: Order) -> dict[int, str]:
    """The status of each seat of the order; of a seat that it had twice, the latest."""
    return dict(order.bookings.order_by("seat_number", "id").values_list("seat_number", "status"))


def assert_refused(response: Response, status: int, code: str) -> None:
    assert (response.status_code, response.data["code"]) == (status, code)


def iso(moment: datetime | None) -> str | None:
    """As JSON has it."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z") if moment else None
