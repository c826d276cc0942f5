"""Opening an account."""

import pytest

from accounts.models import User
from accounts.tests.factories import PASSWORD, QUOTED, client_for, make_user
from movie_booking.tests.problems import problem_of

pytestmark = pytest.mark.django_db

JOHN = {"username": "john", "password": PASSWORD, "email": "john@example.com"}


def sign_up(**changes):
    return client_for().post("/api/signup/", {**JOHN, **changes})


def test_signing_up_answers_with_the_account_and_never_the_password():
    response = sign_up()

    john = User.objects.get()
    assert response.status_code == 201
    assert response.json() == {"id": john.pk, "username": "john", "email": "john@example.com"}
    assert john.check_password(PASSWORD)
    assert PASSWORD not in john.password
    assert (john.is_active, john.is_staff, john.is_superuser) == (True, False, False)


def test_a_new_user_can_log_in():
    sign_up()

    assert client_for().post("/api/login/", {"username": "john", "password": PASSWORD}).status_code == 200


def test_what_signing_up_does_not_know_is_refused():
    """It would seem to have been taken: a misspelt member, or one that makes staff."""
    response = sign_up(is_staff=True, is_superuser=True, id=1000, pasword2=PASSWORD)

    assert response.status_code == 400
    assert set(response.data["error_codes"]) == {"id", "is_staff", "is_superuser", "pasword2"}
    assert all(codes == ["unknown"] for codes in response.data["error_codes"].values())
    assert User.objects.count() == 0


def test_a_password_that_is_typed_twice_has_to_agree():
    refused = sign_up(password2="securepass124")

    assert refused.status_code == 400
    assert refused.data["errors"] == {"password2": ["The two passwords are not the same."]}
    assert refused.data["error_codes"] == {"password2": ["password_mismatch"]}
    assert sign_up(password2=PASSWORD).status_code == 201


def test_a_password_that_differs_is_told_with_all_else():
    make_user("jim", email="jim@example.com")

    for email, codes in (("jim@example.com", ["not_unique"]), ("nonsense", ["invalid"])):
        refused = sign_up(username="jim", email=email, password="7", password2="8")

        assert refused.data["error_codes"] == {
            "password2": ["password_mismatch"],
            "username": ["not_unique"],
            "email": codes,
            "password": ["password_too_short", "password_too_common", "password_entirely_numeric"],
        }


def test_the_case_of_a_name_is_kept_and_the_domain_of_the_address_is_not():
    response = sign_up(username="JohnDoe", email="John@EXAMPLE.com")

    assert response.data["username"] == "JohnDoe"
    assert response.data["email"] == "John@example.com"


@pytest.mark.parametrize("username", ["john", "John", "JOHN"])
def test_a_name_that_is_taken_in_any_case_is_refused(username):
    make_user("john", email="first@example.com")

    response = sign_up(username=username)

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert problem_of(response) == {
        "type": "urn:problem-type:movie-booking:invalid",
        "title": "Invalid",
        "status": 400,
        "detail": "The request is not valid.",
        "code": "invalid",
        "errors": {"username": ["A user with that username already exists."]},
        "error_codes": {"username": ["not_unique"]},
    }
    assert User.objects.count() == 1


@pytest.mark.parametrize("email", ["john@example.com", "John@Example.COM"])
def test_an_address_that_is_taken_in_any_case_is_refused(email):
    make_user("first", email="john@example.com")

    response = sign_up(email=email)

    assert response.status_code == 400
    assert response.data["errors"] == {"email": ["A user with that e-mail address already exists."]}


def test_a_taken_name_and_a_taken_address_are_named_at_once():
    make_user("john", email="john@example.com")

    assert sign_up().data["errors"].keys() == {"username", "email"}


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (
            {"username": "John", "password": "password", "email": "JOHN@example.com"},
            {"username": ["not_unique"], "password": ["password_too_common"], "email": ["not_unique"]},
        ),
        (
            {"username": "John", "password": "1", "email": "john@"},
            {
                "username": ["not_unique"],
                "password": ["password_too_short", "password_too_common", "password_entirely_numeric"],
                "email": ["invalid"],
            },
        ),
        (
            {"username": "a b", "password": "12345678", "email": "john@example.com"},
            {
                "username": ["invalid"],
                "password": ["password_too_common", "password_entirely_numeric"],
                "email": ["not_unique"],
            },
        ),
        (
            {"username": "john", "email": QUOTED[0]},
            {"username": ["not_unique"], "password": ["required"], "email": ["quoted"]},
        ),
        ({"username": None, "password": "john@example.com1"}, {"username": ["null"], "email": ["required"]}),
        (
            {"password": "jöhn", "email": "jöhn@example.com"},
            {
                "username": ["required"],
                "password": ["password_too_short"],
                "email": ["not_ascii", "invalid"],
            },
        ),
    ],
)
def test_all_that_is_wrong_is_told_at_once(body, codes):
    make_user("john", email="john@example.com")

    response = client_for().post("/api/signup/", body)

    assert (response.status_code, response.data["error_codes"]) == (400, codes)
    assert list(response.data["errors"]) == list(response.data["error_codes"])
    assert User.objects.count() == 1


@pytest.mark.parametrize("body", [[], "john", 5])
def test_a_body_that_is_no_object_is_refused_as_such(body):
    response = client_for().post("/api/signup/", body)

    assert response.data["error_codes"].keys() == {"non_field_errors"}


def test_several_accounts_may_have_no_address():
    make_user("one", email="")
    make_user("two", email="")

    assert sign_up().status_code == 201


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("short1x", "This password is too short. It must contain at least 8 characters."),
        ("password", "This password is too common."),
        ("8231907456", "This password is entirely numeric."),
        ("john.smith", "The password is too similar to the user name."),
        ("x" * 129, "Ensure this field has no more than 128 characters."),
    ],
)
def test_a_bad_password_is_refused_with_the_reason(password, message):
    response = sign_up(username="john.smith", password=password)

    assert response.status_code == 400
    assert response.data["errors"] == {"password": [message]}
    assert User.objects.count() == 0


def test_spaces_around_a_password_belong_to_it():
    sign_up(password=f" {PASSWORD} ")

    log_in = client_for().post
    assert log_in("/api/login/", {"username": "john", "password": PASSWORD}).status_code == 401
    assert log_in("/api/login/", {"username": "john", "password": f" {PASSWORD} "}).status_code == 200


@pytest.mark.parametrize(
    "username",
    ["", "   ", "john doe", "jöhn", "ｊohn", "john!", "a/b", "x" * 151, "john\n1", 5, None, ["john"]],
)
def test_an_invalid_user_name_is_refused(username):
    response = sign_up(username=username)

    assert response.status_code == 400
    assert response.data["errors"].keys() == {"username"}
    assert User.objects.count() == 0


@pytest.mark.parametrize("username", ["j", "john.doe+1@example-site_2", "x" * 150])
def test_a_user_name_has_letters_digits_and_a_few_signs(username):
    assert sign_up(username=username).data["username"] == username


@pytest.mark.parametrize(
    "email",
    ["", "john", "john@", "@example.com", "a b@example.com", 5, None, {}, "x" * 250 + "@a.io", *QUOTED],
)
def test_an_invalid_address_is_refused(email):
    response = sign_up(email=email)

    assert response.status_code == 400
    assert response.data["errors"].keys() == {"email"}


def test_a_quoted_address_is_refused_with_the_reason():
    message = "Enter an e-mail address without quotation marks."

    assert sign_up(email=QUOTED[0]).data["errors"] == {"email": [message]}


@pytest.mark.parametrize("field", ["username", "password", "email"])
def test_every_field_is_required(field):
    body = {name: value for name, value in JOHN.items() if name != field}

    response = client_for().post("/api/signup/", body)

    assert response.status_code == 400
    assert response.data["errors"] == {field: ["This field is required."]}
