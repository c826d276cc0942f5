import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from bookings.services import Difference, check_seats
from movie_booking.errors import NotFound


class Command(BaseCommand):
    help = (
        "Compare what shows count with their bookings, and these with their history, and say what differs."
        " Ends with 1 if something does. Safe while sales go on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--show", type=int, metavar="ID", help="Only this one.")
        parser.add_argument(
            "--repair", action="store_true", help="Count anew where counts differ, and no more."
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="An object a line.")

    def handle(self, *args: Any, show: int | None, repair: bool, as_json: bool, **options: Any) -> None:
        total = {"shows": 0, "bookings": 0, "mended": 0, "different": 0}
        try:
            for checked in check_seats(show, repair=repair):
                total["shows"] += 1
                total["bookings"] += checked.bookings
                total["mended"] += bool(checked.mended)
                total["different"] += bool(checked.differences)
                for each in checked.mended:
                    self.say(checked.show_id, each, mended=True, as_json=as_json)
                for each in checked.differences:
                    self.say(checked.show_id, each, mended=False, as_json=as_json)
        except NotFound as error:
            raise CommandError(f"There is no show {show}.") from error
        said = "{shows} shows with {bookings} bookings: {mended} mended, {different} different."
        self.stdout.write(json.dumps(total) if as_json else said.format(**total))
        if total["different"]:
            raise CommandError("Counts, history and bookings do not agree.")

    def say(self, show_id: int, difference: Difference, *, mended: bool, as_json: bool) -> None:
        kind, sentence = difference
        if as_json:
            line = {"show": show_id, "kind": kind, "difference": sentence, "mended": mended}
            self.stdout.write(json.dumps(line))
        else:
            self.stdout.write(f"Show {show_id}: {kind}: {sentence}{' Mended.' if mended else ''}")
