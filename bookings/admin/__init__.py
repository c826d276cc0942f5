"""Bookings as the box office sees them: orders, bookings, their events, and the seats of a show."""

from bookings.admin import accounts, bookings, catalogue, events, orders, roles, shows

__all__ = ["accounts", "bookings", "catalogue", "events", "orders", "roles", "shows"]
