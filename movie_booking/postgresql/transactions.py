"""BEGIN goes along with the first statement of a transaction, which saves a round trip.

psycopg2 sends BEGIN as a message of its own. Here it stays in its autocommit mode, and what Django thinks of
the transaction is held against what the server last said of it, which libpq keeps and tells without asking:

- A statement that Django wants in a transaction, while the server is in none, is sent as `BEGIN; statement`.
  That holds for each of them, so none can be left outside, whatever became of the one before.
- COMMIT and ROLLBACK are sent unless the server is in no transaction: then there is nothing to end.

Statements of one message each see what was committed before they began, as statements of their own do.
"""

from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.utils import debug_transaction  # type: ignore[attr-defined]
from psycopg2 import extensions


class Cursor(extensions.cursor):
    """Begins the transaction that Django wants, if the server is not in it yet."""

    wrapper: "BeginsAlong"

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - the name that psycopg2 gave it
        if self.wrapper.awaits_begin():
            if isinstance(query, str):
                query = f"{self.wrapper.begin}; {query}"
            else:
                self.begin()
        super().execute(query, vars)

    def executemany(self, query: Any, vars_list: Any) -> None:
        self.begin()
        super().executemany(query, vars_list)

    def callproc(self, procname: Any, parameters: Any = None) -> Any:
        self.begin()
        return super().callproc(procname, parameters)

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        self.begin()
        super().copy_expert(sql, file, size)

    def copy_from(self, *args: Any, **kwargs: Any) -> None:
        self.begin()
        super().copy_from(*args, **kwargs)

    def copy_to(self, *args: Any, **kwargs: Any) -> None:
        self.begin()
        super().copy_to(*args, **kwargs)

    def begin(self) -> None:
        """Begin the transaction in a message of its own, if it is still to begin."""
        if self.wrapper.awaits_begin():
            super().execute(self.wrapper.begin)


class BeginsAlong(base.DatabaseWrapper):
    """A backend that sends BEGIN along with the first statement."""

    connection: Any
    isolation_level: Any
    tzinfo_factory: Any

    @property
    def begin(self) -> str:
        level = self.settings_dict["OPTIONS"].get("isolation_level")
        return f"BEGIN ISOLATION LEVEL {self.isolation_level.name.replace('_', ' ')}" if level else "BEGIN"

    def awaits_begin(self) -> bool:
        """Whether Django wants a transaction that the server is not in yet."""
        return not self.autocommit and self._is_idle()

    def create_cursor(self, name: str | None = None) -> Any:
        if name:
            return super().create_cursor(name)
        cursor = self.connection.cursor(cursor_factory=Cursor)
        cursor.wrapper = self
        cursor.tzinfo_factory = self.tzinfo_factory
        return cursor

    def chunked_cursor(self) -> Any:
        """A cursor of the server outside of transactions; inside, psycopg2 would take it for out of place."""
        return super().chunked_cursor() if self.get_autocommit() else self.cursor()

    def _set_autocommit(self, autocommit: bool) -> None:
        with self.wrap_database_errors:
            self.connection.autocommit = True

    def _commit(self) -> None:
        self._end("COMMIT")

    def _rollback(self) -> None:
        self._end("ROLLBACK")

    def _end(self, statement: str) -> None:
        if self.connection is None or self._is_idle():
            return
        with (
            debug_transaction(self, statement),
            self.wrap_database_errors,
            self.connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def _is_idle(self) -> bool:
        """Whether the server is in no transaction, by what it last said."""
        return self.connection.get_transaction_status() == extensions.TRANSACTION_STATUS_IDLE
