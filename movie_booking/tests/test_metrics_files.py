"""The folder in which the processes of a server keep what they count."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings

from movie_booking import metrics_files
from movie_booking.metrics_files import (
    FOLDER,
    PREFIX,
    PROCESS,
    forget_worker,
    name_worker,
    number_worker,
    open_folder,
    remove_folder,
)


@pytest.fixture(autouse=True)
def parent(tmp_path, monkeypatch):
    """What stands for shared memory."""
    monkeypatch.setattr(metrics_files, "SHARED_MEMORY", tmp_path)
    return tmp_path


ANOTHER_SERVER = """
import sys
from pathlib import Path
from movie_booking import metrics_files
metrics_files.SHARED_MEMORY = Path(sys.argv[1])
print(metrics_files.open_folder(), flush=True)
sys.stdin.read()
"""


def test_each_server_has_a_folder_and_takes_away_those_of_servers_that_are_no_more(parent):
    command = [sys.executable, "-c", ANOTHER_SERVER, str(parent)]
    another = subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=settings.BASE_DIR
    )
    theirs = Path(another.stdout.readline().strip())
    (theirs / "counter_worker1.db").write_bytes(b"1")
    first = open_folder()
    assert set(parent.iterdir()) == {theirs, first}

    another.kill()
    another.communicate()
    second = open_folder()

    assert set(parent.iterdir()) == {first, second}
    assert list(second.iterdir()) == []
    assert second.stat().st_mode & 0o777 == 0o700


def test_what_another_put_there_is_left_alone(parent, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "precious").write_text("")
    (parent / f"{PREFIX}link").symlink_to(elsewhere)
    (parent / f"{PREFIX}file").write_text("")
    (parent / "another").mkdir()

    open_folder()

    assert (elsewhere / "precious").exists()
    assert {each.name for each in parent.iterdir()} >= {f"{PREFIX}link", f"{PREFIX}file", "another"}


def test_without_shared_memory_it_is_where_temporary_files_are(monkeypatch, tmp_path_factory):
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setattr(metrics_files, "ROOM", 2**62)

    assert open_folder().parent == temporary


def test_a_worker_goes_on_with_the_number_of_one_that_is_no_more(monkeypatch):
    monkeypatch.setenv(PROCESS, "worker9")  # so that it is put back
    arbiter = SimpleNamespace(
        WORKERS={pid: SimpleNamespace(number=number) for pid, number in ((7, 1), (9, 3))}
    )
    worker = SimpleNamespace()

    number_worker(arbiter, worker)
    name_worker(arbiter, worker)

    assert (worker.number, os.environ[PROCESS]) == (2, "worker2")


def test_of_a_worker_that_is_no_more_what_it_counted_stays(parent, monkeypatch):
    monkeypatch.setenv(FOLDER, str(parent))
    kept = ["counter_worker1.db", "histogram_worker1.db", "gauge_max_worker1.db", "gauge_livesum_worker11.db"]
    for name in (*kept, "gauge_livesum_worker1.db", "gauge_livemax_worker1.db"):
        (parent / name).write_bytes(b"")

    forget_worker(None, SimpleNamespace(number=1))
    assert sorted(each.name for each in parent.iterdir()) == sorted(kept)

    remove_folder(None)
    assert not parent.exists()


def test_where_nothing_is_kept_there_is_nothing_to_remove(monkeypatch):
    monkeypatch.delenv(FOLDER, raising=False)

    forget_worker(None, SimpleNamespace(number=1))
    remove_folder(None)
