"""compose.yaml: what Compose takes, no more for each service than it needs, and settings that make sense."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from deploy.tests.dockerfile import ROOT, run
from drills.haproxy import READY
from movie_booking.tests.test_settings import python

TEXT = (ROOT / "compose.yaml").read_text("utf-8")
SERVICES = yaml.safe_load(TEXT)["services"]
SERVERS = ("web1", "web2", "migrate")
SETTINGS = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.M))


def new_env(domain="cinema.example"):
    """Return what `deploy/new-env` writes, by name."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, ".env")
        run(["sh", ROOT / "deploy/new-env", domain], folder, None)
        assert file.stat().st_mode & 0o777 == 0o600
        return dict(re.findall(r"^([A-Z_]+)=(.*)$", file.read_text("utf-8"), re.M))


def test_it_is_what_compose_takes():
    run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
        ROOT,
        None,
    )


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_more_than_it_needs(name):
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert name == "migrate" or set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert "ports" not in service or name == "proxy"
    assert re.search(r":\d", service["image"].replace("${RELEASE:-latest}", "1"))


def test_what_waits_until_another_is_healthy_waits_for_one_that_says_so():
    says = {name for name in SERVICES if "healthcheck" in SERVICES[name]} | {"web1", "web2"}  # by their image
    waits = [
        (other, needed["condition"])
        for service in SERVICES.values()
        for other, needed in service.get("depends_on", {}).items()
    ]

    assert {other for other, condition in waits if condition == "service_healthy"} <= says - {"migrate"}
    assert {other for other, condition in waits if condition != "service_healthy"} == {"migrate"}


def test_the_database_and_redis_are_reached_by_the_server_only():
    assert {name for name in SERVICES if "back" in SERVICES[name]["networks"]} == {
        *SERVERS,
        "database",
        "redis",
    }
    assert yaml.safe_load(TEXT)["networks"]["back"] == {"internal": True}


def test_a_host_has_time_to_finish_what_it_has_begun():
    for name in ("web1", "web2"):
        assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > settings.ANSWER_SECONDS + 10


def interpolated(text, known):
    """What Compose makes of `${NAME}`, `${NAME:-otherwise}` and `${NAME:?must be there}`, in one another."""
    innermost = re.compile(r"\$\{(\w+)(?::([-?])([^{}]*))?\}")

    def value(match):
        name, sign, otherwise = match.groups()
        return known.get(name) or (otherwise if sign == "-" else known[name])

    while innermost.search(text):
        text = innermost.sub(value, text)
    return text


def given(known):
    """The environment of a host."""
    return {name: interpolated(value, known) for name, value in SERVICES["web1"]["environment"].items()}


def test_what_compose_wants_to_know_is_in_the_file_that_new_env_writes():
    wanted = set(re.findall(r"\$\{(\w+)(?::\?|\})", TEXT))
    known = new_env()

    assert wanted <= set(known)
    assert set(re.findall(r"\$\{(\w+):-", TEXT)) - {"RELEASE"} <= SETTINGS
    assert all(known[name] for name in wanted)
    assert set(known) - wanted <= SETTINGS
    assert set(SERVICES["web1"]["environment"]) <= SETTINGS


def test_the_secrets_of_each_site_are_its_own_and_fit_into_an_address():
    one, other = new_env(), new_env()

    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        assert re.fullmatch("[0-9a-f]{64}", one[name])
        assert one[name] != other[name]
    assert one["DOMAIN"] == "cinema.example"


@pytest.mark.parametrize(
    "domain", ["", "https://cinema.example", "Cinema.example", "a/b", "-x", "a b", ".", "x\n"]
)
def test_new_env_wants_a_name(domain, tmp_path):
    refused = subprocess.run(["sh", ROOT / "deploy/new-env", domain], cwd=tmp_path, check=False)

    assert refused.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_new_env_keeps_the_secrets_of_a_site_that_is_there(tmp_path):
    file = tmp_path / ".env"
    file.write_text("POSTGRES_PASSWORD=of-the-database-that-is-there")

    refused = subprocess.run(["sh", ROOT / "deploy/new-env", "cinema.example"], cwd=tmp_path, check=False)

    assert refused.returncode != 0
    assert file.read_text() == "POSTGRES_PASSWORD=of-the-database-that-is-there"


def test_the_server_starts_with_what_compose_gives_it():
    known = new_env()

    environment = known | given(known) | {"DEBUG": "0"}
    checked = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", **environment)

    assert (checked.returncode, checked.stdout) == (0, "System check identified no issues (0 silenced).\n"), (
        checked.stderr
    )


def test_any_setting_of_a_host_may_stand_in_the_file():
    known = new_env()
    assert given(known)["SITE_URL"] == given(known)["CSRF_TRUSTED_ORIGINS"] == "https://cinema.example"
    assert given(known)["DATABASE_URL"].endswith(f":{known['POSTGRES_PASSWORD']}@database:5432/movie_booking")

    others = {name: f"another {name}" for name in SERVICES["web1"]["environment"]}
    assert given(known | others) == others


def test_a_host_is_waited_for_until_it_sells():
    for name in ("web1", "web2"):
        *_, path = SERVICES[name]["healthcheck"]["test"]
        assert path == READY
