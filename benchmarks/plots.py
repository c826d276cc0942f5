"""The plots of a run, as SVG."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

from benchmarks.measures.reads import UNCHANGED
from benchmarks.rounds import quartiles
from benchmarks.stage import DJANGO, FASTAPI, ONE_STATEMENT, OURS, PGBENCH
from benchmarks.targets import TARGETS, Results

COLOURS = {
    OURS: "#0b6e4f",
    UNCHANGED: "#6bbf9a",
    FASTAPI: "#c8553d",
    ONE_STATEMENT: "#e09f8d",
    DJANGO: "#588b9c",
    PGBENCH: "#9a9a9a",
}
STYLE = {
    "figure.facecolor": "white",  # legible on dark pages too
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "bench",  # the same results make the same file
}
SHOWN = [
    "hot bookings",
    "spread bookings",
    "refusals",
    "show list",
    "seat map",
    "mixed, 90 % reads",
    "flash sale",
    "log-in",
]


def draw(results: Results, folder: Path) -> list[str]:
    """Draw what there are results for, and return the names of the plots."""
    drawn = []
    with plt.rc_context(STYLE):
        for name, plot in {"targets": targets, "speed": speed, "growth": growth}.items():
            figure = plot(results)
            if figure is None:
                continue
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight")
            plt.close(figure)
            drawn.append(name)
    return drawn


def targets(results: Results) -> Any:
    """How much of its target each ratio reaches; less is better is turned round."""
    rows = [(target, found) for target in TARGETS if (found := target.measured(results))]
    if not rows:
        return None
    figure, axes = plt.subplots(figsize=(8, 0.36 * len(rows) + 1.1))
    for place, (target, found) in enumerate(reversed(rows)):

        def share(value: float, target: Any = target) -> float:
            return target.at_least / value if target.lower_is_better else value / target.at_least

        missed = target.verdict(results) == "missed"
        colour = COLOURS[FASTAPI] if missed else COLOURS[OURS]
        axes.barh(place, share(found["median"]), color=colour, height=0.55)
        ends = sorted((share(found["q1"]), share(found["q3"])))
        axes.plot(ends, [place, place], color="black", linewidth=1)
        if target.hoped_for is not None:
            axes.plot(
                [share(target.hoped_for)] * 2, [place - 0.38, place + 0.38], color="#555555", linewidth=2
            )
        axes.text(
            0.02, place, f"{found['median']:.3g}", va="center", color="white", fontweight="bold", fontsize=8
        )
    axes.axvline(1, color="black", linewidth=1, linestyle="--")
    axes.set_yticks(range(len(rows)), [target.name for target, _ in reversed(rows)])
    axes.set_xlabel("share of what is to be reached (dashed: reached; grey mark: hoped for; line: quartiles)")
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.tick_params(axis="y", length=0)
    return figure


def speed(results: Results) -> Any:
    """A panel for each measure: answers a second of every server, with quartiles."""
    slices = results.get("slices", {})
    shown = [measure for measure in SHOWN if measure in slices]
    if not shown:
        return None
    columns = 2
    rows = -(-len(shown) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(9, 1.75 * rows), squeeze=False)
    for axes, measure in zip(panels.flat, shown, strict=False):
        by_name = slices[measure]
        names = [name for name in COLOURS if name in by_name][::-1]
        for place, name in enumerate(names):
            found = quartiles(each["rate"] for each in by_name[name])
            axes.barh(place, found["median"], color=COLOURS[name], height=0.7)
            axes.plot([found["q1"], found["q3"]], [place, place], color="black", linewidth=1)
            axes.annotate(
                f"{found['median']:,.0f}",
                (max(found["median"], found["q3"]), place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(axis="y", length=0)
        axes.set_title(f"{measure}, a second", loc="left", fontsize=9, fontweight="bold")
        axes.margins(x=0.15)
    for axes in list(panels.flat)[len(shown) :]:
        axes.set_visible(False)
    figure.tight_layout()
    return figure


def growth(results: Results) -> Any:
    """A line for each request: milliseconds by the number of bookings, both logarithmic."""
    by_size = results.get("growth")
    if not by_size:
        return None
    sizes = list(by_size)
    figure, panels = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
    requests = list(by_size[sizes[0]]["requests"])
    groups = {
        "Customers": [name for name in requests if not name.startswith("Admin")],
        "Staff, in the Admin": [name for name in requests if name.startswith("Admin")],
    }
    for axes, (title, names) in zip(panels, groups.items(), strict=True):
        for name in names:
            times = [by_size[size]["requests"][name]["ms"] for size in sizes]
            label = name.removeprefix("Admin: ")
            axes.plot([int(size) for size in sizes], times, marker="o", label=label)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.grid(axis="y", color="#dddddd")
        axes.set_xlabel("bookings")
        axes.set_title(title, loc="left", fontsize=9, fontweight="bold")
        axes.legend(frameon=False, fontsize=8, loc="upper left")
    panels[0].set_ylabel("milliseconds until the answer")
    figure.tight_layout()
    return figure
