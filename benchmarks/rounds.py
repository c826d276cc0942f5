"""Lets the contenders take turns, so that a slow minute of the machine hits all of them."""

import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

from benchmarks.load import Slice
from benchmarks.stage import Contender

Results = dict[str, dict[str, list[Slice | None]]]  # by measure and contender, a slice for each round


class Progress:
    """A bar on standard error, where that is a terminal; else a line for each tenth."""

    WIDTH = 30

    def __init__(self, total: int) -> None:
        self.total, self.done, self.started = total, 0, time.monotonic()

    def step(self, what: str) -> None:
        before, self.done = self.done, self.done + 1
        elapsed = time.monotonic() - self.started
        left = elapsed / self.done * (self.total - self.done)
        filled = self.WIDTH * self.done // self.total
        bar = "█" * filled + "·" * (self.WIDTH - filled)
        line = f"[{bar}] {self.done}/{self.total}, {left:.0f} s left: {what}"
        if sys.stderr.isatty():
            print(f"\r\033[K{line[:110]}", end="", file=sys.stderr, flush=True)
        elif 10 * before // self.total < 10 * self.done // self.total:
            print(line, file=sys.stderr, flush=True)

    def say(self, line: str) -> None:
        print(f"\r\033[K{line}" if sys.stderr.isatty() else line, file=sys.stderr, flush=True)


def in_rounds(
    contenders: Sequence[Contender],
    rounds: int,
    *,
    warm_up: bool,
    after_round: Callable[[int, Iterable[Slice]], str],
) -> Results:
    """Run each contender once a round, in shuffled order, those of a measure right after one another.

    To warm up, a round goes before the first, of which nothing is kept. What `after_round` returns is said.
    """
    shuffle = random.Random(1).shuffle
    groups = [list(group) for _, group in groupby(sorted(contenders, key=_measure), key=_measure)]
    results: Results = defaultdict(lambda: defaultdict(list))
    plan = {
        number: [group for group in groups if (number - 1) % group[0].every == 0]
        for number in range(1, rounds + 1)
    }
    if warm_up:
        plan = {0: [group for group in groups if group[0].every == 1], **plan}
    progress = Progress(sum(len(group) for groups_of_round in plan.values() for group in groups_of_round))
    for number, groups_of_round in plan.items():
        slices: list[Slice] = []
        shuffle(groups_of_round)
        for group in groups_of_round:
            shuffle(group)
            for contender in group:
                found = contender.run()
                slices.append(found)
                if number:
                    results[contender.measure][contender.name].append(found)
                progress.step(f"{contender.measure}: {contender.name}")
        progress.say(after_round(number, slices))
    return results


def _measure(contender: Contender) -> str:
    return contender.measure


def quartiles(values: Iterable[float]) -> dict[str, float]:
    """Return the median and the quartiles."""
    values = sorted(values)
    if len(values) < 2:
        return dict.fromkeys(("q1", "median", "q3"), values[0])
    q1, median, q3 = statistics.quantiles(values, n=4, method="inclusive")
    return {"q1": q1, "median": median, "q3": q3}


def as_json(results: Results) -> dict[str, Any]:
    return {
        measure: {name: [found.as_json() for found in slices] for name, slices in by_name.items()}
        for measure, by_name in results.items()
    }
