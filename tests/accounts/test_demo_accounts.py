"""The demo accounts of a laptop."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from tests.accounts.journeys import sign_in
from tokens import balance


def run(**options: Any) -> str:
    out = StringIO()
    call_command("create_demo_accounts", stdout=out, **options)
    return out.getvalue()


@pytest.mark.usefixtures("db")
class TestDemoAccounts:
    def test_can_sign_in_and_try(self, client: Client) -> None:
        run(buyer_password="garden-buyer-1", staff_password="garden-staff-1")
        assert sign_in(client, "buyer@example.com", "garden-buyer-1").headers["Location"] == "/generate/"
        assert balance.read(User.objects.get(email="buyer@example.com")).trial_balance == 3
        rights = User.objects.values_list("email", "is_staff", "is_superuser").order_by("email")
        assert list(rights) == [("buyer@example.com", False, False), ("staff@example.com", True, True)]

    def test_keep_their_passwords_at_the_second_run(self) -> None:
        run(buyer_password="garden-buyer-1", staff_password="garden-staff-1")
        said = run(buyer_password="other-password", staff_password="other-password")
        assert said.count("exists, password unchanged") == 2
        assert User.objects.get(email="buyer@example.com").check_password("garden-buyer-1")
        assert balance.read(User.objects.get(email="buyer@example.com")).trial_balance == 3

    def test_get_passwords_nobody_knows_when_none_is_given(self) -> None:
        said = run()
        first, second = (line.rsplit(" ", 1)[1] for line in said.splitlines())
        assert first != second
        assert User.objects.get(email="buyer@example.com").check_password(first)
        assert User.objects.get(email="staff@example.com").check_password(second)

    @pytest.mark.parametrize("address", ["https://shop.example.com", "http://localhost.example.com"])
    def test_are_refused_where_the_public_comes(self, address: str, settings: Any) -> None:
        settings.SITE_URL = address
        with pytest.raises(CommandError, match=f"SITE_URL is {address}"):
            run()
        assert not User.objects.exists()
