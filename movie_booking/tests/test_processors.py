"""How many workers there are if nobody says."""

import os

import pytest

from movie_booking.processors import available_processors, processor_limit


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"cpu.max": "150000 100000\n"}, 1.5),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu.max": "nonsense"}, None),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 0.5),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({}, None),
    ],
)
def test_the_limit_of_a_container_is_read(tmp_path, files, limit):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    assert processor_limit(tmp_path) == limit


def test_the_least_of_all_limits_counts_and_it_is_at_least_one(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 2, 5}, raising=False)
    assert available_processors(tmp_path) == 3

    for quota, processors in ((150_000, 2), (10_000, 1), (900_000, 3)):
        (tmp_path / "cpu.max").write_text(f"{quota} 100000")
        assert available_processors(tmp_path) == processors
