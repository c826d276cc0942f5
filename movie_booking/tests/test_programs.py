"""The programs that tests need besides Python."""

import pytest
from django.conf import settings

from movie_booking.tests.programs import PACKAGES


@pytest.mark.parametrize(("program", "package"), PACKAGES.items())
def test_ci_installs_each(program, package):
    assert f"need {program} {package}\n" in (settings.BASE_DIR / ".ci" / "install").read_text()
