"""The production server: `python -m movie_booking.serve`, all settings from the environment.

What it costs beside others is measured by `make bench`.
"""

import os
import resource
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from movie_booking.arbiter import Arbiter
from movie_booking.metrics_files import (
    FOLDER,
    PROCESS,
    name_worker,
    number_worker,
    open_folder,
    remove_folder,
)
from movie_booking.start_housekeeping import start_housekeeping
from movie_booking.worker import MAX_HEADER_BYTES, Worker, forget


class Log(Logger):
    """gunicorn's, which with a configuration of its own would prepare a line for each request."""

    def access(self, *args: Any) -> None:
        """Nothing: requests are logged by `movie_booking.request_ids`."""


class Server(BaseApplication):
    """gunicorn, as this application wants it."""

    def load_config(self) -> None:
        from movie_booking import logs, settings

        options = {
            "bind": f"[{settings.HOST}]:{settings.PORT}",  # in brackets, as it may be an address of IPv6
            "workers": settings.WEB_CONCURRENCY,
            "worker_class": Worker,
            "pre_fork": number_worker,
            "post_fork": name_worker,
            "child_exit": forget,
            "on_exit": remove_folder,
            "when_ready": say_how_limits_are_counted,
            "worker_connections": 1000 + settings.MAX_WATCHERS,
            "keepalive": settings.KEEP_ALIVE_SECONDS,
            # A worker that shows no life for so long is replaced. SQLite waits for its file without any.
            "timeout": 60 + 4 * settings.LOCK_TIMEOUT_SECONDS,
            # One that hangs must not keep a deployment from restarting.
            "graceful_timeout": settings.ANSWER_SECONDS + 10,
            "limit_request_line": 8190,
            "limit_request_field_size": MAX_HEADER_BYTES,  # which is what all of them may have
            "http_parser": "python",  # whose limits are ours
            # What a proxy says is for Django to read, if BEHIND_HTTPS_PROXY allows it.
            "secure_scheme_headers": {},
            "forwarder_headers": "",
            "control_socket_disable": True,
            "loglevel": "warning",
            "logger_class": Log,
            "logconfig_dict": logs.configuration(settings.LOG_LEVEL, settings.LOG_FORMAT, with_django=False),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        Arbiter(self).run()

    def load(self) -> Any:
        """Return what a worker serves. Called in the worker, when Python's own waits are gevent's."""
        from movie_booking import gateway, greenlets, worker_metrics

        greenlets.prepare()
        worker_metrics.look_each_second()
        return gateway.application


def say_how_limits_are_counted(arbiter: Any) -> None:
    """A hook of gunicorn's, called once when it listens."""
    from movie_booking import settings

    if not settings.THROTTLE:
        arbiter.log.warning("THROTTLE is off: nothing is limited.")
    elif not settings.REDIS_URL:
        arbiter.log.warning("REDIS_URL is not set: each worker process counts for itself what is limited.")


def allow_connections() -> None:
    """Let this process and its workers have as many connections as the system allows: often it is 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def keep_metrics() -> None:
    """Have all processes of this server count in one place, if anybody may ask for it."""
    from movie_booking import settings

    for name in (FOLDER, PROCESS):  # of whoever started this server: two that write to one file destroy it
        os.environ.pop(name, None)
    if settings.METRICS_TOKEN:
        os.environ[FOLDER] = str(open_folder())


def main() -> None:
    os.environ.setdefault("DEBUG", "0")
    allow_connections()
    keep_metrics()
    start_housekeeping()
    os.environ.pop("SCRIPT_NAME", None)  # gunicorn would refuse what a proxy sends without it
    Server().run()


if __name__ == "__main__":
    main()
