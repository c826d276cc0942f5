"""`python manage.py test bookings` runs the pytest tests.

The way pytest-django documents it: https://pytest-django.readthedocs.io/en/latest/faq.html
"""

from argparse import ArgumentParser
from typing import Any


class PytestTestRunner:
    """Hand the test labels (folders, files or `file::test`) to pytest."""

    def __init__(self, verbosity: int = 1, failfast: bool = False, keepdb: bool = False, **_: Any) -> None:
        self.verbosity = verbosity
        self.failfast = failfast
        self.keepdb = keepdb

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--failfast", action="store_true", help="Stop at the first failure.")
        parser.add_argument("--keepdb", action="store_true", help="Keep the test database for the next run.")

    def run_tests(self, test_labels: list[str], **_: Any) -> int:
        """Return pytest's exit code: 0 when all is well."""
        import pytest  # only here: a production server has no use for it

        arguments = {0: ["--quiet"], 2: ["-v"], 3: ["-vv"]}.get(self.verbosity, [])
        if self.failfast:
            arguments.append("--exitfirst")
        if self.keepdb:
            arguments.append("--reuse-db")
        return pytest.main([*arguments, *test_labels])
