"""What the service sends to PostgreSQL, read from the log of the server, and made repeatable."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import sqlparse

LOG_PREFIX = "bench|%p|%d|"
_ENTRY = re.compile(r"^bench\|(?P<process>\d+)\|(?P<database>[^|]*)\|(?P<kind>[A-Z]+):  (?P<text>.*)$")
_STATEMENT = re.compile(r"^(?:statement|execute [^:]*): ", re.ASCII)


class Message(NamedTuple):
    """One round trip to the database: what a client sent, of one statement or of several."""

    process: int  # which served it: a connection
    text: str

    @property
    def statements(self) -> list[str]:
        return [statement.rstrip("; \n") for statement in sqlparse.split(self.text)]

    @property
    def verb(self) -> str:
        """The first word of each of its statements."""
        return " + ".join(statement.split(None, 1)[0].upper() for statement in self.statements)


def parse_log(text: str, database: str) -> list[Message]:
    """Return the messages of clients of that database in a log that was written with `LOG_PREFIX`."""
    entries: list[tuple[int, str] | None] = []
    for line in text.splitlines():
        if found := _ENTRY.match(line):
            is_message = found["kind"] == "LOG" and found["database"] == database
            is_message = is_message and bool(_STATEMENT.match(found["text"]))
            entries.append((int(found["process"]), _STATEMENT.sub("", found["text"])) if is_message else None)
        elif line.startswith("\t") and entries and (last := entries[-1]):  # the statement goes on
            entries[-1] = (last[0], f"{last[1]}\n{line[1:]}")
    return [Message(*entry) for entry in entries if entry]


def of_request(messages: Iterable[Message], marks: Iterable[int]) -> list[Message]:
    """Return those of the connection that served a request: the one that named one of these ids.

    What others sent meanwhile, such as the sweeper of expired holds, is left out.
    """
    messages = list(messages)
    pattern = re.compile("|".join(_number(mark) for mark in marks))
    served = {message.process for message in messages if pattern.search(message.text)}
    return [message for message in messages if message.process in served]


def with_variables(text: str, variables: Mapping[str, int | str]) -> str:
    """Return a message in which these values are replaced by the variables of pgbench of these names."""
    for name, value in variables.items():
        pattern = _number(value) if isinstance(value, int) else re.escape(value)
        text = re.sub(pattern, f":{name}", text)
    return text


def pgbench_script(messages: Iterable[Message], variables: Mapping[str, int | str], header: str) -> str:
    """Return a script of pgbench that sends the same messages, each in as many round trips as it had."""
    lines = [
        r" \; ".join(with_variables(statement, variables) for statement in message.statements) + ";"
        for message in messages
    ]
    return "\n".join([header, *lines, ""])


def _number(value: int | str) -> str:
    """A pattern for that number, and not for the digits of a longer one."""
    return rf"(?<![\w.:-]){value}(?![\w.:-])"
