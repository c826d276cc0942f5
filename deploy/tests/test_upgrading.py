"""Hosts of the release before go on while the database is migrated: what a migration must not do to them."""

from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection
from django_migration_linter import MigrationLinter

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

APPS = ("accounts", "bookings", "movies")
# Those of the time before hosts were upgraded one after the other are exempt, up to these: a site is upgraded
# to them with all hosts down. A later one that has to be exempt is named in EXEMPT, with the reason.
LAST_OF_OLD = {
    "accounts": "0009_password_failures",
    "bookings": "0021_machines_in_background",
    "movies": "0013_machine_keys",
}
EXEMPT = {
    "0016_every_show_has_a_cinema": "a trigger fills the column for the hosts of the release before",
    "0024_every_note_has_a_show": "the same",
}


def old_ones():
    for app, last in LAST_OF_OLD.items():
        folder = Path(import_module(f"{app}.migrations").__file__).parent
        yield from (path.stem for path in folder.glob("0*.py") if path.stem <= last)


def linter(**options):
    return MigrationLinter(no_cache=True, analyser_string="postgresql", **options)


def test_no_new_migration_breaks_the_release_before(capsys):
    lints = linter(include_apps=APPS, ignore_name=[*old_ones(), *EXEMPT])

    lints.lint_all_migrations()

    assert not lints.has_errors, capsys.readouterr().out


def test_control_an_old_one_that_does_is_found(capsys):
    lints = linter(include_apps=["bookings"])

    lints.lint_all_migrations("bookings", "0005")

    assert lints.has_errors
    assert "NOT NULL" in capsys.readouterr().out


def test_only_migrations_that_exist_are_exempt():
    connection.ensure_connection()
    known = {f"{app}.{name}" for app, name in linter().migration_loader.disk_migrations}

    assert {f"{app}.{name}" for app, name in LAST_OF_OLD.items()} <= known
    assert {name for name in EXEMPT if not any(each.endswith(f".{name}") for each in known)} == set()
