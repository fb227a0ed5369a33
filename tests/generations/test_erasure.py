"""Deleting a design: words and pictures are gone for good, what was charged stays, and nothing else is touched."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from accounts.models import User
from generations import erasure, photos, studio, tasks
from generations.models import Generation, Photo
from tests.generations.conftest import Finished, Give, Start, address, finish, held, signed_in, text
from tests.generations.engines import painting
from tests.generations.photos.samples import encoded, upload
from tokens.models import TokenTransaction

pytestmark = pytest.mark.django_db


@pytest.fixture
def photo(buyer: User) -> Photo:
    """A photo of the buyer's yard."""
    return photos.keep(buyer, photos.read(upload(encoded("JPEG"))))


@pytest.fixture
def ordered(buyer: User, give: Give) -> list[Generation]:
    """Two designs ordered together and waiting."""
    give(buyer, 2)
    return studio.start_designs(
        user=buyer, form_key=uuid4(), areas=["patio", "walkway"], style="english-garden", prompt="a secret garden"
    )


def removals() -> list[list[str]]:
    """The files that each waiting job will remove."""
    jobs = ProcrastinateJob.objects.filter(task_name=erasure.REMOVE_TASK).order_by("pk")
    return [job.args["names"] for job in jobs]


def remove_all() -> None:
    for names in removals():
        tasks.remove_files(names)


def files_of(generation: Generation) -> list[str]:
    return [str(generation.image), str(generation.thumbnail)]


def order_delete(order_id: UUID | None) -> str:
    return reverse("generations:order-delete", args=[order_id])


class TestErasingADesign:
    def test_words_and_pictures_go_and_the_books_stay(self, buyer: User, photo: Photo, finished: Finished) -> None:
        generation = finished(buyer, prompt="a secret garden", photo=photo)
        booked = list(TokenTransaction.objects.values())
        assert erasure.erase_design(buyer.pk, generation.pk) is True
        gone = Generation.objects.get(pk=generation.pk)
        assert (gone.prompt, gone.alt_text, gone.note, gone.reply) == ("", "", "", "")
        assert (str(gone.image), str(gone.thumbnail), gone.photo_id) == ("", "", None)
        assert gone.deleted_at is not None
        assert (gone.state, gone.cost, gone.source, gone.charge_id) == ("succeeded", 1, "token", generation.charge_id)
        assert list(TokenTransaction.objects.values()) == booked
        assert held(buyer) == (0, 0)

    def test_not_a_word_of_it_is_left_anywhere_in_its_row(self, buyer: User, finished: Finished) -> None:
        generation = finished(buyer, prompt="a secret garden")
        erasure.erase_design(buyer.pk, generation.pk)
        with connection.cursor() as cursor:
            cursor.execute("SELECT generations_generation::text FROM generations_generation")
            (row,) = cursor.fetchone()
        for word in ("secret", "one pixel", "Painted for a test", "generations/", ".webp"):
            assert word not in row

    def test_a_job_removes_its_files_and_no_others(self, buyer: User, finished: Finished) -> None:
        generation, other = finished(buyer), finished(buyer)
        erasure.erase_design(buyer.pk, generation.pk)
        assert removals() == [files_of(generation)]
        assert all(map(default_storage.exists, files_of(generation)))
        remove_all()
        assert not any(map(default_storage.exists, files_of(generation)))
        assert all(map(default_storage.exists, files_of(other)))

    def test_the_photo_stays_with_the_designs_that_still_use_it(
        self, buyer: User, photo: Photo, finished: Finished
    ) -> None:
        generation, other = finished(buyer, photo=photo), finished(buyer, photo=photo)
        erasure.erase_design(buyer.pk, generation.pk)
        remove_all()
        other.refresh_from_db()
        assert other.photo_id == photo.pk
        assert default_storage.exists(str(photo.image))

    def test_a_failed_one_keeps_its_refund(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        generation = start(buyer, prompt="a secret garden")
        studio.fail(generation.pk, reason="It cannot be drawn.")
        assert erasure.erase_design(buyer.pk, generation.pk) is True
        gone = Generation.objects.get(pk=generation.pk)
        assert (gone.state, gone.prompt, gone.refund_id is not None) == ("failed", "", True)
        assert (held(buyer), removals()) == ((1, 0), [])

    def test_the_second_time_changes_nothing(self, buyer: User, finished: Finished) -> None:
        generation = finished(buyer)
        erasure.erase_design(buyer.pk, generation.pk)
        first = Generation.objects.values().get(pk=generation.pk)
        assert erasure.erase_design(buyer.pk, generation.pk) is False
        assert Generation.objects.values().get(pk=generation.pk) == first
        assert len(removals()) == 1

    def test_a_stranger_erases_nothing(self, buyer: User, stranger: User, finished: Finished) -> None:
        generation = finished(buyer, prompt="roses")
        assert erasure.erase_design(stranger.pk, generation.pk) is False
        assert Generation.objects.get(pk=generation.pk).prompt == "roses"
        assert removals() == []

    def test_one_that_has_not_ended_is_left_to_end(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 2)
        queued, running = start(buyer, prompt="roses"), start(buyer, prompt="roses")
        studio.take_lease(running.pk)
        for generation in (queued, running):
            with pytest.raises(erasure.StillBeingMade):
                erasure.erase_design(buyer.pk, generation.pk)
        assert set(Generation.objects.values_list("prompt", "deleted_at")) == {("roses", None)}

    def test_a_deleted_one_is_not_tried_again(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        generation = start(buyer)
        studio.fail(generation.pk, reason="Over.")
        erasure.erase_design(buyer.pk, generation.pk)
        generation.refresh_from_db()
        with pytest.raises(studio.NothingToRetry):
            studio.retry(generation)
        assert held(buyer) == (1, 0)

    def test_a_message_is_not_a_design(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        message = studio.start_message(user=buyer, form_key=uuid4(), text="Which roses like shade?")
        studio.cancel(message.pk)
        assert erasure.erase_design(buyer.pk, message.pk) is False


class TestErasingAnOrder:
    def test_all_of_it_goes_in_one_step_with_one_job(self, buyer: User, ordered: list[Generation]) -> None:
        made = [finish(design, painting()) for design in ordered]
        assert erasure.erase_order(buyer.pk, ordered[0].order_id or uuid4()) == 2
        assert not Generation.objects.filter(deleted_at=None).exists()
        assert [sorted(names) for names in removals()] == [sorted(files_of(made[0]) + files_of(made[1]))]

    def test_with_one_that_has_not_ended_none_of_it_goes(self, buyer: User, ordered: list[Generation]) -> None:
        finish(ordered[0], painting())
        with pytest.raises(erasure.StillBeingMade):
            erasure.erase_order(buyer.pk, ordered[0].order_id or uuid4())
        assert Generation.objects.filter(deleted_at=None, prompt="a secret garden").count() == 2
        assert removals() == []

    def test_a_strangers_order_of_the_same_id_stays(
        self, buyer: User, stranger: User, give: Give, ordered: list[Generation]
    ) -> None:
        order_id = ordered[0].order_id
        assert order_id is not None
        give(stranger, 1)
        own = studio.start_designs(user=stranger, form_key=order_id, areas=["patio"], style="japanese-zen", prompt="")
        finish(own[0], painting())
        assert erasure.erase_order(stranger.pk, order_id) == 1
        assert Generation.objects.filter(user=buyer, deleted_at=None).count() == 2


class TestTheFiles:
    def test_those_that_are_gone_already_are_no_trouble(self, buyer: User, finished: Finished) -> None:
        generation = finished(buyer)
        erasure.erase_design(buyer.pk, generation.pk)
        remove_all()
        remove_all()

    def test_while_the_storage_is_away_the_job_is_tried_again_and_again(
        self, buyer: User, finished: Finished, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        erasure.erase_design(buyer.pk, finished(buyer).pk)
        names = removals()[0]

        def refuse(*_: Any) -> None:
            raise TimeoutError("The storage does not answer.")

        with monkeypatch.context() as patch:
            patch.setattr(type(default_storage._wrapped), "delete", refuse)  # type: ignore[attr-defined]
            with pytest.raises(TimeoutError) as error:
                tasks.remove_files(names)
        for attempts in (0, 10, 1000):
            job = Job(id=1, lock=None, queueing_lock=None, task_name=erasure.REMOVE_TASK, queue="x", attempts=attempts)
            assert tasks.remove_files.get_retry_exception(error.value, job) is not None
        tasks.remove_files(names)
        assert not any(map(default_storage.exists, names))


class TestThePages:
    def test_the_question_shows_what_would_go_and_erases_nothing(
        self, buyer: User, shop: Client, finished: Finished
    ) -> None:
        generation = finished(buyer, prompt="roses")
        page = text(shop.get(address("delete", generation)))
        assert "Delete this design?" in page
        assert f'src="{address("thumbnail", generation)}"' in page
        assert 'What was charged stays in your <a href="/tokens/">statement</a>' in page
        assert f'href="{address("generation", generation)}">Keep it</a>' in page
        assert Generation.objects.get().prompt == "roses"

    def test_the_answer_erases_and_says_so_in_the_gallery(self, buyer: User, shop: Client, finished: Finished) -> None:
        generation = finished(buyer)
        response = shop.post(address("delete", generation))
        assert (response.status_code, response.headers["Location"]) == (303, "/generations/")
        page = text(shop.get("/generations/"))
        assert "The design was deleted." in page
        assert str(generation.pk) not in page

    def test_a_second_click_is_answered_as_calmly(self, buyer: User, shop: Client, finished: Finished) -> None:
        generation = finished(buyer)
        assert [shop.post(address("delete", generation)).status_code for _ in range(2)] == [303, 303]
        assert len(removals()) == 1

    @pytest.mark.parametrize("name", ["generation", "status", "image", "thumbnail", "delete"])
    def test_afterwards_none_of_its_pages_exists(
        self, buyer: User, shop: Client, finished: Finished, name: str
    ) -> None:
        generation = finished(buyer)
        assert shop.get(address(name, generation)).status_code == 200
        shop.post(address("delete", generation))
        assert shop.get(address(name, generation)).status_code == 404
        assert shop.get(f"/generate/?from={generation.pk}").status_code == 404

    @pytest.mark.parametrize("taken", [False, True])
    def test_before_the_end_it_says_what_to_do_instead(
        self, buyer: User, shop: Client, give: Give, start: Start, taken: bool
    ) -> None:
        give(buyer, 1)
        generation = start(buyer)
        if taken:
            studio.take_lease(generation.pk)
        question, answer = shop.get(address("delete", generation)), shop.post(address("delete", generation))
        assert (question.status_code, answer.status_code) == (200, 409)
        for page in map(text, (question, answer)):
            assert "It is not finished yet. Cancel what still waits, or come back when it is done" in page
            assert "Delete for good" not in page
        assert Generation.objects.get().deleted_at is None

    def test_it_leads_to_the_whole_order(self, shop: Client, ordered: list[Generation]) -> None:
        for design in ordered:
            finish(design, painting())
        place = order_delete(ordered[0].order_id)
        assert f'href="{place}">Delete the whole order instead</a>' in text(shop.get(address("delete", ordered[0])))
        assert "Delete these 2 designs?" in text(shop.get(place))
        assert [shop.post(place).status_code for _ in range(2)] == [303, 303]
        assert shop.get(place).status_code == 404
        assert "No designs yet" in text(shop.get("/generations/"))

    def test_an_order_that_is_not_all_done_stays_whole(self, shop: Client, ordered: list[Generation]) -> None:
        finish(ordered[0], painting())
        answer = shop.post(order_delete(ordered[0].order_id))
        assert (answer.status_code, "1 of them is not finished yet." in text(answer)) == (409, True)
        assert Generation.objects.filter(deleted_at=None).count() == 2

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_for_a_stranger_none_of_it_exists(self, stranger: User, ordered: list[Generation], method: str) -> None:
        for design in ordered:
            finish(design, painting())
        client = signed_in(stranger)
        for place in (address("delete", ordered[0]), order_delete(ordered[0].order_id)):
            assert getattr(client, method)(place).status_code == 404
        assert Generation.objects.filter(deleted_at=None).count() == 2

    def test_a_form_from_another_site_is_refused(self, buyer: User, finished: Finished) -> None:
        generation = finished(buyer)
        client = Client(enforce_csrf_checks=True)
        client.force_login(buyer)
        assert client.post(address("delete", generation)).status_code == 403
        assert Generation.objects.get().deleted_at is None

    def test_staff_see_that_it_was_deleted_and_nothing_of_it(
        self, buyer: User, staff: User, shop: Client, finished: Finished
    ) -> None:
        generation = finished(buyer, prompt="a secret garden")
        desk = signed_in(staff)
        place = reverse("admin:generations_generation_change", args=[generation.pk])
        assert "a secret garden" in text(desk.get(place))
        shop.post(address("delete", generation))
        page = text(desk.get(place))
        assert "secret" not in page
        assert "one pixel" not in page
        assert "Deleted at:" in page
