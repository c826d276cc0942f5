"""The documentation says what is so: codes, links, commands, versions and settings."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rest_framework.exceptions import APIException
from rest_framework_simplejwt import authentication

import movie_booking.urls  # noqa: F401 - loads every view, and with it every error
from movie_booking.errors import DomainError
from movie_booking.tests.documented import EVERY_ROUTE, codes

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
README, API = ((ROOT / name).read_text("utf-8") for name in ("README.md", "docs/api.md"))
DECISIONS = ROOT / "docs" / "decisions"


def every_page(test):
    return pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))(test)


def subclasses(cls: type) -> Iterator[type]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


def codes_in_docs() -> list[tuple[str, int]]:
    return [(code, int(status)) for code, status in re.findall(r"^\| `(\w+)` \| (\d{3}) \|", API, re.M)]


def codes_of_ours() -> set[tuple[str, int]]:
    """Of every error class that has a code of its own. Those that tests make up do not count."""
    return {
        (cls.code, cls.status)
        for cls in subclasses(DomainError)
        if "code" in vars(cls) and ".tests." not in cls.__module__
    }


def codes_in_swagger(operations) -> set[tuple[str, int]]:
    return {
        (code, status)
        for operation in operations.values()
        for status, named in codes(operation).items()
        for code in named
    }


def codes_of_frameworks() -> set[tuple[str, int]]:
    drf_and_simplejwt = {(cls.default_code, cls.status_code) for cls in subclasses(APIException)}
    bad_tokens = re.findall(r'code="(\w+)"', inspect.getsource(authentication))
    return drf_and_simplejwt | {(code, 401) for code in bad_tokens}


def code_in(text: str) -> str:
    """Return the fenced blocks and the `spans` of a page, where a command is a command."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    return "\n".join(fenced + spans)


def test_every_error_code_is_in_the_table_once_with_its_status():
    documented = codes_in_docs()

    assert len(documented) == len({code for code, _ in documented})
    assert codes_of_ours() - set(documented) == set()


def test_every_error_code_in_the_table_exists():
    assert set(codes_in_docs()) - codes_of_ours() - codes_of_frameworks() == set()


def test_the_table_has_the_codes_that_swagger_names_and_those_of_every_route(operations):
    named = codes_in_swagger(operations)
    documented = set(codes_in_docs())

    assert named - documented == set()
    assert {code for code, _ in documented - named} - EVERY_ROUTE == {"week_has_overlaps"}  # of the Admin


@every_page
def test_every_relative_link_leads_to_a_file(page):
    targets = re.findall(r"\]\(([^)#\s]*)", page.read_text("utf-8"))
    relative = [target for target in targets if target and not re.match(r"[a-z]+:", target)]

    assert [target for target in relative if not (page.parent / target).exists()] == []


@every_page
def test_every_file_that_is_named_by_its_path_exists(page):
    apps = "accounts|bookings|movie_booking|movies|benchmarks|drills"
    named = re.findall(rf"`((?:{apps})/[\w/.]*)`", page.read_text("utf-8"))

    assert [path for path in named if not (ROOT / path).exists()] == []


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings of a page: `## Holds & seats` is `#holds--seats`."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_every_link_into_a_page_leads_to_a_heading(page):
    targets = re.findall(r"\]\((?![a-z]+:)([^)#\s]*)#([^)\s]+)\)", page.read_text("utf-8"))
    pages = [(page.parent / path if path else page, heading) for path, heading in targets]

    assert [heading for target, heading in pages if heading not in anchors(target)] == []


def test_the_index_of_decisions_has_every_record_with_its_title_date_and_status():
    head = r"# (\d+)\. (.+)\n\n- Date: (\d{4}-\d\d-\d\d)\n- Status: (accepted|superseded by \d{4})\n"
    records = []
    for page in sorted(DECISIONS.glob("0*.md")):
        number, *facts = re.match(head, page.read_text("utf-8")).groups()
        assert page.name.startswith(f"{int(number):04d}-")
        records.append((page.name, *facts))
    index = (DECISIONS / "README.md").read_text("utf-8")

    assert re.findall(r"^\| \[\d{4}\]\((.+)\) \| (.+) \| (.+) \| (.+) \|$", index, re.M) == records


@every_page
def test_every_make_target_exists(page):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    named = re.findall(r"\bmake ([a-z]+)", code_in(page.read_text("utf-8")))

    assert set(named) - set(targets) == set()


def test_the_example_explains_the_very_variables_that_the_settings_read():
    example = (ROOT / ".env.example").read_text("utf-8")
    settings = (ROOT / "movie_booking" / "settings.py").read_text("utf-8")
    explained = re.findall(r"^#?([A-Z_]+)=", example, re.M)

    assert sorted(explained) == sorted(re.findall(r'\benv\.\w+\(\s*"([A-Z_]+)"', settings))


def test_every_variable_that_the_readme_tells_to_set_is_explained():
    example = (ROOT / ".env.example").read_text("utf-8")
    named = re.findall(r"^\| `([A-Z_]+)` \|", README, re.M)

    assert named
    assert [name for name in named if not re.search(rf"^#?{name}=", example, re.M)] == []


def test_the_readme_names_the_packages_and_versions_that_are_installed():
    files = ("requirements-runtime.txt", "requirements.txt")
    requirements = "\n".join((ROOT / name).read_text("utf-8") for name in files)
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", requirements, re.M))
    named = {}
    stack = README.partition("## Tech stack")[2]
    for packages, versions in re.findall(r"^\| ([a-z0-9, -]+) \| ([\d., ]+) \|", stack, re.M):
        named |= dict(zip(packages.split(", "), versions.split(", "), strict=True))

    assert named == {package: ".".join(pin.split(".")[:2]) for package, pin in pins.items()}
