"""Statements as they are, for tests that look at them."""

from django.db import connection


def send_statements_as_they_are():
    """Have this connection prepare none from now on, as if a pooler were before the database."""
    connection.ensure_connection()
    if connection.vendor == "postgresql":
        connection.connection.prepared = None
