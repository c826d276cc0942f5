"""What a drill starts does not outlive it, and what it lacks is said."""

import signal
import sys

import psutil
import pytest

from drills import __main__ as command
from drills.processes import DidNotHappen, Program, end_all_in, living_in, wait_until
from drills.results import Result

FAMILY = ["sh", "-c", "setsid sleep 600 & exec sleep 600"]


class Sleeper(Program):
    """A process, and a child of it that is in a session of its own, as PostgreSQL is for Patroni."""

    def begin(self) -> None:
        self.spawn(FAMILY, cwd=self.folder)

    def is_up(self) -> bool:
        return [each.name() for each in self.processes()] == ["sleep", "sleep"]


@pytest.fixture
def sleeper(tmp_path):
    program = Sleeper(tmp_path / "sleeper")
    program.start()
    yield program
    program.kill()


def states(processes: list[psutil.Process]) -> set[str]:
    return {process.status() if process.is_running() else "gone" for process in processes}


def test_all_of_a_program_is_frozen_and_goes_on(sleeper):
    family = sleeper.processes()

    sleeper.freeze()
    wait_until(lambda: states(family) == {"stopped"}, "freezing", 10, pause=0.001)
    sleeper.thaw()
    wait_until(lambda: states(family) == {"sleeping"}, "going on", 10, pause=0.001)

    assert len(family) == 2


def test_nothing_of_a_drill_is_left(sleeper, tmp_path):
    family = sleeper.processes()
    sleeper.freeze()

    end_all_in(tmp_path)

    assert states(family) == {"gone"}
    assert living_in(tmp_path) == []


def test_a_program_that_ends_at_once_is_told_with_what_it_said(tmp_path):
    program = Sleeper(tmp_path / "failing")
    program.spawn([sys.executable, "-c", "raise SystemExit('no such option')"], cwd=program.folder)

    with pytest.raises(DidNotHappen, match="failing ended with 1: no such option"):
        program.wait_until_up()


def test_what_is_not_installed_is_said_with_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["drills", "--quick"])
    monkeypatch.setattr(command, "find", lambda name: None if name == "etcd" else name)

    assert command.main() == 2
    assert (
        capsys.readouterr().err
        == "DID NOT RUN: etcd not installed. To install: apt-get install etcd-server\n"
    )


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ({}, 0),
        ({"late": ["9 s"]}, 3),
        ({"wrong": ["1 lost"]}, 1),
        ({"wrong": ["1 lost"], "late": ["9 s"]}, 1),
    ],
)
def test_what_was_lost_is_another_end_than_what_took_long(seen, code, monkeypatch, tmp_path):
    drill = command.QUICK[0]
    monkeypatch.setattr(sys, "argv", ["drills", "--quick", drill.name])
    monkeypatch.setattr(command, "find", lambda name: name)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # that of the tests stays
    monkeypatch.setattr(command.report, "about", lambda: "here")
    monkeypatch.setattr(command, "run", lambda drills: ([Result(drill.name, drill.what, 5.0, **seen)], 1.0))

    assert command.main() == code


def test_drills_that_were_not_held_are_no_success(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["drills", "--quick"])
    monkeypatch.setattr(command, "find", lambda name: name)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # that of the tests stays
    monkeypatch.setattr(command.report, "about", lambda: "here")
    monkeypatch.setattr(command, "run", lambda drills: ([], 1.0))

    assert command.main() == 1


def test_a_drill_that_does_not_exist_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["drills", "fire"])

    with pytest.raises(SystemExit):
        command.main()

    assert "There is no drill fire." in capsys.readouterr().err
