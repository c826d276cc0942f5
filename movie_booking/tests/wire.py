"""What goes over the wire to PostgreSQL."""

import os
import socket
import struct
import threading
from contextlib import suppress

import pytest
from django.db import connection

from movies.models import Genre


def relay(source, target, seen=None):
    """Pass on what one end says to the other. `seen` gets the statements of a client."""
    buffered, started = b"", False
    with suppress(OSError):
        while data := source.recv(65536):
            buffered += data if seen is not None else b""
            while len(buffered) >= 5:
                head = 1 if started else 0  # the first message has no type
                length = struct.unpack("!I", buffered[head : head + 4])[0] + head
                if len(buffered) < length:
                    break
                if buffered[:head] == b"Q":
                    seen.append(buffered[5 : length - 1].decode())
                buffered, started = buffered[length:], True
            target.sendall(data)  # when it is noted, as an answer may be all that a test waits for
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)  # so that the other thread of these two hears of it
        end.close()


@pytest.fixture
def messages(tmp_path):
    """The statements that go over the wire to PostgreSQL, a message each."""
    params = connection.get_connection_params()
    host, port = params.get("host") or "localhost", int(params.get("port") or 5432)
    seen, listener = [], socket.socket(socket.AF_UNIX)
    listener.bind(os.fspath(tmp_path / ".s.PGSQL.5432"))
    listener.listen()

    def serve():
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                if host.startswith("/"):
                    server = socket.socket(socket.AF_UNIX)
                    server.connect(f"{host}/.s.PGSQL.{port}")
                else:
                    server = socket.create_connection((host, port))
                for ends in ((client, server, seen), (server, client)):
                    threading.Thread(target=relay, args=ends, daemon=True).start()

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    given = {name: connection.settings_dict[name] for name in ("HOST", "PORT")}
    connection.close()
    connection.settings_dict.update(HOST=os.fspath(tmp_path), PORT=5432)
    connection.settings_dict["OPTIONS"]["sslmode"] = "disable"
    connection.ensure_connection()
    seen.clear()
    yield seen
    connection.close()
    connection.settings_dict.update(given)
    del connection.settings_dict["OPTIONS"]["sslmode"]
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    server.join()


def run(statement, params=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def names():
    return [*Genre.objects.order_by("id").values_list("name", flat=True)]


def add(name):
    return Genre.objects.create(name=name, name_folded=name)
