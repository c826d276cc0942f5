"""What the database says when it can answer but not do its work, told to Django as the outage that it is."""

from typing import Any

from django.db.utils import DatabaseErrorWrapper

from movie_booking.database import NotWritable

# SQLSTATE for read_only_sql_transaction and disk_full: of a standby, and of a primary that became one.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
NOT_WRITABLE = {"25006", "53100"}


class Failures(DatabaseErrorWrapper):
    """Django's, which takes the first of these for a mistake of ours."""

    wrapper: Any

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if kind is None:
            return
        if getattr(error, "pgcode", None) in NOT_WRITABLE:
            self.wrapper.errors_occurred = self.wrapper.connection.is_stale = True
            raise NotWritable(*error.args) from error
        super().__exit__(kind, error, traceback)
