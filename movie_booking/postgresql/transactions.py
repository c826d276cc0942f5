"""Fewer messages to PostgreSQL: BEGIN goes along with the first statement, COMMIT with the last.

psycopg2 sends BEGIN as a message of its own. Here it stays in its autocommit mode, and what Django thinks of
the transaction is held against what the server last said of it, which libpq keeps and tells without asking:

- A statement that Django wants in a transaction, while the server is in none, is sent as `BEGIN; statement`.
  That holds for each of them, so none can be left outside, whatever became of the one before.
- Through a pooler the settings of the session go along with BEGIN, and with each statement outside of a
  transaction.
- COMMIT and ROLLBACK are sent unless the server is in no transaction: then there is nothing to end.
- A statement that waits (`execute_last`) is sent as `statement; COMMIT`, or before the next one if there is
  a next one after all. If the transaction is rolled back first, it never is.

Statements of one message each see what was committed before they began, as statements of their own do.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any, NamedTuple

import psycopg2
from django.db import InterfaceError, OperationalError
from django.db.backends.postgresql import base
from django.db.backends.utils import debug_transaction  # type: ignore[attr-defined]
from django.utils.functional import cached_property
from psycopg2 import errors, extensions

from movie_booking import slow_queries
from movie_booking.database import CommitUnanswered
from movie_booking.database_urls import parse_options
from movie_booking.postgresql.failures import Failures
from movie_booking.postgresql.session import settle
from movie_booking.statements import Message


class Waiting(NamedTuple):
    """A statement that is to be the last of its transaction, and who is told what it returned."""

    message: Message
    given: Any
    receive: Callable[[str], None]


class Connection(extensions.connection):
    """Knows which statements were prepared in it, by which names, and what each transaction begins with."""

    patience: float | None = None  # seconds that an answer may take, in a production worker
    prepared: dict[str, str] | None = None  # None: this is no place for such
    failures = 0
    settings = ""  # through a pooler: what sets them until the end of a transaction
    is_stale = False  # whether another one may do what this one failed to

    def settle(self, settings: Mapping[str, str]) -> None:
        """Have these settings hold, and prepare statements unless a pooler may send them to another session.

        Raises psycopg2.OperationalError, and closes the connection, if they cannot hold.
        """
        try:
            with self.cursor() as cursor:
                begin = settle(cursor, settings)
        except BaseException:
            self.close()
            raise
        if begin is None:
            self.prepared = {}
        else:
            self.settings = begin


class Cursor(extensions.cursor):
    """Begins the transaction that Django wants, if the server is not in it yet."""

    connection: Connection
    wrapper: "SavesMessages"

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - the name that psycopg2 gave it
        self.wrapper.send_waiting()
        started = perf_counter()
        try:
            if isinstance(query, Message):
                self._send(query, vars)
            else:
                self._begin_and_execute(query, vars)
        finally:
            slow_queries.note(query, started)

    def _send(self, message: Message, given: Any) -> None:
        """Send a message with these values, its statements prepared where they can be."""
        connection, new = self.connection, dict[str, str]()
        if connection.prepared is None:
            text, parameters = message.plain(given)
        else:
            # After a failure it is not known what was prepared, so no name is used again.
            suffix = f"_{connection.failures}" if connection.failures else ""
            text, parameters = message.prepared(given, connection.prepared, new, suffix)
        try:
            self._begin_and_execute(text, parameters)
        except errors.FeatureNotSupported as error:
            # A migration changed the type of a column: the plan cannot be used any more.
            connection.failures += 1
            connection.prepared = {}
            raise psycopg2.OperationalError("The database was changed meanwhile.") from error
        except psycopg2.Error:
            connection.failures += bool(new)
            raise
        if new and connection.prepared is not None:
            connection.prepared.update(new)

    def _begin_and_execute(self, query: Any, vars: Any) -> None:  # noqa: A002
        if isinstance(query, str):
            super().execute(self.wrapper.prelude() + query, vars)
        else:
            with self.begun():
                super().execute(query, vars)

    def executemany(self, query: Any, vars_list: Any) -> None:
        with self.begun():
            super().executemany(query, vars_list)

    def callproc(self, procname: Any, parameters: Any = None) -> Any:
        with self.begun():
            return super().callproc(procname, parameters)

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        with self.begun():
            super().copy_expert(sql, file, size)

    def copy_from(self, *args: Any, **kwargs: Any) -> None:
        with self.begun():
            super().copy_from(*args, **kwargs)

    def copy_to(self, *args: Any, **kwargs: Any) -> None:
        with self.begun():
            super().copy_to(*args, **kwargs)

    @contextmanager
    def begun(self) -> Iterator[None]:
        """Begin the transaction in a message of its own, if it is still to begin.

        Through a pooler what stands outside of transactions gets one of its own, in which settings hold.
        """
        self.wrapper.send_waiting()
        prelude = self.wrapper.prelude()
        is_own = bool(prelude) and self.wrapper.autocommit
        if prelude:
            super().execute(("BEGIN; " if is_own else "") + prelude.rstrip("; "))
        try:
            yield
        except BaseException:
            if is_own:
                self.wrapper.end("ROLLBACK")
            raise
        if is_own:
            self.wrapper.end("COMMIT")


class SavesMessages(base.DatabaseWrapper):
    """A backend that sends BEGIN along with the first statement, and COMMIT with the last."""

    connection: Any
    isolation_level: Any
    tzinfo_factory: Any
    waiting: Waiting | None = None

    @property
    def begin(self) -> str:
        level = self.settings_dict["OPTIONS"].get("isolation_level")
        return f"BEGIN ISOLATION LEVEL {self.isolation_level.name.replace('_', ' ')}" if level else "BEGIN"

    @property
    def session_settings(self) -> dict[str, str]:
        """What is set in each session, by name. The time zone is what psycopg2's times are taken to be in."""
        options = parse_options(self.settings_dict["OPTIONS"].get("options", ""))
        return {**options, "TimeZone": self.timezone_name}

    def prelude(self) -> str:
        """What goes before the next statement, in the same message."""
        if not self._is_idle():
            return ""
        settings: str = self.connection.settings
        return settings if self.autocommit else f"{self.begin}; {settings}"

    def execute_last(self, message: Message, given: Any, receive: Callable[[str], None]) -> None:
        """Execute what is meant to be the last statement of the present transaction, as late as can be.

        It must leave a text for `receive` in `RETURNED` and return it: `SELECT set_config(…)`. Errors are
        raised by the end of the transaction, or by the next statement in it.
        """
        self.send_waiting()  # another one was not the last, then
        self.waiting = Waiting(message, given, receive)
        if self.get_autocommit():
            self.send_waiting()

    def send_waiting(self, *, with_commit: bool = False) -> None:
        """Execute what waits for the end of the transaction, if something does."""
        waiting, self.waiting = self.waiting, None
        if waiting:
            message = waiting.message.and_commit if with_commit else waiting.message
            with self.cursor() as cursor:
                cursor.execute(message, waiting.given)
                waiting.receive(*cursor.fetchone())

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params() | {"connection_factory": Connection}
        params.pop("options", None)  # they are set afterwards
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.autocommit = True
        connection.settle(self.session_settings)
        return connection

    def _configure_timezone(self, connection: Any) -> bool:
        """Through a pooler it is one of the settings that come with each transaction."""
        return not connection.settings and super()._configure_timezone(connection)  # type: ignore[misc]

    @cached_property
    def wrap_database_errors(self) -> Failures:
        return Failures(self)

    def close_if_unusable_or_obsolete(self) -> None:
        if self.connection is not None and self.connection.is_stale:
            self.close()
        else:
            super().close_if_unusable_or_obsolete()

    def create_cursor(self, name: str | None = None) -> Any:
        if name:
            return super().create_cursor(name)
        cursor = self.connection.cursor(cursor_factory=Cursor)
        cursor.wrapper = self
        cursor.tzinfo_factory = self.tzinfo_factory
        return cursor

    def chunked_cursor(self) -> Any:
        """A cursor of the server outside of transactions; inside, psycopg2 would take it for out of place.

        Through a pooler the next rows would be asked of another session, which has no such cursor.
        """
        self.ensure_connection()
        if self.connection.settings or not self.get_autocommit():
            return self.cursor()
        return super().chunked_cursor()

    def close(self) -> None:
        self.waiting = None
        super().close()

    def _set_autocommit(self, autocommit: bool) -> None:
        with self.wrap_database_errors:
            self.connection.autocommit = True
        if autocommit:  # what was broken off before it came to an end
            self._rollback()

    def _commit(self) -> None:
        try:
            if self.waiting:
                self.send_waiting(with_commit=True)
            else:
                self.end("COMMIT")
        except (OperationalError, InterfaceError) as error:
            if self.connection is None or self.connection.closed:
                raise CommitUnanswered(str(error)) from error
            raise

    def _rollback(self) -> None:
        self.waiting = None
        self.end("ROLLBACK")

    def _savepoint_rollback(self, sid: str) -> None:
        self.waiting = None  # it is younger than the savepoint, which would have sent it
        super()._savepoint_rollback(sid)  # type: ignore[misc]

    def end(self, statement: str) -> None:
        """Send what ends a transaction, if the server is in one."""
        if self.connection is None or self._is_idle():
            return
        with (
            debug_transaction(self, statement),
            self.wrap_database_errors,
            self.connection.cursor() as cursor,
        ):
            started = perf_counter()
            try:
                cursor.execute(statement)
            finally:
                slow_queries.note(statement, started)

    def _is_idle(self) -> bool:
        """Whether the server is in no transaction, by what it last said."""
        return self.connection.get_transaction_status() == extensions.TRANSACTION_STATUS_IDLE
