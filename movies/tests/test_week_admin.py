"""The page on which a week is scheduled, and the action that copies one."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import make_staff, make_user
from movies.models import Movie, Show
from movies.services import (
    schedule_show,
    schedule_week,
)
from movies.tests.factories import browser_for, make_movie, make_screen, utc
from movies.tests.weeks import TWO, WEEK

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("a_quarter_of_an_hour_of_cleaning")]


@pytest.fixture
def staff():
    return browser_for(make_staff("view_show", "add_show"))


@pytest.fixture
def url():
    return reverse("admin:movies_show_schedule")


@pytest.fixture
def form(movie, screens):
    def form(**fields):
        return {
            "movie": movie.pk,
            "screens": [screen.pk for screen in screens],
            "first": "2030-01-14",
            "last": "2030-01-20",
            "weekdays": [0, 1, 2, 3, 4, 5, 6],
            "times": "14:00, 20:00",
            "price": "12.50",
            "status": "ON_SALE",
            "sales_cutoff_minutes": "0",
            **fields,
        }

    return form


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def test_the_page_asks_and_writes_nothing(staff, url, screens):
    page = staff.get(url)

    assert page.status_code == 200
    assert "Odeon (Europe/London)" in page.content.decode()
    assert page.context["number"] == 0
    assert Show.objects.count() == 0


def test_the_page_costs_as_many_queries_for_any_number_of_screens(
    staff, url, screens, django_assert_max_num_queries
):
    for _ in range(10):
        make_screen()

    with django_assert_max_num_queries(6):  # session, user and rights (4), screens
        staff.get(url)


def test_a_get_never_makes_shows(staff, url, form):
    page = staff.get(url, form(_schedule="28"))

    assert page.status_code == 200
    assert Show.objects.count() == 0


def test_a_form_without_its_token_is_refused(url, form):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_staff("view_show", "add_show"))

    assert browser.post(url, form(_schedule="28")).status_code == 403
    assert Show.objects.count() == 0


def test_the_preview_shows_every_show_with_its_end_and_offers_to_make_them(staff, url, form):
    response = staff.post(url, form())
    page = response.content.decode()

    assert (response.context["number"], response.context["impossible"]) == (28, 0)
    assert len(response.context["days"]) == 7
    assert "Monday 14 January 2030" in page
    assert "16:28" in page
    assert "16:43" in page
    assert 'value="Schedule 28 shows"' in page
    assert Show.objects.count() == 0


def test_what_was_previewed_is_made(staff, url, form, movie):
    page = staff.post(url, form(status="DRAFT", premium_price="15", weekdays=[0, 6]))
    sent = {}
    for name, value in page.context["form"].as_sent():
        sent.setdefault(name, []).append(value)
        assert f'<input type="hidden" name="{name}" value="{value}">' in page.content.decode()

    response = staff.post(url, {**sent, "_schedule": "8"}, follow=True)

    assert response.redirect_chain == [("/admin/movies/show/", 302)]
    assert messages_of(response) == [
        "Scheduled: 8 shows of Inception from Mon 14 Jan 2030 to Sun 20 Jan 2030. Customers do not see them"
        " yet: put drafts on sale when you are ready."
    ]
    shows = Show.objects.all()
    assert {(s.movie, s.price, s.premium_price, s.status) for s in shows} == {
        (movie, Decimal("12.50"), Decimal(15), "DRAFT")
    }
    assert len(shows) == LogEntry.objects.count() == 8


def test_overlaps_are_shown_and_there_is_no_button_to_make_the_shows(staff, url, form, movie, screens):
    there = schedule_show(
        movie=make_movie("<Dune>", duration_minutes=60), screen=screens[0], starts_at=utc(2030, 1, 15, 15)
    )

    response = staff.post(url, form())
    page = response.content.decode()

    assert (response.context["number"], response.context["impossible"]) == (28, 1)
    assert (
        f'<a href="/admin/movies/show/{there.pk}/change/">&lt;Dune&gt;, 15:00 to 16:15 with cleaning</a>'
        in page
    )
    assert 'name="_schedule"' not in page


def test_of_many_overlaps_the_first_three_are_shown(staff, url, form):
    response = staff.post(url, form(times="14:00, 14:10, 14:20, 14:30, 14:40"))

    assert response.context["impossible"] == response.context["number"] == 70
    assert response.content.decode().count("<li>and 1 more</li>") == 70


def test_an_overlap_that_appears_after_the_preview_stops_the_whole_week(staff, url, form, movie, screens):
    assert staff.post(url, form()).context["impossible"] == 0
    schedule_show(movie=movie, screen=screens[0], starts_at=utc(2030, 1, 15, 15))

    response = staff.post(url, form(_schedule="28"))

    assert response.status_code == 200
    assert messages_of(response) == [
        "No shows were scheduled. Not all of these shows are possible any more: see what is marked red."
    ]
    assert response.context["impossible"] == 1
    assert Show.objects.count() == 1


def test_the_button_pressed_twice_makes_the_week_once(staff, url, form):
    assert staff.post(url, form(_schedule="28")).status_code == 302
    assert staff.post(url, form(_schedule="28")).status_code == 200
    assert Show.objects.count() == 28


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"movie": ""}, "movie"),
        ({"movie": "x"}, "movie"),
        ({"movie": "9" * 40}, "movie"),
        ({"movie": "²"}, "movie"),
        ({"movie": "\0"}, "movie"),
        ({"screens": []}, "screens"),
        ({"screens": ["0"]}, "screens"),
        ({"screens": ["9" * 40, "x", "\0"]}, "screens"),
        ({"first": ""}, "first"),
        ({"first": "31/02/2030"}, "first"),
        ({"last": "2030-01-13"}, "last"),
        ({"last": "9999-12-31"}, "last"),
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": ["7"]}, "weekdays"),
        ({"first": "2030-01-14", "last": "2030-01-14", "weekdays": ["6"]}, "weekdays"),
        ({"times": ""}, "times"),
        ({"times": " , "}, "times"),
        ({"times": "25:00"}, "times"),
        ({"times": "\0"}, "times"),
        ({"price": ""}, "price"),
        ({"price": "-1"}, "price"),
        ({"price": "NaN"}, "price"),
        ({"price": "1e999999"}, "price"),
        ({"sofa_price": "x"}, "sofa_price"),
        ({"status": "CANCELLED"}, "status"),
        ({"sales_cutoff_minutes": "-1"}, "sales_cutoff_minutes"),
        ({"first": "2030-01-01", "last": "2030-12-31"}, "__all__"),  # 1,460 shows
    ],
)
@pytest.mark.parametrize("button", ["preview", "_schedule"])
def test_nonsense_is_an_error_next_to_the_field(staff, url, form, fields, where, button):
    response = staff.post(url, form(**fields, **{button: "1"}))

    assert response.status_code == 200
    assert response.context["form"].errors.keys() == {where}
    assert response.context["number"] == 0
    assert Show.objects.count() == 0


@pytest.mark.parametrize("day", ["0001-01-01", "1850-01-01", "2999-12-31", "9999-12-31", "2020-01-01"])
def test_a_day_that_is_not_possible_is_marked_in_the_preview(staff, url, form, day):
    response = staff.post(url, form(first=day, last=day, _schedule="4"))

    assert response.status_code == 200
    assert response.context["impossible"] == response.context["number"] == 4
    assert Show.objects.count() == 0


def test_a_film_that_is_gone_is_an_error_next_to_the_field(staff, url, form):
    sent = form(_schedule="28")
    Movie.objects.all().delete()

    assert staff.post(url, sent).context["form"].errors.keys() == {"movie"}


@pytest.mark.parametrize("permissions", [[], ["view_show", "change_show"]])
def test_the_page_takes_the_right_to_add_shows(url, form, permissions):
    browser = browser_for(make_staff(*permissions))

    assert browser.get(url).status_code == 403
    assert browser.post(url, form(_schedule="28")).status_code == 403
    assert Show.objects.count() == 0


@pytest.mark.parametrize(
    "make_browser", [Client, lambda: browser_for(make_user())], ids=["anonymous", "customer"]
)
def test_the_page_sends_all_but_staff_to_the_login(url, form, make_browser):
    browser = make_browser()

    assert browser.get(url)["Location"] == f"/admin/login/?next={url}"
    assert browser.post(url, form(_schedule="28"))["Location"] == f"/admin/login/?next={url}"
    assert Show.objects.count() == 0


def test_staff_who_may_add_and_not_view_shows_get_no_links_to_shows(url, form, movie, screens):
    schedule_show(movie=movie, screen=screens[0], starts_at=utc(2030, 1, 15, 15))
    staff = browser_for(make_staff("add_show"))

    assert "/change/" not in staff.post(url, form()).content.decode()
    assert staff.post(url, form(times="9:00", _schedule="14"))["Location"] == "/admin/"


def test_the_list_links_to_the_page_for_staff_who_may_add_shows(staff, url):
    viewer = browser_for(make_staff("view_show"))

    assert f'href="{url}"' in staff.get("/admin/movies/show/").content.decode()
    assert f'href="{url}"' not in viewer.get("/admin/movies/show/").content.decode()


@pytest.fixture
def copy(staff):
    def copy(shows, **fields):
        sent = {"action": "copy_to_next_week", "_selected_action": [show.pk for show in shows], **fields}
        return staff.post("/admin/movies/show/", sent, follow=True)

    return copy


@pytest.fixture
def week(movie, screens):
    return schedule_week(movie=movie, screens=screens, dates=WEEK, times=[TWO])


def test_the_action_shows_what_it_would_make_and_then_makes_it(copy, week):
    page = copy(week, index="0")

    assert (page.context["number"], page.context["impossible"]) == (14, 0)
    assert 'value="Schedule 14 shows"' in page.content.decode()
    assert Show.objects.count() == 14

    done = copy(week, _schedule="14")

    assert messages_of(done) == ["Scheduled: 14 shows of Inception from Mon 21 Jan 2030 to Sun 27 Jan 2030."]
    assert Show.objects.count() == 28


def test_the_action_with_an_overlap_makes_nothing(copy, week, movie, screens):
    schedule_show(movie=movie, screen=screens[0], starts_at=utc(2030, 1, 22, 15))

    page = copy(week, _schedule="14")

    assert messages_of(page) == [
        "No shows were scheduled. Not all of these shows are possible any more: see what is marked red."
    ]
    assert page.context["impossible"] == 1
    assert 'name="_schedule"' not in page.content.decode()
    assert Show.objects.count() == 15


def test_the_action_asks_again_if_the_selection_has_changed_since(copy, week):
    Show.objects.filter(pk=week[0].pk).update(status="CANCELLED")

    page = copy(week, _schedule="14")

    assert page.context["number"] == 13
    assert Show.objects.count() == 14


def test_the_action_says_when_there_is_nothing_to_copy(copy, week):
    Show.objects.update(status="CANCELLED")

    page = copy(week, index="0")

    assert page.redirect_chain == [("/admin/movies/show/", 302)]
    assert messages_of(page) == ["Choose at least one screen, date and time."]


def test_the_action_takes_the_right_to_add_shows(week):
    viewer = browser_for(make_staff("view_show", "change_show"))
    sent = {"action": "copy_to_next_week", "_selected_action": [week[0].pk], "_schedule": "1"}

    page = viewer.post("/admin/movies/show/", sent, follow=True)

    assert "copy_to_next_week" not in page.content.decode()
    assert Show.objects.count() == 14
