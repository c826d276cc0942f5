"""Every page that the Admin has opens."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client

from accounts.actors import SYSTEM
from accounts.tests.factories import client_for, make_user
from movie_booking.tests.pages import inputs_of
from movies.models import MachineKey
from movies.services import audit, make_key
from movies.tests.factories import make_movie, make_show

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def root():
    """A superuser's browser, with a row of every model."""
    client = Client()
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    Group.objects.all().delete()  # those of the roles, which nobody edits
    Group.objects.create(name="Ushers")
    show = make_show(movie=make_movie(genres=["Drama"], release_date="2010-07-16"))
    booked = client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})
    assert booked.status_code == 201
    assert client_for().post("/api/login/", {"username": "root", "password": "a guess"}).status_code == 401
    audit.record(show, audit.CHANGE, actor=SYSTEM, changes={"price": (9, 10)})
    make_key(MachineKey(owner="Website", all_cinemas=True), maker=make_user())
    return client


def paths(model):
    row = model._default_manager.first()
    assert row is not None, f"The fixture makes no {model.__name__}."
    base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    return {
        "list": base,
        "search": f"{base}?q=Inception+1",
        "search for an id": f"{base}?q=1",
        "search for nonsense": f"{base}?q=%27%22%25%00%F0%9F%8E%AC" + "9" * 40,
        "change": f"{base}{row.pk}/change/",
        "history": f"{base}{row.pk}/history/",
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_page_opens(root, model):
    for page, path in paths(model).items():
        assert root.get(path).status_code == 200, page


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_add_and_delete_page_opens_where_staff_may_add_and_delete(root, model, rf):
    request = rf.get("/")
    request.user = make_user(is_staff=True, is_superuser=True)
    rights = admin.site._registry[model].get_model_perms(request)
    change = paths(model)["change"]

    assert root.get(paths(model)["list"] + "add/").status_code == (200 if rights["add"] else 403)
    assert root.get(change.replace("/change/", "/delete/")).status_code == (200 if rights["delete"] else 403)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_row_that_is_not_there_leads_back_to_the_index(root, model):
    for row in ("999999", "0", "9" * 40, "nonsense", "%00", "%ff"):
        response = root.get(f"{paths(model)['list']}{row}/change/")

        assert (response.status_code, response["Location"]) == (302, "/admin/"), row


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_filter_and_column_of_a_list_works(root, model):
    response = root.get(paths(model)["list"])
    changes = response.context["cl"]
    links = [
        choice["query_string"]
        for spec in changes.filter_specs
        for choice in spec.choices(changes)
        if "query_string" in choice
    ]
    links += [f"?o={column}" for column in range(len(changes.list_display) + 1)]

    for link in links:
        assert root.get(f"{paths(model)['list']}{link}").status_code == 200, link


def test_the_index_and_the_log_in_page_open(root):
    assert root.get("/admin/").status_code == 200
    assert Client().get("/admin/login/").status_code == 200


NONSENSE = ("abc", "9" * 40, "1,abc", "%00")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_an_action_on_what_is_no_row_does_nothing_and_says_so(root, model):
    before = model._default_manager.count()
    has_actions = root.get(paths(model)["list"]).context["action_form"] is not None
    text = "What was ticked cannot be read, so nothing was done. Please tick it anew."

    for row in NONSENSE:
        action = {"action": "delete_selected", "_selected_action": [row], "post": "yes"}
        response = root.post(paths(model)["list"], action, follow=True)

        assert response.status_code == 200, row
        assert [str(message) for message in response.context["messages"]] == [text] * has_actions
    assert model._default_manager.count() == before


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_form_to_add_opens_whatever_its_address_proposes(root, model):
    add = paths(model)["list"] + "add/"
    allowed = root.get(add).status_code

    fields = [field.name for field in model._meta.get_fields()]
    for value in (*NONSENSE, "2026-12-24", "2026-12-24T20:00"):
        proposed = "&".join(f"{field}={value}" for field in fields)
        assert root.get(f"{add}?{proposed}").status_code == allowed, value


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_list_is_shown_whole_if_its_filter_is_no_text_for_a_database(root, model):
    for field in model._meta.concrete_fields:
        response = root.get(f"{paths(model)['list']}?{field.name}__exact=a%00", follow=True)

        assert (response.status_code, response.context["cl"].params) == (200, {}), field.name


@pytest.mark.parametrize(
    ("model", "field"), [("movies.show", "movie"), ("movies.show", "screen"), ("movies.staffrole", "user")]
)
@pytest.mark.parametrize("term", ["a\0b", "x" * 5000], ids=["no text for a database", "too long"])
def test_no_choice_is_offered_for_what_nobody_types(root, model, field, term):
    app, name = model.split(".")
    asked = {"app_label": app, "model_name": name, "field_name": field, "term": term}

    response = root.get("/admin/autocomplete/", asked)

    assert (response.status_code, response.json()["results"]) == (200, [])


def test_a_form_to_add_begins_with_what_its_address_proposes(root):
    movie, show = make_movie("Metropolis"), make_show()
    proposed = f"movie={movie.pk}&screen={show.screen_id}&price=7.50&starts_at=2026-12-24T20:00"

    page = root.get(f"/admin/movies/show/add/?{proposed}")

    sent = inputs_of(page, "show_form")
    names = ("movie", "screen", "price", "starts_at_0", "starts_at_1")
    assert [sent[name] for name in names] == [
        [str(movie.pk)],
        [str(show.screen_id)],
        ["7.50"],
        ["2026-12-24"],
        ["20:00:00"],
    ]


@pytest.mark.parametrize(("model", "field"), [("movie", "genres"), ("show", "movie"), ("show", "screen")])
@pytest.mark.parametrize("value", NONSENSE)
def test_a_row_that_is_none_is_no_choice_in_a_form(root, model, field, value):
    response = root.post(f"/admin/movies/{model}/add/", {field: [value]})

    assert response.status_code == 200
    assert field in response.context["adminform"].form.errors
