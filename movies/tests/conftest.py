"""The cinema whose week is scheduled by several files of tests."""

import pytest

from movies.tests.factories import make_cinema, make_movie, make_screen


@pytest.fixture
def a_quarter_of_an_hour_of_cleaning(settings):
    settings.CLEANING_MINUTES = 15


@pytest.fixture
def movie():
    return make_movie("Inception", duration_minutes=148)


@pytest.fixture
def odeon():
    return make_cinema(name="Odeon", time_zone="Europe/London")


@pytest.fixture
def screens(odeon):
    return [make_screen(name=f"Screen {n}", cinema=odeon, total_seats=50) for n in (1, 2)]


@pytest.fixture
def screen(screens):
    return screens[0]
