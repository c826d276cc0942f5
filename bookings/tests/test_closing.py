"""Closing an account: who it was is forgotten, what it bought stays, and what is to come is in the way."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from accounts.errors import StaffAccount, TokenNotValid
from accounts.models import OutgoingMail, TokenFamily, User
from accounts.services import change_profile, request_password_reset, request_verification, send_mails
from accounts.tests.factories import PASSWORD, client_for, make_staff, make_user
from accounts.tests.test_password_reset import confirm, link_for
from accounts.tests.test_passwords import log_in
from bookings.models import Booking, BookingEvent, IdempotencyKey, Order, Status
from bookings.services import close_account, expire_holds
from bookings.tests.factories import block, call_off, let_expire, make_order
from movie_booking.errors import Invalid
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


def close(user, password=PASSWORD):
    return client_for(user).delete("/api/me/", {"password": password})


def let_begin(show):
    Show.objects.filter(pk=show.pk).update(starts_at=timezone.now() - timedelta(minutes=1))


def test_nothing_tells_whose_it_was_and_name_and_address_are_free():
    user = make_user("john", first_name="John", last_name="Doe", email_verified_at=timezone.now())
    user.last_login = timezone.now()
    user.save()
    LogEntry.objects.log_actions(make_staff().pk, User.objects.filter(pk=user.pk), CHANGE, "Changed E-mail")
    request_verification(user=make_user())
    request_password_reset(email=user.email)
    before = user.date_joined

    response = close(user)

    assert (response.status_code, response.content) == (204, b"")
    user.refresh_from_db()
    assert (user.username, user.email, user.first_name, user.last_name) == (f"closed {user.pk}", "", "", "")
    assert (user.is_active, user.has_usable_password()) == (False, False)
    assert (user.last_login, user.email_verified_at) == (None, None)
    assert user.closed_at is not None
    assert user.date_joined == before
    assert LogEntry.objects.get().object_repr == f"closed {user.pk}"
    assert OutgoingMail.objects.count() == 1  # of somebody else
    again = {"username": "JOHN", "email": "john@example.com", "password": PASSWORD}
    assert client_for().post("/api/signup/", again).status_code == 201


def test_tokens_sessions_and_links_are_dead():
    user = make_user()
    pair, link = log_in(user).data, link_for(user)
    session = Client()
    session.force_login(user)

    assert close(user).status_code == 204

    read = client_for().get("/api/me/", HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
    assert (read.status_code, read.data["code"]) == (401, "user_inactive")
    refreshed = client_for().post("/api/token/refresh/", {"refresh": pair["refresh"]})
    assert (refreshed.status_code, refreshed.data["code"]) == (401, "token_not_valid")
    assert not TokenFamily.objects.exists()
    assert log_in(user).status_code == 401
    assert confirm(link).status_code == 400
    assert session.get("/admin/").status_code == 302


def test_nobody_can_sign_up_with_the_name_of_a_closed_account():
    user = make_user()
    close(user)
    user.refresh_from_db()

    response = client_for().post(
        "/api/signup/", {"username": user.username, "email": "a@example.com", "password": PASSWORD}
    )

    assert response.data["error_codes"] == {"username": ["invalid"]}


def test_a_closed_account_gets_no_mail(mailoutbox):
    user = make_user()
    close(user)
    request_password_reset(email=user.email)

    assert send_mails() == 0


def test_it_takes_the_password():
    user = make_user()

    for body, errors in (
        ({"password": "wrong"}, {"password": ["wrong_password"]}),
        ({}, {"password": ["required"]}),
        ({"password": PASSWORD, "sure": True}, {"sure": ["unknown"]}),
    ):
        response = client_for(user).delete("/api/me/", body)
        assert (response.status_code, response.data["error_codes"]) == (400, errors)
    user.refresh_from_db()
    assert user.is_active
    assert client_for().delete("/api/me/", {"password": PASSWORD}).status_code == 401


def test_what_was_bought_and_its_history_stay():
    user, show = make_user(), make_show()
    client = client_for(user)
    client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}, HTTP_IDEMPOTENCY_KEY="k")
    let_begin(show)
    order, events = Order.objects.get(), list(BookingEvent.objects.values_list("pk", "actor"))
    assert IdempotencyKey.objects.count() == 1

    assert close(user).status_code == 204

    order.refresh_from_db()
    assert order.user_id == user.pk
    assert Booking.objects.get().status == Status.BOOKED
    assert list(BookingEvent.objects.values_list("pk", "actor")) == events
    assert not IdempotencyKey.objects.exists()


def test_orders_of_shows_to_come_stand_in_the_way_and_are_named():
    user, show = make_user(), make_show()
    booked, held = make_order(show, 1, 2, user=user, status=Status.BOOKED), make_order(show, 5, user=user)
    make_order(show, 9)  # somebody else's

    response = close(user)

    assert (response.status_code, response.data["code"]) == (409, "orders_to_come")
    assert response.data["orders"] == [booked.reference, held.reference]
    user.refresh_from_db()
    assert user.is_active
    assert user.closed_at is None


@pytest.mark.parametrize(
    "end",
    [
        lambda order: client_for(order.user).post(f"/api/orders/{order.reference}/cancel/", {}),
        let_expire,
        lambda order: (let_expire(order), expire_holds()),
        lambda order: let_begin(order.show),
        lambda order: call_off(order.show),
    ],
    ids=["cancelled", "over", "expired", "begun", "called off"],
)
def test_what_is_over_does_not(end):
    order = make_order(make_show(), 5)
    end(order)

    assert close(order.user).status_code == 204


@pytest.mark.parametrize("fields", [{"is_staff": True}, {"is_superuser": True}])
def test_members_of_staff_do_not_close_their_own(fields):
    user = make_user(**fields)

    response = close(user)

    assert (response.status_code, response.data["code"]) == (409, "staff_account")
    user.refresh_from_db()
    assert user.is_active


def test_closing_twice_is_closing_once():
    user = make_user()
    close_account(user, password=PASSWORD)
    first = User.objects.get().closed_at

    assert close_account(user).closed_at == first


def test_a_password_that_was_changed_meanwhile_counts():
    user = make_user()
    fresh = User.objects.get()
    fresh.set_password("moresecure456")
    fresh.save()

    with pytest.raises(Invalid):
        close_account(user, password=PASSWORD)


def test_a_profile_is_not_written_back_by_a_request_that_was_on_its_way():
    user = make_user()
    close_account(user)

    with pytest.raises(TokenNotValid):
        change_profile(user=user, first_name="John")


# --- By staff ------------------------------------------------------------------------------------


@pytest.fixture
def root():
    client = Client()
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


def page(user):
    return f"/admin/accounts/user/{user.pk}/"


def test_staff_close_an_account_from_its_page_and_are_asked_first(root):
    user = make_user("john")
    assert f"{page(user)}close/" in root.get(f"{page(user)}change/").content.decode()

    asked = root.get(f"{page(user)}close/").content.decode()
    assert "It cannot be undone" in asked
    user.refresh_from_db()
    assert user.is_active
    done = root.post(f"{page(user)}close/", follow=True)

    user.refresh_from_db()
    assert user.closed_at is not None
    assert "The account is closed." in done.content.decode()
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.get_change_message()) == (f"closed {user.pk}", "Closed the account.")


def test_a_closed_account_is_looked_at_and_not_changed(root):
    user = make_user()
    close_account(user)

    response = root.get(f"{page(user)}change/")

    assert response.status_code == 200
    assert 'name="_save"' not in response.content.decode()
    assert root.post(f"{page(user)}change/", {"username": "john", "is_active": "on"}).status_code == 403
    assert root.post(f"{page(user)}close/").status_code == 403
    user.refresh_from_db()
    assert not user.is_active


def test_staff_are_told_which_orders_stand_in_the_way(root):
    order = make_order(make_show(), 5)

    response = root.post(f"{page(order.user)}close/", follow=True)

    assert "There are orders of shows to come" in response.content.decode()
    assert order.reference in response.content.decode()


def test_closing_an_account_takes_the_right_to_change_users():
    user, client = make_user(), Client()
    client.force_login(make_staff("view_user"))

    assert client.post(f"{page(user)}close/").status_code == 403
    assert "Close the account" not in client.get(f"{page(user)}change/").content.decode()


def test_rights_go_with_the_account():
    user = make_user()
    user.groups.add(Group.objects.create(name="Box office of old"))

    close_account(user)

    assert user.groups.count() == 0


def test_house_seats_of_a_former_member_of_staff_stand_not_in_the_way():
    staff = make_staff("block_seats")
    block(make_show(), "A1", staff=staff)
    with pytest.raises(StaffAccount):
        close_account(staff)
    User.objects.filter(pk=staff.pk).update(is_staff=False)

    assert close_account(staff).closed_at is not None
