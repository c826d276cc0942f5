"""Bookings as the box office sees them: orders, bookings, their events, and the seats of a show."""

from django.contrib import admin

from bookings.admin import accounts, bookings, catalogue, events, orders, roles, shows

__all__ = ["accounts", "bookings", "catalogue", "events", "orders", "roles", "shows"]

admin.site.index_template = "admin/bookings/index.html"
