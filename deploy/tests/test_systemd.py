"""The unit for those without containers, and its settings."""

import re
import sys

import pytest

from deploy.tests.dockerfile import ROOT, run
from movie_booking.tests.programs import require
from movie_booking.tests.test_settings import python

UNIT = ROOT / "deploy/systemd/movie-booking@.service"
MOST_EXPOSED = 15  # in tenths, of 100


@pytest.mark.needs("systemd-analyze")
def test_systemd_takes_the_unit_and_finds_it_little_exposed(tmp_path):
    unit = tmp_path / "movie-booking@8001.service"
    unit.write_text(UNIT.read_text("utf-8").replace("/opt/movie-booking/%i/.venv/bin/python", sys.executable))
    analyze = require("systemd-analyze")

    run([analyze, "verify", unit], tmp_path, None)
    run([analyze, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", unit], tmp_path, None)


def test_the_server_starts_with_the_settings_of_the_example():
    example = (ROOT / "deploy/systemd/movie-booking.env.example").read_text("utf-8")
    known = dict(re.findall(r"^([A-Z_]+)=(.*)$", example, re.M)) | {
        "SECRET_KEY": "a-key-of-this-test" * 4,
        "DEBUG": "0",
    }

    checked = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", **known)

    assert checked.returncode == 0, checked.stderr
    explained = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.M)
    assert set(known) <= set(explained)
    assert "PORT" not in known  # each unit has its own
