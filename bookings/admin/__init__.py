"""Bookings as the box office sees them: orders, bookings, their events, and the seats of a show."""

from bookings.admin import bookings, catalogue, events, orders, roles, shows

__all__ = ["bookings", "catalogue", "events", "orders", "roles", "shows"]
