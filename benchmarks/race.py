"""Let many users race for the seats of one show over HTTP, and count what they were told.

    python benchmarks/race.py http://127.0.0.1:8000 --show 1 --users 200 --seats 50

Every user signs up and logs in first; then all send `POST /api/shows/{id}/book/` at the same
moment, user n for seat n modulo the number of seats. Exits with 1 unless each seat was sold exactly
once and all other users were refused with a 409.
"""

import argparse
import json
import secrets
import statistics
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit


def call(host: str, method: str, path: str, body: dict | None = None, token: str = "") -> tuple[int, dict]:
    connection = HTTPConnection(host, timeout=120)
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response.status, json.loads(data) if data else {}


def log_in_new_user(host: str, name: str) -> str:
    account = {"username": name, "password": "securepass123", "email": f"{name}@example.com"}
    status, answer = call(host, "POST", "/api/signup/", account)
    assert status == 201, answer
    status, answer = call(host, "POST", "/api/login/", account)
    assert status == 200, answer
    return answer["access"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--show", type=int, default=1)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--seats", type=int, default=50)
    options = parser.parse_args()
    host = urlsplit(options.url).netloc

    run = secrets.token_hex(4)
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda n: log_in_new_user(host, f"racer-{run}-{n}"), range(options.users)))
    print(f"{options.users} users are logged in; the race is on.")

    barrier = threading.Barrier(options.users)

    def book(number: int) -> tuple[int, int, float]:
        seat = number % options.seats + 1
        barrier.wait()
        started = time.perf_counter()
        status, _ = call(
            host, "POST", f"/api/shows/{options.show}/book/", {"seat_number": seat}, tokens[number]
        )
        return status, seat, time.perf_counter() - started

    with ThreadPoolExecutor(options.users) as pool:
        results = list(pool.map(book, range(options.users)))

    statuses = Counter(status for status, _, _ in results)
    sold = Counter(seat for status, seat, _ in results if status == 201)
    waits = sorted(wait for _, _, wait in results)
    print(
        f"answers: {dict(statuses)}; seats sold: {len(sold)}; sold twice: {max(sold.values(), default=0) > 1}"
    )
    print(f"waited: median {statistics.median(waits):.2f} s, longest {waits[-1]:.2f} s")
    fair = statuses == {201: options.seats, 409: options.users - options.seats} and set(sold.values()) == {1}
    return 0 if fair else 1


if __name__ == "__main__":
    sys.exit(main())
