"""Django's backend for PostgreSQL, with connections that the greenlets of a production worker share."""
