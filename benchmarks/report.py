"""The results as a page of Markdown, with plots. All of it follows from `results.json`."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.rounds import quartiles
from benchmarks.targets import TARGETS, Results, Target

MARKS = {"missed": "**missed**", "not measured": "–"}
IN_ONE_GO = ("flash sale", "blockbuster morning")  # told by how long they take
BY_KIND = ("mixed, as SEATS", "blockbuster morning")


def write(results: Results, folder: Path) -> None:
    """Write README.md and the plots that it shows into the folder."""
    from benchmarks import plots  # only now, as matplotlib is installed by `make bench`

    drawn = plots.draw(results, folder)
    (folder / "README.md").write_text("\n".join(page(results, drawn)))


def write_readme(results: Results, readme: Path) -> None:
    """Put the table of targets between its two marks in the README of the project."""
    before, begin, rest = readme.read_text().partition("<!-- speed -->\n")
    _, end, after = rest.partition("<!-- /speed -->")
    readme.write_text("".join([before, begin, *(f"{line}\n" for line in targets(results)), end, after]))


def page(results: Results, drawn: Iterable[str]) -> Iterator[str]:
    drawn = set(drawn)
    yield "# Performance, measured\n"
    yield from about(results)
    if "slices" in results:
        yield "## Measured beside the targets\n"
        yield from targets(results)
        yield from image("targets", drawn, "Each ratio beside what is to be reached.")
        yield "## All measures\n"
        yield from measures(results)
        yield from image("speed", drawn, "Requests a second of all servers, by measure.")
        yield from by_kind(results)
        yield from round_trips(results)
    if results.get("moving"):
        yield from moving(results["moving"])
    if results.get("replica"):
        yield from replica(results["replica"])
    if results.get("growth"):
        yield from growth(results["growth"])
        yield from image("growth", drawn, "Milliseconds of each request by the number of bookings.")


def about(results: Results) -> Iterator[str]:
    about = results["about"]
    packages = ", ".join(f"{name} {version}" for name, version in about["packages"].items())
    kind = "a quick run, whose numbers are rough: " if about["quick"] else ""
    yield (
        f"Written by `make bench` ([what it measures](../../benchmarks/README.md)): {kind}"
        f"commit {about['commit']}, {about['day']}, {about['processors']} processors for servers, database "
        f"and load together, "
        f"{about['workers']} workers a server."
    )
    yield (
        f"Python {about['python']}, PostgreSQL {results.get('postgres', '18')} at its defaults, {packages}. "
        f"Load by {about['load']}. {about['rounds']} rounds, {about.get('minutes', '?')} minutes.\n"
    )


def targets(results: Results) -> Iterator[str]:
    yield "| | measured | quartiles | at least | hoped for | |"
    yield "|---|---|---|---|---|---|"
    missed = 0
    for target in TARGETS:
        found, verdict = target.measured(results), target.verdict(results)
        missed += verdict == "missed"
        bound = "≤ " if target.lower_is_better else ""
        hoped = "" if target.hoped_for is None else f"{bound}{target.hoped_for:g}"
        median = f"{found['median']:.2f}".removesuffix(".00") if found else ""
        spread = f"{found['q1']:.2f} – {found['q3']:.2f}" if found and found["q1"] != found["q3"] else ""
        yield (
            f"| {target.name} | {median} | {spread} | {bound}{target.at_least:g} | {hoped} |"
            f" {MARKS.get(verdict, verdict)} |"
        )
    yield f"\nMissed: {missed} of {len(TARGETS)}. Ratios are taken round by round.\n"
    reasons = [f"- {target.name}: {target.why}" for target in TARGETS if is_explained(target, results)]
    if reasons:
        yield "What keeps us from those that are missed:\n"
        yield from reasons
        yield ""


def is_explained(target: Target, results: Results) -> bool:
    return target.verdict(results) == "missed" and bool(target.why)


def measures(results: Results) -> Iterator[str]:
    rounds = results["safety"]
    total = {name: sum(each[name] for each in rounds) for name in rounds[0] if name != "sold_twice"}
    yield (
        f"In {len(rounds)} rounds: {max(each['sold_twice'] for each in rounds)} seats sold twice, "
        f"{max(each['lost'] for each in rounds)} acknowledged bookings lost, {total['server_errors']} "
        f"answers of 5xx, {total['unexpected']} of another status than expected, "
        f"{total['broken']} broken connections.\n"
    )
    yield "| measure | server | a second (quartiles) | server CPU, ms a request | median, 99 % (ms) |"
    yield "|---|---|---|---|---|"
    for measure, by_name in results["slices"].items():
        for name, slices in by_name.items():
            rate = quartiles(each["rate"] for each in slices)
            cpu = [each["cpu_ms"] for each in slices if each["cpu_ms"] is not None]
            cpu_text = f"{quartiles(cpu)['median']:.2f}" if cpu else ""
            seconds = ""
            if measure in IN_ONE_GO:
                seconds = f"; {quartiles(each['seconds'] for each in slices)['median']:.2f} s in all"
            yield (
                f"| {measure} | {name} | {rate['median']:,.0f} ({rate['q1']:,.0f} – {rate['q3']:,.0f})"
                f"{seconds} | {cpu_text} | {latency(slices)} |"
            )
    yield ""


def latency(slices: list[dict[str, Any]]) -> str:
    """The medians over the rounds of the median and the 99th percentile; empty if they were told by kind."""
    found = [next(iter(each["latency_ms"].values())) for each in slices if len(each["latency_ms"]) == 1]
    if not found:
        return ""
    return ", ".join(f"{quartiles(each[key] for each in found)['median']:.1f}" for key in ("p50", "p99"))


def by_kind(results: Results) -> Iterator[str]:
    """What a request of each kind took where several kinds are mixed."""
    for measure in BY_KIND:
        for name, slices in results["slices"].get(measure, {}).items():
            yield f"**{measure}**, {name}: milliseconds until the answer, medians over the rounds.\n"
            yield "| request | median | 90 % | 99 % | worst |"
            yield "|---|---|---|---|---|"
            for kind in slices[0]["latency_ms"]:
                times = [each["latency_ms"][kind] for each in slices if kind in each["latency_ms"]]
                columns = [
                    quartiles(each[key] for each in times)["median"] for key in ("p50", "p90", "p99", "p100")
                ]
                yield f"| {kind} | " + " | ".join(f"{value:.1f}" for value in columns) + " |"
            yield ""


def round_trips(results: Results) -> Iterator[str]:
    yield "Round trips to the database, authentication included, as PostgreSQL logged them:\n"
    yield "| request | number | messages |"
    yield "|---|---|---|"
    for request, verbs in results["round_trips"].items():
        yield f"| {request} | {len(verbs)} | {', '.join(verbs)} |"
    yield ""


def moving(held: dict[str, list[float]]) -> Iterator[str]:
    yield "## How long a move holds the lock of its show\n"
    yield "A sold-out show of 300 seats moves with its guests; milliseconds, median and quartiles.\n"
    yield "| to a screen with | lock held |"
    yield "|---|---|"
    for name, times in held.items():
        found = quartiles(times)
        yield f"| {name} | {found['median']:.1f} ({found['q1']:.1f} – {found['q3']:.1f}) |"
    yield ""


def replica(by_request: dict[str, Any]) -> Iterator[str]:
    yield "## Reads from a replica\n"
    yield (
        "With a standby that keeps up and without, in turn. Load, servers and both databases share the "
        "processors, so what counts is the CPU of the primary. Milliseconds of CPU a request, medians.\n"
    )
    yield "| request | | a second (quartiles) | ratio | server | primary | standby | off the primary |"
    yield "|---|---|---|---|---|---|---|---|"
    for request, sides in by_request.items():
        (first, base), *_ = sides.items()
        for name, slices in sides.items():
            rate = quartiles(each["rate"] for each in slices)
            pairs = list(zip(slices, base, strict=True))
            ratio = quartiles(each["rate"] / other["rate"] for each, other in pairs)["median"]
            off = quartiles(1 - each["primary_ms"] / other["primary_ms"] for each, other in pairs)["median"]
            cpu = " | ".join(
                f"{quartiles(each[key] for each in slices)['median']:.3f}"
                for key in ("cpu_ms", "primary_ms", "standby_ms")
            )
            yield (
                f"| {request} | {name} | {rate['median']:,.0f} ({rate['q1']:,.0f} – {rate['q3']:,.0f}) |"
                f" {ratio:.2f} | {cpu} | {'–' if name == first else f'{off:.0%}'} |"
            )
    slices = [each for sides in by_request.values() for side in sides.values() for each in side]
    yield f"\n{sum(each['unexpected'] for each in slices):.0f} answers were not as expected.\n"


def growth(by_size: dict[str, Any]) -> Iterator[str]:
    sizes = list(by_size)
    yield "## Growth\n"
    yield (
        "Milliseconds until the answer, and pages of 8 KiB that its statements touch; each user has "
        "a hundred bookings at every size. The last column names what reads more rows the more there are, at "
        "the largest size. Plans are in `results.json`.\n"
    )
    yield "| request | " + " | ".join(f"{int(size):,} bookings" for size in sizes) + " | grows by |"
    yield "|---|" + "---|" * (len(sizes) + 1)
    for request in by_size[sizes[0]]["requests"]:
        cells = []
        for size in sizes:
            found = by_size[size]["requests"][request]
            pages = sum(statement["buffers"] for statement in found["statements"])
            cells.append(f"{found['ms']:,.1f} ms, {pages:,} pages")
        last = by_size[sizes[-1]]["requests"][request]["statements"]
        scans = sorted({scan for statement in last for scan in statement["grows"]})
        yield f"| {request} | {' | '.join(cells)} | {'; '.join(f'`{scan}`' for scan in scans) or '–'} |"
    yield ""
    for size in sizes:
        gigabytes, seconds = by_size[size]["bytes"] / 2**30, by_size[size]["filled_in_seconds"]
        yield f"- {int(size):,} bookings: {gigabytes:.2f} GiB, filled in {seconds:.0f} s"
    yield ""


def image(name: str, drawn: set[str], text: str) -> Iterator[str]:
    if name in drawn:
        yield f"![{text}]({name}.svg)\n"
