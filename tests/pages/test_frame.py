"""What every page has: one heading, a way around, a strict policy that its own markup keeps, and polite errors."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages import get_messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views import defaults

from accounts.models import User
from config.busy import busy
from config.pages import csrf_failure

PUBLIC = ["/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/nowhere/"]
OWN = ["/tokens/", "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/logout/"]
INLINE = re.compile(
    r"""<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle\s*=|\son[a-z]+\s*=\s*["']|javascript:"""
)


def assert_well_made(answer: Any) -> str:
    text: str = answer.content.decode()
    assert len(re.findall(r"<h1[\s>]", text)) == 1
    assert len(re.findall(r"<main[\s>]", text)) == 1
    assert re.search(r"<title>\s*\S", text)
    assert 'class="skip-link" href="#main"' in text
    assert INLINE.findall(text) == []
    return text


class TestEveryPage:
    @pytest.mark.parametrize("address", PUBLIC)
    def test_of_the_public_part_is_well_made(self, address: str, client: Client, db: None) -> None:
        text = assert_well_made(client.get(address))
        assert 'href="/accounts/login/"' in text
        assert 'class="balance"' not in text

    @pytest.mark.parametrize("address", [*OWN, "/"])
    def test_of_a_person_is_well_made(self, address: str, client: Client, buyer: User) -> None:
        client.force_login(buyer)
        text = assert_well_made(client.get(address, follow=True))
        assert 'class="balance"' in text
        assert buyer.email in text
        assert "/admin/" not in text

    def test_shows_staff_the_way_to_their_pages(self, client: Client, staff: User) -> None:
        client.force_login(staff)
        assert 'href="/admin/"' in client.get("/tokens/").content.decode()

    @pytest.mark.parametrize("address", [*PUBLIC, *OWN])
    def test_sends_a_strict_policy(self, address: str, client: Client, buyer: User) -> None:
        client.force_login(buyer)
        policy = client.get(address, follow=True).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy

    def test_marks_where_one_is(self, client: Client, buyer: User) -> None:
        client.force_login(buyer)
        text = client.get("/tokens/").content.decode()
        assert re.findall(r'<a href="([^"]+)"\s+aria-current="page"', text) == ["/tokens/"]


class TestAMessage:
    @pytest.mark.parametrize(
        ("level", "looks", "role"),
        [
            (25, "notice-ok", "status"),
            (20, "notice-info", "status"),
            (30, "notice-warn", "status"),
            (40, "notice-error", "alert"),
        ],
    )
    def test_is_shown_as_what_it_is(self, level: int, looks: str, role: str) -> None:
        text = render_to_string("_messages.html", {"messages": [Message(level, "<b>Done</b>")]})
        assert f'class="notice {looks}"' in text
        assert f'role="{role}"' in text
        assert "&lt;b&gt;Done&lt;/b&gt;" in text


class TestErrors:
    def request(self) -> HttpRequest:
        request = RequestFactory().get("/anywhere/")
        request.user = AnonymousUser()
        request.session = {}  # type: ignore[assignment]
        return request

    def test_of_ours_promise_that_no_token_was_lost(self) -> None:
        for answer in (defaults.server_error(self.request()), busy(Exception())):
            assert "no token was lost" in assert_well_made(answer)

    def test_need_no_database(self) -> None:
        """No `db` fixture: a query would fail this test."""
        assert [answer.status_code for answer in self.answers()] == [400, 500, 503]

    def answers(self) -> list[HttpResponse]:
        return [
            defaults.bad_request(self.request(), Exception()),
            defaults.server_error(self.request()),
            busy(Exception()),
        ]

    def test_are_pages_like_others(self, client: Client, buyer: User) -> None:
        client.force_login(buyer)
        assert_well_made(client.get("/nowhere/"))
        assert_well_made(csrf_failure(self.request()))
        assert_well_made(defaults.permission_denied(self.request(), Exception()))

    def test_show_no_markup_from_the_address(self, client: Client, db: None) -> None:
        text = client.get("/<script>alert(1)</script>/").content.decode()
        assert "<script>alert" not in text


class TestTheFrontPage:
    def test_offers_the_trial_to_newcomers_and_the_studio_to_members(self, client: Client, buyer: User) -> None:
        assert "Start with 3 free credits" in client.get("/").content.decode()
        client.force_login(buyer)
        text = client.get("/").content.decode()
        assert "Start free" not in text
        assert 'href="/generate/"' in text

    def test_states_prices_and_promises(self, client: Client, db: None) -> None:
        text = client.get("/").content.decode()
        for stated in ("$49", "$349", "Most Popular", "Tokens never expire", "gives your token back", "within 14 days"):
            assert stated in text

    def test_writes_no_cookie_for_a_visitor(self, client: Client, db: None) -> None:
        answer = client.get("/")
        assert "session" not in answer.cookies
        assert [str(message) for message in get_messages(answer.wsgi_request)] == []


class TestSmallFragments:
    def test_of_the_account_menu_sign_out_by_post(self, client: Client, buyer: User) -> None:
        client.force_login(buyer)
        text = client.get("/tokens/").content.decode()
        assert f'<form method="post" action="{reverse("account_logout")}">' in text
