"""A worker that stops serves those who have reached it."""

import os
import subprocess
import sys
import time
from email.utils import parsedate_to_datetime

from gunicorn import util

from movie_booking.worker import http_date

# In a process of its own, as gevent changes how this one waits.
STOP = """
from gevent import monkey
monkey.patch_all()
import socket
from gevent.pool import Pool
from movie_booking.worker import Listener, connections_of_workers

def answer(client, address):
    client.sendall(b"answer to " + client.recv(9))

listening = socket.create_server(("127.0.0.1", 0))
address = listening.getsockname()
server = Listener(listening, answer, spawn=Pool(10))
server.max_accept, server.slot = 1, 0
connections_of_workers[0] = connections_of_workers[1] = 0
server.start()
server.stop_accepting()  # as if it were busy
clients = [socket.create_connection(address) for _ in range(5)]
for client in clients:
    client.sendall(b"a request")
server.close()
print([client.recv(99) for client in clients] == 5 * [b"answer to a request"])
try:
    socket.create_connection(address)
except ConnectionRefusedError:
    print("refused")
"""

# What a worker does before it takes the first request.
LOAD = """
import sys
from movie_booking.serve import Server

Server.load(None)
print("movie_booking.urls" in sys.modules)
"""


def test_a_date_is_composed_once_a_second_and_is_that_of_its_second():
    assert util.http_date is http_date
    assert [http_date(at) for at in (0, 0.9, 1)] == [
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Thu, 01 Jan 1970 00:00:01 GMT",
    ]
    assert abs(parsedate_to_datetime(http_date()).timestamp() - time.time()) < 60


def test_connections_that_wait_to_be_accepted_are_served_before_the_socket_closes():
    command = [sys.executable, "-c", STOP]
    stopped = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603

    assert stopped.stdout.split() == ["True", "refused"], stopped.stderr


def test_a_worker_has_loaded_all_views_before_the_first_request():
    production = {
        "DEBUG": "0",
        "SECRET_KEY": "a key of a test, which is long enough",
        "DATABASE_URL": "sqlite://:memory:",
    }
    command = [sys.executable, "-c", LOAD]
    loaded = subprocess.run(  # noqa: S603 - our own command
        command, env=os.environ | production, capture_output=True, text=True, timeout=60, check=False
    )

    assert loaded.stdout == "True\n", loaded.stderr
