"""Django's development server, for which more than ten clients may wait, and the process beside it."""

from typing import Any

from django.contrib.staticfiles.management.commands import runserver
from django.core.management.base import CommandParser
from django.core.servers.basehttp import ServerHandler, WSGIRequestHandler, WSGIServer

from movie_booking.start_housekeeping import start_housekeeping

# As in production, it does not say what serves here.
ServerHandler.server_software = ""
WSGIRequestHandler.server_version = WSGIRequestHandler.sys_version = ""


class Server(WSGIServer):
    request_queue_size = 512  # with the usual 10, clients of a race are cut off


class Command(runserver.Command):
    server_cls = Server

    def add_arguments(self, parser: CommandParser) -> None:
        """Leave static files to WhiteNoise, as in production: with the headers that all else has."""
        super().add_arguments(parser)
        parser.set_defaults(use_static_handler=False)

    def inner_run(self, *args: Any, **options: Any) -> None:
        # In the process that serves, so anew with the code: the reloader has another one around it.
        start_housekeeping()
        super().inner_run(*args, **options)
