"""What the audit finds, and that it says loudly when it did not look."""

import json
import shutil
import subprocess

import pytest

from audit import advisories, committed_secrets
from audit.__main__ import ROOT

# In two halves, as the audit looks through this file too.
PLANTED = "AKIA" + "IOSFODNN7QWERTYU"


@pytest.fixture
def clone(tmp_path):
    """A folder of git's with the baseline of this one."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    shutil.copy(ROOT / committed_secrets.BASELINE, tmp_path)
    return tmp_path


def test_a_key_is_found_wherever_it_stands(clone, monkeypatch):
    monkeypatch.chdir(clone)
    (clone / "notes.md").write_text(f"Nothing here.\n\nKey: {PLANTED}\n")

    [found] = committed_secrets.findings(clone)

    assert found.startswith("notes.md:3: AWS Access Key")
    assert PLANTED not in found


def test_what_the_baseline_has_is_none_on_whatever_line_but_only_in_its_file(clone, monkeypatch):
    monkeypatch.chdir(clone)
    example = (ROOT / ".env.example").read_text("utf-8")
    (clone / ".env.example").write_text(f"\n\n{example}")
    assert list(committed_secrets.findings(clone)) == []

    (clone / "other.example").write_text(example)
    assert [line.partition(":")[0] for line in committed_secrets.findings(clone)] == ["other.example"]


def test_without_a_source_of_advisories_it_says_so(monkeypatch):
    monkeypatch.setattr(advisories, "SOURCES", ("pypi",))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # where nobody listens

    assert list(advisories.findings()) == [advisories.NOTICE]


def test_a_source_that_does_not_know_of_a_known_hole_knows_nothing():
    skipped = [
        {"name": "django", "skip_reason": "not found"},
        {"name": "httplib2", "skip_reason": "not found"},
    ]

    assert advisories.read(skipped) is None
    assert advisories.read([{"name": "httplib2", "version": "0.17.0", "vulns": []}]) is None


def test_holes_are_told_with_what_mends_them():
    known = {"name": "httplib2", "version": "0.17.0", "vulns": [{"id": "PYSEC-2020-46", "fix_versions": []}]}
    hole = {"id": "PYSEC-2099-1", "fix_versions": ["5.2.20"]}
    packages = [known, {"name": "django", "version": "5.2.19", "vulns": [hole]}]

    assert advisories.read(json.loads(json.dumps(packages))) == [
        "django 5.2.19: PYSEC-2099-1, mended in 5.2.20"
    ]
    assert advisories.read([known]) == []
