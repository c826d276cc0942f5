"""Debian's Prometheus, which reads a server of ours by the configuration in deploy/."""

import json
import math
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from pathlib import Path

import yaml
from django.conf import settings

from movie_booking.tests.programs import require
from movie_booking.tests.server import free_port, wait_until

CONFIGURATION = settings.BASE_DIR / "deploy" / "prometheus"


class PrometheusServer:
    def __init__(self, folder: Path, *, token: str, port: int) -> None:
        """Read the server at this port each two seconds. An answer may take as long, too."""
        self.address = f"127.0.0.1:{free_port()}"
        config = yaml.safe_load((CONFIGURATION / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "2s", "evaluation_interval": "2s"}
        config["scrape_configs"][0]["static_configs"] = [{"targets": [f"127.0.0.1:{port}"]}]
        folder.mkdir()
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        (folder / "alerts.yml").write_text((CONFIGURATION / "alerts.yml").read_text())
        (folder / "metrics-token").write_text(token)
        options = {
            "config.file": folder / "prometheus.yml",
            "storage.tsdb.path": folder / "data",
            "web.listen-address": self.address,
            "log.level": "error",
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        self.process = subprocess.Popen([require("prometheus"), *arguments])  # noqa: S603
        try:
            wait_until(lambda: self.query("up") == [1])
        except AssertionError as error:
            why = self.last_error()
            self.kill()
            raise AssertionError(why) from error

    def query(self, expression: str) -> list[float]:
        """Return the numbers that a query has now: none before the server is there."""
        asked = urllib.parse.urlencode({"query": expression})
        with (
            suppress(urllib.error.URLError, ConnectionError),
            urllib.request.urlopen(f"http://{self.address}/api/v1/query?{asked}", timeout=10) as response,
        ):
            found = [float(each["value"][1]) for each in json.load(response)["data"]["result"]]
            return [number for number in found if not math.isnan(number)]
        return []

    def last_error(self) -> str:
        """Why the server could not be read when it was last tried."""
        with urllib.request.urlopen(f"http://{self.address}/api/v1/targets", timeout=10) as response:
            return str([each["lastError"] for each in json.load(response)["data"]["activeTargets"]])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
