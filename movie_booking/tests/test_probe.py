"""What a container's health check asks the server beside it."""

import os
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.conf import settings


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({"/healthz": 200, "/moved": 301}.get(self.path, 503))
        self.end_headers()
        self.wfile.write(b"database: away")

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def port():
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def probe(port, *path):
    done = subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "movie_booking.probe", *path],
        cwd=settings.BASE_DIR,
        env=os.environ | {"PORT": str(port)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("path", "code", "status"),
    [(["/healthz"], 0, 200), (["/readyz"], 1, 503), ([], 1, 503), (["/moved"], 1, 301)],
)
def test_it_ends_well_if_the_server_says_200_and_says_what_it_said(port, path, code, status):
    assert probe(port, *path) == (code, f"{status} database: away\n")


def test_a_server_that_is_not_there_is_not_well():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        code, said = probe(free.getsockname()[1])

    assert code == 1
    assert said.startswith("no answer: ")
