"""From which address a request came, behind however many proxies."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings

NOWHERE = "unknown"  # of a socket in the file system, without a proxy that says more


def client_network(meta: Mapping[str, Any]) -> str:
    """Return whose request this is, as far as addresses tell: one of IPv4, or the /64 of one of IPv6.

    A household or a phone has all addresses of a /64, and could count as new with every request.

    Each trusted proxy adds to the right of X-Forwarded-For who connected to it, so the client is as far from
    the right as there are such proxies. What is further left, the client may have written. Where there are
    fewer, the request came in past some of them, and the first that is named connected to one of ours.
    """
    hops = settings.TRUSTED_PROXIES
    connected = meta.get("REMOTE_ADDR", "")
    if not hops:
        return network_of(connected) or connected or NOWHERE
    chain = [*meta.get("HTTP_X_FORWARDED_FOR", "").split(","), connected]
    named = [each for each in chain if each.strip()][-hops - 1 :]
    return next(filter(None, map(network_of, named)), connected or NOWHERE)


@lru_cache(maxsize=4096)
def network_of(text: str) -> str:
    """Return the network of an address as a proxy or a socket writes it, also with a port; or nothing."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(ip_network((address, 64), strict=False))
        address = address.ipv4_mapped
    return str(address)
