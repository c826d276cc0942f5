"""Requests as they go over the wire, made before the clock runs."""

import json
from pathlib import Path
from typing import Any, NamedTuple

ETAG = "@ETAG@"  # stands for the last ETag that the connection was told


class Request(NamedTuple):
    """What is sent, and under which name its answer is counted."""

    tag: str
    raw: str


def request(
    method: str, path: str, *, tag: str = "", token: str = "", body: Any = None, **headers: str
) -> Request:
    """Return a request of HTTP/1.1. The names of headers come with underscores."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    content = "" if body is None else body if isinstance(body, str) else json.dumps(body)
    if body is not None:
        form = "application/x-www-form-urlencoded" if isinstance(body, str) else "application/json"
        lines += [f"Content-Type: {form}", f"Content-Length: {len(content.encode())}"]
    return Request(tag or method, "\r\n".join([*lines, "", content]))


def write(requests: list[Request], path: Path) -> None:
    """Write requests as `wrk.lua` and `client.py` read them: NUL between them, the tag in the first line."""
    path.write_text("\0".join(f"{each.tag}\n{each.raw}" for each in requests), newline="")


def read(path: Path) -> list[Request]:
    with path.open(newline="") as file:
        return [Request(*part.split("\n", 1)) for part in file.read().split("\0")]
