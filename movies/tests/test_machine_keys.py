"""Keys of machines: what they open, and in which cinemas; how they are made and revoked."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from rest_framework.test import APIClient

from accounts.tests.factories import make_staff
from movies.models import AuditEvent, Cinema, MachineKey
from movies.services import revoke_key
from movies.services.keys import machine_of
from movies.tests.factories import make_cinema, make_screen, make_show
from movies.tests.machines import key_for, machine

pytestmark = pytest.mark.django_db


def test_a_key_is_made_at_random_and_its_secret_is_not_kept():
    first, second = key_for(), key_for()

    assert first != second
    assert re.fullmatch(r"mbk_[0-9a-f]{12}_[\w-]{43}", first)
    _, prefix, secret = first.split("_", 2)
    row = MachineKey.objects.values().get(prefix=prefix)
    assert secret not in str(row)


@pytest.mark.parametrize("change", [lambda k: k[:-1], lambda k: k + "x", lambda k: k.upper(), lambda k: ""])
def test_what_is_nearly_a_key_is_none(change):
    assert machine_of(change(key_for())) is None


@pytest.mark.parametrize(
    "sent", ["Key", "Key ", "Key a b", "Key mbk__", "Key mbk_\0_x", "Key mbk_Ä_x", "key " + "x" * 5000]
)
def test_nonsense_is_401_and_says_so(sent):
    response = APIClient().get("/api/movies/", HTTP_AUTHORIZATION=sent)

    assert (response.status_code, response.json()["code"]) == (401, "key_not_valid")


def test_a_machine_reads_the_catalogue_of_its_cinemas_and_no_other():
    ours, other = make_cinema(), make_cinema()
    here = make_show(screen=make_screen(cinema=ours))
    there = make_show(screen=make_screen(cinema=other))
    client = machine(key_for(ours))

    for query in ("", "?upcoming=true"):
        assert [show["id"] for show in client.get(f"/api/shows/{query}").json()["results"]] == [here.pk]
    assert [each["id"] for each in client.get("/api/cinemas/").json()["results"]] == [ours.pk]
    assert [each["id"] for each in client.get("/api/screens/").json()["results"]] == [here.screen_id]
    assert client.get(f"/api/movies/{here.movie_id}/shows/").json()["count"] == 1
    assert client.get(f"/api/shows/{here.pk}/").status_code == 200
    assert client.get(f"/api/shows/{there.pk}/").status_code == 404
    assert client.get(f"/api/cinemas/{other.pk}/").status_code == 404


@pytest.mark.parametrize("query", ["", "&cinema={ours}", "&cinema={other}", "&cinema=", "&screen={screen}"])
@pytest.mark.parametrize("cinemas", [1, 2])
def test_the_shows_to_come_are_those_of_its_cinemas_however_they_are_asked_for(query, cinemas):
    ours, second, other = make_cinema(), make_cinema(), make_cinema()
    shows = [make_show(screen=make_screen(cinema=cinema)) for cinema in (ours, second, other)]
    client = machine(key_for(*(ours, second)[:cinemas]))
    asked = query.format(ours=ours.pk, other=other.pk, screen=shows[-1].screen_id)

    found = client.get(f"/api/shows/?upcoming=true{asked}").json()

    # With an ordering the list is made as all others are.
    slow = client.get(f"/api/shows/?upcoming=true&ordering=starts_at{asked}").json()
    expected = {"&cinema={ours}": 1, "&cinema={other}": 0, "&screen={screen}": 0}.get(query, cinemas)
    assert (found["count"], found["results"]) == (slow["count"], slow["results"])
    assert (found["count"], len(found["results"])) == (expected, expected)


def test_a_key_for_all_cinemas_also_reads_those_that_come_later():
    client = machine(key_for())
    show = make_show()

    assert client.get(f"/api/shows/{show.pk}/").status_code == 200


def test_a_key_is_for_what_it_says_only():
    show = make_show()
    client = machine(key_for(reads_catalogue=False, looks_up=True))

    response = client.get("/api/movies/")
    assert (response.status_code, response.json()["code"]) == (403, "scope_missing")
    assert client.get(f"/api/shows/{show.pk}/seats/").status_code == 200  # the same for everyone


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "me/"),
        ("patch", "me/"),
        ("get", "bookings/"),
        ("post", "movies/"),
        ("delete", "shows/{show}/"),
        ("post", "shows/{show}/book/"),
        ("post", "shows/{show}/cancel/"),
        ("post", "shows/{show}/block/"),
    ],
)
def test_a_machine_is_no_person(method, path):
    show = make_show()
    client = machine(key_for(sells=True, looks_up=True))

    response = getattr(client, method)(f"/api/{path.format(show=show.pk)}", {"seat_number": 1})

    assert response.status_code == 403


def test_a_revoked_key_opens_nothing():
    text = key_for()
    key = MachineKey.objects.get()

    assert revoke_key(key) is True
    assert revoke_key(key) is False
    assert machine(text).get("/api/movies/").status_code == 401


def test_a_key_takes_one_query_and_notes_its_use_once_an_hour(django_assert_num_queries):
    text = key_for(make_cinema(), make_cinema())
    machine_of(text)
    cinemas = set(Cinema.objects.values_list("pk", flat=True))

    with django_assert_num_queries(1):
        assert machine_of(text).cinemas == cinemas
    assert MachineKey.objects.get().last_used_at is not None


# --- In the Admin ---------------------------------------------------------------------------------


@pytest.fixture
def admin_page(client: Client) -> Client:
    client.force_login(make_staff("add_machinekey", "change_machinekey", "view_machinekey"))
    return client


def made_by(page: Client, **fields: object) -> str:
    """The key that the page shows once it is made."""
    form = {"owner": "Website", "reads_catalogue": "on", "all_cinemas": "on", **fields}
    response = page.post("/admin/movies/machinekey/add/", form)
    assert response["Cache-Control"].count("no-store") == 1
    return re.search(r"mbk_\w+[\w-]+", response.content.decode())[0]


def test_staff_make_a_key_that_is_shown_once(admin_page):
    text = made_by(admin_page)

    assert machine(text).get("/api/movies/").status_code == 200
    key = MachineKey.objects.get()
    for page in ("", f"{key.pk}/change/", f"{key.pk}/history/"):
        assert text not in admin_page.get(f"/admin/movies/machinekey/{page}").content.decode()
    assert text not in str(admin_page.cookies) + str(dict(admin_page.session))
    assert LogEntry.objects.filter(object_id=str(key.pk)).count() == 1


@pytest.mark.parametrize("fields", [{"all_cinemas": ""}, {"reads_catalogue": ""}, {"rate": "many"}])
def test_a_key_for_nothing_is_not_made(admin_page, fields):
    form = {"owner": "Website", "reads_catalogue": "on", "all_cinemas": "on", **fields}
    form = {name: value for name, value in form.items() if value}

    assert admin_page.post("/admin/movies/machinekey/add/", form).status_code == 200
    assert MachineKey.objects.count() == 0


def test_staff_revoke_a_key_once_they_were_asked(admin_page):
    text = made_by(admin_page)
    key = MachineKey.objects.get()
    page = f"/admin/movies/machinekey/{key.pk}/revoke/"

    assert "Website" in admin_page.get(page).content.decode()
    assert machine(text).get("/api/movies/").status_code == 200
    assert admin_page.post(page).status_code == 302
    assert machine(text).get("/api/movies/").status_code == 401
    assert admin_page.post(page).status_code == 302  # twice is no error
    assert admin_page.post(f"/admin/movies/machinekey/{key.pk}/change/", {"owner": "x"}).status_code == 403
    assert admin_page.post(f"/admin/movies/machinekey/{key.pk}/delete/").status_code == 403


def test_the_log_says_who_made_changed_and_revoked_a_key(admin_page):
    cinema = make_cinema(name="Odeon")
    text = made_by(admin_page, all_cinemas="", cinemas=cinema.pk, sells="on")
    key = MachineKey.objects.get()
    page = f"/admin/movies/machinekey/{key.pk}"
    form = {"owner": "Website", "reads_catalogue": "on", "all_cinemas": "on", "rate": "9/hour"}
    assert admin_page.post(f"{page}/change/", form).status_code == 302
    admin_page.post(f"{page}/revoke/")

    made, changed, revoked = AuditEvent.objects.order_by("id")

    assert {(each.actor_id, each.channel) for each in (made, changed, revoked)} == {
        (key.created_by_id, "ADMIN")
    }
    assert (made.action, made.note, made.changes["Sell"]) == ("ADD", "Cinemas: Odeon.", ["", "yes"])
    assert changed.changes == {
        "Sell": ["yes", "no"],
        "In all cinemas": ["no", "yes"],
        "Cinemas": ["Odeon", "empty"],
        "Limit": ["empty", "9/hour"],
    }
    assert (revoked.action, revoked.note) == ("CHANGE", "Revoked.")
    secret = text.split("_", 2)[2]
    assert secret not in str([each.changes for each in (made, changed, revoked)])
    assert MachineKey.objects.get().secret_hash not in str(made.changes)


def test_who_may_only_look_at_keys_revokes_none(client):
    key_for()
    client.force_login(make_staff("view_machinekey"))

    assert client.post(f"/admin/movies/machinekey/{MachineKey.objects.get().pk}/revoke/").status_code == 403
