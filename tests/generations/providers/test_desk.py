"""What staff see of providers, prices and styles - and what of people's words they do not see."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generations import costs, studio
from generations.engines import Reply, Suggestion, Usage
from generations.models import Generation, ProviderHealth, StylePrompt
from tests.generations.conftest import Give, Start
from tests.generations.engines import painting

pytestmark = pytest.mark.django_db

PROVIDERS = "/admin/generations/providerhealth/"
STYLE = "/admin/generations/styleprompt/english-garden/change/"
PRIVATE = "my neighbour Eustace and his hedge"


@pytest.fixture
def desk(staff: User) -> Client:
    """The staff member's browser."""
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def message(buyer: User, give: Give) -> Generation:
    """A message with everything in it that is nobody else's business."""
    give(buyer, 1)
    message = studio.start_message(user=buyer, form_key=uuid4(), text=PRIVATE)
    lease = studio.take_lease(message.pk)
    assert lease is not None
    proposed = (Suggestion("patio", "english-garden", f"suggested to {PRIVATE}"),)
    studio.finish(lease, Reply(f"About {PRIVATE}", "By rules.", proposed, Usage(40, 25, 17)), engine="pen-1")
    message.refresh_from_db()
    return message


def read(desk: Client, generation: Generation) -> str:
    response = desk.get(reverse("admin:generations_generation_change", args=[generation.pk]))
    assert response.status_code == 200
    return response.content.decode()


class TestAMessage:
    def test_staff_see_what_it_cost_and_none_of_its_words(self, desk: Client, message: Generation) -> None:
        page = read(desk, message)
        assert "pen-1" in page
        assert "$0.0000" in page
        assert "Eustace" not in page

    def test_its_words_are_in_no_list_and_cannot_be_searched_for(self, desk: Client, message: Generation) -> None:
        for path in ("/admin/generations/generation/", PROVIDERS):
            assert "Eustace" not in desk.get(path).content.decode()
        answer = desk.get("/admin/generations/generation/", {"q": "Eustace"})
        assert list(answer.context["cl"].queryset) == []

    def test_no_page_shows_conversations(self, desk: Client) -> None:
        assert desk.get("/admin/generations/conversation/").status_code == 404

    def test_the_words_of_a_design_are_shown_to_answer_questions(
        self, desk: Client, buyer: User, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        assert "Lavender by the door" in read(desk, start(buyer, prompt="Lavender by the door"))


class TestCosts:
    def test_they_are_added_up_by_engine_the_dearest_first(
        self, desk: Client, message: Generation, buyer: User, give: Give, start: Start
    ) -> None:
        give(buyer, 3)
        made, failed, waiting = start(buyer), start(buyer), start(buyer)
        for design in (made, failed):
            assert studio.take_lease(design.pk)
        studio.fail(failed.pk, reason="Declined.", usage=Usage(100, 0, 30), engine="brush-1")
        lease = studio.Lease(made.pk, 1, made.created_at, None)  # type: ignore[arg-type]
        studio.finish(lease, painting(), engine="brush-1")
        assert [(each.engine, each.kind, each.made, each.without_result) for each in costs.of_the_last(30)] == [
            ("brush-1", "Design", 2, 1),
            ("pen-1", "Message", 1, 0),
        ]
        assert [(each.input_tokens, each.microdollars, each.unpriced) for each in costs.of_the_last(30)] == [
            (100, 30, 1),
            (40, 17, 0),
        ]
        assert waiting.ended_at is None
        page = desk.get(PROVIDERS).content.decode()
        assert page.index("brush-1") < page.index("pen-1")

    def test_no_known_price_is_a_dash_and_not_nothing(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        lease = studio.take_lease(start(buyer).pk)
        assert lease is not None
        studio.finish(lease, painting(), engine="brush-1")
        assert [(each.engine, each.unpriced, each.dollars) for each in costs.of_the_last(30)] == [("brush-1", 1, "-")]

    def test_what_was_cancelled_before_anybody_was_asked_is_not_counted(
        self, buyer: User, give: Give, start: Start
    ) -> None:
        give(buyer, 2)
        begun, waiting = start(buyer), start(buyer)
        assert studio.cancel(waiting.pk)
        assert studio.take_lease(begun.pk)
        studio.fail(begun.pk, reason="Nobody answered.")
        assert [(each.engine, each.made, each.without_result) for each in costs.of_the_last(30)] == [("", 1, 1)]

    def test_with_nothing_made_the_page_says_so(self, desk: Client) -> None:
        assert "Nothing was made in this time." in desk.get(PROVIDERS).content.decode()

    def test_an_engines_name_is_shown_as_text(self, desk: Client, message: Generation) -> None:
        Generation.objects.update(engine="<script>alert(1)</script>")
        assert "<script>alert(1)" not in desk.get(PROVIDERS).content.decode()


class TestProviders:
    def test_their_state_is_shown_and_not_changed_by_hand(self, desk: Client) -> None:
        ProviderHealth.objects.create(name="gemini", state="open", failures=5)
        page = desk.get(PROVIDERS).content.decode()
        assert "gemini" in page
        assert "Is left alone" in page
        assert desk.post(f"{PROVIDERS}gemini/change/", {"state": "closed"}).status_code == 403
        assert desk.get(f"{PROVIDERS}add/").status_code == 403


class TestStyles:
    WORDS = {"plants": "Roses", "materials": "Brick", "structure": "A lawn", "keep": "The house"}

    def test_staff_edit_their_words(self, desk: Client) -> None:
        assert desk.post(STYLE, self.WORDS).status_code == 302
        assert StylePrompt.objects.get(pk="english-garden").plants == "Roses"

    @pytest.mark.parametrize(
        "change",
        [{"plants": ""}, {"keep": "x" * 1001}, {"materials": "Brick\u202e"}, {"structure": "A lawn\x00"}],
    )
    def test_what_would_not_read_as_typed_is_refused(self, desk: Client, change: dict[str, str]) -> None:
        before = StylePrompt.objects.get(pk="english-garden").updated_at
        assert desk.post(STYLE, {**self.WORDS, **change}).status_code == 200
        assert StylePrompt.objects.get(pk="english-garden").updated_at == before

    def test_none_is_added_or_deleted_or_moved_to_another_style(self, desk: Client) -> None:
        assert desk.get("/admin/generations/styleprompt/add/").status_code == 403
        assert desk.post(STYLE.replace("change", "delete"), {"post": "yes"}).status_code == 403
        desk.post(STYLE, {**self.WORDS, "style": "japanese-zen"})
        assert StylePrompt.objects.count() == 5
        assert StylePrompt.objects.get(pk="japanese-zen").plants != "Roses"

    def test_a_customer_sees_none_of_this(self, client: Client, buyer: User, settings: Any) -> None:
        client.force_login(buyer)
        for path in (PROVIDERS, STYLE):
            assert client.get(path).status_code in {302, 403}
