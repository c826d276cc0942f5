"""SQL that is sent again and again, and how PostgreSQL need not parse and plan it each time.

PREPARE and EXECUTE are SQL, as psycopg2 has no other way to prepared statements.
https://www.postgresql.org/docs/current/sql-prepare.html
"""

import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any

from django.db import connection

# How long a transaction that several requests share waits for what one of them needs, other than its show:
# longer than what is at work elsewhere takes, unless it waits itself.
BRIEFLY = "200ms"
# A variable of the session.
RETURNED = "movie_booking.returned"
_PLACE = re.compile(r"%(?:\((?P<name>\w+)\))?(?P<kind>[s%])")


class Given:
    """Stands, among the parameters of a statement, for a value that each call gives."""

    def __init__(self, key: "int | str") -> None:
        self.key = key


class Statement:
    """One statement. `parameters` has what stands at each `%s`: a constant, or which value is given.

    It is prepared by a name that begins with this one, by which those who watch the database know it.

    A list of which each member is looked up in a table is written as `(SELECT %s::bigint[])`: then PostgreSQL
    guesses its length. For one whose length it knew it would make a new plan each time.
    """

    def __init__(self, name: str, sql: str, parameters: Sequence[Any]) -> None:
        self.kind, self.sql, self.parameters = name, sql, parameters
        self.constants = [each for each in parameters if not isinstance(each, Given)]
        self.keys = list(dict.fromkeys(each.key for each in parameters if isinstance(each, Given)))
        self.plan = self.with_given(lambda key: f"${self.keys.index(key) + 1}")
        digest = blake2b(f"{self.plan}{self.constants}".encode(), digest_size=4).hexdigest()
        self.name = f"{name}_{digest}"
        self.marks = f"({', '.join(['%s'] * len(self.keys))})" if self.keys else ""

    @classmethod
    def with_names(cls, name: str, sql: str) -> "Statement":
        """Of SQL that has a `%(name)s` for each value."""
        parameters = [Given(place["name"]) for place in _PLACE.finditer(sql) if place["name"]]
        return cls(name, _PLACE.sub(lambda place: f"%{place['kind']}", sql), parameters)

    def values(self, given: Any) -> list[Any]:
        """Return what stands at each `%s`."""
        return [given[each.key] if isinstance(each, Given) else each for each in self.parameters]

    def with_given(self, mark: "Callable[[int | str], str]") -> str:
        """Return the SQL with that mark for each value that is given, and `%s` for the constants."""
        parameters = iter(self.parameters)

        def marked(place: "re.Match[str]") -> str:
            is_given = place["kind"] == "s" and isinstance(parameter := next(parameters), Given)
            return mark(parameter.key) if is_given else place[0]

        return _PLACE.sub(marked, self.sql)


class Message(str):
    """Statements that go to PostgreSQL in one message. What it returns is what the last of them returns.

    Each of them sees what was committed before it began itself, as statements of their own do.
    It is a text as well, for all who send it without knowing of this.
    """

    statements: tuple[Statement, ...]
    then: str  # what follows them, without parameters

    def __new__(cls, *statements: Statement, then: str = "") -> "Message":
        message = super().__new__(cls, "; ".join(statement.sql for statement in statements) + then)
        message.statements, message.then = statements, then
        return message

    @cached_property
    def and_commit(self) -> "Message":
        """With COMMIT in the same message. Its rows are lost by that, but not what it left in `RETURNED`."""
        return Message(*self.statements, then=f"; COMMIT; SELECT current_setting('{RETURNED}')")

    def plain(self, given: Any) -> tuple[str, list[Any]]:
        """Return the SQL and its parameters."""
        return str(self), [value for statement in self.statements for value in statement.values(given)]

    def prepared(
        self, given: Any, names: Mapping[str, str], new: MutableMapping[str, str], suffix: str
    ) -> tuple[str, list[Any]]:
        """Return the SQL and its parameters in a session that knows some statements by these names.

        The others are prepared along, and added to `new`; their names end in `suffix`.
        """
        texts, parameters = [], list[Any]()
        for statement in self.statements:
            name = names.get(statement.name)
            if name is None:
                name = new[statement.name] = statement.name + suffix
                texts.append(f"PREPARE {name} AS {statement.plan}")
                parameters += statement.constants
            texts.append(f"EXECUTE {name}{statement.marks}")
            parameters += [given[key] for key in statement.keys]
        return "; ".join(texts) + self.then, parameters


def send(cursor: Any, message: Message, given: Any) -> None:
    """Execute a message by a cursor of Django's, with these values."""
    if cursor.db.vendor == "postgresql":
        cursor.execute(message, given)  # our backend knows what it is
    else:
        cursor.execute(*message.plain(given))


def execute(
    message: Message, given: Any, receive: Callable[[str], None] = lambda text: None, *, is_last: bool = False
) -> None:
    """Execute a message on PostgreSQL that returns a text by `set_config`, and tell `receive`.

    If it `is_last` in its transaction, that is when the transaction ends, with COMMIT in the same message; so
    are errors raised.
    """
    if is_last:
        backend: Any = connection
        backend.execute_last(message, given, receive)
        return
    with connection.cursor() as cursor:
        cursor.execute(message, given)
        receive(*cursor.fetchone())
