"""Settings of a session of PostgreSQL, such as lock_timeout, that hold on every way to it.

libpq would send them along when it connects, which poolers refuse or drop. So they are set afterwards: once,
where the session is ours. A pooler has another session for the next transaction: there they are set for each
transaction, and for each statement outside of one, in the message that begins with them.
"""

from collections.abc import Mapping
from typing import Any

import psycopg2


def settle(cursor: Any, settings: Mapping[str, str]) -> str | None:
    """Have these settings hold in a new connection.

    Returns None if they do from now on, as the session is that of this connection alone; else what each
    transaction has to begin with. A pooler is told by the process that it makes up. Raises OperationalError
    if the settings do not hold even so.
    """
    pairs = [text for pair in settings.items() for text in pair]
    pid = cursor.connection.info.backend_pid
    setting = f"CASE WHEN pg_backend_pid() = {pid} THEN set_config(%s, %s, false) END"
    cursor.execute(f"SELECT pg_backend_pid() = {pid}, {', '.join([setting] * len(settings))}", pairs)
    if cursor.fetchone()[0]:
        return None
    set_here = "set_config(%s, %s, true)"
    begin: str = cursor.mogrify(f"SELECT {', '.join([set_here] * len(settings))}; ", pairs).decode()
    # Whether each is what it would be if it were set now.
    is_set = f"current_setting(%s) = {set_here}"
    values = [text for name, value in settings.items() for text in (name, name, value)]
    check = cursor.mogrify(f"SELECT {', '.join([is_set] * len(settings))}", values).decode()
    cursor.execute(begin + check)
    outside = cursor.fetchone()
    try:
        cursor.execute(f"BEGIN; {begin.rstrip('; ')}")
        cursor.execute(check)
        inside = cursor.fetchone()
        cursor.execute("ROLLBACK")
    except psycopg2.OperationalError as error:  # as in pgbouncer's statement pooling
        raise psycopg2.OperationalError(
            f"What is between us and the database has no transactions: {error}"
        ) from error
    lost = [name for name, *held in zip(settings, outside, inside, strict=True) if not all(held)]
    if lost:
        raise psycopg2.OperationalError(f"What is between us and the database loses {', '.join(lost)}.")
    return begin
