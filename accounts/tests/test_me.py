"""Reading and changing one's own account."""

import pytest

from accounts.models import User
from accounts.tests.factories import QUOTED, client_for, make_user

pytestmark = pytest.mark.django_db


def test_me_is_the_user_of_the_token():
    user = make_user("john", first_name="John", last_name="Doe")
    make_user("jane")

    response = client_for(user).get("/api/me/")

    assert response.status_code == 200
    assert response.json() == {
        "id": user.pk,
        "username": "john",
        "email": "john@example.com",
        "email_verified_at": None,
        "first_name": "John",
        "last_name": "Doe",
        "date_joined": user.date_joined.isoformat(timespec="microseconds").replace("+00:00", "Z"),
    }


@pytest.mark.parametrize("method", ["get", "patch"])
def test_me_needs_a_token(method):
    response = getattr(client_for(), method)("/api/me/")

    assert response.status_code == 401
    assert response.data["code"] == "not_authenticated"


def test_changing_one_field_leaves_the_others():
    user = make_user("john", first_name="John", last_name="Doe")

    response = client_for(user).patch("/api/me/", {"last_name": "Smith"})

    user.refresh_from_db()
    assert response.status_code == 200
    assert response.data["last_name"] == "Smith"
    assert (user.first_name, user.last_name, user.email) == ("John", "Smith", "john@example.com")


def test_names_may_be_blank_and_the_address_may_not():
    user = make_user(first_name="John", last_name="Doe")
    client = client_for(user)

    assert client.patch("/api/me/", {"first_name": "", "last_name": ""}).status_code == 200
    assert client.patch("/api/me/", {"email": ""}).data["errors"] == {
        "email": ["This field may not be blank."]
    }


def test_an_empty_change_changes_nothing():
    user = make_user("john")

    response = client_for(user).patch("/api/me/", {})

    assert response.status_code == 200
    assert response.data["email"] == "john@example.com"


@pytest.mark.parametrize("email", ["jane@example.com", "JANE@example.com"])
def test_the_address_of_another_user_is_refused(email):
    user = make_user("john")
    make_user("jane", email="jane@example.com")

    response = client_for(user).patch("/api/me/", {"email": email})

    user.refresh_from_db()
    assert response.status_code == 400
    assert response.data["errors"] == {"email": ["A user with that e-mail address already exists."]}
    assert user.email == "john@example.com"


def test_the_case_of_ones_own_address_may_change():
    response = client_for(make_user("john")).patch("/api/me/", {"email": "JOHN@EXAMPLE.COM"})

    assert response.status_code == 200
    assert response.data["email"] == "JOHN@example.com"


def test_fields_that_users_may_not_change_are_refused_and_stay():
    user = make_user("john")

    response = client_for(user).patch(
        "/api/me/", {"username": "root", "is_staff": True, "is_superuser": True, "password": "x", "id": 1000}
    )

    user.refresh_from_db()
    assert response.status_code == 400
    assert set(response.data["error_codes"]) == {"id", "is_staff", "is_superuser", "password", "username"}
    assert all(codes == ["unknown"] for codes in response.data["error_codes"].values())
    assert (user.username, user.is_staff, user.is_superuser) == ("john", False, False)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nonsense"),
        ("email", None),
        ("email", 5),
        ("email", QUOTED[0]),
        ("first_name", None),
        ("last_name", "x" * 151),
    ],
)
def test_an_invalid_address_or_name_is_refused(field, value):
    response = client_for(make_user()).patch("/api/me/", {field: value})

    assert response.status_code == 400
    assert response.data["errors"].keys() == {field}
