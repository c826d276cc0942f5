"""The Admin pages of users."""

import pytest
from django.contrib import admin
from django.test import Client
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.models import User
from accounts.tests.factories import PASSWORD, QUOTED, client_for, make_staff, make_user
from movie_booking.tests.pages import inputs_of

pytestmark = pytest.mark.django_db

ADD = "/admin/accounts/user/add/"


@pytest.fixture
def root():
    client = Client()
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


def new_user(username="jane", email="jane@example.com"):
    return {
        "username": username,
        "email": email,
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }


@pytest.mark.parametrize("username", ["boss", "BOSS"])
def test_staff_log_in_with_their_password_in_any_case_of_the_name(username):
    make_user("boss", is_staff=True)

    response = Client().post("/admin/login/?next=/admin/", {"username": username, "password": PASSWORD})

    assert (response.status_code, response["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("fields", [{}, {"is_staff": True, "is_active": False}])
def test_customers_and_closed_accounts_do_not_log_in_to_the_admin(fields):
    make_user("boss", **fields)

    response = Client().post("/admin/login/?next=/admin/", {"username": "boss", "password": PASSWORD})

    assert response.status_code == 200
    assert "Please enter the correct user name and password" in response.content.decode()


@pytest.mark.parametrize("path", ["", "add/"])
def test_staff_without_rights_do_not_see_accounts(path):
    client = Client()
    client.force_login(make_staff())

    assert client.get(f"/admin/accounts/user/{path}").status_code == 403


def test_an_account_made_in_the_admin_can_log_in(root):
    response = root.post(ADD, new_user())

    assert response.status_code == 302
    assert User.objects.get(username="jane").email == "jane@example.com"
    assert client_for().post("/api/login/", {"username": "jane", "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize(
    ("taken", "message"),
    [
        ({"username": "JOHN"}, "A user with that username already exists."),
        ({"email": "JOHN@example.com"}, "A user with that e-mail address already exists."),
    ],
)
def test_a_name_or_address_that_is_taken_in_any_case_is_an_error(root, taken, message):
    make_user("john", email="john@example.com")

    response = root.post(ADD, new_user(**taken))

    assert response.status_code == 200
    assert message in response.content.decode()
    assert User.objects.filter(username="jane").count() == 0


@pytest.mark.parametrize("email", QUOTED)
def test_a_quoted_address_is_an_error(root, email):
    response = root.post(ADD, new_user(email=email))

    assert response.status_code == 200
    assert "Enter an e-mail address without quotation marks." in response.content.decode()
    assert User.objects.filter(username="jane").count() == 0


def test_no_page_shows_refresh_tokens(root):
    assert not admin.site.is_registered(OutstandingToken)
    assert not admin.site.is_registered(BlacklistedToken)
    assert root.get("/admin/token_blacklist/outstandingtoken/").status_code == 404


# --- A form that was opened before the account was changed ------------------------------------------


def test_an_address_that_its_user_changed_meanwhile_stays(root):
    jane = make_user("jane", email="old@example.com")
    page = f"/admin/accounts/user/{jane.pk}/change/"
    form = inputs_of(root.get(page), "user_form")
    client_for(jane).patch("/api/me/", {"email": "new@example.com", "first_name": "Jane"})

    assert root.post(page, {**form, "last_name": "Doe", "is_staff": "on"}).status_code == 302

    jane.refresh_from_db()
    assert (jane.email, jane.get_full_name(), jane.is_staff) == ("new@example.com", "Jane Doe", True)


def test_a_form_that_was_refused_still_knows_what_was_touched(root):
    jane = make_user("jane", first_name="Jane")
    page = f"/admin/accounts/user/{jane.pk}/change/"
    form = inputs_of(root.get(page), "user_form")
    refused = root.post(page, {**form, "first_name": "Joan", "email": "nonsense"})
    assert refused.status_code == 200

    again = {**inputs_of(refused, "user_form"), "email": "joan@example.com"}
    assert root.post(page, again).status_code == 302

    jane.refresh_from_db()
    assert (jane.first_name, jane.email) == ("Joan", "joan@example.com")


@pytest.mark.parametrize("active", [True, False])
def test_an_account_is_closed_and_opened_by_its_form(root, active):
    jane = make_user("jane", is_active=not active)
    page = f"/admin/accounts/user/{jane.pk}/change/"
    form = inputs_of(root.get(page), "user_form")
    form.pop("is_active", None)

    assert root.post(page, {**form, **({"is_active": "on"} if active else {})}).status_code == 302

    jane.refresh_from_db()
    assert jane.is_active == active


def test_a_form_without_what_stood_in_its_fields_is_saved_as_it_is(root):
    jane = make_user("jane")

    data = {"username": "jane", "email": "joan@example.com", "first_name": "Joan"}
    assert root.post(f"/admin/accounts/user/{jane.pk}/change/", data).status_code == 302

    jane.refresh_from_db()
    assert (jane.email, jane.first_name, jane.is_active) == ("joan@example.com", "Joan", False)
    assert jane.check_password(PASSWORD)
