"""Rights by cinema: where a member of staff may do what."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from accounts.tests.factories import make_staff, make_user
from movies.access import NOWHERE, cinemas_with, rows_with
from movies.models import AuditEvent, Cinema, Movie, Screen, Show
from movies.tests.factories import give_role, make_cinema, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return make_cinema()


def test_a_role_counts_in_its_cinemas_only(here):
    elsewhere = make_cinema()
    user = give_role(make_user(), ["movies.change_show"], here)
    show, other = (make_show(screen=make_screen(cinema=cinema)) for cinema in (here, elsewhere))

    assert user.has_perm("movies.change_show")  # somewhere
    assert [user.has_perm("movies.change_show", row) for row in (here, show.screen, show)] == [True] * 3
    assert [user.has_perm("movies.change_show", row) for row in (elsewhere, other.screen, other)] == [
        False
    ] * 3
    assert not user.has_perm("movies.delete_show", show)
    assert cinemas_with(user, "movies.change_show", "movies.add_show") == {here.pk}
    assert cinemas_with(user, "movies.add_show") == NOWHERE
    assert list(rows_with(Show.objects.all(), user, "movies.change_show")) == [show]
    assert list(rows_with(Screen.objects.all(), user, "movies.change_show")) == [show.screen]
    assert list(rows_with(Cinema.objects.all(), user, "movies.change_show")) == [here]


def test_a_role_for_all_cinemas_counts_in_those_to_come(here):
    user = give_role(make_user(), ["movies.change_cinema"])

    assert user.has_perm("movies.change_cinema", here)
    assert cinemas_with(user, "movies.change_cinema") is None


@pytest.mark.parametrize("how", ["by themselves", "by a group", "as superuser"])
def test_a_right_without_a_role_counts_everywhere_as_it_did(here, how):
    if how == "by themselves":
        user = make_staff("change_cinema")
    elif how == "by a group":
        user = make_staff()
        group = Group.objects.create(name="As before")
        group.permissions.add(Permission.objects.get(codename="change_cinema"))
        user.groups.add(group)
    else:
        user = make_user(is_staff=True, is_superuser=True)

    assert user.has_perm("movies.change_cinema", here)
    assert cinemas_with(user, "movies.change_cinema") is None


def test_two_roles_add_up(here):
    elsewhere = make_cinema()
    user = give_role(make_user(), ["movies.view_show"], here)
    user = give_role(user, ["movies.view_show", "movies.add_show"], elsewhere)

    assert cinemas_with(user, "movies.view_show") == {here.pk, elsewhere.pk}
    assert cinemas_with(user, "movies.add_show") == {elsewhere.pk}


def test_what_belongs_to_no_cinema_may_be_changed_by_whoever_may_somewhere(here):
    user = give_role(make_user(), ["movies.change_movie"], here)

    assert user.has_perm("movies.change_movie", make_movie())
    assert rows_with(Movie.objects.all(), user, "movies.change_movie").count() == 1


def test_a_cinema_is_opened_and_given_up_by_those_who_work_for_all(here):
    rights = ["movies.add_cinema", "movies.delete_cinema"]

    assert not give_role(make_user(), rights, here).has_perms(rights)
    assert give_role(make_user(), rights).has_perms(rights)


@pytest.mark.parametrize("field", ["is_staff", "is_active"])
def test_who_is_no_staff_or_was_deactivated_has_no_role(here, field):
    user = give_role(make_user(), ["movies.change_cinema"], here)
    User.objects.filter(pk=user.pk).update(**{field: False})
    user = User.objects.get(pk=user.pk)

    assert not user.has_perm("movies.change_cinema")
    assert cinemas_with(user, "movies.change_cinema") == NOWHERE


def test_a_cinema_that_is_deleted_takes_its_roles_along(here):
    user = give_role(make_user(), ["movies.change_cinema"], here)
    here.delete()

    assert not User.objects.get(pk=user.pk).has_perm("movies.change_cinema")


def test_rights_are_read_once_and_of_customers_not_at_all(here, django_assert_num_queries):
    user, customer = give_role(make_user(), ["movies.change_cinema"], here), make_user()
    user.get_all_permissions(), customer.get_all_permissions()  # what Django's own backend reads

    user = User.objects.get(pk=user.pk)
    with django_assert_num_queries(3):  # two of them are Django's
        assert user.has_perm("movies.change_cinema", here)
        assert cinemas_with(user, "movies.change_cinema") == {here.pk}
    with django_assert_num_queries(0):
        assert not customer.has_perm("movies.change_cinema", here)


def test_the_log_is_append_only():
    event = AuditEvent.objects.create(channel="COMMAND", action="ADD", model="movies.cinema", row_id="1")

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).update(row="Other")
    if connection.vendor == "postgresql":
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            event.delete()
