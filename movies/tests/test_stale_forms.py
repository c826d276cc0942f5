"""Forms of the Admin that were opened before a colleague changed the same row."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry

from accounts.tests.factories import client_for, make_user
from bookings.tests.factories import book
from movie_booking.tests.pages import inputs_of
from movies.models import Cinema, Movie, Screen, Show
from movies.tests.factories import browser_for, make_cinema, make_movie, make_screen, make_show, utc

pytestmark = pytest.mark.django_db

PLAN = "A oo_oo\nB ooSS"


@pytest.fixture
def staff():
    return browser_for(make_user("ben", is_staff=True, is_superuser=True))


@pytest.fixture
def api():
    return client_for(make_user("ada", is_staff=True, is_superuser=True))


@pytest.fixture
def show():
    screen = make_screen(cinema=make_cinema(time_zone="America/New_York"))
    return make_show(screen=screen, starts_at=utc(2030, 1, 16, 1), price=Decimal("12.50"))


def page_of(row):
    return f"/admin/movies/{row._meta.model_name}/{row.pk}/change/"


def opened(browser, row):
    """What the form of a row sends if nobody touches it."""
    page = browser.get(page_of(row))
    assert page.status_code == 200
    return inputs_of(page, f"{row._meta.model_name}_form")


def values(row):
    """The columns of the row, without those that follow from others."""
    columns = type(row).objects.values().get(pk=row.pk)
    return {name: value for name, value in columns.items() if not name.endswith("_folded")}


def errors(response):
    assert response.status_code == 200
    return response.context["adminform"].form.errors


def differences(response):
    return [(each.label, each.theirs, each.yours) for each in response.context["adminform"].form.differences]


# --- The example: a show is moved and priced anew while its form is open -------------------------


def test_a_stale_form_of_a_show_is_not_saved_and_says_what_differs_and_who_did_it(staff, api, show):
    form = opened(staff, show)
    api.patch(f"/api/shows/{show.pk}/", {"starts_at": "2030-01-16T03:00:00Z", "price": "14.00"})
    before = values(show)

    response = staff.post(page_of(show), {**form, "sales_cutoff_minutes": "30"})

    assert values(show) == before
    [text] = errors(response)["__all__"]
    assert text.startswith("This show was changed after the page was opened, by ada on ")
    assert "Nothing was saved." in text
    assert differences(response) == [
        ("Starts at", "2030-01-15 22:00:00", ""),
        ("Price", "14.00", ""),
    ]
    page = response.content.decode()
    assert "Changed Starts at and Price through the API." in page
    assert page.index("was changed after the page was opened") < page.index('id="id_starts_at_0"')


def test_saving_again_writes_what_was_typed_and_nothing_else(staff, api, show):
    form = opened(staff, show)
    api.patch(f"/api/shows/{show.pk}/", {"starts_at": "2030-01-16T03:00:00Z", "price": "14.00"})
    conflict = staff.post(page_of(show), {**form, "sales_cutoff_minutes": "30"})

    again = inputs_of(conflict, "show_form")
    assert (again["sales_cutoff_minutes"], again["price"], again["starts_at_1"]) == (
        ["30"],
        ["14.00"],
        ["22:00:00"],
    )
    response = staff.post(page_of(show), again)

    show.refresh_from_db()
    assert response.status_code == 302
    assert (show.starts_at, show.price, show.sales_cutoff_minutes) == (
        utc(2030, 1, 16, 3),
        Decimal("14.00"),
        30,
    )


def test_what_both_changed_shows_both_values_and_the_one_typed_stays(staff, api, show):
    form = opened(staff, show)
    api.patch(f"/api/shows/{show.pk}/", {"price": "14.00"})

    conflict = staff.post(page_of(show), {**form, "price": "15.00"})

    assert differences(conflict) == [("Price", "14.00", "15.00")]
    again = inputs_of(conflict, "show_form")
    assert again["price"] == ["15.00"]
    assert staff.post(page_of(show), again).status_code == 302
    show.refresh_from_db()
    assert show.price == Decimal("15.00")


def test_a_second_colleague_is_a_second_conflict(staff, api, show):
    form = opened(staff, show)
    api.patch(f"/api/shows/{show.pk}/", {"price": "14.00"})
    conflict = staff.post(page_of(show), {**form, "price": "15.00"})
    api.patch(f"/api/shows/{show.pk}/", {"premium_price": "20.00"})

    second = staff.post(page_of(show), inputs_of(conflict, "show_form"))

    assert differences(second) == [("Premium price", "20.00", "")]
    assert staff.post(page_of(show), inputs_of(second, "show_form")).status_code == 302
    show.refresh_from_db()
    assert (show.price, show.premium_price) == (Decimal("15.00"), Decimal("20.00"))


def test_a_stale_form_in_which_nothing_was_typed_writes_nothing(staff, api, show):
    form = opened(staff, show)
    api.patch(f"/api/shows/{show.pk}/", {"price": "14.00"})
    before = values(show)

    assert staff.post(page_of(show), form).status_code == 302
    assert values(show) == before


def test_a_seat_that_is_sold_meanwhile_is_no_conflict(staff, show):
    form = opened(staff, show)
    book(show, 5)

    assert staff.post(page_of(show), {**form, "price": "15.00"}).status_code == 302
    show.refresh_from_db()
    assert (show.price, show.live_seats) == (Decimal("15.00"), 1)


def test_what_can_no_longer_be_changed_is_not_passed_over_in_silence(staff, show):
    other = make_screen(cinema=show.screen.cinema)
    form = opened(staff, show)
    book(show, 5)
    before = values(show)

    response = staff.post(page_of(show), {**form, "screen": str(other.pk), "price": "15.00"})

    assert differences(response) == [("Screen", "cannot be changed any more", str(other.pk))]
    assert values(show) == before
    assert staff.post(page_of(show), inputs_of(response, "show_form")).status_code == 302
    show.refresh_from_db()
    assert (show.price, show.screen) == (Decimal("15.00"), Screen.objects.get(pk=before["screen_id"]))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "nonsense",
            "[]",
            "{}",
            "5",
            "null",
            "[" * 5000,
            '{"log": "x"}',
            '{"log": Infinity}',
            '{"other": 1}',
        ),
        *('{"fields": {"price": 5}}', '{"fields": {"price": {"price": 5}}}', '{"fields": []}'),
        *('{"fields": {"price": {"price": [5]}}}', '{"fields": {"price": {"price": []}}}'),
        *(
            '{"fields": {"starts_at": {}, "movie": {"movie": ["x"]}}}',
            '{"fields": {"nothing": {"x": ["1"]}}}',
        ),
    ],
)
def test_a_version_that_none_of_our_pages_has_sent_is_a_conflict(staff, show, text):
    before = values(show)

    response = staff.post(page_of(show), {**opened(staff, show), "opened": text, "price": "15.00"})

    assert "__all__" in errors(response)
    assert values(show) == before


def test_another_clock_of_the_cinema_does_not_move_a_show_whose_form_is_open(staff, api, show):
    form = opened(staff, show)
    api.patch(f"/api/cinemas/{show.screen.cinema_id}/", {"time_zone": "Europe/London", "keep": "moment"})
    before = values(show)

    response = staff.post(page_of(show), {**form, "price": "15.00"})

    assert differences(response) == [("Starts at", "2030-01-16 01:00:00", "")]
    assert values(show) == before
    assert staff.post(page_of(show), inputs_of(response, "show_form")).status_code == 302
    show.refresh_from_db()
    assert (show.price, show.starts_at) == (Decimal("15.00"), before["starts_at"])


def test_what_was_typed_before_the_show_was_cancelled_is_not_passed_over_in_silence(staff, api, show):
    form = opened(staff, show)
    api.post(f"/api/shows/{show.pk}/cancel/", {"reason": "No heating"})
    before = values(show)

    response = staff.post(page_of(show), {**form, "price": "15.00"})

    assert differences(response) == [("Price", "cannot be changed any more", "15.00")]
    assert values(show) == before


# --- Every form that staff edit ------------------------------------------------------------------

EDITS = {
    "movie": (
        lambda: make_movie(description="One.\nTwo.", genres=["Drama"], release_date="2026-01-01"),
        {"title": "Dune", "description": "Three.\nFour.", "genres": ["Comedy", "Drama"]},
        {"language": "English"},
    ),
    "cinema": (make_cinema, {"address": "1 High Street"}, {"time_zone": "Europe/London"}),
    "screen": (
        lambda: make_screen(seat_plan=PLAN),
        {"name": "Screen A", "seat_plan": "A ooo"},
        {"no_single_seats": "on"},
    ),
    "show": (make_show, {"price": "14.00"}, {"sales_cutoff_minutes": "30"}),
}
every_form = pytest.mark.parametrize("model", EDITS)


@every_form
def test_a_form_that_nobody_touched_writes_nothing(staff, model):
    row = EDITS[model][0]()
    before = (values(row), genres(row))

    assert staff.post(page_of(row), opened(staff, row)).status_code == 302
    assert (values(row), genres(row)) == before


def genres(row):
    return sorted(genre.name for genre in row.genres.all()) if isinstance(row, Movie) else []


@every_form
def test_a_stale_form_keeps_what_a_colleague_changed(staff, api, model):
    make_row, theirs, mine = EDITS[model]
    row = make_row()
    form = opened(staff, row)
    assert api.patch(f"/api/{model}s/{row.pk}/", theirs).status_code == 200
    before = (values(row), genres(row))

    conflict = staff.post(page_of(row), {**form, **mine})
    assert "by ada on " in errors(conflict)["__all__"][0]
    assert {
        each.label.lower().replace(" ", "_") for each in conflict.context["adminform"].form.differences
    } >= {name for name in theirs if name != "seat_plan"}
    assert (values(row), genres(row)) == before

    assert staff.post(page_of(row), inputs_of(conflict, f"{model}_form")).status_code == 302
    [field] = mine
    after = values(row)
    changed = {name for name in after if after[name] != before[0][name]} - {"seats_version"}
    assert (changed, genres(row)) == ({field}, before[1])


@every_form
def test_a_stale_form_that_nobody_touched_takes_nothing_back(staff, api, model):
    make_row, theirs, _ = EDITS[model]
    row = make_row()
    form = opened(staff, row)
    api.patch(f"/api/{model}s/{row.pk}/", theirs)
    before = (values(row), genres(row))

    assert staff.post(page_of(row), form).status_code == 302
    assert (values(row), genres(row)) == before


@every_form
def test_two_members_of_staff_with_the_same_form(staff, model):
    make_row, _, mine = EDITS[model]
    row = make_row()
    first, second = opened(staff, row), opened(staff, row)
    colleague = browser_for(make_user("cleo", is_staff=True, is_superuser=True))

    assert colleague.post(page_of(row), {**first, **mine}).status_code == 302
    other = {"movie": "title", "cinema": "address", "screen": "name", "show": "premium_price"}[model]
    conflict = staff.post(page_of(row), {**second, other: "9.00"})

    assert "by cleo on " in errors(conflict)["__all__"][0]


# --- A screen in the table of its cinema ----------------------------------------------------------


def test_the_table_of_screens_does_not_throw_a_drawing_away(staff):
    screen = make_screen(seat_plan=PLAN)
    form = opened(staff, screen.cinema)
    before = values(screen)

    response = staff.post(page_of(screen.cinema), {**form, "screens-0-total_seats": "9"})

    assert response.status_code == 200
    assert "Change the drawing, on the page of the screen." in response.content.decode()
    assert values(screen) == before
    page = staff.get(page_of(screen.cinema)).content.decode()
    assert "readonly" in page[page.index('name="screens-0-total_seats"') :][:200]


def test_a_screen_keeps_its_drawing_when_its_name_is_changed_in_the_table(staff):
    screen = make_screen(seat_plan=PLAN)
    form = opened(staff, screen.cinema)
    before = values(screen)

    assert staff.post(page_of(screen.cinema), {**form, "screens-0-name": "Blue"}).status_code == 302
    assert values(screen) == {**before, "name": "Blue"}


def test_a_screen_in_rows_of_ten_gets_another_number_in_the_table(staff):
    screen = make_screen(total_seats=44)
    form = opened(staff, screen.cinema)

    assert staff.post(page_of(screen.cinema), {**form, "screens-0-total_seats": "45"}).status_code == 302
    screen.refresh_from_db()
    assert (screen.total_seats, screen.seat_plan) == (45, "")


def test_a_screen_that_was_drawn_after_the_table_was_opened_keeps_its_drawing(staff, api):
    screen = make_screen(total_seats=44)
    form = opened(staff, screen.cinema)
    api.patch(f"/api/screens/{screen.pk}/", {"seat_plan": PLAN})
    before = values(screen)

    response = staff.post(page_of(screen.cinema), {**form, "screens-0-total_seats": "45"})

    assert response.status_code == 200
    assert "This screen was changed after the page was opened, by ada on " in response.content.decode()
    assert values(screen) == before


def test_a_stale_line_that_nobody_touched_takes_nothing_back(staff, api):
    screen = make_screen(total_seats=44)
    form = opened(staff, screen.cinema)
    api.patch(f"/api/screens/{screen.pk}/", {"name": "Blue", "total_seats": 60})

    assert staff.post(page_of(screen.cinema), {**form, "address": "1 High Street"}).status_code == 302
    screen.refresh_from_db()
    assert (screen.name, screen.total_seats) == ("Blue", 60)
    assert Cinema.objects.get().address == "1 High Street"


# --- What is wrong is said at the top ---------------------------------------------------------------


def test_a_clash_is_said_at_the_top_of_the_page(staff, show):
    other = make_show(screen=show.screen, starts_at=utc(2030, 1, 17, 1))
    form = opened(staff, other)

    page = staff.post(page_of(other), {**form, "starts_at_0": "2030-01-15"}).content.decode()

    sentence = "Starts at: Another show is on this screen at that time"
    assert page.index(sentence) < page.index('id="id_movie"')


def test_the_log_has_the_changes_of_forms_once(staff, show):
    staff.post(page_of(show), {**opened(staff, show), "price": "15.00"})

    assert [entry.get_change_message() for entry in LogEntry.objects.all()] == ["Changed Price."]
    assert Show.objects.get().price == Decimal("15.00")
