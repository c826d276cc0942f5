"""The command that schedules shows."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.management import CommandError, call_command

from accounts.tests.factories import make_staff, make_user
from movies.models import Show
from movies.tests.factories import make_movie

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("a_quarter_of_an_hour_of_cleaning")]


@pytest.fixture
def command(screens, capsys):
    def command(*more, movie="Inception", **options):
        values = {"from": "2030-01-14", "to": "2030-01-20", **options}
        arguments = [f"--{name}={value}" for name, value in values.items()]
        ids = [str(screen.pk) for screen in screens]
        call_command("schedule_shows", "--movie", movie, "--screen", *ids, *arguments, *more)
        return capsys.readouterr().out.splitlines()

    return command


def test_the_command_makes_a_week(command, movie):
    lines = command(
        "--time", "14:00", "--time", "20:15", "--weekday", "mon", "sun", "--price=12.50", "--draft"
    )
    a_day = "; ".join(f"{at} Screen {n}, Odeon" for n in (1, 2) for at in ("14:00", "20:15"))

    assert lines == [
        f"Mon 14 Jan 2030: {a_day}",
        f"Sun 20 Jan 2030: {a_day}",
        "Scheduled: 8 shows of Inception.",
    ]
    assert {(show.movie, show.price, show.status) for show in Show.objects.all()} == {
        (movie, Decimal("12.50"), "DRAFT")
    }
    assert Show.objects.count() == 8


def test_the_command_without_more_puts_shows_on_sale_at_the_usual_price(command, movie, settings):
    settings.DEFAULT_PRICE = Decimal("9.90")

    command("--time=14:00", movie=str(movie.pk))

    assert {(show.price, show.status) for show in Show.objects.all()} == {(Decimal("9.90"), "ON_SALE")}
    assert Show.objects.count() == 14


def test_a_dry_run_makes_nothing(command, movie):
    assert command("--time=14:00", "--dry-run")[-1] == "Would schedule: 14 shows of Inception."
    assert Show.objects.count() == 0


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_the_command_run_again_names_what_is_there_and_makes_nothing(command, movie, more):
    command("--time=14:00", to="2030-01-14")

    with pytest.raises(CommandError) as refused:
        command("--time=14:00", *more, to="2030-01-15")

    assert str(refused.value).splitlines() == [
        "Some of these shows overlap others, so none was made.",
        "Screen 1, Odeon, Mon 14 Jan 2030 14:00: Inception, 14:00 to 16:43 with cleaning",
        "Screen 2, Odeon, Mon 14 Jan 2030 14:00: Inception, 14:00 to 16:43 with cleaning",
    ]
    assert Show.objects.count() == 2


@pytest.mark.parametrize(
    ("more", "options", "message"),
    [
        (["--time=14:00"], {"movie": "Incep"}, r"There is no movie “Incep”\. Is it “Inception” \(id \d+\)\?"),
        (["--time=14:00"], {"movie": "9" * 40}, "There is no movie “9999"),
        (["--time=14:00"], {"screen": 10**40}, r"There is no screen 1000+\. \d+ is Screen 1, Odeon; \d+ is "),
        (["--time=25:00"], {}, "“25:00” is no time of day"),
        (["--time=14:00"], {"to": "20.1."}, "“20.1.” is no date. Write it like this: 2026-11-30"),
        (["--time=14:00"], {"to": "2030-01-13"}, "Choose at least one"),
        (["--time=14:00"], {"to": "9999-12-31"}, r"That would be [\d,]+ shows\. At most 500"),
        (["--time=14:00"], {"price": "cheap"}, "“cheap” is no price"),
        (["--time=14:00"], {"price": "9.999"}, "no more than 2 decimal places"),
        (["--time=14:00"], {"price": "-1"}, "greater than or equal to 0"),
        (["--time=14:00"], {"price": "NaN"}, "must be a decimal number"),
        (["--time=14:00", "--weekday=someday"], {}, "invalid choice"),
        (["--time=1:30"], {"from": "2030-03-31", "to": "2030-03-31"}, "Sun 31 Mar 2030 01:30: The clocks"),
    ],
)
def test_the_command_says_what_is_wrong(command, movie, more, options, message):
    with pytest.raises(CommandError, match=message):
        command(*more, **options)

    assert Show.objects.count() == 0


def test_the_command_asks_which_of_several_films_of_one_title_is_meant(command, movie):
    other = make_movie("Inception")

    with pytest.raises(CommandError, match=f"Give the id: one of {movie.pk}, {other.pk}"):
        command("--time=14:00")


def test_a_film_whose_title_is_a_number_is_found_by_its_title(command, movie):
    film = make_movie(str(movie.pk), duration_minutes=119)

    command("--time=14:00", movie=str(movie.pk))

    assert Show.objects.values_list("movie", flat=True).distinct().get() == film.pk


def test_the_command_takes_a_pre_show(command, movie):
    command("--time", "14:00", "--pre-show", "20")

    assert {show.pre_show_minutes for show in Show.objects.all()} == {20}


@pytest.mark.parametrize("minutes", ["121", "-1", "soon"])
def test_what_is_no_pre_show_is_refused(command, movie, minutes):
    with pytest.raises(CommandError, match="is no number of minutes before the film"):
        command("--time", "14:00", f"--pre-show={minutes}")


def test_the_history_names_who_is_said_to_have_added_the_shows(command, movie):
    staff = make_staff()

    command("--time", "14:00", "--by", staff.username.upper())

    entries = LogEntry.objects.filter(user=staff, action_flag=ADDITION)
    assert {entry.object_id for entry in entries} == {str(show.pk) for show in Show.objects.all()}
    assert {entry.change_message for entry in entries} == {"Added by the command schedule_shows."}


def test_only_members_of_staff_add_shows(command, movie):
    former = make_staff()
    former.is_active = False
    former.save()

    for name in (make_user().username, former.username, "", "nobody"):
        with pytest.raises(CommandError, match=f"There is no member of staff “{name}”"):
            command("--time", "14:00", f"--by={name}")
    assert not Show.objects.exists()
