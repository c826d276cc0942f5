"""The proxy of compose.yaml: a real Caddy in front of two hosts that only say what reached them."""

import json
import os
import re
import socket
import ssl
import subprocess
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from deploy.tests.dockerfile import ROOT
from movie_booking.repeats import words_of
from movie_booking.tests.programs import require
from movie_booking.tests.server import wait_until

pytestmark = pytest.mark.needs("caddy")


class Host(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.ready, self.sent, self.refused = True, [], 0
        Thread(target=self.serve_forever, daemon=True).start()


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.sent.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/break-off":
            self.close_connection = True
        else:
            self.do_GET()

    def do_GET(self):
        head = self.raw_requestline.decode() + str(self.headers).replace("\n", "\r\n")
        said = dict(self.headers) | {"path": self.path, "host": self.server.server_port, "head": head}
        body = json.dumps(said).encode()
        is_refused = self.path.startswith("/readyz?") and not self.server.ready
        self.send_response(503 if is_refused else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.refused += is_refused

    def log_message(self, *arguments):
        pass


class Proxy:
    def __init__(self, folder: Path, *hosts: Host) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        caddy = require("caddy")
        environment = os.environ | {
            "DOMAIN": "localhost",  # for which it signs a certificate itself
            "HOSTS": " ".join(f"127.0.0.1:{host.server_port}" for host in hosts),
            "XDG_DATA_HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
        }
        adapt = [caddy, "adapt", "--config", ROOT / "deploy/Caddyfile", "--adapter", "caddyfile"]
        config = json.loads(subprocess.run(adapt, env=environment, capture_output=True, check=True).stdout)
        # Nothing of this machine's: its ports, and whom it trusts.
        config["admin"] = {"disabled": True}
        config["apps"]["pki"] = {"certificate_authorities": {"local": {"install_trust": False}}}
        server = config["apps"]["http"]["servers"]["srv0"]
        server |= {"listen": [f"127.0.0.1:{self.port}"], "automatic_https": {"disable_redirects": True}}
        (folder / "caddy.json").write_text(json.dumps(config))
        with (folder / "log").open("wb") as log:
            run = [caddy, "run", "--config", folder / "caddy.json"]
            self.process = subprocess.Popen(run, env=environment, stdout=log, stderr=log)

    def get(self, path, method="GET", body=None, **headers):
        trusted = ssl.create_default_context(cafile=self.folder / "caddy/pki/authorities/local/root.crt")
        connection = HTTPSConnection("localhost", self.port, timeout=20, context=trusted)
        try:
            connection.request(method, path, body, {n.replace("_", "-"): v for n, v in headers.items()})
            response = connection.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text.startswith(b"{") else None
        finally:
            connection.close()

    def serves(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()
        try:
            return self.get("/")[0] == 200
        except OSError:
            return False

    def hosts(self):
        """Which hosts answer ten requests, one after the other."""
        return {self.get("/")[1]["host"] for _ in range(10)}


@pytest.fixture(scope="module")
def hosts():
    both = Host(), Host()
    yield both
    for host in both:
        host.shutdown()
        host.server_close()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory, hosts):
    started = Proxy(tmp_path_factory.mktemp("caddy"), *hosts)
    try:
        wait_until(started.serves)
        yield started
    except AssertionError:
        pytest.fail((started.folder / "log").read_text())
    finally:
        started.process.terminate()
        started.process.wait()


def test_a_client_cannot_say_where_it_comes_from_nor_what_its_request_is_called(proxy):
    lies = {"X_Forwarded_For": "6.6.6.6", "X_Forwarded_Proto": "http", "X_Forwarded_Host": "evil.example"}
    lies["X_Request_ID"] = "of-another-request"

    status, said = proxy.get("/api/movies/?page=2", **lies)

    assert (status, said["path"]) == (200, "/api/movies/?page=2")
    assert said["X-Forwarded-For"] == "127.0.0.1"
    assert said["X-Forwarded-Proto"] == "https"
    assert said["Host"] == f"localhost:{proxy.port}"
    assert re.fullmatch(r"[0-9a-f-]{36}", said["X-Request-Id"])


def test_a_poll_that_repeats_one_says_the_same_behind_it_but_for_its_id(proxy):
    """Hosts answer such without Django: see `movie_booking.repeats`."""
    polls = [proxy.get("/api/shows/1/seats/", If_None_Match='"1-2"')[1] for _ in range(3)]

    words = [words_of(poll["head"].encode()) for poll in polls]
    assert len({each.digest for each in words}) == 1
    assert [each.request_id for each in words] == [poll["X-Request-Id"] for poll in polls]
    assert len({each.request_id for each in words}) == 3


def test_what_was_counted_is_not_for_clients(proxy):
    assert proxy.get("/metrics") == (404, None)
    assert proxy.get("/api/movies/")[0] == 200


def test_what_a_host_broke_off_is_not_sent_to_another(proxy, hosts):
    assert proxy.get("/break-off", "POST", b"{}") == (502, None)

    assert [path for host in hosts for path in host.sent] == ["/break-off"]


def test_a_host_that_is_about_to_stop_gets_no_requests(proxy, hosts):
    one, other = hosts
    one.ready = False
    wait_until(lambda: proxy.hosts() == {other.server_port})

    one.ready = True
    wait_until(lambda: proxy.hosts() == {one.server_port, other.server_port})


def test_when_no_host_is_ready_those_that_live_answer(proxy, hosts):
    for host in hosts:
        host.ready, host.refused = False, 0
    wait_until(lambda: all(host.refused > 1 for host in hosts))  # so Caddy knows it

    for _ in range(10):
        status, said = proxy.get("/api/shows/1/book/", "POST", b'{"seat_number": 5}')
        assert (status, said["path"], said["X-Forwarded-For"]) == (200, "/api/shows/1/book/", "127.0.0.1")

    for host in hosts:
        host.ready = True
    wait_until(lambda: proxy.hosts() == {host.server_port for host in hosts})


def test_requests_go_on_when_a_host_is_gone(proxy, hosts):
    one, other = hosts
    one.shutdown()
    one.server_close()

    assert {proxy.get("/")[0] for _ in range(20)} == {200}
    assert proxy.hosts() == {other.server_port}
