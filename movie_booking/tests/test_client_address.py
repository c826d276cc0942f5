"""Who asks, behind proxies: what is trusted of X-Forwarded-For, and what is not."""

import pytest

from movie_booking.client_address import client_network

FORGED, CLIENT, CDN, PROXY = "6.6.6.6", "203.0.113.7", "198.51.100.1", "10.0.0.1"


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, None, PROXY),
        (0, CLIENT, PROXY),  # anybody can send it
        (1, CLIENT, CLIENT),
        (1, f"{FORGED}, {CLIENT}", CLIENT),
        (1, f"{FORGED},,{CLIENT}", CLIENT),
        (2, f"{CLIENT}, {CDN}", CLIENT),
        (2, f"{FORGED}, {CLIENT}, {CDN}", CLIENT),
        (2, CLIENT, CLIENT),  # past the first proxy: who connected to the second
        (1, None, PROXY),  # past all
        (1, "", PROXY),
        (1, "unknown", PROXY),
        (2, f"{FORGED}, nonsense, {CDN}", CDN),
        (1, f"{CLIENT}:4711", CLIENT),
        (1, f"::ffff:{CLIENT}", CLIENT),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (1, "[2001:db8:1:2:3:4:5:6]:4711", "2001:db8:1:2::/64"),
        (1, "fe80::1%eth0", "fe80::/64"),
    ],
)
def test_the_client_is_as_far_from_the_right_as_proxies_are_trusted(settings, hops, forwarded, expected):
    settings.TRUSTED_PROXIES = hops
    header = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}

    assert client_network({"REMOTE_ADDR": PROXY, **header}) == expected


@pytest.mark.parametrize(
    ("connected", "expected"),
    [("2001:db8:1:2::9", "2001:db8:1:2::/64"), ("::ffff:203.0.113.7", CLIENT), ("", "unknown")],
)
def test_addresses_of_connections_are_read_alike(settings, connected, expected):
    settings.TRUSTED_PROXIES = 0

    assert client_network({"REMOTE_ADDR": connected}) == expected
