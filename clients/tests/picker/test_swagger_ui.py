"""The other page that a newcomer opens: Swagger UI, with a token in either form, while it is good."""

import base64
import json
import time

import pytest

from clients.tests.tools import sync_api

expect = sync_api().expect


@pytest.mark.parametrize("form", ["Bearer {}", "{}", "bearer {}"])
def test_a_token_is_taken_with_the_word_bearer_and_without(api, site, browser, form):
    customer = api.new_customer()
    page = browser.new_page()
    page.goto(f"{site}/swagger/")
    authorize(page, form.format(customer["access"]))

    account = page.locator("#operations-Accounts-getAccount")
    account.click()
    account.get_by_role("button", name="Try it out").click()
    account.get_by_role("button", name="Execute").click()

    answer = account.locator(".live-responses-table")
    expect(answer.locator(".response-col_status").last).to_contain_text("200")
    expect(answer).to_contain_text(customer["name"])
    page.close()


KEPT = "JSON.stringify([{...localStorage}, {...sessionStorage}])"


def token(seconds):
    """What looks like a token that expires in so many seconds."""
    payload = base64.urlsafe_b64encode(json.dumps({"exp": time.time() + seconds, "name": "ü>?"}).encode())
    return f"eyJ.{payload.decode().rstrip('=')}.signature"


def authorize(page, value):
    page.get_by_role("button", name="Authorize").first.click()
    scheme = page.locator(".auth-container").filter(has_text="Bearer (apiKey)")
    scheme.get_by_label("Value:").fill(value)
    scheme.get_by_role("button", name="Apply credentials").click()
    scheme.get_by_role("button", name="Close").click()


def padlock(page, state):
    return page.locator(f".scheme-container button.authorize.{state}")


def test_a_token_outlives_a_reload_but_not_its_own_life(site, browser):
    page = browser.new_page()
    page.clock.install()
    page.add_init_script("localStorage.setItem('swagger-drf-yasg-auth', 'of an earlier version')")
    page.goto(f"{site}/swagger/")
    authorize(page, f"Bearer {token(1800)}")
    page.reload()
    expect(padlock(page, "locked")).to_be_visible()
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 1]

    page.clock.fast_forward("30:01")

    expect(padlock(page, "unlocked")).to_be_visible()
    assert page.evaluate(KEPT) == "[{},{}]"
    page.close()


def test_a_token_that_is_taken_out_is_forgotten_and_one_that_never_expires_is_never_kept(site, browser):
    page = browser.new_page()
    page.goto(f"{site}/swagger/")
    authorize(page, token(1800))
    page.get_by_role("button", name="Authorize").first.click()
    page.locator(".auth-btn-wrapper").get_by_role("button", name="Remove authorization").click()
    page.locator(".auth-btn-wrapper").get_by_role("button", name="Close").first.click()
    assert page.evaluate(KEPT) == "[{},{}]"

    authorize(page, "Key of-a-machine")
    expect(padlock(page, "locked")).to_be_visible()
    assert page.evaluate(KEPT) == "[{},{}]"
    page.close()
