"""While a reply is waited for: shown as it grows, announced once at the end, cancelled before it is begun."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from generations import studio
from generations.models import Generation
from tests.generations.chat.conftest import (
    HTMX,
    address,
    answered,
    begun,
    failed,
    page,
    poll,
    sent,
    signed_in,
    source,
    text,
    the_conversation,
)
from tests.generations.conftest import Give, held

pytestmark = pytest.mark.django_db


class TestWhileTheReplyIsWaitedFor:
    def test_the_page_asks_again_with_and_without_javascript(self, shop: Client, message: Generation) -> None:
        path = address("conversation", the_conversation(message))
        shown = source(shop.get(path))
        assert f'hx-get="{address("message-status", message)}?shown=queued.0.0" hx-trigger="every 600ms"' in shown
        again = (
            rf'<noscript><meta http-equiv="refresh" content="3; url={path}\?at=\d+#message-{message.pk}"></noscript>'
        )
        assert re.search(again, shown)

    def test_it_tells_how_many_are_before(self, buyer: User, stranger: User, shop: Client, give: Give) -> None:
        give(stranger, 1)
        give(buyer, 1)
        sent(stranger)
        message = sent(buyer)
        assert "1 message will be answered before yours." in text(poll(shop, message, ""))

    def test_while_nothing_changes_it_answers_with_nothing(self, shop: Client, message: Generation) -> None:
        assert poll(shop, message, "queued.0.0").status_code == 204
        begun(message)
        assert poll(shop, message, "queued.0.0").status_code == 200
        assert poll(shop, message, "running.0.0").status_code == 204

    def test_the_reply_is_shown_as_it_grows(self, shop: Client, message: Generation) -> None:
        lease = begun(message)
        shown = "running.0.0"
        for words in ("Plant", "Plant in", "Plant in autumn"):
            studio.tell(lease, words)
            response = poll(shop, message, shown)
            assert f'dir="auto">{words}</p>' in source(response)
            assert "HX-Trigger" not in response.headers
            assert "chat-news" not in source(response)
            shown = source(response).partition("?shown=")[2].partition('"')[0]
            assert poll(shop, message, shown).status_code == 204

    def test_what_was_said_is_gone_when_it_failed(self, buyer: User, shop: Client, message: Generation) -> None:
        studio.tell(begun(message), "Plant in")
        failed(message)
        assert "Plant in" not in text(page(shop, message))
        assert held(buyer) == (1, 0)

    def test_at_the_end_it_stops_says_so_once_and_refreshes_the_balance(
        self, shop: Client, message: Generation
    ) -> None:
        answered(message)
        response = poll(shop, message, "running.0.0")
        assert response.headers["HX-Trigger"] == "balance-changed"
        assert "hx-trigger" not in source(response)
        news = '<p id="chat-news" hx-swap-oob="innerHTML">The assistant has answered.</p>'
        assert news in source(response)
        assert source(page(shop, message)).count("The assistant has answered.") == 0
        assert "http-equiv" not in source(page(shop, message))

    def test_a_failure_is_told_with_what_came_back(self, shop: Client, message: Generation) -> None:
        failed(message)
        shown = source(poll(shop, message, "running.0.0"))
        assert "No reply came. Nobody knows. 1 token returned.</p>" in shown
        assert f'id="retry-{message.pk}">Try again - 1 token</button>' in shown

    def test_it_writes_nothing(self, shop: Client, message: Generation) -> None:
        with CaptureQueriesContext(connection) as queries:
            poll(shop, message, "")
        assert [query["sql"].split()[0] for query in queries.captured_queries] == ["SELECT"] * 4

    def test_signed_out_it_is_told_to_stop(self, client: Client, message: Generation) -> None:
        response = poll(client, message, "queued.0.0")
        assert response.status_code == 286
        assert "You are signed out." in text(response)


class TestCancelling:
    def test_it_gives_the_token_back(self, buyer: User, shop: Client, message: Generation) -> None:
        assert 'id="cancel-' in source(page(shop, message))
        assert shop.post(address("message-cancel", message)).status_code == 303
        assert "You cancelled it before it was begun. 1 token returned." in text(page(shop, message))
        assert held(buyer) == (1, 0)

    def test_twice_gives_it_back_once(self, buyer: User, shop: Client, message: Generation) -> None:
        for headers in ({}, HTMX, HTMX):
            shop.post(address("message-cancel", message), headers=headers)
        assert held(buyer) == (1, 0)

    def test_too_late_it_says_so_and_goes_on(self, buyer: User, shop: Client, message: Generation) -> None:
        begun(message)
        response = shop.post(address("message-cancel", message), headers=HTMX)
        assert "It is being answered already, so it cannot be cancelled any more." in text(response)
        assert held(buyer) == (0, 0)

    def test_somebody_elses_is_not_found(self, buyer: User, stranger: User, message: Generation) -> None:
        assert signed_in(stranger).post(address("message-cancel", message)).status_code == 404
        assert held(buyer) == (0, 0)
