"""gunicorn's gevent worker, with better manners: it shares its load, stops at once, and reads any letters."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from functools import lru_cache, partial
from multiprocessing import RawArray
from typing import Any

import gevent
from gevent.server import StreamServer
from gunicorn import util
from gunicorn.http import wsgi
from gunicorn.http.errors import LimitRequestHeaders, NoMoreData, ParseException
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser
from gunicorn.http.wsgi import Response
from gunicorn.workers.ggevent import GeventWorker

from movie_booking import stopping
from movie_booking.metrics_files import forget_worker
from movie_booking.repeats import Repeat, Words, answered, repeats, words_of
from movie_booking.streams import closing

# How many connections each worker has, by its age modulo the length; in memory that all of them share.
SLOTS, NOBODY, STOPPING = 512, -1, 1_000_000
connections_of_workers = RawArray("i", [NOBODY] * SLOTS)
may_stop = RawArray("b", SLOTS)  # which workers the main process has told to stop
POLITENESS = 0.002  # seconds
MAX_HEADER_BYTES = 16 * 1024  # of a request, all in all
DRAINED_BYTES, DRAIN_SECONDS = 1024 * 1024, 2.0


class LenientRequest(Request):
    """Takes an address whose letters the client should have encoded, and encodes them. gunicorn says 400.

    It limits all headers of a request together, where gunicorn limits each, and their number.
    """

    words: Words | None = None  # of one that may come again
    repeat: Repeat | None = None  # what this one repeats,
    head = b""  # and how it came

    def parse(self, unreader: Any) -> Any:
        """Of a repetition nothing is read: whether it has to be, turns out later."""
        self.max_buffer_headers = MAX_HEADER_BYTES + len("\r\n\r\n")
        head = unreader.read()
        self.words = words_of(head)
        self.repeat = repeats.find(self.words) if self.words else None
        if self.repeat:
            self.head, self.version = head, (1, 1)
            return b""
        unreader.unread(head)
        return super().parse(unreader)

    def read_after_all(self) -> None:
        """Read this repetition like any other request. Nothing follows its head."""
        self.unreader.unread(self.head)
        super().parse(self.unreader)

    def is_mere_head(self) -> bool:
        """Whether no body comes after its head, and no other answer before its own."""
        return self.version == (1, 1) and all(name not in OF_MORE_THAN_A_HEAD for name, _ in self.headers)

    def _peer_is_trusted_proxy(self) -> bool:
        """No: what a proxy says is for Django to read. gunicorn would look through addresses each time."""
        return False

    def parse_headers(self, data: bytes, from_trailer: bool = False) -> Any:
        if len(data) > MAX_HEADER_BYTES:
            raise LimitRequestHeaders("limit request headers")
        return super().parse_headers(data, from_trailer)

    def parse_request_line(self, line_bytes: bytes) -> None:
        super().parse_request_line(re.sub(rb"[\x80-\xff]", lambda byte: b"%%%02X" % ord(byte[0]), line_bytes))


OF_MORE_THAN_A_HEAD = {"CONTENT-LENGTH", "EXPECT", "TRANSFER-ENCODING", "UPGRADE"}
RequestParser.mesg_class = LenientRequest


def http_date(timestamp: float | None = None) -> str:
    """gunicorn's, which would compose it for each response."""
    return date_of(int(time.time() if timestamp is None else timestamp))


@lru_cache(maxsize=1)
def date_of(second: int) -> str:
    return formatdate(second, usegmt=True)


util.http_date = http_date


class WholeResponse(Response):
    """Sends its headers along with its body, so that both ends have one message to deal with and not two.

    It does not say what serves here: that helps only those who look for a hole in it.
    """

    sock: Any
    _head = b""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if stopping.is_announced():
            self.force_close()  # the client's next request is better sent elsewhere

    def default_headers(self) -> list[str]:
        return [line for line in super().default_headers() if not line.startswith("Server:")]

    def send_headers(self) -> None:
        if self.headers_sent or self._omits_body or not self.response_length:
            super().send_headers()
            return
        connection, self.sock = self.sock, self
        super().send_headers()
        self.sock = connection

    def sendall(self, head: bytes) -> None:
        """As a socket has it, for `send_headers`."""
        self._head = head

    def _emit_body(self, data: bytes) -> None:
        head, self._head = self._head, b""
        super()._emit_body(head + data)


wsgi.Response = WholeResponse


class Listener(StreamServer):
    """Leaves a new connection to a worker that has fewer, which matters as clients keep theirs for long.

    Whoever is awake first would get a burst of them whole, and serve it alone.
    """

    slot: int
    _is_polite = True

    def do_read(self) -> Any:
        if self._is_polite and connections_of_workers[self.slot] > fewest_connections():
            self._is_polite = False  # once: the other may be busy
            self.stop_accepting()
            gevent.spawn_later(POLITENESS, self._start_accepting_if_started)
            return None
        self._is_polite = True
        return super().do_read()

    def close(self) -> None:
        """Stop listening, and serve those who are connected already: they may have sent all of a request."""
        if not self.closed:
            self.stop_accepting()
            connections_of_workers[self.slot] += STOPPING  # the others need not leave new ones to this one
            while accepted := super().do_read():
                self.do_handle(*accepted)
        super().close()


def fewest_connections() -> int:
    return min(number for number in connections_of_workers if number != NOBODY)


def forget(arbiter: Any, worker: "Worker") -> None:
    """A hook of gunicorn's, called in its main process when a worker is no more."""
    connections_of_workers[worker.slot] = NOBODY
    forget_worker(arbiter, worker)


def allow_to_stop(worker: "Worker") -> None:
    """Called in the main process, before it sends a worker SIGTERM."""
    may_stop[worker.slot] = True


class Worker(GeventWorker):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slot = self.age % SLOTS
        may_stop[self.slot] = False
        self._waiting: set[gevent.Greenlet] = set()  # those of connections that are idle

    def server_class(self, listener: Any, *, spawn: Any, **unused: Any) -> Listener:
        """What gunicorn listens with."""
        server = Listener(listener, partial(self.handle, listener), spawn=spawn)
        server.max_accept, server.slot = 1, self.slot
        connections_of_workers[self.slot] = 0
        return server

    def handle(self, listener: Any, client: Any, address: Any) -> None:
        connections_of_workers[self.slot] += 1
        try:
            super().handle(listener, client, address)
        finally:
            connections_of_workers[self.slot] -= 1

    def handle_request(self, listener_name: Any, req: LenientRequest, sock: Any, addr: Any) -> None:
        from movie_booking import answering_again  # Django, which only workers load

        if req.repeat and req.words:
            answer = None
            if self.alive and not stopping.is_announced():  # else the answer says that it is the last one
                answer = answering_again.answer(req.repeat, req.words.request_id, addr[0] if addr else "")
            if answer is not None:
                sock.sendall(answer)
                return
            req.read_after_all()
        super().handle_request(listener_name, req, sock, addr)  # which ends here if the connection does
        unchanged = answered.get()
        if unchanged is not None:
            answered.set(None)
            if req.words and req.is_mere_head():
                repeats.keep(req.words, *unchanged)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that cannot be read, or that failed outside of Django, as the API refuses things.

        Nothing of it is logged but who sent it: there may be a password in what cannot be read.
        """
        from movie_booking import gateway  # Django, which only workers load

        answer = gateway.refusal_of_head(exc)
        if isinstance(exc, ParseException):
            sender = addr[0] if addr else "a socket"
            self.log.warning("A request from %s was refused: %s", sender, type(exc).__name__)
        else:
            self.log.error("A request failed", exc_info=exc)
        with suppress(OSError):
            client.sendall(answer)
            # A client that is cut off in the middle of sending does not see the answer.
            util.close_graceful(client, DRAIN_SECONDS, DRAINED_BYTES)

    def handle_exit(self, sig: Any, frame: Any) -> None:
        """SIGTERM. Heeded when the main process has sent it, which says first that the server will stop.

        systemd, left to itself, sends it to all processes of a service at once.
        """
        if may_stop[self.slot]:
            super().handle_exit(sig, frame)

    @contextmanager
    def timeout_ctx(self) -> Iterator[None]:
        """For as long as a connection waits for a request and reads its headers."""
        connection = gevent.getcurrent()
        self._waiting.add(connection)
        try:
            with super().timeout_ctx():
                yield
        finally:
            self._waiting.discard(connection)

    def notify(self) -> None:
        """Each second. Once told to stop, this worker waits for requests, but not for idle connections.

        Streams end by themselves then.
        """
        from movie_booking.metrics import CLIENTS  # which only workers load

        super().notify()
        CLIENTS.set(connections_of_workers[self.slot] % STOPPING)
        if not self.alive:
            closing.set()
            gevent.killall(list(self._waiting), NoMoreData(), block=False)
