"""Keys of machines, and machines that send them."""

from rest_framework.test import APIClient

from accounts.tests.factories import make_user
from movies.models import Cinema, MachineKey
from movies.services import make_key


def key_for(*cinemas: Cinema, **fields: object) -> str:
    """A new key, as its machine sends it; for all cinemas if none is named."""
    key = MachineKey(**{"owner": "Kiosk, foyer", "all_cinemas": not cinemas, **fields})
    text = make_key(key, maker=make_user())
    key.cinemas.set(cinemas)
    return text


def machine(key: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Key {key}")
    return client
