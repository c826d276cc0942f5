"""The catalogue and the schedule as staff enter them: one form each, times by the clock of the cinema."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff, make_user
from movie_booking.tests.pages import inputs_of
from movies.models import Cinema, Genre, Movie, Screen, Show
from movies.services import save_screen
from movies.tests.factories import browser_for, make_cinema, make_screen, make_show, utc

pytestmark = pytest.mark.django_db

ADD = "/admin/movies/show/add/"


@pytest.fixture
def staff():
    """Staff with every right on shows."""
    return browser_for(make_staff("view_show", "add_show", "change_show", "delete_show"))


@pytest.fixture
def root():
    return browser_for(make_user(is_staff=True, is_superuser=True))


@pytest.fixture
def screen():
    cinema = make_cinema(name="Odeon", time_zone="America/New_York")
    return make_screen(name="Screen 1", cinema=cinema, total_seats=50)


@pytest.fixture
def form(movie, screen):
    """What staff type: date and time stand in two boxes."""

    def form(day="2030-01-15", time="20:00", **fields):
        return {
            "movie": movie.pk,
            "screen": screen.pk,
            "starts_at_0": day,
            "starts_at_1": time,
            "total_seats": 50,
            "price": "12.50",
            **fields,
        }

    return form


def change_page(show):
    return f"/admin/movies/show/{show.pk}/change/"


def errors_of(response):
    """What the form of the page says, by field."""
    assert response.status_code == 200
    return response.context["adminform"].form.errors


def test_inception_on_screen_1_today_with_50_seats_takes_one_form(staff, form, movie, screen):
    # Somewhere it is not yet eight in the evening.
    zones = map(ZoneInfo, ("America/New_York", "Asia/Tokyo"))
    zone = next(zone for zone in zones if now().astimezone(zone).hour < 20)
    Cinema.objects.update(time_zone=zone.key)
    today = now().astimezone(zone).date()

    response = staff.post(ADD, form(day=today.isoformat(), time="20:00"))

    show = Show.objects.get()
    assert response.status_code == 302
    assert (show.movie, show.screen, show.total_seats, show.price) == (movie, screen, 50, Decimal("12.50"))
    assert show.starts_at == datetime(today.year, today.month, today.day, 20, tzinfo=zone)
    assert show.ends_at == show.starts_at + timedelta(minutes=148)
    assert show.status == Show.Status.ON_SALE
    assert client_for().get(f"/api/shows/{show.pk}/").data["available_seats"] == 50


@pytest.mark.parametrize(
    ("day", "time", "expected"),
    [
        ("2030-01-15", "20:00", utc(2030, 1, 16, 1)),  # winter: five hours behind
        ("2030-07-15", "20:00", utc(2030, 7, 16, 0)),  # summer: four
        ("15/07/2030", "20:00:00", utc(2030, 7, 16, 0)),
        ("2030-03-10", "01:59", utc(2030, 3, 10, 6, 59)),
        ("2030-03-10", "03:00", utc(2030, 3, 10, 7)),  # a minute later: the hour between is skipped
        ("2030-11-03", "01:30", utc(2030, 11, 3, 5, 30)),  # comes twice; the first is meant
    ],
)
def test_the_time_is_by_the_clock_of_the_cinema(staff, form, day, time, expected):
    staff.post(ADD, form(day=day, time=time))

    assert Show.objects.get().starts_at == expected


@pytest.mark.parametrize("field", ["starts_at", "sales_open_at"])
def test_a_time_that_the_clocks_skip_is_an_error_next_to_the_field(staff, form, field):
    response = staff.post(ADD, form(**{f"{field}_0": "2030-03-10", f"{field}_1": "02:30"}))

    assert errors_of(response) == {field: ["The clocks of the cinema skip this time on that day."]}
    assert Show.objects.count() == 0


def test_an_overlap_is_an_error_next_to_the_field_and_says_with_what(staff, form, settings):
    settings.CLEANING_MINUTES = 15
    staff.post(ADD, form(time="20:00"))

    response = staff.post(ADD, form(time="22:40"))

    assert errors_of(response) == {
        "starts_at": [
            "Another show is on this screen at that time, or it is being cleaned."
            " Inception, 20:00 to 22:43 with cleaning"
        ]
    }
    assert Show.objects.count() == 1


def test_more_seats_than_the_screen_has_are_an_error_next_to_the_field(staff, form, screen):
    response = staff.post(ADD, form(total_seats=51))

    assert errors_of(response) == {"total_seats": [f"{screen} has 50 seats."]}


def test_no_number_of_seats_means_all_of_the_screen(staff, form):
    staff.post(ADD, form(total_seats=""))

    assert Show.objects.get().total_seats == 50


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("movie", ""),
        ("movie", "999999"),
        ("screen", "0"),
        ("starts_at_0", ""),
        ("starts_at_0", "31/02/2030"),
        ("starts_at_1", "25:00"),
        ("total_seats", "0"),
        ("total_seats", 10**30),
        ("price", ""),
        ("price", "-1"),
        ("price", "NaN"),
        ("sofa_price", "-1"),
        ("status", "SOLD_OUT"),
        ("status", "CANCELLED"),
        ("sales_cutoff_minutes", "-1"),
        ("sales_cutoff_minutes", "10081"),
    ],
)
def test_what_is_no_show_is_an_error_next_to_the_field(staff, form, field, value):
    response = staff.post(ADD, form(**{field: value}))

    assert errors_of(response).keys() == {field.removesuffix("_0").removesuffix("_1")}
    assert Show.objects.count() == 0


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize(("day", "time"), [("0001-01-01", "00:00"), ("9999-12-31", "23:59")])
@pytest.mark.parametrize("field", ["starts_at", "sales_open_at"])
def test_a_day_at_the_edge_of_the_calendar_is_an_error_next_to_the_field(staff, form, zone, day, time, field):
    Cinema.objects.update(time_zone=zone)

    response = staff.post(ADD, form(**{f"{field}_0": day, f"{field}_1": time}))

    assert errors_of(response).keys() == {field}


def test_the_form_of_a_show_gives_back_the_time_that_was_typed(staff, form):
    staff.post(ADD, form(day="2030-07-15", time="20:00"))

    page = staff.get(change_page(Show.objects.get())).content.decode()

    assert 'value="2030-07-15"' in page or 'value="15/07/2030"' in page
    assert 'value="20:00:00"' in page


def test_moving_a_show_moves_its_end(staff, form):
    staff.post(ADD, form(time="20:00"))
    show = Show.objects.get()

    response = staff.post(change_page(show), form(time="21:00", status="ON_SALE"))

    show.refresh_from_db()
    assert response.status_code == 302
    assert show.starts_at == utc(2030, 1, 16, 2)
    assert show.ends_at == utc(2030, 1, 16, 4, 28)


def test_saving_a_show_unchanged_changes_nothing(staff, form):
    staff.post(ADD, form())
    before = Show.objects.values().get()

    response = staff.post(change_page(Show.objects.get()), form(status="ON_SALE"))

    assert response.status_code == 302
    assert Show.objects.values().get() == before


def test_moving_a_show_onto_another_is_an_error_next_to_the_field(staff, form):
    staff.post(ADD, form(time="10:00"))
    staff.post(ADD, form(time="20:00"))
    show = Show.objects.order_by("starts_at").last()

    response = staff.post(change_page(show), form(time="10:30", status="ON_SALE"))

    assert errors_of(response).keys() == {"starts_at"}


@pytest.fixture
def booked_show(movie, screen):
    show = make_show(movie=movie, screen=screen, starts_at=utc(2030, 1, 16, 1), total_seats=50)
    client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})
    show.refresh_from_db()
    return show


def test_a_show_with_bookings_offers_no_other_movie_screen_or_seats(staff, booked_show):
    page = staff.get(change_page(booked_show))

    assert set(page.context["adminform"].form.fields) == {
        "reason",
        "starts_at",
        "pre_show_minutes",
        "price",
        "premium_price",
        "sofa_price",
        "wheelchair_price",
        "companion_price",
        "sales_open_at",
        "sales_cutoff_minutes",
    }


def test_a_show_with_bookings_can_be_moved_and_repriced_but_not_cancelled_by_its_form(staff, booked_show):
    response = staff.post(
        change_page(booked_show),
        {"starts_at_0": "2030-01-15", "starts_at_1": "21:00", "price": "15.00", "status": "CANCELLED"},
    )

    show = Show.objects.get()
    assert response.status_code == 302
    assert (show.starts_at, show.price, show.status) == (utc(2030, 1, 16, 2), Decimal("15.00"), "ON_SALE")
    assert (show.live_seats, show.seats_version, show.total_seats) == (1, 2, 50)


@pytest.mark.parametrize("booked", [False, True])
def test_a_show_whose_screen_lost_seats_since_can_still_be_moved(staff, form, screen, booked):
    staff.post(ADD, form())
    show = Show.objects.get()
    if booked:
        client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})
    save_screen(screen, total_seats=40)

    response = staff.post(change_page(show), form(time="21:00"))

    show.refresh_from_db()
    assert response.status_code == 302
    assert (show.starts_at, show.total_seats) == (utc(2030, 1, 16, 2), 50)


def test_a_draft_is_made_and_later_put_on_sale_and_a_show_on_sale_stays_so(staff, form):
    staff.post(ADD, form(status="DRAFT"))
    show = Show.objects.get()
    assert show.status == "DRAFT"

    for status in ("ON_SALE", "DRAFT"):
        staff.post(change_page(show), form(status=status))
        show.refresh_from_db()
        assert show.status == "ON_SALE"


def test_a_show_is_not_cancelled_by_a_form(staff, form):
    staff.post(ADD, form(status="DRAFT"))

    response = staff.post(change_page(Show.objects.get()), form(status="CANCELLED"))

    assert errors_of(response).keys() == {"status"}


def test_a_cancelled_show_can_be_looked_at_and_not_changed(staff, form, screen):
    staff.post(ADD, form())
    show = Show.objects.get()
    Show.objects.update(status=Show.Status.CANCELLED, cancelled_at=now(), cancel_reason="No heating")
    staff.post(ADD, form())  # another show takes its place
    before = Show.objects.filter(pk=show.pk).values().get()

    page = staff.get(change_page(show))
    response = staff.post(change_page(show), form(price="99.00", status="ON_SALE"))

    assert "No heating" in page.content.decode()
    assert response.status_code in (200, 302, 403)
    assert Show.objects.filter(pk=show.pk).values().get() == before


def shown_on(page):
    """What the page of a show says where nothing can be typed, by the name of the line."""
    return {
        field.field["label"]: str(field.contents())
        for fieldset in page.context["adminform"]
        for line in fieldset
        for field in line
        if field.is_readonly
    }


@pytest.mark.parametrize("cancelled", [False, True])
def test_times_that_cannot_be_changed_are_shown_by_the_clock_of_the_cinema(screen, root, cancelled):
    show = make_show(screen=screen, starts_at=utc(2030, 7, 16, 0), sales_open_at=utc(2030, 1, 10, 14))
    if cancelled:
        Show.objects.update(status=Show.Status.CANCELLED, cancelled_at=now())
    who = root if cancelled else browser_for(make_staff("view_show"))

    page = who.get(change_page(show))

    assert [(name, text) for name, text in shown_on(page).items() if "clock" in name] == [
        ("Starts (cinema's clock)", "Mon 15 Jul 2030, 20:00"),
        ("Ends (cinema's clock)", "Mon 15 Jul 2030, 22:28"),
        ("Sales open (cinema's clock)", "Thu 10 Jan 2030, 09:00"),
    ]
    assert not {"Starts at", "starts at", "Sales open at", "sales open at"} & shown_on(page).keys()


def test_sales_open_by_the_clock_of_the_cinema(staff, form):
    opens = {"sales_open_at_0": "2030-01-10", "sales_open_at_1": "09:00", "sales_cutoff_minutes": "30"}
    staff.post(ADD, form(**opens))
    show = Show.objects.get()
    assert (show.sales_open_at, show.sales_cutoff_minutes) == (utc(2030, 1, 10, 14), 30)

    staff.post(change_page(show), form(price="99.00", **opens))

    show.refresh_from_db()
    assert (show.sales_open_at, show.price) == (utc(2030, 1, 10, 14), Decimal("99.00"))


def test_each_kind_of_seat_may_have_a_price(staff, form):
    staff.post(ADD, form(premium_price="15.00", companion_price="0"))

    show = Show.objects.get()
    assert [str(price) for price in show.prices.values()] == ["12.50", "15.00", "12.50", "12.50", "0.00"]


def test_a_show_with_bookings_cannot_be_moved_onto_another(staff, booked_show, movie, screen):
    make_show(movie=movie, screen=screen, starts_at=utc(2030, 1, 16, 12))

    response = staff.post(
        change_page(booked_show),
        {"starts_at_0": "2030-01-16", "starts_at_1": "07:00", "price": "15.00", "status": "ON_SALE"},
    )

    assert errors_of(response).keys() == {"starts_at"}


def test_a_show_with_bookings_is_not_deleted(staff, booked_show):
    response = staff.post(f"/admin/movies/show/{booked_show.pk}/delete/", {"post": "yes"})

    assert response.status_code == 200
    assert "Cannot delete show" in response.content.decode()
    assert Show.objects.count() == 1


def test_a_show_without_bookings_is_deleted(staff):
    show = make_show()

    staff.post(f"/admin/movies/show/{show.pk}/delete/", {"post": "yes"})

    assert Show.objects.count() == 0


def test_the_list_says_how_full_a_show_is_by_the_clock_of_the_cinema(staff, movie, screen):
    make_show(movie=movie, screen=screen, starts_at=utc(2030, 7, 16, 0), total_seats=50, live_seats=8)

    page = staff.get("/admin/movies/show/").content.decode()

    assert "8 / 50 · 16 %" in page
    assert "Mon 15 Jul, 20:00" in page


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_as_many_queries_for_any_number_of_shows(
    staff, rows, movie, django_assert_num_queries
):
    for _ in range(rows):
        make_show(movie=movie)

    # Session, user and rights (5), cinemas, screens and movies to filter by (3), how many there are and
    # the page (2).
    with django_assert_num_queries(10):
        staff.get("/admin/movies/show/")


def test_the_id_of_a_show_is_in_the_list_and_on_its_page(staff):
    show = make_show()

    rows = staff.get("/admin/movies/show/").content.decode()

    assert f'<th class="field-id"><a href="{change_page(show)}">{show.pk}</a></th>' in rows
    assert shown_on(staff.get(change_page(show)))["ID"] == str(show.pk)


def test_the_list_of_screens_says_where_single_seats_are_avoided(root):
    make_screen(no_single_seats=True)

    assert 'alt="True"' in root.get("/admin/movies/screen/").content.decode()


def test_staff_with_the_right_to_view_shows_change_none():
    show = make_show()
    viewer = browser_for(make_staff("view_show"))

    assert viewer.get("/admin/movies/show/").status_code == 200
    assert viewer.get(change_page(show)).status_code == 200
    assert viewer.post(change_page(show), {}).status_code == 403
    assert viewer.get(ADD).status_code == 403


@pytest.mark.parametrize("model", ["genre", "movie", "cinema", "screen", "show"])
@pytest.mark.parametrize("path", ["", "add/"])
def test_staff_without_rights_and_customers_do_not_get_in(model, path):
    url = f"/admin/movies/{model}/{path}"

    assert browser_for(make_staff()).get(url).status_code == 403
    assert browser_for(make_user()).get(url)["Location"] == f"/admin/login/?next={url}"
    assert Client().get(url)["Location"] == f"/admin/login/?next={url}"


def test_a_genre_that_differs_in_case_only_is_an_error(root):
    Genre.objects.create(name="Drama")

    response = root.post("/admin/movies/genre/add/", {"name": "drama"})

    assert response.status_code == 200
    assert "There is a genre of that name already." in response.content.decode()
    assert Genre.objects.count() == 1


def test_a_movie_takes_one_form(root):
    genre = Genre.objects.create(name="Drama")

    response = root.post(
        "/admin/movies/movie/add/", {"title": "Dune", "duration_minutes": 155, "genres": [genre.pk]}
    )

    movie = Movie.objects.get()
    assert response.status_code == 302
    assert (movie.title, movie.duration_minutes, list(movie.genres.all())) == ("Dune", 155, [genre])


def test_a_cinema_and_its_screens_take_one_form(root):
    response = root.post(
        "/admin/movies/cinema/add/",
        {
            "name": "Odeon",
            "time_zone": "Europe/London",
            "screens-TOTAL_FORMS": 2,
            "screens-INITIAL_FORMS": 0,
            "screens-0-name": "Screen 1",
            "screens-0-total_seats": 50,
            "screens-1-name": "Screen 2",
            "screens-1-total_seats": 120,
        },
    )

    assert response.status_code == 302
    assert list(Screen.objects.values_list("cinema__name", "name", "total_seats")) == [
        ("Odeon", "Screen 1", 50),
        ("Odeon", "Screen 2", 120),
    ]


def test_a_time_zone_that_is_none_is_an_error(root):
    response = root.post(
        "/admin/movies/cinema/add/",
        {"name": "Odeon", "time_zone": "Mars", "screens-TOTAL_FORMS": 0, "screens-INITIAL_FORMS": 0},
    )

    assert errors_of(response) == {"time_zone": ["“Mars” is not an IANA time zone."]}


@pytest.mark.parametrize("field", ["pre_show_minutes", "sales_cutoff_minutes"])
def test_minutes_without_end_are_refused_next_to_their_field(field):
    show = make_show()
    browser = browser_for(make_user(is_staff=True, is_superuser=True))
    url = f"/admin/movies/show/{show.pk}/change/"
    form = inputs_of(browser.get(url), "show_form")

    response = browser.post(url, {**form, field: "9" * 40})

    assert list(response.context["adminform"].form.errors) == [field]
