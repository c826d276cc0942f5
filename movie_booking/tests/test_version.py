"""The version has one home; the changelog and Swagger name it."""

import re

from django.conf import settings

from movie_booking import __version__


def test_the_newest_release_in_the_changelog_is_this_version():
    changelog = (settings.BASE_DIR / "CHANGELOG.md").read_text("utf-8")
    headings = re.findall(r"^## (.+)$", changelog, re.M)

    assert headings[0] == "[Unreleased]"
    assert re.fullmatch(rf"\[{re.escape(__version__)}\] - \d{{4}}-\d\d-\d\d", headings[1])


def test_swagger_names_this_version(openapi):
    assert openapi["info"]["version"] == __version__
