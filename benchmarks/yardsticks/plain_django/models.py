"""The tables of `schema.sql` for Django."""

from django.db import models
from django.utils import timezone

from benchmarks.yardsticks.shapes import new_reference


class Table(models.Model):
    """A table of `schema.sql`."""

    class Meta:
        abstract = True
        managed = False


class Account(Table):
    username = models.CharField(max_length=150)
    email = models.EmailField()
    password = models.CharField(max_length=128)
    is_active = models.BooleanField()
    is_authenticated = True

    class Meta(Table.Meta):
        db_table = "account"


class Movie(Table):
    title = models.CharField(max_length=200)
    duration_minutes = models.IntegerField()

    class Meta(Table.Meta):
        db_table = "movie"


class Cinema(Table):
    name = models.CharField(max_length=100)
    time_zone = models.CharField(max_length=50)

    class Meta(Table.Meta):
        db_table = "cinema"


class Screen(Table):
    cinema = models.ForeignKey(Cinema, models.PROTECT)
    name = models.CharField(max_length=50)
    total_seats = models.IntegerField()

    class Meta(Table.Meta):
        db_table = "screen"


class Show(Table):
    movie = models.ForeignKey(Movie, models.PROTECT)
    screen = models.ForeignKey(Screen, models.PROTECT)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    pre_show_minutes = models.IntegerField()
    total_seats = models.IntegerField()
    price = models.DecimalField(max_digits=8, decimal_places=2)
    status = models.CharField(max_length=10)

    class Meta(Table.Meta):
        db_table = "show"


class Booking(Table):
    reference = models.CharField(max_length=20, default=new_reference)
    show = models.ForeignKey(Show, models.PROTECT)
    user = models.ForeignKey(Account, models.PROTECT)
    seat_number = models.IntegerField()
    price = models.DecimalField(max_digits=8, decimal_places=2)
    status = models.CharField(max_length=10, default="BOOKED")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(Table.Meta):
        db_table = "booking"
