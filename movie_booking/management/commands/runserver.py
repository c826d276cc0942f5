"""Django's development server, for which more than ten clients may wait, and the process beside it."""

from typing import Any

from django.contrib.staticfiles.management.commands import runserver
from django.core.servers.basehttp import WSGIServer

from movie_booking.start_housekeeping import start_housekeeping


class Server(WSGIServer):
    request_queue_size = 512  # with the usual 10, clients of a race are cut off


class Command(runserver.Command):
    server_cls = Server

    def inner_run(self, *args: Any, **options: Any) -> None:
        # In the process that serves, so anew with the code: the reloader has another one around it.
        start_housekeeping()
        super().inner_run(*args, **options)
