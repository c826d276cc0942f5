"""What docs/scaling.md promises: by which key rows can be spread over machines, and which statements cannot
be sent to one of them. The lists below may only shrink.
"""

import re
from pathlib import Path

import pytest
from django.db import connection

from accounts.tests.factories import client_for, make_user
from bookings.models import Status
from bookings.tests.factories import let_expire, make_order
from bookings.tests.joint import together, wishes_for
from movies.tests.factories import make_screen, make_show

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scaling.md").read_text()

# By what the rows of each table go to a machine: no show changes its cinema, and no other row its show.
KEYS = {
    "movies_screen": "cinema_id",
    "movies_show": "cinema_id",
    "movies_showevent": "show_id",
    "bookings_order": "show_id",
    "bookings_booking": "show_id",
    "bookings_bookingevent": "show_id",
    "bookings_ordernote": "show_id",
}
# Each machine has these whole: few rows that change seldom, but for users and guests, of whom there are many.
EVERYWHERE = {"movies_cinema", "movies_movie", "movies_machinekey", "accounts_user", "bookings_guest"}
# Of whoever asks, and not of a show.
OF_ASKERS = {"bookings_idempotencykey"}

# --- The catalogue -----------------------------------------------------------------------------------

# Unique only among all machines. Ids and references are made so that none comes twice.
UNIQUE_EVERYWHERE = {
    "bookings_booking_pkey",
    "bookings_order_pkey",
    "bookings_order_reference_key",
    "bookings_ordernote_pkey",
    "bookings_seatchange_pkey",  # of bookings_bookingevent, which was called so
    "movies_screen_pkey",
    "movies_show_pkey",
    "movies_showevent_pkey",
    # Wants the cinema beside the screen.
    "show_screen_times_do_not_overlap",
}
# From column to table, where both have a key and the constraint does not say it.
WITHOUT_KEY = {
    ("bookings_booking.order_id", "bookings_order"),
    ("bookings_bookingevent.booking_id", "bookings_booking"),
    ("bookings_order.promised_screen_id", "movies_screen"),
    ("bookings_ordernote.order_id", "bookings_order"),
    # The columns of `show_cinema_is_of_screen` say it.
    ("movies_show.screen_id", "movies_screen"),
    # From one show to another, which may be on another machine.
    ("bookings_order.exchanged_from_id", "bookings_order"),
}

UNIQUE = """
SELECT rel.relname, cls.relname,
    ARRAY(SELECT attname FROM pg_attribute att WHERE att.attrelid = ind.indexrelid)
FROM pg_index ind JOIN pg_class rel ON rel.oid = ind.indrelid JOIN pg_class cls ON cls.oid = ind.indexrelid
WHERE (ind.indisunique OR ind.indisexclusion) AND rel.relname = ANY(%s)
"""
REFERENCES = """
SELECT rel.relname, other.relname,
    ARRAY(SELECT attname FROM pg_attribute att WHERE attrelid = con.conrelid AND attnum = ANY(con.conkey))
FROM pg_constraint con JOIN pg_class rel ON rel.oid = con.conrelid
JOIN pg_class other ON other.oid = con.confrelid
WHERE con.contype = 'f' AND (rel.relname = ANY(%(tables)s) OR other.relname = ANY(%(tables)s))
"""


def rows(query, parameters):
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


@pytest.mark.postgres
@pytest.mark.django_db
def test_unique_constraints_have_the_key_of_their_table_but_for_these():
    found = rows(UNIQUE, [list(KEYS)])

    assert {table for table, _, _ in found} == KEYS.keys()
    assert {name for table, name, columns in found if KEYS[table] not in columns} == UNIQUE_EVERYWHERE


@pytest.mark.postgres
@pytest.mark.django_db
def test_foreign_keys_between_tables_with_a_key_have_it_but_for_these():
    found = [
        (table, other, columns)
        for table, other, columns in rows(REFERENCES, {"tables": list(KEYS)})
        if other not in EVERYWHERE
    ]

    # A new table that refers to one of these has a key too, or a reason.
    assert {table for table, _, _ in found} <= KEYS.keys()
    without = {
        (f"{table}.{','.join(columns)}", other)
        for table, other, columns in found
        # The id of a show stands for its cinema: whoever has the one has the other.
        if KEYS[table] not in columns
    }
    assert without == WITHOUT_KEY


@pytest.mark.postgres
@pytest.mark.django_db
def test_every_row_has_the_key_of_its_table():
    found = rows(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_name = ANY(%s) AND is_nullable = 'NO'",
        [list(KEYS)],
    )

    assert KEYS.items() - set(found) == set()


# --- The statements of the hot path ------------------------------------------------------------------

CLAIM, ANSWER = "claim of an idempotency key", "answer kept with an idempotency key"
HOLDS = "open holds of a customer"
BATCH = "shows of a batch"
LOOK_UP, LOOK_UP_BOOKING = "order of a reference", "booking of an id"
OF_SEVERAL_SHOWS = {
    CLAIM: r"INSERT INTO bookings_idempotencykey",
    ANSWER: r'UPDATE "?bookings_idempotencykey\b',
    BATCH: r"movie_booking\.locked",
    HOLDS: r'FROM "bookings_booking" .*"status" = .* UNION ALL ',
    LOOK_UP: r'"bookings_order"\."reference" IN ',
    LOOK_UP_BOOKING: r'FROM "bookings_booking" .*"bookings_booking"\."id" = ',
}
# By what a statement knows the one show whose rows it reads or writes.
OF_ONE_SHOW = re.compile(
    r'"(?:movies_show"\."id|bookings_\w+"\."show_id)" = \(?(?:\$|\d)'
    r"|(?:movies_show WHERE id|show_id) = \(?(?:\$|\d)"
    r'|INSERT INTO "?bookings_\w+"? \([^)]*show_id'
)
BELOW = re.compile(r"\b(?:bookings_|movies_show)")


# Those within another, which the ORM gives names of their own: each has to know it too.
WITHIN = re.compile(r'FROM "bookings_\w+" (U\d+)')


def knows_its_show(statement):
    within = WITHIN.findall(statement)
    return bool(OF_ONE_SHOW.search(statement)) and all(f'{each}."show_id" = ' in statement for each in within)


def of_several_shows(messages):
    """Which statements on rows below a show do not know one show, by the names above."""
    found = []
    for statement in (part for message in messages for part in message.split("; ")):
        if BELOW.search(statement) and not knows_its_show(statement) and "EXECUTE" not in statement[:7]:
            names = [name for name, known in OF_SEVERAL_SHOWS.items() if re.search(known, statement)]
            found.append(names[0] if names else statement)
    return found


HOT = {
    "book": [],
    "book with a key": [CLAIM, ANSWER],
    "hold": [HOLDS],
    "hold as a guest": [HOLDS],
    "confirm": [LOOK_UP],
    "cancel": [LOOK_UP],
    "read": [LOOK_UP],
    "cancel a booking": [LOOK_UP_BOOKING],
    # Whoever says which show it is of: `?show=`.
    "confirm with the show": [],
    "confirm with the show and a key": [CLAIM, ANSWER],
    "extend with the show": [],
    "exchange with the show": [],
    "cancel with the show": [],
    "quote with the show": [],
    "read with the show": [],
    "read a booking with the show": [],
    "quote a booking with the show": [],
    "quote half a sofa with the show": [],
    "cancel a booking with the show": [],
    "seat map": [],
}


@pytest.fixture
def act():
    """Do one of these things, on a show with an order that was held and one whose time is over."""
    show, user = make_show(screen=make_screen(seat_plan="A ooooo ooooo SS")), make_user()
    order = make_order(show, 1, 2, user=user)
    sofa = make_order(show, 11, 12, user=user, status=Status.BOOKED)
    bought = make_order(show, 8, user=user, status=Status.BOOKED)
    let_expire(make_order(show, 4, 5, user=user))
    api, guest = client_for(user), {"email": "ann@example.com"}
    of_show, of_order = f"/api/shows/{show.pk}", f"/api/orders/{order.reference}"
    booking, known = f"/api/bookings/{bought.bookings.get().pk}", f"?show={show.pk}"
    half = f"/api/bookings/{sofa.bookings.first().pk}"
    seats = {"show": show.pk, "seat_numbers": [4, 5]}
    return {
        "book": lambda: api.post(f"{of_show}/book/", {"seat_number": 5}),
        "book with a key": lambda: api.post(
            f"{of_show}/book/", {"seat_number": 5}, headers={"Idempotency-Key": "k"}
        ),
        "hold": lambda: api.post("/api/orders/", seats),
        "hold as a guest": lambda: client_for().post("/api/orders/", {**seats, "guest": guest}),
        "confirm": lambda: api.post(f"{of_order}/confirm/", {}),
        "cancel": lambda: api.post(f"{of_order}/cancel/", {"seat_numbers": [1]}),
        "read": lambda: api.get(f"{of_order}/"),
        "cancel a booking": lambda: api.post(f"{booking}/cancel/", {}),
        "confirm with the show": lambda: api.post(f"{of_order}/confirm/{known}", {}),
        "cancel with the show": lambda: api.post(f"{of_order}/cancel/{known}", {"seat_numbers": [1]}),
        "confirm with the show and a key": lambda: api.post(
            f"{of_order}/confirm/{known}", {}, headers={"Idempotency-Key": "k"}
        ),
        "extend with the show": lambda: api.post(f"{of_order}/extend/{known}"),
        "exchange with the show": lambda: api.post(f"{of_order}/exchange/{known}", {"from": [1], "to": [9]}),
        "quote with the show": lambda: api.get(f"{of_order}/cancellation/{known}&seat_numbers=1"),
        "read with the show": lambda: api.get(f"{of_order}/{known}"),
        "read a booking with the show": lambda: api.get(f"{booking}/{known}"),
        "quote a booking with the show": lambda: api.get(f"{booking}/cancellation/{known}"),
        "quote half a sofa with the show": lambda: api.get(f"{half}/cancellation/{known}"),
        "cancel a booking with the show": lambda: api.post(f"{booking}/cancel/{known}", {}),
        "seat map": lambda: api.get(f"{of_show}/seats/"),
    }


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
@pytest.mark.parametrize("action", HOT)
def test_statements_of_the_hot_path_know_their_show_but_for_these(act, messages, action):
    messages.clear()

    assert act[action]().status_code in (200, 201)

    assert of_several_shows(messages) == HOT[action]


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_of_buyers_who_are_served_beside_others_one_message_reads_several_shows(messages):
    wishes = wishes_for((make_show(), 5), (make_show(), 5))
    messages.clear()

    together(wishes)

    # The next one writes, and says the show with each row.
    assert of_several_shows(messages) == [BATCH, BATCH]


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE "bookings_booking" SET "status" = $1 WHERE "bookings_booking"."id" = $2',
        'SELECT 1 FROM "bookings_order" WHERE ("bookings_order"."show_id" = $1 AND NOT EXISTS('
        'SELECT 1 FROM "bookings_booking" U0 WHERE U0."order_id" = ("bookings_order"."id")))',
    ],
)
def test_a_statement_without_the_show_is_found(statement):
    assert of_several_shows([statement])


# --- The page ----------------------------------------------------------------------------------------

# A row of "All measures": what, whose, how many a second, and the CPU of a request in milliseconds.
MEASURED = {
    (what, whose): (float(rate.replace(",", "")), cpu)
    for what, whose, rate, cpu in re.findall(
        r"^\| ([\w ]+) \| ([\w, ()]+) \| ([\d,]+) \([^|]*\| ?([\d.]*) \|",
        (ROOT / "docs" / "performance" / "README.md").read_text(),
        re.M,
    )
}


def test_the_figures_of_the_page_are_those_that_were_measured():
    hot, hot_cpu = MEASURED["hot bookings", "ours"]
    spread, _ = MEASURED["spread bookings", "ours"]
    by_hand, _ = MEASURED["hot bookings", "pgbench, our statements"]
    _, listed = MEASURED["show list", "ours"]
    _, whole = MEASURED["seat map", "ours"]
    _, unchanged = MEASURED["seat map", "ours, unchanged (304)"]

    text = " ".join(PAGE.split())
    assert f"sold {hot:.0f} seats a second of one hot show after the other, and {spread:.0f} of many" in text
    assert f"{hot / 30:.0f} and {spread / 30:.0f} times as many" in text
    assert f"a booking takes {hot_cpu} ms of it, a list of shows {listed}, a seat map {whole}," in text
    assert f"an unchanged one (304) {unchanged} |" in text
    assert f"took {1000 / by_hand:.2f} ms with their fsync ({by_hand:.0f} a second" in text
    computed = [f"{1000 / (1000 / by_hand + trip):.0f}" for trip in (1, 5, 10, 20, 50)]
    assert re.findall(r"\d+", re.search(r"alone: (.*?)\.", text)[1])[::2] == computed


def test_what_we_ask_of_postgresql_names_code_that_is_there():
    table = re.search(r"^## What we ask of PostgreSQL\n.*?\n\|[- |]+\|\n(.*?)\n\n", PAGE, re.M | re.S)[1]
    places = re.findall(r"`([\w/]+\.py)`(?:: ((?:`\w+`(?:, )?)+))?", table)

    assert len(places) >= len(table.splitlines())
    for path, names in places:
        code = (ROOT / path).read_text()
        assert [name for name in re.findall(r"`(\w+)`", names) if name not in code] == [], path


@pytest.mark.parametrize("exception", sorted({*UNIQUE_EVERYWHERE, *(column for column, _ in WITHOUT_KEY)}))
def test_the_page_names_every_exception(exception):
    assert f"`{exception}`" in PAGE
