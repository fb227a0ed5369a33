"""A line of the statement leads to what was paid for, as long as that can be seen."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from generations import conversations, erasure, studio
from generations.models import Generation
from tests.generations.conftest import Finished, Give, Start, address, text

pytestmark = pytest.mark.django_db

STATEMENT = "/tokens/"


def asked(user: User, give: Give) -> Generation:
    """A message that waits for its reply."""
    give(user, 1)
    return studio.start_message(user=user, form_key=uuid4(), text="Which roses like shade?")


class TestALine:
    def test_of_a_design_leads_to_it(self, buyer: User, shop: Client, finished: Finished) -> None:
        generation = finished(buyer)
        assert f'<a class="line-what" href="{address("generation", generation)}">' in text(shop.get(STATEMENT))
        assert shop.get(address("generation", generation)).status_code == 200

    def test_of_what_came_back_leads_there_too(self, buyer: User, shop: Client, give: Give, start: Start) -> None:
        give(buyer, 1)
        generation = start(buyer)
        studio.fail(generation.pk, reason="It cannot be drawn.")
        assert text(shop.get(STATEMENT)).count(f'href="{address("generation", generation)}"') == 2

    def test_of_a_message_leads_to_its_conversation(self, buyer: User, shop: Client, give: Give) -> None:
        message = asked(buyer, give)
        place = address("message", message).replace("generations/", "")
        assert f'<a class="line-what" href="{place}">' in text(shop.get(STATEMENT))
        assert shop.get(place).headers["Location"].startswith(f"/chat/{message.conversation_id}/")

    def test_of_a_deleted_design_stays_and_leads_nowhere(self, buyer: User, shop: Client, finished: Finished) -> None:
        generation = finished(buyer, prompt="a secret garden")
        erasure.erase_design(buyer.pk, generation.pk)
        page = text(shop.get(STATEMENT))
        assert '<span class="line-what">English Garden, front yard</span>' in page
        assert str(generation.pk) not in page
        assert "secret" not in page

    def test_of_a_deleted_message_stays_and_leads_nowhere(self, buyer: User, shop: Client, give: Give) -> None:
        message = asked(buyer, give)
        studio.cancel(message.pk)
        assert message.conversation_id is not None
        conversations.delete(buyer.pk, message.conversation_id)
        page = text(shop.get(STATEMENT))
        assert '<span class="line-what">Message to the assistant</span>' in page
        assert str(message.pk) not in page


@pytest.mark.parametrize("count", [1, 12])
def test_one_question_asks_for_all_of_a_page(buyer: User, shop: Client, give: Give, start: Start, count: int) -> None:
    give(buyer, count)
    for _ in range(count):
        start(buyer)
    with CaptureQueriesContext(connection) as queries:
        response = shop.get(STATEMENT)
    assert sum(bool(line.address) for line in response.context["page"].rows) == count
    assert len(queries) == 4
