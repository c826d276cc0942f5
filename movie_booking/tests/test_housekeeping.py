"""The process beside the server: each job on its own schedule, and an end with its parent."""

import os
import signal
import subprocess
import sys
from itertools import count
from threading import Event

import psutil
import pytest
from django.conf import settings
from django.core.management import load_command_class
from django.db import OperationalError, connection

from movie_booking import housekeeping, start_housekeeping
from movie_booking.housekeeping import Job, repeat, run
from movie_booking.management.commands import runserver
from movie_booking.metrics import registry
from movie_booking.tests.server import wait_until


class Rounds:
    """Stands for the event that stops a job: it lets so many rounds pass, and notes the pauses."""

    def __init__(self, rounds):
        self.rounds, self.pauses = rounds, []

    def is_set(self):
        return len(self.pauses) == self.rounds

    def wait(self, seconds):
        self.pauses.append(seconds)


def test_a_job_is_done_again_whatever_happens_and_less_often_while_it_fails(caplog):
    results = iter([0, *[OperationalError("the database is away")] * 4, 3, 0])
    rounds = Rounds(7)

    def work():
        result = next(results)
        if isinstance(result, Exception):
            raise result

    repeat(Job("Sweeping", work, 15), rounds)

    assert rounds.pauses == [15, 30, 60, 60, 60, 15, 15]
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 4


@pytest.mark.parametrize(("returned", "is_told"), [(None, True), (0, True), (True, True), (False, False)])
def test_a_process_says_nothing_of_what_is_for_another_to_do(returned, is_told):
    labels = {"task": f"returns {returned}"}

    repeat(Job(labels["task"], lambda: returned, 15), Rounds(2))

    done = registry.get_sample_value("movie_booking_jobs_total", {**labels, "outcome": "done"})
    last = registry.get_sample_value("movie_booking_job_last_success_timestamp_seconds", labels)
    assert (done, last is not None) == ((2, True) if is_told else (None, False))


def test_no_job_waits_for_another(monkeypatch):
    """One that takes for ever, one that fails each time, and one that goes on."""
    forever, done = Event(), Event()
    rounds = count(1)

    def fail():
        raise ValueError

    def go_on():
        if next(rounds) == 3:
            done.set()

    monkeypatch.setattr(housekeeping.os, "getppid", lambda: 2 if done.is_set() else 1)
    monkeypatch.setattr(housekeeping, "LOOK_SECONDS", 0.001)

    run([Job("stuck", forever.wait, 0), Job("broken", fail, 0.001), Job("sound", go_on, 0.001)])

    assert done.is_set()
    forever.set()


def test_a_job_that_pauses_for_long_keeps_no_connection(monkeypatch):
    closed = []
    monkeypatch.setattr(connection, "close", lambda: closed.append(True))

    repeat(Job("Sweeping", int, 59), Rounds(3))
    assert closed == []
    repeat(Job("Purging", int, 60), Rounds(3))
    assert closed == [True] * 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to(number):
    before = signal.getsignal(number)

    run([Job("ending", lambda: os.kill(os.getpid(), number), 60)])

    assert signal.getsignal(number) is before


def test_the_development_server_starts_one_in_the_process_that_serves(monkeypatch):
    """`runserver` calls this in the process that the reloader starts anew, or in its own without one."""
    calls = []
    monkeypatch.setattr(runserver, "start_housekeeping", lambda: calls.append("housekeeping"))
    monkeypatch.setattr(runserver.runserver.Command, "inner_run", lambda self: calls.append("server"))

    load_command_class("movie_booking", "runserver").inner_run()

    assert calls == ["housekeeping", "server"]


def test_it_ends_with_its_parent_however_that_ends():
    """Also if that is before it is ready. One without jobs, as Django takes its time to start."""
    beside = "from movie_booking.housekeeping import run; import sys; run([], beside=int(sys.argv[1]))"
    parent = subprocess.Popen(  # noqa: S603 - our own commands
        ["/bin/sh", "-c", f'exec 3<&0; "{sys.executable}" -c "{beside}" $$ <&3 & echo $!; wait'],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,  # which stays open
        stdout=subprocess.PIPE,
    )
    child = psutil.Process(int(parent.stdout.readline()))

    parent.kill()

    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    parent.communicate()


def test_a_server_starts_one_and_holds_its_input_open(monkeypatch):
    started = []
    monkeypatch.setattr(start_housekeeping, "started", started)
    monkeypatch.setattr(start_housekeeping.subprocess, "Popen", lambda command, **how: (command[1:], how))

    start_housekeeping.start_housekeeping()

    assert started == [
        (
            ["manage.py", "housekeeping", "--beside", str(os.getpid())],
            {"cwd": settings.BASE_DIR, "stdin": subprocess.PIPE},
        )
    ]


def test_it_ends_with_its_input_where_a_process_does_not_learn_of_its_parent(monkeypatch):
    monkeypatch.setattr(housekeeping.os, "getppid", lambda: 7)

    with open("/dev/null") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        run([], beside=7)


# --- How a server keeps it -------------------------------------------------------------------------


class Process:
    """Stands for the process beside a server."""

    def __init__(self, *args, **kwargs):
        self.returncode = None

    def poll(self):
        return self.returncode

    def terminate(self):
        self.returncode = -signal.SIGTERM


def test_one_that_ended_is_started_again_after_a_pause(monkeypatch):
    seconds, started = [0.0], []
    monkeypatch.setattr(start_housekeeping, "started", started)
    monkeypatch.setattr(start_housekeeping.time, "monotonic", lambda: seconds[0])
    monkeypatch.setattr(start_housekeeping.subprocess, "Popen", Process)
    start_housekeeping.start_housekeeping()
    [first] = started

    start_housekeeping.keep_housekeeping()
    assert started == [first]
    first.returncode = -9
    seconds[0] = 9.9
    start_housekeeping.keep_housekeeping()
    assert started == [first]
    seconds[0] = 10.0
    start_housekeeping.keep_housekeeping()

    [second] = started
    assert second is not first
    start_housekeeping.stop_housekeeping()
    assert second.returncode == -signal.SIGTERM
