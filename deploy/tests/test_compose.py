"""compose.yaml: what Compose takes, no more for each service than it needs, and settings that make sense."""

import re
import subprocess
import tempfile
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from deploy.tests.dockerfile import ROOT, run
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
        [ROOT / ".venv/bin/check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
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


def test_what_compose_wants_to_know_is_in_the_file_that_new_env_writes():
    wanted = {name for name in re.findall(r"\$\{(\w+)", TEXT) if name != "RELEASE"}
    known = new_env()

    assert wanted <= set(known)
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
    given = {
        name: re.sub(r"\$\{(\w+)[^}]*\}", lambda match: known[match[1]], value)
        for name, value in SERVICES["web1"]["environment"].items()
    }

    checked = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", **known, **given, DEBUG="0")

    assert (checked.returncode, checked.stdout) == (0, "System check identified no issues (0 silenced).\n"), (
        checked.stderr
    )
