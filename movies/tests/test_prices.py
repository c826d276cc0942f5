"""What a seat costs: a base price, and one for each kind that has its own."""

from decimal import Decimal

import pytest

from accounts.tests.factories import client_for, make_staff
from movies.models import Show
from movies.tests.factories import make_movie, make_screen, make_show, tomorrow

pytestmark = pytest.mark.django_db

KINDS = ["standard", "premium", "sofa", "wheelchair", "companion"]
FIELDS = ["price", "premium_price", "sofa_price", "wheelchair_price", "companion_price"]


@pytest.fixture
def staff():
    return client_for(make_staff("add_show", "change_show"))


@pytest.fixture
def schedule(staff):
    def schedule(**prices):
        ids = {"movie": make_movie().pk, "screen": make_screen().pk}
        return staff.post("/api/shows/", {**ids, "starts_at": tomorrow().isoformat(), **prices})

    return schedule


def prices_of(response):
    """All five, by kind, in the order of the kinds."""
    assert response.status_code in (200, 201), response.data
    assert list(response.data["prices"]) == KINDS
    return list(response.data["prices"].values())


def test_every_kind_may_have_a_price_of_its_own(schedule):
    response = schedule(**{field: f"{number}.00" for number, field in enumerate(FIELDS)})

    assert prices_of(response) == ["0.00", "1.00", "2.00", "3.00", "4.00"]
    assert prices_of(client_for().get(f"/api/shows/{response.data['id']}/")) == prices_of(response)


def test_a_kind_without_a_price_of_its_own_costs_the_base_price_and_nothing_is_a_price(schedule):
    response = schedule(price="9.50", sofa_price=14, companion_price=0, wheelchair_price=None)

    assert prices_of(response) == ["9.50", "9.50", "14.00", "9.50", "0.00"]


def test_a_price_of_its_own_can_be_given_and_taken_back(staff):
    show = make_show(price=Decimal("10.00"))

    def change(**prices):
        return prices_of(staff.patch(f"/api/shows/{show.pk}/", prices))

    assert change(premium_price="12.50") == ["10.00", "12.50", "10.00", "10.00", "10.00"]
    assert change(price="8.00") == ["8.00", "12.50", "8.00", "8.00", "8.00"]
    assert change(premium_price=None) == ["8.00"] * 5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((field, "-0.01") for field in FIELDS),
        *(
            ("sofa_price", value)
            for value in (-1, "NaN", "sNaN", "Infinity", "0.001", "1e30", 10**30, True, "ten", [], {})
        ),
    ],
)
def test_what_is_no_price_is_refused_with_the_field(schedule, field, value):
    response = schedule(**{field: value})

    assert response.status_code == 400
    assert response.data["errors"].keys() == {field}
    assert Show.objects.count() == 0


def test_prices_are_in_the_currency_of_the_settings(settings):
    settings.CURRENCY = "GBP"
    show = make_show()

    assert client_for().get(f"/api/shows/{show.pk}/").data["currency"] == "GBP"
    assert client_for().get(f"/api/shows/{show.pk}/seats/").data["currency"] == "GBP"
