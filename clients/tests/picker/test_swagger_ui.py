"""The other page that a newcomer opens: Swagger UI, with a token in either form."""

import pytest

from clients.tests.tools import sync_api

expect = sync_api().expect


@pytest.mark.parametrize("form", ["Bearer {}", "{}", "bearer {}"])
def test_a_token_is_taken_with_the_word_bearer_and_without(api, site, browser, form):
    customer = api.new_customer()
    page = browser.new_page()
    page.goto(f"{site}/swagger/")
    page.get_by_role("button", name="Authorize").first.click()
    page.get_by_label("Value:").fill(form.format(customer["access"]))
    page.locator(".auth-btn-wrapper").get_by_role("button", name="Apply credentials").click()
    page.locator(".auth-btn-wrapper").get_by_role("button", name="Close").click()

    account = page.locator("#operations-Accounts-getAccount")
    account.click()
    account.get_by_role("button", name="Try it out").click()
    account.get_by_role("button", name="Execute").click()

    answer = account.locator(".live-responses-table")
    expect(answer.locator(".response-col_status").last).to_contain_text("200")
    expect(answer).to_contain_text(customer["name"])
    page.close()
