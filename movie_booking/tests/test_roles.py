"""Every route and every page of the Admin, by everybody: as the table in docs/roles.md says.

Templates are left out, as only whether one may is looked at: the pages themselves are opened in other tests.
"""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Group
from django.core.management import call_command
from django.db import transaction
from django.template.loaders.base import Loader
from django.test import Client, RequestFactory

from accounts.actors import SYSTEM
from accounts.models import PasswordFailures, User
from accounts.tests.factories import client_for, make_user
from bookings.access_keys import key_of
from bookings.tests.factories import book, hold, keep_house, make_guest
from movie_booking.tests.endpoints import ENDPOINTS
from movie_booking.tests.roles_table import COLUMNS, ROLES, routes, row, table
from movies.models import AuditEvent, MachineKey, StaffRole
from movies.services import audit
from movies.tests.factories import make_cinema, make_movie, make_screen, make_show
from movies.tests.machines import key_for, machine

pytestmark = pytest.mark.django_db


class Blank(Loader):
    """Finds every template, and nothing in it."""

    def get_template_sources(self, template_name: str) -> Iterator[str]:
        yield template_name

    def get_template(self, template_name: str, skip: Any = None) -> Any:
        from django.template import Template

        return Template("", None, template_name, self.engine)


def with_role(name, *cinemas):
    user = make_user(is_staff=True)
    role = StaffRole.objects.create(user=user, role=Group.objects.get(name=name), all_cinemas=not cinemas)
    role.cinemas.set(cinemas)
    return user


def name_of(user):
    """A user's id, what a machine sends, or None."""
    return getattr(user, "pk", user)


class Site:
    """A world with a row of everything in one cinema, and everybody who may ask for it."""

    def __init__(self):
        call_command("sync_roles", stdout=StringIO())
        here, elsewhere = make_cinema(), make_cinema()
        screen = make_screen(cinema=here)
        movie = make_movie(genres=["Drama"])
        show = make_show(screen=screen, movie=movie)
        customer = make_user()
        booking, order = book(show, 31, user=customer), hold(show, 41, user=customer)
        guest = make_guest()
        audit.record(show, audit.CHANGE, actor=SYSTEM)
        keep_house()
        self.users = {
            "anyone": [None],
            "customer": [customer],
            "another customer": [make_user()],
            **{name: [with_role(name, here), with_role(name, elsewhere)] for name in ROLES},
            "Manager of all": [with_role("Manager")],
            "superuser": [make_user(is_staff=True, is_superuser=True)],
            # By what they send: keys for everything.
            "machine": [key_for(cinema, sells=True, looks_up=True) for cinema in (here, elsewhere)],
        }
        everybody = [user for users in self.users.values() for user in users]
        self.browsers = {name_of(user): self.browser(user) for user in everybody}
        self.clients = {
            name_of(user): machine(user) if isinstance(user, str) else client_for(user) for user in everybody
        }
        self.ids = {
            "movie": movie.pk, "cinema": here.pk, "screen": screen.pk, "show": show.pk, "booking": booking.pk,
            "order": order.reference, "order_of_guest": hold(show, 45, user=guest).reference,
            "access_key": key_of(guest.access_salt), "refresh": "none", "uid": "none", "reset_token": "none",
            "email_token": "none",
        }  # fmt: skip
        failures = PasswordFailures.objects.create(account="ada", failures=1, until=show.ends_at)
        self.rows = {
            **{f"{name}s": row_id for name, row_id in self.ids.items()}, **self.ids, "order": order.pk,
            "genre": movie.genres.get().pk, "bookingevent": booking.events.first().pk, "user": customer.pk,
            "group": Group.objects.create(name="Ushers").pk, "auditevent": AuditEvent.objects.first().pk,
            "machinekey": MachineKey.objects.first().pk,
            "passwordfailures": failures.pk,
        }  # fmt: skip
        self.bodies = {
            (each.method, self.at(each.path)): self.filled(each.body) for each in reversed(ENDPOINTS.values())
        }

    def browser(self, user):
        browser = Client()
        if isinstance(user, str):
            browser.defaults["HTTP_AUTHORIZATION"] = f"Key {user}"
        elif user is not None:
            browser.force_login(user)
        return browser

    def at(self, path):
        """The address of a route: its id is that of what its path names."""
        for name, row_id in self.ids.items():
            path = path.replace(f"{{{name}}}", str(row_id))
        named = next((word for word in reversed(path.split("{id}")[0].split("/")) if word in self.rows), "")
        return path.replace("{id}", str(self.rows.get(named))).replace("{app}", "movies")

    def filled(self, body):
        return {
            name: self.ids[value.strip("{}")] if isinstance(value, str) and value.startswith("{") else value
            for name, value in body.items()
        }

    def cell(self, route, column):
        said = [self.ask(route, name_of(user)) for user in self.users[column]]
        return said[0] if len(set(said)) == 1 else " / ".join(said)

    def ask(self, route, user):
        """Send the request, take back what it did, and say in the words of the table what came of it."""
        with transaction.atomic():
            if route.method == "ACTION":
                said = self.action(route, user)
            elif route.path.startswith("/"):
                said = self.page(route, self.browsers[user])
            else:
                said = self.endpoint(route, self.clients[user])
            transaction.set_rollback(True)
        return said

    def endpoint(self, route, client):
        path = self.at(f"/api/{route.path}")
        body = self.bodies.get((route.method, path), {})
        send = getattr(client, route.method.lower())
        response = send(path) if route.method == "GET" else send(path, body)
        code = response.data.get("code") if response.status_code >= 400 else None
        words = {
            "not_authenticated": "log in",
            "permission_denied": "no",
            "scope_missing": "no",
            "not_found": "none",
        }
        return words.get(code, "yes")

    def action(self, route, user):
        """Whether the list offers the action; of which rows it takes is asked elsewhere."""
        request = RequestFactory().get("/")
        request.user = User.objects.get(pk=user) if isinstance(user, int) else AnonymousUser()
        address, name = route.path.split()
        page = admin.site._registry[apps.get_model(*address.split("/")[2:4])]
        if not admin.site.has_permission(request):
            return "log in"
        return "yes" if page.has_view_permission(request) and name in page.get_actions(request) else "no"

    def page(self, route, browser):
        path = self.at(route.path)
        if "autocomplete" in path:
            path += "?app_label=movies&model_name=show&field_name=screen"
        data = {"_block": ""} if path.endswith("/seats/") and route.method == "POST" else {}
        response = browser.generic(route.method, path) if not data else browser.post(path, data)
        leads_to = response.get("Location", "")
        if "/login/" in leads_to:
            return "log in"
        if response.status_code == 302 and leads_to in ("/admin/", "/admin/movies/show/"):
            return "none"
        assert response.status_code < 500, path
        return {403: "no", 404: "none"}.get(response.status_code, "yes")


@pytest.fixture
def site(settings):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"  # which need no query
    loader = f"{__name__}.Blank"
    options = {**settings.TEMPLATES[0]["OPTIONS"], "loaders": [loader]}
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "APP_DIRS": False, "OPTIONS": options}]
    return Site()


def test_every_route_is_in_the_table_and_the_table_has_no_other(site):
    assert list(site.users) == list(COLUMNS)
    said, there = table(), set(routes())

    missing = sorted(
        row(route, {column: site.cell(route, column) for column in COLUMNS}) for route in there - set(said)
    )
    assert not missing, "Not in the table, with what happens now:\n" + "\n".join(missing)
    assert not [str(route) for route in set(said) - there], "There are no such routes."


def test_everybody_may_what_the_table_says(site):
    differ = []
    for route, cells in table().items():
        differ += [
            f"{route}, {column}: the table says {cells[column]}, and it is {found}"
            for column in COLUMNS
            if (found := site.cell(route, column)) != cells[column]
        ]
    assert not differ, "\n".join(differ)
