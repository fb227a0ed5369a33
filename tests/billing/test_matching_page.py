"""The admin page of what does not match: what each click will do, and what it does."""

from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from billing import matching
from billing.models import Difference, Refund
from tests.billing.test_matching import STATES, Kind, _nothing_is_delivered, charge, listed, walk  # noqa: F401 - fixture
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


class TestTheAdminPage:
    @pytest.fixture
    def difference(self, buyer: User) -> Difference:
        charge(buyer)
        walk()
        return Difference.objects.get()

    def test_it_lists_the_open_ones_first(self, desk: Client, difference: Difference, staff: User) -> None:
        settled = Difference.objects.create(kind=Kind.PAID_TWICE, subject="pi_settled", detail="x")
        matching.settle(settled, outcome="Done", by=staff)
        page = desk.get("/admin/billing/difference/").content.decode()
        assert "Payments that do not match" in page
        assert page.index(difference.subject) < page.index("pi_settled")

    def test_it_says_what_each_click_will_do(self, desk: Client, difference: Difference) -> None:
        page = desk.get(f"/admin/billing/difference/{difference.pk}/change/").content.decode()
        assert ("Refund this payment" in page, "This cannot be taken back" in page, "Give the tokens" in page) == (
            True,
            True,
            False,
        )

    def test_a_refund_is_shown_before_it_is_made(self, desk: Client, difference: Difference) -> None:
        answer = desk.post(f"/admin/billing/difference/{difference.pk}/repair/", {"order": "refund"})
        page = " ".join(answer.content.decode().split())
        assert "Given back now</th><td>$10.00</td>" in page
        assert "This cannot be taken back." in page
        assert (len(listed()), Refund.objects.count()) == (1, 0)

    def test_a_refund_that_was_confirmed_with_a_reason_is_made_and_logged(
        self, desk: Client, difference: Difference
    ) -> None:
        confirmed = {"order": "refund", "confirm": "", "reason": "Nobody bought this."}
        answer = desk.post(f"/admin/billing/difference/{difference.pk}/repair/", confirmed)
        assert (answer.status_code, listed()) == (302, [])
        logged = LogEntry.objects.get().change_message
        assert ("$10.00 refunded" in logged, "Nobody bought this." in logged) == (True, True)

    @pytest.mark.parametrize("reason", ["", "oops", "Turned \u202e around"])
    def test_a_refund_without_a_plain_reason_is_not_made(
        self, desk: Client, difference: Difference, reason: str
    ) -> None:
        confirmed = {"order": "refund", "confirm": "", "reason": reason}
        answer = desk.post(f"/admin/billing/difference/{difference.pk}/repair/", confirmed)
        assert (answer.status_code, len(listed()), Refund.objects.count()) == (422, 1, 0)

    def test_the_list_shows_the_open_or_the_settled_ones(
        self, desk: Client, difference: Difference, staff: User
    ) -> None:
        settled = Difference.objects.create(kind=Kind.PAID_TWICE, subject="pi_settled", detail="x")
        matching.settle(settled, outcome="Done", by=staff)
        pages = [desk.get("/admin/billing/difference/", query).content.decode() for query in STATES]
        found = [(difference.subject in page, "pi_settled" in page) for page in pages]
        assert found == [(True, True), (True, False), (False, True)]

    def test_a_note_settles_it_for_good_while_the_very_same_is_found(
        self, desk: Client, difference: Difference
    ) -> None:
        address = f"/admin/billing/difference/{difference.pk}/settle/"
        desk.post(address, {"note": "  "})
        desk.post(address, {"note": "A \u202egift."})
        assert listed() == [(difference.kind, difference.subject)]
        desk.post(address, {"note": "A gift."})
        assert (walk().run.differing, listed()) == (0, [])
        assert Difference.objects.get().outcome == "A gift."

    def test_nothing_is_repaired_by_get_or_without_the_permission(
        self, client: Client, difference: Difference, staff: User
    ) -> None:
        onlooker = User.objects.create_user("onlooker@example.com", "a-long-passphrase", is_staff=True)
        onlooker.user_permissions.set(Permission.objects.filter(codename="view_difference"))
        address = f"/admin/billing/difference/{difference.pk}/repair/"
        client.force_login(onlooker)
        assert client.post(address, {"order": "compare"}).status_code == 403
        assert (
            "What can be done" not in client.get(f"/admin/billing/difference/{difference.pk}/change/").content.decode()
        )
        onlooker.user_permissions.add(Permission.objects.get(codename="repair_difference"))
        assert client.post(address, {"order": "refund"}).status_code == 403
        assert client.post(address, {"order": "compare"}).status_code == 302
        client.force_login(staff)
        assert client.get(address).status_code == 405
        assert listed() == [(difference.kind, difference.subject)]

    def test_an_address_that_is_none_of_a_difference_leads_home(self, desk: Client) -> None:
        for key in ("nonsense", uuid4()):
            assert desk.get(f"/admin/billing/difference/{key}/change/").status_code == 302

    def test_while_stripe_is_away_it_says_so(
        self, desk: Client, difference: Difference, sandbox: SandboxProcess
    ) -> None:
        sandbox.control("faults", {"kind": "down", "calls": 50})
        answer = desk.post(f"/admin/billing/difference/{difference.pk}/repair/", {"order": "refund"}, follow=True)
        sandbox.control("faults", {})
        assert ("Stripe does not answer" in answer.content.decode(), len(listed())) == (True, 1)
