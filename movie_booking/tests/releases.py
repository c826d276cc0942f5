"""The document of the last release, and what changes since then the changelog has to name.

`python -m movie_booking.tests.releases` keeps the document as it is now as that of `__version__`.
"""

import json
import os
import re
from pathlib import Path

from movie_booking import __version__
from movie_booking.tests.breaking import Change

RELEASES = Path(__file__).resolve().parent.parent.parent / "docs" / "releases"
LAST = RELEASES / f"openapi-{__version__}.json"


def unannounced(changes: set[Change], changelog: str) -> set[Change]:
    """Return the changes that *Unreleased* does not name.

    An entry below *Changed* or *Removed*, with the word Breaking, has the place of each in backticks.
    """
    unreleased = re.split(r"^## ", changelog, flags=re.M)[1]
    entries = [
        entry
        for section in re.split(r"^### ", unreleased, flags=re.M)
        if section.startswith(("Changed", "Removed"))
        for entry in re.split(r"^- ", section, flags=re.M)[1:]
        if "Breaking" in entry
    ]
    named = {" ".join(each.split()) for entry in entries for each in re.findall(r"`([^`]+)`", entry)}
    return {change for change in changes if change.place not in named}


def write() -> Path:
    """Keep the document as it is now as that of this version, and none of another. Returns where."""
    from django.test import Client  # only now: it takes settings

    document = Client(headers={"host": "localhost"}).get("/openapi.json").json()
    for other in RELEASES.glob("openapi-*.json"):
        other.unlink()
    LAST.write_text(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    return LAST


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")
    django.setup()
    print(f"Written: {write()}")  # noqa: T201
