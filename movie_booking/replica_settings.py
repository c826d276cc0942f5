"""What connections to a standby are told, so that none can write, and one that hangs holds up nobody."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured


def replica_settings(config: dict[str, Any], primary: dict[str, Any]) -> dict[str, Any]:
    """Add to the settings of a database what a standby needs. Raises ImproperlyConfigured on SQLite."""
    if primary["ENGINE"] != "movie_booking.postgresql":
        raise ImproperlyConfigured("DATABASE_REPLICA_URL: only PostgreSQL has one, and DATABASE_URL is none.")
    options = config["OPTIONS"]
    options["options"] = f"{options.get('options', '')} -c default_transaction_read_only=on".strip()
    options["connect_timeout"] = 2  # seconds; it can be done without
    return config | {"ENGINE": "movie_booking.postgresql.replica", "TEST": {"MIRROR": "default"}}
