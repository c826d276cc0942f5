"""Breaks what a site runs on, under load, and says what buyers saw of it.

python -m drills                                # all, into docs/drills.md and docs/operations.md
python -m drills --quick                        # the short form, into .drills/
python -m drills primary-killed standby-frozen  # only these
"""

import argparse
import signal
import sys
import time
from collections.abc import Sequence

from drills import report
from drills.failures import DRILLS, QUICK, Drill
from drills.processes import ROOT, DidNotHappen
from drills.results import Result, hold
from drills.site import open_site
from movie_booking.tests.programs import find, how_to_install

NEEDED = ["etcd", "haproxy", "pgbouncer"]


def main() -> int:
    """Return 0 if all was as aimed at, 3 if it only took longer, 1 if not; 2 if something is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    names = [drill.name for drill in DRILLS]
    parser.add_argument("drills", nargs="*", metavar="drill", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help=", ".join(drill.name for drill in QUICK))
    options = parser.parse_args()
    if unknown := set(options.drills) - set(names):
        parser.error(f"There is no drill {', '.join(sorted(unknown))}. The drills are {', '.join(names)}.")
    if lacking := [name for name in NEEDED if find(name) is None]:
        say(f"DID NOT RUN: {', '.join(lacking)} not installed. To install: {how_to_install(lacking)}")
        return 2

    of_form = QUICK if options.quick else DRILLS
    chosen = [drill for drill in of_form if not options.drills or drill.name in options.drills]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # an exception, so that what was started is ended
    try:
        results, seconds = run(chosen)
    except KeyboardInterrupt:
        say("Broken off; what was started is ended.")
        return 130
    except DidNotHappen as error:
        say(f"The site did not come up: {error}")
        return 1

    are_all = len(results) == len(DRILLS)
    page = ROOT / ("docs" if are_all else ".drills") / "drills.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text(report.page(results, seconds), "utf-8")
    if are_all:
        operations = page.with_name("operations.md")
        operations.write_text(report.with_table(operations.read_text("utf-8"), results), "utf-8")
    print(report.table(results))
    say(f"Written to {page.relative_to(ROOT)}, in {seconds:.0f} s.")
    if len(results) < len(chosen) or any(result.wrong for result in results):
        return 1
    return 3 if any(result.late for result in results) else 0


def run(drills: Sequence[Drill]) -> tuple[list[Result], float]:
    """Hold them one after the other, and return what each found and the seconds that all took.

    After one from which the site did not recover there are no more.
    """
    started, results = time.monotonic(), list[Result]()
    say("Starting PostgreSQL with a standby, and two hosts …")
    with open_site() as site:
        say(f"It sells, after {time.monotonic() - started:.0f} s.")
        for drill in drills:
            result = hold(site, drill)
            results.append(result)
            say(report.line(result))
            try:
                site.wait_until_whole()
            except DidNotHappen as error:
                result.wrong.append(f"the site did not recover: {' '.join(str(error).split())}")
                break
    return results, time.monotonic() - started


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
