"""Databases from before tables, columns and constraints had their present names: rows, rights, triggers."""

from datetime import datetime, timezone

import pytest
from django.apps import apps
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from accounts.tests.factories import client_for
from bookings.models import Booking, BookingEvent, IdempotencyKey, Order, Status
from bookings.tests.factories import book
from bookings.tests.history import assert_history_consistent
from bookings.tests.then import CANCELLED, MADE, make_show, renamed_row
from movie_booking.folding import FoldedTextField
from movie_booking.tests.migrations import migrate_to_latest, models_at, once
from movies.models import Show

BEFORE_NAMES = [
    ("movies", "0005_no_single_seats"),
    ("bookings", "0006_history_is_append_only"),
]
RENAMED_TABLES = {"bookings_seatchange": "bookings_bookingevent"}
# The rights and groups are looked at by name.
OTHER_TABLES = {
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
    "accounts_user_groups",
    "accounts_user_user_permissions",
}
RENAMED_CONSTRAINTS = {
    "a_booking_has_a_known_status": "booking_status_is_known",
    "cancelled_says_when": "booking_cancelled_at_matches_status",
    "a_hold_says_until_when": "booking_hold_has_expiry",
    "only_the_house_blocks_seats": "booking_blocked_is_house_seat",
    "no_more_comes_back_than_was_paid": "booking_refund_percent_at_most_100",
    "seats_count_from_one": "booking_seat_number_at_least_1",
    "a_seat_costs_nothing_or_more": "booking_price_at_least_0",
}


def rows_by_table(apps):
    """Every row of every table that has some, without what later migrations keep folded beside it."""
    rows = {
        model._meta.db_table: list(
            model._base_manager.order_by("pk").values(
                *(field.attname for field in model._meta.fields if not isinstance(field, FoldedTextField))
            )
        )
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table not in OTHER_TABLES
    }
    return {table: found for table, found in rows.items() if found}


def constraints_of(table):
    """Their names, without those that PostgreSQL 18 gives to NOT NULL: they come and go with columns."""
    with connection.cursor() as cursor:
        names = set(connection.introspection.get_constraints(cursor, table))
    return {name for name in names if not name.endswith("_not_null")}


def rights_of(user):
    """What a user may do in this app without roles, which there were not then, looked up anew."""
    fresh = User.objects.only("is_active", "is_superuser").get(pk=user.pk)
    return {right for right in ModelBackend().get_all_permissions(fresh) if "bookings." in right}


def assert_append_only(model):
    assert model.objects.exists()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.update(seat_number=9)
    if connection.vendor == "postgresql":  # SQLite keeps no row from being deleted: see migration 0006
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            model.objects.all().delete()


@pytest.fixture
def models_before_names(transactional_db):
    with models_at(BEFORE_NAMES) as models:
        yield models


def make_user_then(models, username, **fields):
    """A row in the table as it was, as a user of now."""
    models.get_model("accounts", "User").objects.create(
        username=username, email=f"{username}@example.com", password="!", **fields
    )
    return user_then(models, username)


def user_then(models, username):
    row = models.get_model("accounts", "User").objects.get(username=username)
    columns = {field.attname for field in row._meta.concrete_fields}
    names = [field.attname for field in User._meta.concrete_fields if field.attname in columns]
    return User.from_db("default", names, [getattr(row, name) for name in names])


@pytest.fixture
def used_database(models_before_names):
    """What `fill` made; returns all rows."""
    once("used", lambda: fill(models_before_names))
    return rows_by_table(models_before_names)


@pytest.fixture
def customer(models_before_names, used_database):
    return user_then(models_before_names, "ada")


@pytest.fixture
def rights_holders(models_before_names, used_database):
    return [user_then(models_before_names, name) for name in ("member", "holder", "other")]


def fill(models):
    make_bookings(models)
    make_rights_holders(models)


def make_bookings(models):
    """Orders with bookings in every status, their events, and an answer kept for a key."""
    customer = make_user_then(models, "ada")
    staff = make_user_then(models, "staff", is_staff=True)
    show = make_show(models, live_seats=3)
    order, booking, change, key = (
        models.get_model("bookings", name).objects.create
        for name in ("Order", "Booking", "SeatChange", "IdempotencyKey")
    )
    until = datetime(2029, 1, 1, tzinfo=timezone.utc)
    steps_by_status = {
        "HELD": (customer, {"expires_at": until}, ["HELD"]),
        "BOOKED": (customer, {}, ["HELD", "BOOKED"]),
        "CANCELLED": (
            customer,
            {"cancelled_at": CANCELLED, "cancelled_by_id": staff.pk, "refund_percent": 50, "reason": "Rain"},
            ["BOOKED", "CANCELLED"],
        ),
        "EXPIRED": (customer, {"expires_at": MADE}, ["HELD", "EXPIRED"]),
        "BLOCKED": (staff, {"for_house": True, "reason": "Press"}, ["BLOCKED"]),
    }
    for seat_number, (status, (user, fields, steps)) in enumerate(steps_by_status.items(), 1):
        owner = {"show_id": show.pk, "user_id": user.pk, "created_at": MADE}
        row = booking(
            order=order(reference=f"ORDER{seat_number}", **owner),
            seat_number=seat_number,
            price="12.50",
            status=status,
            **owner,
            **fields,
        )
        for before, after in zip(["", *steps], steps, strict=False):
            change(
                booking=row,
                show_id=show.pk,
                seat_number=seat_number,
                at=MADE,
                actor_id=None if after == "EXPIRED" else user.pk,
                door="EXPIRY" if after == "EXPIRED" else "ADMIN" if after == "CANCELLED" else "API",
                from_status=before,
                to_status=after,
            )
    key(user_id=customer.pk, key="k", fingerprint="f" * 64, status=201, body="{}")


def make_rights_holders(models):
    """Staff who may see events and block seats, through a group and by themselves, and one who may not."""
    rights = Permission.objects.filter(codename__in=["view_seatchange", "block_seats"])
    assert rights.count() == 2
    group = Group.objects.create(name="Box office")
    group.permissions.set(rights)
    member, holder, other = (
        make_user_then(models, name, is_staff=True) for name in ("member", "holder", "other")
    )
    member.groups.add(group)
    holder.user_permissions.set(rights)
    other.user_permissions.set(Permission.objects.filter(codename="view_booking"))


def migrate_forwards():
    """As an operator does it: other than by the executor alone, Django's own signals are sent."""
    once("used, of now", lambda: call_command("migrate", verbosity=0))


def migrate_backwards():
    once("used, and back", lambda: [call_command("migrate", *target, verbosity=0) for target in BEFORE_NAMES])


def test_all_rows_come_through_and_can_be_worked_on(used_database, customer):
    migrate_forwards()

    expected = {
        RENAMED_TABLES.get(table, table): [renamed_row(row) for row in rows]
        for table, rows in used_database.items()
    }
    found = rows_by_table(apps)
    assert found.keys() == expected.keys()
    for table, rows in expected.items():  # columns that are new do not count
        assert [
            {name: row[name] for name in old} for row, old in zip(found[table], rows, strict=True)
        ] == rows
    connection.check_constraints()
    assert set(Booking.objects.values_list("status", flat=True)) == set(Status)
    assert IdempotencyKey.objects.count() == 1
    assert_history_consistent()
    show = Show.objects.get()
    terms = ("refund_tiers", "cancel_cutoff_minutes", "promised_starts_at", "promised_screen", "show_version")
    assert set(Order.objects.values_list(*terms)) == {("24:100,2:50", 0, show.starts_at, show.screen_id, 0)}

    client, show = client_for(customer), Show.objects.get()
    assert client.post("/api/orders/ORDER1/confirm/").status_code == 200
    assert client.post("/api/orders/ORDER2/exchange/", {"from": [2], "to": [4]}).status_code == 200
    assert client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}).data["code"] == "seat_taken"
    assert book(show, 3).status == Status.BOOKED
    assert_history_consistent()


def test_all_rows_go_back_as_they_were(used_database, models_before_names):
    migrate_forwards()
    migrate_backwards()

    assert rows_by_table(models_before_names) == used_database
    connection.check_constraints()


def test_staff_and_groups_keep_their_rights_under_the_new_names(rights_holders):
    member, holder, other = rights_holders
    migrate_forwards()

    assert rights_of(member) == rights_of(holder) == {"bookings.view_bookingevent", "bookings.block_seats"}
    # Whoever could export with it still can.
    assert rights_of(other) == {"bookings.view_booking", "bookings.view_reports"}
    # The name is now that of a role, which is made beside it.
    assert member.groups.get().name == "Box office (before roles)"
    assert Group.objects.filter(name="Box office").exists()
    names = dict(
        Permission.objects.filter(content_type__app_label="bookings").values_list("codename", "name")
    )
    assert names["view_bookingevent"] == "Can view booking event"
    assert names["block_seats"] == "Can block and release house seats"
    assert "view_seatchange" not in names


def test_staff_and_groups_keep_their_rights_on_the_way_back(rights_holders):
    member, holder, other = rights_holders
    migrate_forwards()
    migrate_backwards()

    assert rights_of(member) == rights_of(holder) == {"bookings.view_seatchange", "bookings.block_seats"}
    assert rights_of(other) == {"bookings.view_booking"}
    assert not Permission.objects.filter(codename="view_bookingevent").exists()


def test_rights_are_kept_without_the_signals_of_the_command_too(rights_holders):
    member, holder, _ = rights_holders
    migrate_to_latest()

    assert rights_of(member) == rights_of(holder) == {"bookings.view_bookingevent", "bookings.block_seats"}


@pytest.mark.usefixtures("used_database")
def test_events_stay_append_only_in_both_directions(models_before_names):
    change = models_before_names.get_model("bookings", "SeatChange")

    assert_append_only(change)
    migrate_forwards()
    assert_append_only(BookingEvent)
    migrate_backwards()
    assert_append_only(change)


@pytest.mark.usefixtures("used_database")
def test_constraints_have_their_new_names_and_on_the_way_back_the_old_ones():
    old, new = set(RENAMED_CONSTRAINTS), set(RENAMED_CONSTRAINTS.values())
    before = constraints_of("bookings_booking")
    assert old <= before

    migrate_forwards()
    after = constraints_of("bookings_booking")
    migrate_backwards()

    # Those of later migrations are beside.
    new_indexes = {"booking_by_creation", "booking_by_canceller"}
    kept = before - {"bookings_booking_cancelled_by_id_6d3a47c3"}
    assert after - new_indexes == {RENAMED_CONSTRAINTS.get(name, name) for name in kept}
    assert not after & old
    assert constraints_of("bookings_booking") == before
    assert not before & new
