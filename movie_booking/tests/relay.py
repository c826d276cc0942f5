"""A port that leads to the test database, and that can be away, or silent as a host that froze."""

import socket
from contextlib import suppress
from threading import Thread
from urllib.parse import quote

from django.db import connection


class Relay:
    """Silent at first: it takes connections, and says nothing in them.

    A socket is closed by the thread that reads from it. Others shut it down, which wakes that thread.
    """

    def __init__(self) -> None:
        self.address = ("127.0.0.1", 0)
        self.silent: list[socket.socket] = []
        self.speaking: list[socket.socket] = []
        self.is_silent = True
        self.listen()

    def listen(self) -> None:
        self.listener = socket.create_server(self.address)
        self.address = self.listener.getsockname()
        Thread(target=self._accept, args=(self.listener,)).start()

    @property
    def url(self) -> str:
        known = connection.get_connection_params()
        user, password = (quote(known.get(name) or "", safe="") for name in ("user", "password"))
        return f"postgres://{user}:{password}@127.0.0.1:{self.address[1]}/{known['dbname']}"

    def go_away(self) -> None:
        """Connections are broken, and no others are taken."""
        wake(self.listener)
        self.speak()
        for each in self.speaking:
            wake(each)
        self.speaking.clear()

    def speak(self) -> None:
        """Lead to the database from now on."""
        self.is_silent = False
        for each in self.silent:
            each.close()
        self.silent.clear()

    def _accept(self, listener: socket.socket) -> None:
        with listener, suppress(OSError):
            while True:
                client, _ = listener.accept()
                if self.is_silent:
                    self.silent.append(client)
                else:
                    self._lead(client)

    def _lead(self, client: socket.socket) -> None:
        known = connection.get_connection_params()
        host, port = known.get("host") or "localhost", int(known.get("port") or 5432)
        if host.startswith("/"):
            database = socket.socket(socket.AF_UNIX)
            database.connect(f"{host}/.s.PGSQL.{port}")
        else:
            database = socket.create_connection((host, port))
        self.speaking += [client, database]
        for source, target in ((client, database), (database, client)):
            Thread(target=copy, args=(source, target)).start()


def copy(source: socket.socket, target: socket.socket) -> None:
    with source, suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    wake(target)


def wake(opened: socket.socket) -> None:
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)
