"""The pages to which mails link: a forgotten password and an e-mail address, from the mail to the end."""

import re
from itertools import count

import pytest

from clients.tests.picker.conftest import PASSWORD
from clients.tests.tools import sync_api
from movie_booking.tests.server import wait_until

expect = sync_api().expect
numbers = count(1)


@pytest.fixture
def customer(api):
    """One of whom the other tests know nothing, as the tokens of this one end."""
    name = f"forgetful{next(numbers)}"
    email = f"{name}@example.com"
    api("POST", "signup/", {"username": name, "password": PASSWORD, "email": email})
    return {"username": name, "email": email}


@pytest.fixture
def mailed_link(tmp_path_factory):
    """Return the link of the one mail to an address, which development shows on its console."""
    [log] = tmp_path_factory.getbasetemp().glob("site[0-9]/log")

    def mailed_link(email):
        mail = re.compile(rf"^To: {re.escape(email)}\n.*?^(http\S+)\n", re.M | re.S)
        wait_until(lambda: mail.search(log.read_text()))
        return mail.search(log.read_text())[1]

    return mailed_link


@pytest.fixture
def open_page(site, browser):
    context = browser.new_context()
    mistakes = []
    page = context.new_page()
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.on("request", lambda request: request.url.startswith(site) or mistakes.append(request.url))

    def open_page(address):
        # Mails name the port of the settings; this site has another one.
        page.goto("about:blank")
        page.goto(re.sub(r"^https?://[^/]+", site, address))
        return page

    yield open_page
    context.close()
    assert mistakes == []


def log_in(api, customer, password):
    return api("POST", "login/", {"username": customer["username"], "password": password})


def test_a_forgotten_password_is_replaced_by_the_link_in_the_mail(api, customer, mailed_link, open_page):
    page = open_page("http://site/admin/login/")
    page.locator('a[href="/password/reset/"]').click()
    page.get_by_label("Your e-mail address").fill(customer["email"])
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("status")).to_contain_text("If there is an account")

    link = mailed_link(customer["email"])
    page = open_page(link)
    page.get_by_label("New password").fill("12345")
    page.get_by_label("The same again").fill("123456")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("status")).to_have_text("The two passwords are not the same.")
    page.get_by_label("The same again").fill("12345")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("status")).to_contain_text("This password is too short")
    for label in ("New password", "The same again"):
        page.get_by_label(label).fill("correct horse battery")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("status")).to_contain_text("Your new password is set.")

    assert log_in(api, customer, "correct horse battery")["access"]
    page = open_page(link)
    for label in ("New password", "The same again"):
        page.get_by_label(label).fill("correct horse battery")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("status")).to_contain_text("was used already")


def test_an_address_is_verified_by_the_link_in_the_mail(api, customer, mailed_link, open_page):
    token = log_in(api, customer, PASSWORD)["access"]
    api("POST", "email/verification/", token=token)

    page = open_page(mailed_link(customer["email"]))
    page.get_by_role("button", name="Yes, the address is mine").click()
    expect(page.get_by_role("status")).to_contain_text("Your e-mail address is verified.")

    assert api("GET", "me/", token=token)["email_verified_at"]
