"""Django's development server, for which more than ten clients may wait at a time."""

from django.contrib.staticfiles.management.commands import runserver
from django.core.servers.basehttp import WSGIServer


class Server(WSGIServer):
    request_queue_size = 512  # with the usual 10, clients of a race are cut off


class Command(runserver.Command):
    server_cls = Server
