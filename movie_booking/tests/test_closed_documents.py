"""DOCS: Swagger, ReDoc and the documents, open to everyone, to staff, or to nobody."""

import pytest
from django.test import Client
from django.test.utils import override_script_prefix

from accounts.tests.factories import client_for, make_user

PAGES, DOCUMENTS = ["/swagger/", "/redoc/"], ["/swagger.json", "/openapi.json"]


def logged_in(**rights):
    client = Client()
    client.force_login(make_user(**rights))
    return client


def refusal(response):
    return response.status_code, response["Content-Type"], response.json()["code"], response["Cache-Control"]


@pytest.mark.parametrize("path", PAGES + DOCUMENTS)
def test_they_are_open_unless_the_setting_says_otherwise(path):
    assert Client().get(path).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("rights", [None, {}, {"is_staff": True, "is_active": False}])
def test_who_is_not_of_the_staff_is_led_to_the_log_in(settings, path, rights):
    settings.DOCS = "staff"
    client = Client() if rights is None else logged_in(**rights)

    response = client.get(path)

    assert (response.status_code, response["Location"]) == (302, f"/admin/login/?next={path}")


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES + DOCUMENTS)
def test_staff_who_are_logged_in_read_them(settings, path):
    settings.DOCS = "staff"

    response = logged_in(is_staff=True).get(path)

    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.django_db
@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_is_refused_to_others_as_the_api_refuses(settings, path):
    settings.DOCS = "staff"
    problem = "application/problem+json"

    anonymous = Client().get(path)
    assert refusal(anonymous) == (401, problem, "not_authenticated", "private, no-store")
    assert anonymous["WWW-Authenticate"] == 'Bearer realm="api"'
    customer = logged_in().get(path)
    assert refusal(customer) == (403, problem, "permission_denied", "private, no-store")
    forged = Client().get(path, headers={"Authorization": "Bearer forged"})
    assert refusal(forged) == (401, problem, "token_not_valid", "private, no-store")


@pytest.mark.django_db
@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_generator_of_clients_reads_them_with_a_token_of_the_staff(settings, path):
    settings.DOCS = "staff"

    assert client_for(make_user(is_staff=True)).get(path).status_code == 200
    assert client_for(make_user()).get(path).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES + DOCUMENTS)
def test_nobody_finds_them_where_they_are_off(settings, path):
    settings.DOCS = "off"

    response = logged_in(is_staff=True, is_superuser=True).get(path)

    assert response.status_code == 404
    if path in DOCUMENTS:
        assert refusal(response) == (404, "application/problem+json", "not_found", "private, no-store")


@pytest.mark.parametrize(
    ("docs", "leads_to"), [("public", "/swagger/"), ("staff", "/swagger/"), ("off", "/admin/")]
)
def test_the_front_door_leads_to_what_is_open(settings, docs, leads_to):
    settings.DEBUG, settings.DOCS = False, docs

    assert Client().get("/")["Location"] == leads_to


@pytest.mark.django_db
def test_below_a_path_of_the_proxy_the_log_in_is_there_too(settings):
    settings.DOCS = "staff"

    with override_script_prefix("/cinema/"):
        response = Client().get("/swagger/", SCRIPT_NAME="/cinema")

    assert response["Location"] == "/cinema/admin/login/?next=/cinema/swagger/"
