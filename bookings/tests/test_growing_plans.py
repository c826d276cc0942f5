"""What people ask every day reads few rows of the tables that only grow, and finds these by an index."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.factories import client_for, make_user
from bookings.models import Booking, Order, Status
from bookings.services import BookWish, SeatChoice, do_together
from bookings.tests.factories import by
from movie_booking.tests.statements import send_statements_as_they_are
from movies.models import Show
from movies.tests.factories import browser_for, make_movie, make_screen

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

GROWING = {
    "accounts_user",
    "bookings_booking",
    "bookings_bookingevent",
    "bookings_guest",
    "bookings_idempotencykey",
    "bookings_order",
    "bookings_ordernote",
    "movies_show",
}
# 400 shows of 100 seats, three a day: 9,000 bookings of the last 30 days, and three times as many before.
HISTORY = """
INSERT INTO accounts_user (password, is_superuser, username, first_name, last_name, email, is_staff,
    is_active, date_joined)
SELECT '', false, 'guest' || n, 'First' || n, 'Last' || n, 'g' || n || '@example.com', false,
    true, now() - n * interval '1 hour'
FROM generate_series(1, 30000) n;

INSERT INTO movies_show (movie_id, screen_id, cinema_id, starts_at, ends_at, screen_free_at, pre_show_minutes,
    total_seats, seat_plan, price, status, sales_cutoff_minutes, cancel_reason, version, live_seats,
    seats_version)
SELECT {movie}, {screen.pk}, {screen.cinema_id}, start, start + interval '2 hours',
    start + interval '2 hours', 0, 100, '', 10, 'ON_SALE', 0, '', 0, 95, 0
FROM (SELECT now() + interval '10 days' - n * interval '8 hours' AS start FROM generate_series(1, 400) n) s;

INSERT INTO bookings_order (reference, user_id, show_id, created_at, refund_tiers, cancel_cutoff_minutes,
    promised_starts_at, promised_screen_id, show_version)
SELECT 'S' || s.id || 'N' || n, u.id, s.id, s.starts_at - interval '11 days', '24:100', 0,
    s.starts_at, {screen.pk}, 0
FROM movies_show s CROSS JOIN generate_series(1, 100) n
JOIN accounts_user u ON u.username = 'guest' || (1 + (s.id * 31 + n * 97) % 30000)
ORDER BY s.starts_at, n;

INSERT INTO bookings_booking (order_id, show_id, user_id, seat_number, status, price, is_house_seat, reason,
    created_at, cancelled_at)
SELECT id, show_id, user_id, row_number() OVER (PARTITION BY show_id ORDER BY id),
    CASE WHEN id % 20 = 0 THEN 'CANCELLED' ELSE 'BOOKED' END, 10, false, '', created_at,
    CASE WHEN id % 20 = 0 THEN created_at END
FROM bookings_order ORDER BY id;

INSERT INTO bookings_bookingevent (booking_id, show_id, seat_number, at, actor_id, channel, from_status,
    to_status)
SELECT id, show_id, seat_number, created_at, user_id, 'API', '', status FROM bookings_booking ORDER BY id;

INSERT INTO bookings_idempotencykey (user_id, key, fingerprint, created_at, status, body)
SELECT user_id, 'k' || id, '', now() - id % 1000 * interval '1 minute', 201, '' FROM bookings_order;

INSERT INTO bookings_guest (email, address, name, telephone, access_salt, access_key_hash, created_at,
    email_folded, name_folded, surname_folded, telephone_digits, telephone_reversed)
SELECT 'w' || n || '@example.com', '', 'Walter' || n || ' Born' || n, '+49170' || n, '', '', now(),
    'w' || n || '@example.com', 'walter' || n || ' born' || n, 'born' || n, '49170' || n,
    reverse('49170' || n)
FROM generate_series(100001, 103000) n;

INSERT INTO bookings_order (reference, guest_id, show_id, created_at, refund_tiers, cancel_cutoff_minutes,
    promised_starts_at, promised_screen_id, show_version)
SELECT 'G' || g.id, g.id, s.id, s.starts_at - interval '1 year', '24:100', 0, s.starts_at, {screen.pk}, 0
FROM bookings_guest g JOIN movies_show s ON s.id = (SELECT min(id) FROM movies_show) + g.id % 400;

INSERT INTO bookings_ordernote (order_id, show_id, at, author_id, text)
SELECT id, show_id, created_at, (SELECT min(id) FROM accounts_user), 'Late' FROM bookings_order;

ANALYZE;
"""


@pytest.fixture(scope="module")
def years_of_sales(django_db_setup, django_db_blocker):
    """Written once, in a transaction around those of the tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        assert set(connection.introspection.table_names()) >= GROWING
        with connection.cursor() as cursor:
            cursor.execute(HISTORY.format(movie=make_movie("Inception").pk, screen=make_screen()))
        connection.check_constraints()  # once, and not at the end of each test
        yield
        transaction.set_rollback(True)


@pytest.fixture
def history(years_of_sales, db):
    """Years of sales, in a planner's eyes."""
    with connection.cursor() as cursor:
        # In tables of a few pages, to read all of them is cheapest. These stand for large ones.
        for whole_table in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin"):
            cursor.execute(f"SET LOCAL {whole_table} = off")


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def rows_read(node: dict[str, Any]) -> float:
    removed = (node.get(f"Rows Removed by {by}", 0) for by in ("Filter", "Index Recheck"))
    return (node["Actual Rows"] + sum(removed)) * node["Actual Loops"]


def readings(statement: str) -> list[tuple[str, str, float]]:
    """Run a statement again; return what it read of growing tables: how, of which, and how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        [(explained,)] = cursor.fetchall()
    [found] = json.loads(explained) if isinstance(explained, str) else explained
    return [
        (node["Node Type"], node["Relation Name"], rows_read(node))
        for node in nodes(found["Plan"])
        if node.get("Relation Name") in GROWING
    ]


def reads_among(asked: CaptureQueriesContext) -> list[str]:
    statements = [statement.strip() for query in asked for statement in query["sql"].split("; ")]
    return [statement for statement in statements if statement.startswith(("SELECT", "DELETE"))]


def too_much(ask, limit):
    """Call it and return which of its statements scan a growing table, or read more rows of one than this."""
    send_statements_as_they_are()
    with CaptureQueriesContext(connection) as asked:
        response = ask()
        assert response.status_code == 200
        b"".join(response.streaming_content if response.streaming else [])
    reads = reads_among(asked)
    assert reads
    return [
        (kind, table, rows, sql)
        for sql in reads
        for kind, table, rows in readings(sql)
        if kind == "Seq Scan" or rows > limit
    ]


# A list leads through 1,000 rows, sorts as many, and in this history a hundred were made at the same moment.
OF_A_LIST = 1200
# A filter that finds few looks through the sales of the last 30 days; a film, through those of 120 shows.
OF_THE_LAST_DAYS = 13_000

LISTS = {
    "bookings/booking": ("", "?p=2", "?p=20", "?o=2", "?o=5", "?o=-6", "?status=BOOKED"),
    "bookings/order": ("", "?p=2", "?p=20", "?o=4", "?o=-5"),
    "bookings/bookingevent": ("", "?p=2", "?p=20", "?o=1", "?o=-5", "?channel__exact=API"),
    "movies/show": ("", "?o=1", "?q=incep", "?when=today", "?when=past", "?status__exact=ON_SALE"),
    "accounts/user": ("", "?p=20", "?o=-7", "?q=guest70", "?q=g70@", "?q=last70"),
    "accounts/user/": ("?is_staff__exact=1", "?is_superuser__exact=1", "?is_active__exact=0"),
}
NARROW = ("?q=guest77", "?q=g77@", "?q={reference}", "?q={reference}".lower(), "?show__id__exact={show}")
NARROW += ("?q=first77+last77", "?q=Last77,+First7", "?q=walter1001", "?q=born1001", "?q=born1001+walter")
NARROW += ("?q=w1001", "?q=w100177@ex", "?q=%2B49+170+10017", "?q=0170100177", "?q=100177")
NARROW += ("?show_from={day}&show_to={day}", "?created_from={day}&created_to={day}", "?q=nothing+of+the+kind")
FILTERED = {
    "bookings/booking": (
        "?status=CANCELLED",
        "?status=HELD",
        "?q=incep",
        "?show__cinema__id__exact=1",
    ),
    "bookings/order": ("?status=CANCELLED", "?status=HELD", "?status=BOOKED", "?q=incep", "?q=ZZZZZ"),
    "bookings/bookingevent": ("?channel__exact=ADMIN", "?to_status__exact=CANCELLED", "?q=guest77"),
}


def assert_reads_few(browser, path, queries, limit, **words):
    for query in queries:
        ask = partial(browser.get, path + query.format(**words), follow=True)  # one hit leads to its page
        assert too_much(ask, limit) == [], query


@pytest.mark.usefixtures("history")
def test_the_lists_of_the_admin_read_few_rows():
    root = browser_for(make_user("root", is_staff=True, is_superuser=True))
    order = Order.objects.filter(user__isnull=False)[20_000]
    day = f"{order.created_at:%Y-%m-%d}"

    for path, queries in LISTS.items():
        assert_reads_few(root, f"/admin/{path.rstrip('/')}/", queries, OF_A_LIST)
    for path in ("bookings/booking", "bookings/order"):
        words = {"reference": order.reference, "show": order.show_id, "day": day}
        assert_reads_few(root, f"/admin/{path}/", NARROW, OF_A_LIST, **words)
    for number in (order.show_id, order.bookings.get().pk):
        assert_reads_few(root, "/admin/bookings/bookingevent/", [f"?q={number}"], OF_A_LIST)
    for path, queries in FILTERED.items():
        assert_reads_few(root, f"/admin/{path}/", queries, OF_THE_LAST_DAYS)


@pytest.mark.usefixtures("history")
def test_the_pages_of_a_sale_and_of_a_show_read_few_rows():
    root = browser_for(make_user("root", is_staff=True, is_superuser=True))
    booking = Booking.objects.all()[20_001]
    pages = (
        f"bookings/booking/{booking.pk}/change/",
        f"bookings/order/{booking.order_id}/change/",
        f"bookings/bookingevent/{booking.events.get().pk}/change/",
        f"movies/show/{booking.show_id}/change/",
        f"movies/show/{booking.show_id}/seats/",
        f"movies/show/{booking.show_id}/people/",
        f"movies/show/{booking.show_id}/people/?csv",
        f"bookings/order/{booking.order_id}/cancel/",
        f"bookings/order/{booking.order_id}/exchange/",
        f"bookings/order/{booking.order_id}/move/",
        f"accounts/user/{booking.user_id}/change/",
        "movies/show/schedule/",
    )

    assert_reads_few(root, "/admin/", pages, OF_A_LIST)


@pytest.mark.usefixtures("history")
def test_the_exports_read_what_was_selected():
    root = browser_for(make_user("root", is_staff=True, is_superuser=True))
    bookings, shows = (
        [str(row.pk) for row in rows[:3]] for rows in (Booking.objects.all(), Show.objects.all())
    )

    for path, action, selected in (
        ("bookings/booking/", "export", bookings),
        ("movies/show/?when=past", "report", shows),
    ):
        data = {"action": action, "_selected_action": selected}
        assert too_much(lambda: root.post(f"/admin/{path}", data), OF_A_LIST) == []  # noqa: B023


@pytest.mark.usefixtures("history")
def test_the_lists_of_a_user_and_of_a_film_read_few_rows():
    movie, user = Show.objects.first().movie, User.objects.get(username="guest77")
    client = client_for(user)
    paths = ("bookings/", "bookings/?status=HELD", "bookings/?page=1", "orders/", "shows/?upcoming=true")
    paths += (f"movies/{movie.pk}/shows/?upcoming=true", "movies/?now_showing=true", "shows/?date=2026-01-01")

    assert_reads_few(client, "/api/", paths, OF_A_LIST)


@pytest.mark.usefixtures("history")
def test_buyers_of_several_shows_read_few_rows_of_each():
    shows, user = Show.objects.order_by("-starts_at")[:6], User.objects.get(username="guest77")
    wishes = [BookWish(show.pk, SeatChoice([5]), user, by(user)) for show in shows]
    send_statements_as_they_are()
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        do_together(wishes, is_last=False, waits=False)
    reads = reads_among(asked)

    found = [found for sql in reads for found in readings(sql)]
    assert {"movies_show", "bookings_booking"} <= {table for _, table, _ in found}
    assert [each for each in found if each[0] == "Seq Scan" or each[2] > 3 * len(shows)] == []


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("command", ["expire_holds", "purge_idempotency_keys"])
def test_the_commands_read_what_they_work_on(command):
    Booking.objects.filter(pk__in=Booking.objects.values("pk")[:3]).update(
        status=Status.HELD, cancelled_at=None, expires_at="2020-01-01T00:00Z"
    )
    with CaptureQueriesContext(connection) as asked:
        call_command(command)
    reads = reads_among(asked)

    found = [found for sql in reads for found in readings(sql)]
    assert found
    assert [each for each in found if each[0] == "Seq Scan" or each[2] > OF_A_LIST] == []
