"""Requests of guests, and who sells at the box office."""

from accounts.tests.factories import client_for, make_user
from bookings import services

ANN = {"email": "ann@example.com", "name": "Ann Smith", "telephone": "+49 30 1234"}


def order(show, *numbers, guest=ANN, client=None, **more):
    """Ask for seats as a guest and return the response."""
    headers = {"HTTP_IDEMPOTENCY_KEY": more.pop("key")} if "key" in more else {}
    body = {"show": show.pk, "seat_numbers": list(numbers), "guest": guest, **more}
    return (client or client_for()).post("/api/orders/", body, **headers)


def opened(response, key=None):
    """A client that sends the key of this order, and the address of the order."""
    client = client_for()
    client.credentials(HTTP_ORDER_KEY=response.data["access_key"] if key is None else key)
    return client, f"/api/orders/{response.data['reference']}/"


def make_seller():
    return services.Actor(make_user(is_staff=True), "ADMIN")
