"""The list that everyone asks for says what it would say if it were made as all others are."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import client_for, make_user
from movie_booking.tests.problems import problem_of
from movies import listing, views
from movies.models import Show
from movies.tests.factories import make_cinema, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db

QUERIES = [
    "upcoming=true",
    "upcoming=1",
    "upcoming=true&cinema={cinema}",
    "upcoming=true&movie={movie}",
    "upcoming=true&screen={screen}",
    "upcoming=true&screen={screen}&movie={movie}&cinema={cinema}",
    "movie={movie}&upcoming=true",
    "upcoming=true&movie=987654",
]
LEFT_ALONE = [
    "",
    "upcoming=false",
    "upcoming=TRUE",
    "upcoming=true&page=2",
    "upcoming=true&page_size=3",
    "upcoming=true&ordering=-price",
    "upcoming=true&search=dune",
    "upcoming=true&movie=",
    "upcoming=true&movie=x",
    "upcoming=true&movie=-1",
    "upcoming=true&movie=99999999999999999999",
    "movie={movie}",
]


@pytest.fixture
def names():
    """More shows than fit on a page, of two movies in two cinemas, in all states and with all prices."""
    cinema, other = make_cinema(), make_cinema()
    movie, screen = make_movie(), make_screen(cinema=cinema)
    screens = [screen, make_screen(cinema=cinema), make_screen(cinema=other)]
    start = timezone.now() + timedelta(hours=3)
    for n in range(36):
        show = make_show(
            screen=screens[n % 3],
            movie=movie if n % 2 else make_movie(),
            starts_at=start + timedelta(hours=8 * (n // 3)),
        )
        Show.objects.filter(pk=show.pk).update(
            live_seats=n,
            status=["ON_SALE", "ON_SALE", "ON_SALE", "ON_SALE", "DRAFT", "CANCELLED"][n % 6],
            sofa_price="12.50" if n % 4 else None,
            sales_open_at=start if n % 5 else None,
            sales_cutoff_minutes=n,
        )
    past = make_show(screen=screen, movie=movie, starts_at=start - timedelta(hours=4))
    assert past.has_started()
    return {"cinema": cinema.pk, "movie": movie.pk, "screen": screen.pk}


REFUSED = ["upcoming=true&other=1", "upcoming=true&movie={movie}&movie=987654", "upcoming=true&upcoming=true"]


def answers(monkeypatch, client, path):
    """The response, and what it would be if there were no shorter way."""
    quick = client.get(path)
    with monkeypatch.context() as patched:
        patched.setattr(views, "upcoming_shows", lambda asked, **_: None)
        return quick, client.get(path)


@pytest.mark.parametrize("query", QUERIES + LEFT_ALONE + REFUSED)
@pytest.mark.parametrize("who", ["anyone", "staff"])
def test_both_ways_say_the_same(query, who, names, monkeypatch, client, admin_user):
    asker = client if who == "anyone" else client_for(admin_user)
    path = f"/api/shows/?{query.format(**names)}"

    quick, plain = answers(monkeypatch, asker, path)

    assert quick.status_code == plain.status_code
    if quick.status_code == 200:
        assert quick.content == plain.content
    else:
        assert problem_of(quick) == problem_of(plain)


@pytest.mark.parametrize("query", REFUSED)
def test_what_a_list_does_not_know_is_refused_here_too(query, names, client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get(f"/api/shows/?{query.format(**names)}").status_code == 400


@pytest.mark.parametrize("query", QUERIES)
def test_what_everyone_asks_for_takes_one_query(query, names, client, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert client.get(f"/api/shows/?{query.format(**names)}").status_code == 200


@pytest.mark.parametrize("query", LEFT_ALONE)
def test_all_else_is_left_to_the_filters(query, names):
    asked = dict(part.split("=") for part in query.format(**names).split("&") if part)
    assert listing.upcoming_shows(asked) is None


def test_a_token_is_looked_at_all_the_same(names, client):
    user = make_user()
    asker = client_for(user)
    assert asker.get("/api/shows/?upcoming=true").status_code == 200
    user.is_active = False
    user.save()
    assert asker.get("/api/shows/?upcoming=true").status_code == 401
