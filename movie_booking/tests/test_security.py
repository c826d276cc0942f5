"""What docs/security.md says: its tests are there, and those that stand nowhere else."""

import ast
import re
from pathlib import Path

import pytest

from accounts.actors import Channel
from accounts.services import send_mails
from accounts.tests.factories import client_for, make_staff, make_user
from bookings import services
from bookings.models import Booking, Order
from bookings.services import Actor, SeatChoice
from movie_booking.tests.endpoints import ENDPOINTS
from movies.models import Movie, Show
from movies.tests.factories import make_screen, make_show

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("accounts", "movies", "bookings", "movie_booking")
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")

RISKS = [
    "API1:2023 Broken Object Level Authorization",
    "API2:2023 Broken Authentication",
    "API3:2023 Broken Object Property Level Authorization",
    "API4:2023 Unrestricted Resource Consumption",
    "API5:2023 Broken Function Level Authorization",
    "API6:2023 Unrestricted Access to Sensitive Business Flows",
    "API7:2023 Server Side Request Forgery",
    "API8:2023 Security Misconfiguration",
    "API9:2023 Improper Inventory Management",
    "API10:2023 Unsafe Consumption of APIs",
]


# --- The page -------------------------------------------------------------------------------------


def sections() -> dict[str, str]:
    """What stands below each heading of a risk."""
    _, *parts = re.split(r"^## (API\d+:2023 .+)$", PAGE, flags=re.M)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def ids_of_tests(path: Path) -> set[str]:
    """Return the tests of a file as pytest calls them, without running it: `test_a` and `TestB::test_c`."""
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
    return found


def test_all_ten_risks_are_there_each_with_tests_and_what_is_left():
    assert list(sections()) == RISKS
    for risk, text in sections().items():
        assert "\n**What could go wrong.** " in text, risk
        assert re.search(r"`\w[\w/]+\.py::test_\w+`", text), risk
        assert "\n**Left open.** " in text or "\n**For the operator.** " in text, risk


def test_every_test_that_is_named_exists():
    named = re.findall(r"`([\w/]+\.py)::([\w:]+)`", PAGE)
    assert [path for path, _ in named if not (ROOT / path).exists()] == []

    there = {path: ids_of_tests(ROOT / path) for path, _ in named}
    assert [f"{path}::{name}" for path, name in named if name not in there[path]] == []
    assert len(named) == PAGE.count("::test_")


# --- API3: members ------------------------------------------------------------------------------


def test_a_member_that_is_not_described_is_noticed_in_every_answer(differences):
    """Every answer of every test is looked at so: see `movie_booking/tests/documented.py`."""
    named = {"id": 1, "cinema": 1, "cinema_name": "Odeon", "name": "Screen 1"}
    screen = {**named, "total_seats": 50, "seat_plan": "", "no_single_seats": False}

    assert differences("GET", "/api/screens/1/", 200, screen) == []
    assert differences("GET", "/api/screens/1/", 200, {**screen, "takings": "9.00"}) != []


# Which read the members that they name and no other, as the first version did. Where a missing member has a
# meaning of its own, as in all others, a misspelt one is refused.
IGNORING = {
    *("add a movie", "change a movie", "replace a movie", "add a cinema", "change a cinema", "add a screen"),
    *("change a screen", "draw a screen", "change a drawing", "schedule a show", "change a show"),
    *("book a seat", "cancel a booking", "block seats", "free seats", "cancel a show"),
}


@pytest.mark.django_db
def test_all_other_bodies_are_refused_for_a_member_that_is_not_known(send, body_of):
    taken = set()
    for name in ENDPOINTS:
        answer = send(name, body_of(name, is_superuser=True))
        if not answer.content or answer.json().get("error_codes", {}).get("is_superuser") != ["unknown"]:
            taken.add(name)

    assert taken == IGNORING


@pytest.mark.django_db
def test_a_booking_takes_nothing_from_its_body_but_the_seat():
    show, user, other = make_show(price="8.50"), make_user(), make_user()
    stranger = {"user": other.pk, "order": "4N0CV8NK7G", "status": "CANCELLED", "price": "0.00", "show": 7}

    body = {"seat_number": 5, **stranger, "refund_percent": 100, "sold_by": other.pk, "id": 1_000_000}
    answer = client_for(user).post(f"/api/shows/{show.pk}/book/", body)

    assert answer.status_code == 201
    booking = Booking.objects.get()
    assert (booking.user, booking.show, booking.status, str(booking.price)) == (user, show, "BOOKED", "8.50")
    assert (booking.refund_percent, booking.order.sold_by, booking.pk < 1_000_000) == (None, None, True)


@pytest.mark.django_db
def test_staff_write_no_member_that_the_system_keeps():
    show = make_show()
    client = client_for(make_staff("change_show"))
    before = Show.objects.values().get()

    for kept in (
        {"id": 99},
        {"live_seats": 40},
        {"seats_version": 7},
        {"available_seats": 1},
        {"version": 9},
        {"cinema": 99},
        {"seat_plan": "A 1"},
        {"ends_at": "2030-01-01T00:00:00Z"},
        {"cancel_reason": "x"},
    ):
        client.patch(f"/api/shows/{show.pk}/", kept)

    assert Show.objects.values().get() == before


@pytest.mark.django_db
def test_an_order_tells_its_customer_nothing_of_those_who_sold_it():
    customer, clerk = make_user(), make_staff()
    clerk.first_name, clerk.email = "Grace", "grace@cinema.example"
    clerk.save()
    actor = Actor(clerk, Channel.ADMIN)
    order = services.sell_seats(make_show().pk, SeatChoice((5,)), guest=None, actor=actor, customer=customer)
    services.add_note(order, "Complained twice", actor=actor)

    client = client_for(customer)
    paths = ("orders/", f"orders/{order.reference}/", "bookings/", "me/export/")
    told = "".join(client.get(f"/api/{path}").content.decode() for path in paths)

    assert order.reference in told
    for secret in (clerk.username, "Grace", clerk.email, "Complained", "sold_by"):
        assert secret not in told


# --- API7: addresses ----------------------------------------------------------------------------

# What opens connections. Mails go by smtplib, limits by redis; the database is reached by its driver.
CLIENTS = {
    *("aiohttp", "asyncio", "ftplib", "http.client", "httpx", "imaplib", "poplib", "pycurl", "requests"),
    *("socket", "ssl", "telnetlib", "urllib.request", "urllib3", "webbrowser", "websockets", "xmlrpc"),
}
ALLOWED = {
    ("accounts/services/mails.py", "smtplib"),
    ("movie_booking/counting.py", "redis"),
    ("movie_booking/counting.py", "redis.backoff"),
    ("movie_booking/counting.py", "redis.retry"),
    ("movie_booking/probe.py", "http.client"),  # the server on this machine, from beside it
}


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_no_code_asks_an_address_that_somebody_gave():
    """It asks the database, the mail server and Redis, which are named by the settings, and itself."""
    clients = CLIENTS | {"smtplib", "redis", "redis.backoff", "redis.retry"}
    found = {
        (str(path.relative_to(ROOT)), module)
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "tests" not in path.parts
        for module in imports_of(path) & clients
    }

    assert found == ALLOWED


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["http://169.254.169.254/latest/meta-data/", "http://localhost:6379/"])
def test_the_address_of_a_poster_is_kept_and_not_asked(url, monkeypatch):
    def ask(*args, **kwargs):
        raise AssertionError(f"asks {args}")

    monkeypatch.setattr("socket.socket.connect", ask)
    monkeypatch.setattr("socket.getaddrinfo", ask)

    body = {"title": "Inception", "duration_minutes": 148, "poster_url": url}
    answer = client_for(make_staff("add_movie")).post("/api/movies/", body)

    assert answer.status_code == 201
    assert Movie.objects.get().poster_url == url


@pytest.mark.django_db
def test_links_lead_where_the_settings_say_whatever_host_is_named(settings, mailoutbox):
    settings.ALLOWED_HOSTS = ["*"]
    user = make_user()

    named = {"HTTP_HOST": "thief.example", "HTTP_X_FORWARDED_HOST": "thief.example"}
    client_for().post("/api/password/reset/", {"email": user.email}, **named)
    send_mails()

    [mail] = mailoutbox
    assert settings.PASSWORD_RESET_URL.partition("#")[0] in mail.body
    assert "thief" not in mail.body


# --- API6: the flow of buying -------------------------------------------------------------------


@pytest.mark.django_db
def test_no_way_to_take_seats_leads_around_the_limit_of_a_customer(settings):
    """By booking, by holding, and by exchanging for another show."""
    settings.MAX_SEATS_PER_SHOW = 2
    user, first = make_user(), make_show(screen=make_screen(total_seats=50))
    second = make_show(movie=first.movie)
    client = client_for(user)

    for number in (1, 2):
        assert client.post(f"/api/shows/{first.pk}/book/", {"seat_number": number}).status_code == 201
    booked = client.post(f"/api/shows/{first.pk}/book/", {"seat_number": 3})
    held = client.post("/api/orders/", {"show": first.pk, "seat_numbers": [3]})
    best = client.post("/api/orders/", {"show": first.pk, "best_available": 1})
    other = client.post("/api/orders/", {"show": second.pk, "seat_numbers": [1]}).data["reference"]
    body = {"from": [1], "to_show": first.pk, "to": [3]}
    exchanged = client.post(f"/api/orders/{other}/exchange/", body)

    refusals = [(each.status_code, each.data["code"]) for each in (booked, held, best, exchanged)]
    assert refusals == [(409, "too_many_seats")] * 4
    assert Order.objects.filter(show=first).count() == 2
