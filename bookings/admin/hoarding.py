"""Which customers hold seats again and again without buying any."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.timezone import now

from bookings.models import MORE_THAN_HELD, Booking, Order


class HoardingFilter(admin.SimpleListFilter):
    """Orders of those for whom no more seats are held for now, or are about to be no more."""

    title = "customer"
    parameter_name = "hoarding"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Holds again and again")] if settings.HOARDING_ORDERS else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(orders_of_hoarders()) if self.value() == "yes" else queryset


def orders_of_hoarders() -> Q:
    """Return the recent orders of those who let half of HOARDING_ORDERS go, or more, since they last bought.

    Half, so that staff see who will be refused before it comes to that.
    """
    since = now() - timedelta(hours=settings.HOARDING_HOURS)
    kept = Exists(Booking.objects.filter(MORE_THAN_HELD, order=OuterRef("pk")).order_by())
    recent = Order.objects.filter(created_at__gt=since).order_by()
    matches = Q(pk__in=())
    # Those who gave no address are not one customer.
    for customer, is_known in (("user", Q(user__isnull=False)), ("guest__address", Q(guest__address__gt=""))):
        of_same = Order.objects.filter(**{customer: OuterRef(customer)}).filter(kept)
        since_bought = recent.filter(is_known, ~Exists(of_same.filter(pk__gte=OuterRef("pk"))))
        counted = since_bought.values(customer).annotate(orders=Count("pk"))
        many = counted.filter(orders__gte=(settings.HOARDING_ORDERS + 1) // 2).values(who=F(customer))
        matches |= Q(**{f"{customer}__in": many}) & Q(created_at__gt=since)
    return matches
