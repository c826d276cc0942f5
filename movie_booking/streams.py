"""Whether streams have to end: in a worker of the production server, once it is told to stop."""

from threading import Event

closing = Event()
