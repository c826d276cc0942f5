"""What the service sends to PostgreSQL, read from the log of the server, and made repeatable."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import sqlparse

LOG_PREFIX = "bench|%p|%d|"
_ENTRY = re.compile(r"^bench\|(?P<process>\d+)\|(?P<database>[^|]*)\|(?P<kind>[A-Z]+):  (?P<text>.*)$")
_STATEMENT = re.compile(r"^(?:statement|execute [^:]*): ", re.ASCII)
_PREPARE = re.compile(r"PREPARE (?P<name>\w+) AS\s+(?P<plan>.*)", re.DOTALL)
_CONNECTING = re.compile(r"SELECT (pg_backend_pid\(|set_config\('TimeZone')")
_EXECUTE = re.compile(r"EXECUTE (?P<name>\w+)")


class Message(NamedTuple):
    """One round trip to the database: what a client sent, of one statement or of several."""

    process: int  # which served it: a connection
    text: str

    @property
    def statements(self) -> list[str]:
        """Its statements, but for those that prepare others, which each connection does once."""
        return [each for each in self._split() if not _PREPARE.match(each)]

    @property
    def prepared(self) -> dict[str, str]:
        """What it prepares, by name."""
        found = filter(None, map(_PREPARE.match, self._split()))
        return {match["name"]: match["plan"] for match in found}

    def _split(self) -> list[str]:
        return [statement.rstrip("; \n") for statement in sqlparse.split(self.text)]


def prepared_in(messages: Iterable[Message]) -> dict[str, str]:
    """Return all that they prepare, by name."""
    return {name: plan for message in messages for name, plan in message.prepared.items()}


def as_planned(statement: str, prepared: Mapping[str, str]) -> str:
    """Return the statement, or if it executes one that was prepared, that."""
    match = _EXECUTE.match(statement)
    return prepared[match["name"]] if match else statement


def verbs(messages: Iterable[Message]) -> list[str]:
    """Return the first word of each statement, a message in one string."""
    messages = list(messages)
    prepared = prepared_in(messages)
    return [
        " + ".join(
            as_planned(statement, prepared).split(None, 1)[0].upper() for statement in message.statements
        )
        for message in messages
    ]


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
    messages = [Message(*entry) for entry in entries if entry]
    # What is asked as a connection is made belongs to no request.
    asked = {message.process: n for n, message in enumerate(messages) if _CONNECTING.match(message.text)}
    return [message for n, message in enumerate(messages) if n > asked.get(message.process, -1)]


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
    """Return a script of pgbench that sends the same messages, each in as many round trips as it had.

    The variable `prepared`, 0 at first, says whether a client has prepared its statements.
    """
    messages = list(messages)
    prepare = [f"PREPARE {name} AS {plan};" for name, plan in prepared_in(messages).items()]
    if prepare:
        prepare = [r"\if :prepared = 0", *prepare, r"\set prepared 1", r"\endif"]
    lines = [
        r" \; ".join(with_variables(statement, variables) for statement in message.statements) + ";"
        for message in messages
    ]
    return "\n".join([header, *prepare, *lines, ""])


def _number(value: int | str) -> str:
    """A pattern for that number, and not for the digits of a longer one."""
    return rf"(?<![\w.:-]){value}(?![\w.:-])"
