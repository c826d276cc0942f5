"""Giving colleagues roles in the Admin, who may, and what keeps the roles what they are."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.urls import reverse

from accounts.tests.factories import PASSWORD, make_staff, make_user
from bookings.roles import MANAGER, ROLES
from movie_booking.tests.pages import inputs_of
from movies.models import AuditEvent, StaffRole
from movies.tests.factories import browser_for, make_cinema, make_show

pytestmark = pytest.mark.django_db

LIST = reverse("admin:accounts_user_changelist")
ROLE = "staff_roles-0-"


@pytest.fixture(autouse=True)
def roles():
    call_command("sync_roles", stdout=StringIO())
    return {group.name: group for group in Group.objects.all()}


@pytest.fixture
def root():
    return browser_for(make_user("root", is_staff=True, is_superuser=True))


def page_of(user):
    return reverse("admin:accounts_user_change", args=[user.pk])


def save(browser, user, **typed):
    """Open the page of a user, type, and save."""
    typed = {name.replace("__", "-"): value for name, value in typed.items()}
    return browser.post(page_of(user), {**inputs_of(browser.get(page_of(user)), "user_form"), **typed})


def fresh(user):
    return type(user).objects.get(pk=user.pk)


def newest_of(user):
    return AuditEvent.objects.filter(model="accounts.user", row_id=user.pk).first()


def test_a_colleague_gets_a_role_in_five_clicks(root, roles):
    """Users, the user, the role, the cinema, Save."""
    user, cinema, other = make_user("ann"), make_cinema(name="Roxy"), make_cinema()
    assert page_of(user) in root.get(LIST).content.decode()

    response = save(root, user, **{ROLE + "role": roles["Manager"].pk, ROLE + "cinemas": [cinema.pk]})

    assert response.status_code == 302
    ann = fresh(user)
    assert ann.is_staff
    assert ann.get_all_permissions() == MANAGER - {"movies.add_cinema", "movies.delete_cinema"}
    assert ann.has_perm("movies.change_cinema", cinema)
    assert not ann.has_perm("movies.change_cinema", other)
    line = newest_of(user)
    assert (line.actor.username, line.channel) == ("root", "ADMIN")
    assert line.changes == {"Roles": ["", "Manager: Roxy"], "Staff status": ["no", "yes"]}


def test_a_new_colleague_is_added_with_the_role(root, roles):
    form = inputs_of(root.get(reverse("admin:accounts_user_add")), "user_form")
    who = {"username": "ann", "email": "ann@example.com", "password1": PASSWORD, "password2": PASSWORD}
    root.post(
        reverse("admin:accounts_user_add"),
        {**form, **who, ROLE + "role": roles["Door"].pk, ROLE + "all_cinemas": "on"},
    )

    role = StaffRole.objects.get()
    assert (role.user.username, role.user.is_staff, role.all_cinemas) == ("ann", True, True)
    assert [(line.action, line.changes) for line in AuditEvent.objects.order_by("id")] == [
        ("CHANGE", {"Roles": ["", "Door: all cinemas"], "Staff status": ["no", "yes"]}),
        ("ADD", {}),
    ]


def test_a_role_needs_a_place(root, roles):
    user = make_user()
    page = save(root, user, **{ROLE + "role": roles["Door"].pk})

    assert "Tick all cinemas, or those where the user has the role." in page.content.decode()
    assert not StaffRole.objects.exists()


def test_all_cinemas_count_for_more_than_some(root, roles):
    user, cinema = make_user(), make_cinema()
    typed = {"role": roles["Door"].pk, "all_cinemas": "on", "cinemas": [cinema.pk]}
    save(root, user, **{ROLE + name: value for name, value in typed.items()})

    assert (StaffRole.objects.get().all_cinemas, StaffRole.objects.get().cinemas.count()) == (True, 0)


@pytest.mark.parametrize("others", [False, True])
def test_with_the_last_role_the_user_is_no_staff_unless_they_have_other_rights(root, roles, others):
    user = make_user()
    save(root, user, **{ROLE + "role": roles["Viewer"].pk, ROLE + "all_cinemas": "on"})
    if others:
        user.user_permissions.add(Permission.objects.get(codename="view_show"))

    save(root, user, **{ROLE + "DELETE": "on"})

    assert fresh(user).is_staff is others
    assert newest_of(user).changes["Roles"] == ["Viewer: all cinemas", ""]


def test_other_changes_leave_who_is_staff_alone(root):
    user = make_staff()  # without any right, as somebody has ticked it
    save(root, user, first_name="Ann")

    assert fresh(user).is_staff
    line = newest_of(user)
    assert (line.changes, line.note) == ({}, "Changed First name.")  # and not what the name is


def test_rights_beside_roles_are_in_the_log(root):
    user, group = make_user(), Group.objects.create(name="Auditors")
    save(root, user, is_superuser="on", groups=[group.pk])

    assert newest_of(user).changes == {"Superuser status": ["no", "yes"], "Groups": ["empty", "Auditors"]}


def test_a_password_that_staff_set_is_in_the_log_without_it(root):
    user = make_user()
    new = {"usable_password": "true", "password1": "Yellow-Fog-71", "password2": "Yellow-Fog-71"}
    root.post(reverse("admin:auth_user_password_change", args=[user.pk]), new)

    assert fresh(user).check_password("Yellow-Fog-71")
    assert (newest_of(user).changes, newest_of(user).note) == ({}, "Changed password.")


# --- Nobody raises themselves ----------------------------------------------------------------------


@pytest.fixture
def user_admin():
    return make_staff(
        "view_user", "add_user", "change_user", "delete_user", "change_group", "add_group", "delete_group"
    )


def test_who_may_change_users_gives_no_rights(user_admin, roles):
    browser, customer = browser_for(user_admin), make_user()
    manager = roles["Manager"].pk
    rights = {"is_staff": "on", "is_superuser": "on", "groups": [manager], "user_permissions": [1],
              "staff_roles-TOTAL_FORMS": "1", "staff_roles-INITIAL_FORMS": "0",
              ROLE + "role": manager, ROLE + "all_cinemas": "on"}  # fmt: skip
    for user in (customer, user_admin):
        before = fresh(user).get_all_permissions()
        save(browser, user, first_name="Ann", **rights)

        user = fresh(user)
        assert user.first_name == "Ann"
        assert (user.is_staff, user.is_superuser, user.get_all_permissions()) == (
            user == user_admin,
            False,
            before,
        )


@pytest.mark.parametrize("fields", [{"is_superuser": True}, {"is_staff": True}])
def test_who_may_change_users_does_not_touch_other_staff(user_admin, fields):
    browser, boss = browser_for(user_admin), make_user("boss", **fields)
    new = {"usable_password": "true", "password1": "Yellow-Fog-71", "password2": "Yellow-Fog-71"}
    delete = {"action": "delete_selected", "_selected_action": [boss.pk], "post": "yes"}

    assert browser.post(page_of(boss), {"email": "mine@example.com"}).status_code == 403
    assert browser.post(reverse("admin:auth_user_password_change", args=[boss.pk]), new).status_code == 403
    assert (
        browser.post(reverse("admin:accounts_user_delete", args=[boss.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert browser.post(LIST, delete).status_code == 403
    assert fresh(boss).check_password(PASSWORD)


def test_what_groups_may_do_is_for_superusers(user_admin, root):
    group = Group.objects.create(name="Auditors")
    browser = browser_for(user_admin)
    page = reverse("admin:auth_group_change", args=[group.pk])

    assert browser.post(page, {"name": "Auditors", "permissions": [1]}).status_code == 403
    assert browser.post(reverse("admin:auth_group_add"), {"name": "New"}).status_code == 403
    assert (
        root.post(page, {"name": "Auditors", "permissions": [Permission.objects.first().pk]}).status_code
        == 302
    )
    assert list(AuditEvent.objects.first().changes) == ["Permissions"]


def test_groups_of_roles_are_not_edited(root, roles):
    page = reverse("admin:auth_group_change", args=[roles["Manager"].pk])

    assert root.get(page).context["has_change_permission"] is False
    assert root.post(page, {"name": "Manager", "permissions": []}).status_code == 403


def test_the_log_is_for_superusers_and_for_nobody_to_change(root, user_admin, roles):
    user = make_user("ann")
    save(root, user, **{ROLE + "role": roles["Door"].pk, ROLE + "all_cinemas": "on"})
    page = reverse("admin:movies_auditevent_changelist")
    text = root.get(page).content.decode()

    assert f"ann (no. {user.pk})" in text
    assert "Roles: empty → Door: all cinemas" in text
    assert root.get(page, {"kind": "accounts.user", "q": str(user.pk)}).context["cl"].result_count == 1
    assert browser_for(user_admin).get(page).status_code == 403
    assert root.post(reverse("admin:movies_auditevent_add")).status_code == 403
    event = AuditEvent.objects.first()
    assert root.post(reverse("admin:movies_auditevent_change", args=[event.pk]), {}).status_code == 403
    assert (
        root.post(reverse("admin:movies_auditevent_delete", args=[event.pk]), {"post": "yes"}).status_code
        == 403
    )


# --- sync_roles ------------------------------------------------------------------------------------


def rights_of(group):
    return {f"{row.content_type.app_label}.{row.codename}" for row in group.permissions.all()}


def test_the_groups_are_what_the_table_says(roles):
    assert {role.name: rights_of(roles[role.name]) for role in ROLES} == {
        role.name: role.permissions for role in ROLES
    }


def test_syncing_puts_right_what_differs_says_what_and_writes_it_down(roles, capsys):
    other = Group.objects.create(name="Auditors")
    door = roles["Door"]
    door.permissions.remove(Permission.objects.get(codename="view_people"))
    door.permissions.add(Permission.objects.get(codename="delete_user"))
    roles["Viewer"].delete()

    call_command("sync_roles")
    call_command("sync_roles")

    assert capsys.readouterr().out.splitlines() == [
        "Door: +bookings.view_people, -accounts.delete_user.",
        "Viewer: added, with 5 permissions.",
        "Roles changed: 2.",
        "Roles changed: 0.",
    ]
    line = AuditEvent.objects.get()
    assert (line.actor, line.channel, line.row) == (None, "COMMAND", "Door")
    assert line.changes == {
        "Permissions given": ["", "bookings.view_people"],
        "Permissions taken": ["accounts.delete_user", ""],
    }
    assert rights_of(other) == set()


def test_a_cinema_with_staff_may_be_deleted_and_a_role_in_use_may_not(root, roles):
    auditors = Group.objects.create(name="Auditors")
    user, cinema = make_user(), make_cinema()
    save(root, user, **{ROLE + "role": auditors.pk, ROLE + "cinemas": [cinema.pk]})
    page = reverse("admin:auth_group_delete", args=[auditors.pk])

    root.post(page, {"post": "yes"})
    cinema.delete()

    assert Group.objects.filter(pk=auditors.pk).exists()
    assert not fresh(user).has_perm("movies.view_show", make_show())
