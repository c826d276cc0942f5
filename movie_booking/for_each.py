"""What locks one row and reads, for several rows at once, without a wait for those that others have locked.

For PostgreSQL, and for values that are numbers.
"""

from collections.abc import Sequence

from movie_booking.statements import BRIEFLY, Given, Message, Statement

# What else the transaction waits for, as foreign keys do, has others wait for all of its rows.
WAIT_BRIEFLY = Statement("wait_briefly", f"SELECT set_config('lock_timeout', '{BRIEFLY}', true)", [])
LOCK_FOR_EACH = """
SELECT set_config('movie_booking.locked', coalesce(string_agg(found.id::text, ' '), ''), true)
FROM {wanted} CROSS JOIN LATERAL ({sql} SKIP LOCKED) AS found (id)
"""
ROWS_FOR_EACH = """
SELECT found.*, wanted.value_0 FROM {wanted} CROSS JOIN LATERAL ({sql}) AS found
WHERE wanted.value_0 = ANY (string_to_array(current_setting('movie_booking.locked'), ' ')::bigint[])
"""


def for_each(lock: Statement, rows: Statement) -> Message:
    """Return both statements for several rows, of which the values are given as lists.

    `lock` returns the id, which is its value and the first of those of `rows`. As `rows` begins when all that
    is to be had is locked, it sees what was committed until then, and it reads of nothing that is not locked.
    The last column says which row it is of.
    """
    return Message(WAIT_BRIEFLY, _within(LOCK_FOR_EACH, lock), _within(ROWS_FOR_EACH, rows))


def _within(sql: str, statement: Statement) -> Statement:
    """The statement within this SQL, for a row of the lists that there are of its values."""
    keys = sorted(statement.keys)
    lists = ", ".join("(SELECT %s::bigint[])" for _ in keys)
    sql = sql.format(
        wanted=f"unnest({lists}) AS wanted ({', '.join(map(_column, keys))})",
        sql=statement.with_given(lambda key: f"wanted.{_column(key)}"),
    )
    given: Sequence[Given] = [Given(key) for key in keys]
    return Statement(f"{statement.kind}_for_each", sql, [*given, *statement.constants])


def _column(key: int | str) -> str:
    return f"value_{key}"
