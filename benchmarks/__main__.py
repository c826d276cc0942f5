"""Runs the suite, or parts of it.

python -m benchmarks                      # all: about 10 minutes
python -m benchmarks --quick              # all, smaller: within 3 minutes
python -m benchmarks bookings reads       # only these measures
python -m benchmarks growth --quick       # only growth, up to 100,000 bookings
python -m benchmarks report --output DIR  # the tables and plots anew, from DIR/results.json
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import about, growth, report, rounds
from benchmarks.load import WRK, Slice
from benchmarks.measures import MEASURES
from benchmarks.measures.moving import measure_moves
from benchmarks.measures.replica import measure_replica
from benchmarks.measures.round_trips import count_round_trips
from benchmarks.servers import ROOT
from benchmarks.stage import open_stage

PARTS = [*MEASURES, "moving", "replica", "growth", "report"]
ROUNDS, QUICK_ROUNDS = 12, 2
SIZES, QUICK_SIZES = (10**3, 10**5, 10**7), (10**3, 10**5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="fewer rounds, fewer bookings")
    parser.add_argument("--rounds", type=int, help="instead of 12, or 2 with --quick")
    parser.add_argument("--output", type=Path, help="default: docs/performance; with --quick .bench")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"There is no part {', '.join(sorted(unknown))}. The parts are {', '.join(PARTS)}.")
    parts = options.parts or PARTS
    partial = options.quick or bool(options.parts)
    output = options.output or ROOT / (".bench" if partial else "docs/performance")
    output.mkdir(parents=True, exist_ok=True)

    if parts != ["report"]:
        found = run(parts, quick=options.quick, number_of_rounds=options.rounds)
        (output / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    results = json.loads((output / "results.json").read_text())
    report.write(results, output)
    if output.resolve() == ROOT / "docs/performance":
        report.write_readme(results, ROOT / "README.md")
    print((output / "README.md").read_text())
    print(f"Written to {output}.", file=sys.stderr)


def run(parts: list[str], *, quick: bool, number_of_rounds: int | None) -> dict[str, Any]:
    """Return the results of these parts."""
    started = time.monotonic()
    number_of_rounds = number_of_rounds or (QUICK_ROUNDS if quick else ROUNDS)
    results: dict[str, Any] = {"about": about.machine() | {"quick": quick, "rounds": number_of_rounds}}
    results["about"]["load"] = "wrk" if WRK else "our own client"
    measures = [name for name in MEASURES if name in parts]
    if measures:
        results |= measure(measures, number_of_rounds)
    if "moving" in parts:
        results["moving"] = measure_moves(rounds=3 if quick else 15)
    if "replica" in parts:
        results["replica"] = measure_replica(number_of_rounds)
    if "growth" in parts:
        results["growth"] = growth.measure(QUICK_SIZES if quick else SIZES)
    results["about"]["minutes"] = round((time.monotonic() - started) / 60, 1)
    return results


def measure(names: list[str], number_of_rounds: int) -> dict[str, Any]:
    """Let all servers take turns at these measures."""
    safety: list[dict[str, int]] = []
    with ExitStack() as stack:
        print("Starting PostgreSQL and the servers …", file=sys.stderr)
        stage = open_stage(stack)
        contenders = [contender for name in names for contender in MEASURES[name](stage)]

        def after_round(number: int, slices: Iterable[Slice]) -> str:
            slices = list(slices)
            found = {
                "sold_twice": sum(side.cinema.sold_twice() for side in stage.sides.values()),
                "lost": sum(
                    max(stage.sold[name] - side.cinema.rows_of_bookings(), 0)
                    for name, side in stage.sides.items()
                ),
                "server_errors": sum(each.server_errors for each in slices),
                "unexpected": sum(each.unexpected for each in slices),
                "broken": sum(each.broken for each in slices),
            }
            safety.append(found)
            return (
                f"round {number} of {number_of_rounds}: {found['sold_twice']} seats sold twice, "
                f"{found['lost']} bookings lost, {found['server_errors']} answers of 5xx, "
                f"{found['unexpected']} not as expected, {found['broken']} broken connections"
            )

        found = rounds.in_rounds(
            contenders, number_of_rounds, warm_up=number_of_rounds > QUICK_ROUNDS, after_round=after_round
        )
        return {
            "slices": rounds.as_json(found),
            "safety": safety,
            "round_trips": count_round_trips(stage),
            "postgres": stage.postgres.version(),
        }


if __name__ == "__main__":
    main()
