"""The pages to which mails link."""

import re

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/password/reset/", "/email/verify/"])
def test_a_page_needs_no_log_in_and_has_no_script_or_style_of_its_own(path):
    """So it lives with the strictest content security policy."""
    response = Client().get(path)

    page = response.content.decode()
    assert response.status_code == 200
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", page)
    assert "no-store" in response["Cache-Control"]
    assert set(re.findall(r'(?:src|href|data-api)="([^"]+)"', page)) <= {
        *("/static/accounts/page.css", "/static/accounts/page.js"),
        *("/api/password/reset/", "/api/password/reset/confirm/", "/api/email/verify/"),
        "/password/reset/",
    }


@pytest.mark.django_db
def test_the_log_in_of_the_admin_leads_to_it():
    assert 'href="/password/reset/"' in Client().get("/admin/login/").content.decode()
