"""The proxy of compose.yaml: a real Caddy in front of two hosts that only say what reached them."""

import json
import os
import socket
import ssl
import subprocess
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from deploy.tests.dockerfile import ROOT
from movie_booking.tests.programs import require
from movie_booking.tests.server import wait_until

pytestmark = pytest.mark.needs("caddy")


class Host(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.ready = True
        Thread(target=self.serve_forever, daemon=True).start()


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        said = dict(self.headers) | {"path": self.path, "host": self.server.server_port}
        body = json.dumps(said).encode()
        self.send_response(503 if self.path.startswith("/readyz?") and not self.server.ready else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

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

    def get(self, path, **headers):
        trusted = ssl.create_default_context(cafile=self.folder / "caddy/pki/authorities/local/root.crt")
        connection = HTTPSConnection("localhost", self.port, timeout=20, context=trusted)
        try:
            connection.request("GET", path, headers={n.replace("_", "-"): v for n, v in headers.items()})
            response = connection.getresponse()
            return response.status, json.loads(response.read() or "null")
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
    finally:
        started.process.terminate()
        started.process.wait()


def test_a_client_cannot_say_where_it_comes_from(proxy):
    lies = {"X_Forwarded_For": "6.6.6.6", "X_Forwarded_Proto": "http", "X_Forwarded_Host": "evil.example"}

    status, said = proxy.get("/api/movies/?page=2", **lies)

    assert (status, said["path"]) == (200, "/api/movies/?page=2")
    assert said["X-Forwarded-For"] == "127.0.0.1"
    assert said["X-Forwarded-Proto"] == "https"
    assert said["Host"] == f"localhost:{proxy.port}"


def test_a_host_that_is_about_to_stop_gets_no_requests(proxy, hosts):
    one, other = hosts
    one.ready = False
    wait_until(lambda: proxy.hosts() == {other.server_port})

    one.ready = True
    wait_until(lambda: proxy.hosts() == {one.server_port, other.server_port})


def test_requests_go_on_when_a_host_is_gone(proxy, hosts):
    one, other = hosts
    one.shutdown()
    one.server_close()

    assert {proxy.get("/")[0] for _ in range(20)} == {200}
    assert proxy.hosts() == {other.server_port}
