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
    setting = "set_config(%s, %s, true)"
    begin: str = cursor.mogrify(f"SELECT {', '.join([setting] * len(settings))}; ", pairs).decode()
    check = f"SELECT {', '.join(['current_setting(%s)'] * len(settings))}, "
    check += ", ".join([setting] * len(settings))
    cursor.execute(begin + check, [*settings, *pairs])
    row = cursor.fetchone()
    held, meant = row[: len(settings)], row[len(settings) :]
    lost = [name for name, one, other in zip(settings, held, meant, strict=True) if one != other]
    if lost:
        raise psycopg2.OperationalError(f"What is between us and the database loses {', '.join(lost)}.")
    return begin
