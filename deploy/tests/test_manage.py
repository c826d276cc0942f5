"""`deploy/manage`: commands with the settings of the site, or none at all."""

import os
import subprocess

from deploy.tests.dockerfile import ROOT


def manage(*arguments, **environment):
    return subprocess.run(
        [ROOT / "deploy/manage", *arguments],
        cwd="/",
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_command_has_the_settings_of_the_site(tmp_path):
    file = tmp_path / "movie-booking.env"
    file.write_text(
        "# The site\nSECRET_KEY=of-the-site-of-this-test\n"
        f"DATABASE_URL=sqlite:///{tmp_path}/site.sqlite3\nALLOWED_HOSTS=cinema.example\n"
    )
    say = (
        "from django.conf import settings; print(settings.DEBUG, settings.SECRET_KEY, settings.ALLOWED_HOSTS)"
    )

    done = manage("shell", "-v", "0", "-c", say, SETTINGS_FILE=str(file), DEBUG="1")

    assert done.stdout == "False of-the-site-of-this-test ['cinema.example']\n", done.stderr


def test_without_them_nothing_is_done(tmp_path):
    done = manage("check_seats", SETTINGS_FILE=str(tmp_path / "gone.env"))

    assert done.returncode != 0
    assert "gone.env" in done.stderr
