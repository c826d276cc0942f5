"""A Redis of our own, to be killed and started again."""

import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import redis

from movie_booking.tests.programs import require
from movie_booking.tests.server import wait_until


class RedisServer:
    def __init__(self, folder: Path) -> None:
        self.program = require("redis-server")
        self.folder = folder
        self.socket = folder / "socket"
        self.url = f"unix://{self.socket}"
        self.start()

    def start(self) -> None:
        options = {"port": "0", "unixsocket": str(self.socket), "save": "", "dir": str(self.folder)}
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.process = subprocess.Popen([self.program, *arguments], stdout=subprocess.DEVNULL)  # noqa: S603
        wait_until(self.answers)

    def answers(self) -> bool:
        with suppress(redis.RedisError, OSError), redis.Redis.from_url(self.url) as client:
            return client.ping()
        return False

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def flush(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()
