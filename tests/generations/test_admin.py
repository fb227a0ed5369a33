import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generations.models import Generation
from tests.generations.conftest import Give, Start, finish
from tests.generations.engines import painting

pytestmark = pytest.mark.django_db

LIST = "/admin/generations/generation/"


@pytest.fixture
def desk(staff: User) -> Client:
    """The staff member's browser."""
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def design(buyer: User, give: Give, start: Start) -> Generation:
    give(buyer, 1)
    return start(buyer, prompt="Lavender")


def found(desk: Client, words: str) -> list[Generation]:
    return list(desk.get(LIST, {"q": words}).context["cl"].queryset)


class TestStaff:
    def test_find_a_design_by_address_and_by_id(self, desk: Client, design: Generation) -> None:
        for words in ("buyer@example.com", "BUYER@example.com", str(design.pk), str(design.job_id)):
            assert found(desk, words) == [design]
        for words in ("stranger@example.com", "buyer", "Lavender", "not an id"):
            assert found(desk, words) == []

    def test_read_one(self, desk: Client, design: Generation) -> None:
        response = desk.get(reverse("admin:generations_generation_change", args=[design.pk]))
        assert response.status_code == 200
        assert 'name="_save"' not in response.content.decode()

    def test_read_the_name_of_its_file_which_is_no_link(self, desk: Client, design: Generation) -> None:
        finished = finish(design, painting())
        page = desk.get(reverse("admin:generations_generation_change", args=[design.pk])).content.decode()
        assert str(finished.image) in page
        assert f'{finished.image}"' not in page  # in no attribute, so nowhere to click

    @pytest.mark.parametrize("name", ["change", "delete"])
    def test_change_nothing(self, desk: Client, design: Generation, name: str) -> None:
        response = desk.post(reverse(f"admin:generations_generation_{name}", args=[design.pk]), {"state": "failed"})
        assert response.status_code == 403
        design.refresh_from_db()
        assert design.state == "queued"

    def test_add_nothing(self, desk: Client) -> None:
        assert desk.get(reverse("admin:generations_generation_add")).status_code == 403
