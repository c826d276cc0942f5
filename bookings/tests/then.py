"""Rows of earlier versions, for tests of what migrations do to them."""

from datetime import datetime, timedelta, timezone

MADE = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
CANCELLED = MADE + timedelta(hours=1)
RENAMED_COLUMNS = {"for_house": "is_house_seat", "door": "channel"}


def make_show(models, live_seats):
    make = {
        name: models.get_model("movies", name).objects.create
        for name in ("Movie", "Cinema", "Screen", "Show")
    }
    movie = make["Movie"](title="Dune", duration_minutes=155)
    plan = {"seat_plan": "A oooooooooo", "total_seats": 10}
    screen = make["Screen"](cinema=make["Cinema"](name="Rex"), name="Screen 1", **plan)
    starts_at = datetime(2030, 1, 1, 20, tzinfo=timezone.utc)
    ends_at = starts_at + timedelta(minutes=155)
    times = {"starts_at": starts_at, "ends_at": ends_at, "screen_free_at": ends_at}
    return make["Show"](movie=movie, screen=screen, price=10, live_seats=live_seats, **times, **plan)


def renamed_column(name):
    return RENAMED_COLUMNS.get(name, name)


def renamed_row(row):
    return {renamed_column(name): value for name, value in row.items()}
