"""What is to be reached, and what of it was: the ratios that do not depend on the machine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.measures.reads import UNCHANGED
from benchmarks.rounds import quartiles
from benchmarks.stage import FASTAPI, ONE_STATEMENT, OURS, PGBENCH

Results = dict[str, Any]
Quartiles = dict[str, float]


@dataclass(frozen=True)
class Target:
    name: str
    measured: Callable[[Results], Quartiles | None]
    at_least: float
    hoped_for: float | None = None
    lower_is_better: bool = False
    why: str = ""  # it is missed, if it is

    def verdict(self, results: Results) -> str:
        """Return "not measured", "missed", "reached", or "as hoped for"."""
        found = self.measured(results)
        if found is None:
            return "not measured"
        if not self._reaches(found["median"], self.at_least):
            return "missed"
        as_hoped = self.hoped_for is not None and self._reaches(found["median"], self.hoped_for)
        return "as hoped for" if as_hoped else "reached"

    def _reaches(self, value: float, bound: float) -> bool:
        value = round(value, 2)  # as it is printed
        return value <= bound if self.lower_is_better else value >= bound


def slices(results: Results, measure: str, name: str) -> list[dict[str, Any]]:
    return results.get("slices", {}).get(measure, {}).get(name, [])


def ratio(measure: str, name: str, other: str, other_measure: str = "", key: str = "rate") -> Any:
    """Ours to theirs, round by round: what a minute of the machine does to both is not in it."""

    def measured(results: Results) -> Quartiles | None:
        pairs = zip(
            slices(results, measure, name), slices(results, other_measure or measure, other), strict=False
        )
        ratios = [ours[key] / theirs[key] for ours, theirs in pairs if theirs[key]]
        return quartiles(ratios) if ratios else None

    return measured


def round_trips(request: str) -> Callable[[Results], Quartiles | None]:
    def measured(results: Results) -> Quartiles | None:
        found = results.get("round_trips", {}).get(request)
        return quartiles([len(found)]) if found else None

    return measured


HOT = "hot bookings"
TARGETS = [
    Target(
        "hot bookings ÷ FastAPI as usually written",
        ratio(HOT, OURS, FASTAPI),
        1.5,
        2.2,
    ),
    Target(
        "hot bookings ÷ FastAPI with one statement",
        ratio(HOT, OURS, ONE_STATEMENT),
        0.75,
        1.1,
        why="It does all that it does in one statement. Our rules (sofas, single seats, limits, holds) are "
        "in Python, and we write an order, a booking, its history and the counts.",
    ),
    Target("hot bookings ÷ pgbench with the statements we send", ratio(HOT, OURS, PGBENCH), 0.7, 0.85),
    Target(
        "spread bookings ÷ FastAPI",
        ratio("spread bookings", OURS, FASTAPI),
        1.3,
        2,
        why="Both processors are busy, with many small things of Django and DRF, none of more than 4 %: "
        "decisions 64 and 65 say what was tried.",
    ),
    Target("refusals ÷ FastAPI", ratio("refusals", OURS, FASTAPI), 1.5, 2),
    Target("show list ÷ FastAPI", ratio("show list", OURS, FASTAPI), 1.3, 2),
    Target("seat map ÷ FastAPI's of the same seats", ratio("seat map", OURS, FASTAPI), 2, 3),
    Target(
        "unchanged seat map (304) ÷ our whole map",
        ratio("seat map", UNCHANGED, OURS),
        4,
        6,
        why="What is left of it is HTTP, and the look at the database that keeps it exact.",
    ),
    Target("flash sale: FastAPI's time ÷ ours", ratio("flash sale", OURS, FASTAPI), 1.3, 2),
    Target("round trips of a booking", round_trips("book"), 5, 3, lower_is_better=True),
    Target(
        "holding two seats: server CPU ÷ that of a booking",
        ratio("hold two seats", OURS, OURS, HOT, key="cpu_ms"),
        1.5,
        lower_is_better=True,
    ),
    Target(
        "confirming: server CPU ÷ that of a booking",
        ratio("confirm an order", OURS, OURS, HOT, key="cpu_ms"),
        1.5,
        lower_is_better=True,
    ),
]
