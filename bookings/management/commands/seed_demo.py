from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from bookings.demo import seed
from movies.models import Movie


class Command(BaseCommand):
    help = "Make a week of demo data: films, two cinemas, shows, and some bookings. Safe to run twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="Do nothing if there are movies.")

    def handle(self, *args: Any, if_empty: bool, **options: Any) -> None:
        if if_empty and Movie.objects.exists():
            self.stdout.write("There are movies already: no demo data added.")
            return
        shows, bookings = seed(progress=self.stdout.write)
        self.stdout.write(self.style.SUCCESS(f"New: {shows} shows, {bookings} bookings."))
