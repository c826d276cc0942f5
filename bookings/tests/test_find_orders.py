"""Staff find an order from one box, by whatever the caller knows of it."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from accounts.tests.factories import make_staff, make_user
from bookings.models import Guest, Order
from bookings.tests.factories import book, make_order
from bookings.tests.order_pages import address, clerk, messages
from movies.tests.factories import browser_for, give_role, make_cinema, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db

BOX = "/admin/bookings/order/"


@pytest.fixture
def browser():
    return clerk()


@pytest.fixture
def orders():
    """One of a user, one of a guest, and others that no search means."""
    show = make_show(movie=make_movie("Stalker"))
    ada = make_user("countess", first_name="Ada", last_name="Lovelace", email="ada@engine.example")
    of_user = make_order(show, 1, user=ada)
    of_guest = make_order(show, 2)
    guest = Guest.objects.create(
        name="Grace Brewster Hopper", email="Grace@navy.example", telephone="+49 170/123-4567"
    )
    Order.objects.filter(pk=of_user.pk).update(reference="4N0CV8NK71")
    Order.objects.filter(pk=of_guest.pk).update(reference="7KX2M9QF4T", user=None, guest=guest)
    of_guest.bookings.update(user=None)
    others = make_show()
    for number in (1, 2):
        book(others, number)
    return {"user": of_user, "guest": of_guest}


def found(browser, term):
    """Where the box leads: to an order, or to a list."""
    response = browser.get(BOX, {"q": term}, follow=True)
    if response.redirect_chain:
        return [response.context["order"]]
    return list(response.context["cl"].result_list)


@pytest.mark.parametrize(
    "term",
    [
        *("4N0CV8NK71", "4n0cv-8nk71", "4N0CV 8NK71", " 4nocv8nk7l ", "4N0-CV8-NK7-1", "4N0CV\u20138NK71"),
        *("4N0CV", "4nocv8", "8NK71", "ocv8n", "K71"[:0] + "NK71"),
        *("countess", "COUNT", "ada@engine.example", "ADA@ENGINE", "ada", "lovelace", "Ada Lovelace"),
        *("lovelace ada", "Lovelace, Ada", "love ad"),
    ],
)
def test_the_order_of_a_user_is_found(browser, orders, term):
    assert found(browser, term) == [orders["user"]]


@pytest.mark.parametrize(
    "term",
    [
        *("7KX2M-9QF4T", "grace@navy.example", "GRACE@NAVY", "Grace", "hopper", "Grace Brewster Hopper"),
        *("grace brew", "Hopper Grace", "hopper, grace", "HOPP gra"),
        *(
            "+49 170 1234567",
            "+491701234567",
            "0049 170 1234567",
            "0170 1234567",
            "01701234567",
            "0170/123-4567",
        ),
        *("1701234567", "1234567", "(0170) 123 45 67"),
    ],
)
def test_the_order_of_a_guest_is_found(browser, orders, term):
    assert found(browser, term) == [orders["guest"]]


@pytest.mark.parametrize("typed", ["+49 170 1234567", "0170 1234567", "0049170-1234567"])
def test_a_number_as_it_is_dialled_at_home_is_found_with_the_code_of_the_country(browser, orders, typed):
    Guest.objects.update(
        telephone="0170 1234567", telephone_digits="01701234567", telephone_reversed="76543210710"
    )

    assert found(browser, typed) == [orders["guest"]]


@pytest.mark.parametrize(
    "term", ["nothing of the kind", "9999999", "%", "_", "' OR 1=1", "\\", "x" * 100, "x" * 101, "@"]
)
def test_what_is_nobodys_finds_nothing(browser, orders, term):
    assert found(browser, term) == []


def test_several_are_a_list(browser, orders):
    assert set(found(browser, "stalker")) == set(orders.values())


def test_the_middle_of_a_reference_is_looked_for_among_the_sales_of_the_last_days(browser, orders):
    Order.objects.filter(pk=orders["user"].pk).update(created_at=now() - timedelta(days=31))

    assert found(browser, "CV8NK") == []
    assert found(browser, "4N0CV") == [orders["user"]]


def test_a_filtered_list_of_one_stays_a_list(browser, orders):
    response = browser.get(BOX, {"q": "countess", "status": "HELD"})

    assert response.status_code == 200


def test_too_many_to_choose_from_are_said(browser, monkeypatch):
    monkeypatch.setattr("bookings.admin.search.MAX_FOUND", 2)
    show = make_show()
    for number in (1, 2, 3):
        book(show, number, user=make_user(f"smith{number}"))

    response = browser.get(BOX, {"q": "smith"})

    assert len(response.context["cl"].result_list) == 2
    assert messages(response)[0].endswith("type on, to find one of the others.")


def test_the_box_stands_on_the_index_for_those_who_may_see_orders():
    assert 'id="find-order"' in clerk().get("/admin/").content.decode()
    assert 'id="find-order"' not in browser_for(make_staff("view_show")).get("/admin/").content.decode()


def test_orders_of_other_cinemas_are_not_found(orders):
    cinema = make_cinema()
    order = make_order(make_show(screen=make_screen(cinema=cinema)), 1, user=orders["user"].user)
    browser = browser_for(give_role(make_user(), ["bookings.view_order"], cinema))

    assert found(browser, "countess") == [order]
    assert found(browser, "4N0CV8NK71") == []
    assert browser.get(address(orders["user"]), follow=True).redirect_chain
