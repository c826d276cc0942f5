"""Visitors of the seat picker: each a browser of its own, and an account where the test wants one."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from itertools import count, cycle
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from clients.tests.tools import chromium, package

PASSWORD = "popcorn-and-cola"
PATIENCE = 20_000  # milliseconds, for a machine that is busy with other things
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
numbers = count(1)


class Api:
    """What the tests know from the server itself, as one of its clients."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.customers: list[dict[str, str]] = []

    def __call__(self, method: str, path: str, body: object = None, token: str = "") -> Any:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.site}/api/{path}", data, headers, method=method)) as response:
            return json.load(response)

    def new_customer(self) -> dict[str, str]:
        """Return name and tokens as the page keeps them."""
        name = f"visitor{next(numbers)}"
        self("POST", "signup/", {"username": name, "password": PASSWORD, "email": f"{name}@example.com"})
        return self.log_in(name)

    def log_in(self, name: str) -> dict[str, str]:
        customer = {"name": name} | self("POST", "login/", {"username": name, "password": PASSWORD})
        self.customers.append(customer)
        return customer

    def give_everything_back(self) -> None:
        for customer in self.customers:
            for order in self.orders(customer):
                if order["status"] in ("HELD", "BOOKED"):
                    self("POST", f"orders/{order['reference']}/cancel/", {}, customer["access"])
        self.customers.clear()

    def orders(self, customer: dict[str, str]) -> list[dict[str, Any]]:
        return self("GET", "orders/", token=customer["access"])["results"]

    def hold(self, customer: dict[str, str], show: int, *seats: int) -> dict[str, Any]:
        return self("POST", "orders/", {"show": show, "seat_numbers": seats}, customer["access"])

    def book(self, customer: dict[str, str], show: int, *seats: int) -> dict[str, Any]:
        order = self.hold(customer, show, *seats)
        return self("POST", f"orders/{order['reference']}/confirm/", {}, customer["access"])


@pytest.fixture(scope="session")
def api(site: str) -> Api:
    return Api(site)


@pytest.fixture(scope="session")
def shows(api: Api) -> Iterator[dict[str, Any]]:
    """Shows of a screen with every kind of seat, so far ahead that all of the price comes back."""
    soon = datetime.now(timezone.utc) + timedelta(days=3)
    first_screen = api("GET", f"shows/?screen=1&starts_after={soon:%Y-%m-%dT%H:%M:%SZ}&page_size=100")
    return cycle(first_screen["results"])


@pytest.fixture
def show(api: Api, shows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A show of which everything is free but house seats, and is again afterwards."""
    yield next(shows)
    api.give_everything_back()


@pytest.fixture(scope="package")  # as long as it is there, this thread has an event loop, and no ORM
def browser():
    package("playwright")
    path = chromium()
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(site: str, browser) -> Iterator[Callable[..., Any]]:
    """Open the picker in a browser of its own, logged in as `customer` if there is one.

    Whatever the test is about, the page makes no mistakes and asks no other host for anything.
    """
    contexts, mistakes = [], []

    def look_out(page) -> None:
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on("console", listen)
        page.on(
            "request", lambda request: urlsplit(request.url).netloc in site or mistakes.append(request.url)
        )

    def listen(message) -> None:
        # The browser notes every refusal and every lost connection, which are what some tests are about.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            mistakes.append(message.text)

    def open_page(address: str = "#/", customer: dict[str, str] | None = None, **options: Any):
        stored = [{"name": "picker.session", "value": json.dumps(customer)}] if customer else []
        context = browser.new_context(
            storage_state={"cookies": [], "origins": [{"origin": site, "localStorage": stored}]}, **options
        )
        context.on("page", look_out)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{site}/picker/{address}")
        return page

    yield open_page
    for context in contexts:
        # A request on its way may end in the middle of the next test.
        for each in (*context.pages, context):
            with suppress(Exception):
                each.unroute_all(behavior="ignoreErrors")
        context.close()
    assert mistakes == []


@pytest.fixture
def seat() -> Callable[..., Any]:
    """A seat of the map, by how it is spoken of: `seat(page, "C", 5)`."""
    return lambda page, row, number: page.get_by_role("gridcell", name=f"Row {row} seat {number}, ")
