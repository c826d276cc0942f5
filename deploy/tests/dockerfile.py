"""The Dockerfile, carried out without Docker: what it sends, installs and runs, in a folder for its /app."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent


class Instruction(NamedTuple):
    word: str
    rest: str


class Image(NamedTuple):
    app: Path
    environment: dict[str, str]
    health: list[str]
    command: list[str]


def instructions():
    text = (ROOT / "Dockerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ")
    return [Instruction(*line.split(maxsplit=1)) for line in whole.splitlines() if line.strip()]


def is_sent(path):
    """Whether .dockerignore lets a file through. The last pattern decides that fits it or a folder of its."""
    places = [path, *(str(parent) for parent in Path(path).parents)]
    sent = True
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!")
            forms = (pattern, pattern.removeprefix("**/"))  # **/ is any number of folders, also none
            if any(fnmatch(place, form) for place in places for form in forms):
                sent = line.startswith("!")
    return sent


def send(target):
    """Copy there what the image is built of: files that git has or would take, and so of any clone."""
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT, None)
    for path in filter(None, listed.split("\0")):
        if (ROOT / path).is_file() and is_sent(path):
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, target / path)


def run(command, folder, environment):
    """Return what a command says that ends well."""
    shell = isinstance(command, str)
    done = subprocess.run(
        command, cwd=folder, env=environment, shell=shell, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def base_python(folder):
    """A folder for PATH that has the `python` of the base image: what made the environment of these tests.

    It may be called so in the image only. As a link it would not know where it belongs.
    """
    python = folder / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(str(Path(sys._base_executable).resolve()))} "$@"\n')
    python.chmod(0o755)
    return python.parent


def build(folder):
    """Carry out the Dockerfile, with a folder for /app, and return what it makes."""
    app, context = folder / "app", folder / "context"
    app.mkdir()
    context.mkdir()
    send(context)
    base = f"{base_python(folder)}:/usr/bin:/bin"
    # Where pip finds packages is for this machine to say; and it may have them, compiled or not.
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    pip |= {"PIP_NO_CACHE_DIR": "0", "PIP_NO_COMPILE": "1"}
    image = Image(app, {}, [], [])
    for word, rest in instructions():
        if word == "FROM":
            image = Image(app, {"PATH": base}, [], [])
        elif word == "ENV":
            for name, value in re.findall(r"(\w+)=(\S+)", rest):
                image.environment[name] = value.replace("/app/", f"{app}/").replace("$PATH", base)
        elif word == "COPY":
            copy(rest.split(), context, app)
        elif word == "RUN":
            run(rest, app, image.environment | pip)
        elif word == "HEALTHCHECK":
            image = image._replace(health=json.loads(rest.partition("CMD ")[2]))
        elif word == "CMD":
            image = image._replace(command=json.loads(rest))
        else:
            assert word in ("WORKDIR", "USER", "EXPOSE"), word
    return image


def copy(arguments, context, app):
    *sources, target = arguments
    if sources == ["--from=build", "/app"]:
        return  # it is there
    assert target in (".", "./"), arguments
    for source in sources:
        if source == ".":
            shutil.copytree(context, app, dirs_exist_ok=True)
        else:
            shutil.copy(context / source, app)
