"""People in the admin: found by address, closed by staff, raised by superusers only."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User

PEOPLE = reverse("admin:accounts_user_changelist")


def page_of(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])


@pytest.fixture
def support(db: None) -> User:
    """Staff with every permission there is, but no superuser."""
    user = User.objects.create_user("support@example.com", "a-long-passphrase", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    return user


@pytest.fixture
def superuser(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


@pytest.fixture
def helper(client: Client, support: User) -> Client:
    client.force_login(support)
    return client


class TestPeople:
    def test_are_found_by_a_part_of_their_address(self, superuser: Client, buyer: User, stranger: User) -> None:
        answer = superuser.get(PEOPLE, {"q": "BUY"})
        assert [user.email for user in answer.context["cl"].queryset] == ["buyer@example.com"]

    def test_show_no_password(self, superuser: Client, buyer: User) -> None:
        text = superuser.get(page_of(buyer)).content.decode()
        assert buyer.password not in text
        assert 'name="password"' not in text

    @pytest.mark.parametrize("lookup", ["password__startswith", "password", "password__contains"])
    def test_are_not_listed_by_their_password(self, lookup: str, superuser: Client, buyer: User) -> None:
        assert superuser.get(PEOPLE, {lookup: "md5"}).status_code == 400

    def test_are_made_by_superusers_one_per_address(self, superuser: Client, buyer: User) -> None:
        fields = {"usable_password": "true", "password1": "a-long-passphrase", "password2": "a-long-passphrase"}
        add = reverse("admin:accounts_user_add")
        assert superuser.post(add, {"email": "made@example.com", **fields}).status_code == 302
        twice = superuser.post(add, {"email": "BUYER@example.com", **fields})
        assert "Somebody already has this address." in twice.content.decode()
        assert User.objects.filter(email__iexact="buyer@example.com").count() == 1
        assert User.objects.get(email="made@example.com").check_password("a-long-passphrase")

    def test_are_never_deleted(self, superuser: Client, buyer: User) -> None:
        assert (
            superuser.post(reverse("admin:accounts_user_delete", args=[buyer.pk]), {"post": "yes"}).status_code == 403
        )
        superuser.post(PEOPLE, {"action": "delete_selected", "_selected_action": str(buyer.pk), "post": "yes"})
        assert User.objects.filter(pk=buyer.pk).exists()

    def test_keep_the_address_they_proved(self, superuser: Client, buyer: User) -> None:
        superuser.post(page_of(buyer), {"email": "other@example.com", "is_active": "on"})
        buyer.refresh_from_db()
        assert buyer.email == "buyer@example.com"

    def test_get_a_new_password_from_superusers(self, superuser: Client, buyer: User) -> None:
        superuser.post(
            reverse("admin:auth_user_password_change", args=[buyer.pk]),
            {"usable_password": "true", "password1": "a-new-passphrase", "password2": "a-new-passphrase"},
        )
        buyer.refresh_from_db()
        assert buyer.check_password("a-new-passphrase")


class TestStaffWhoAreNotSuperusers:
    RISE = {"is_active": "on", "is_staff": "on", "is_superuser": "on"}

    def rights(self, user: User) -> tuple[Any, ...]:
        user.refresh_from_db()
        return user.is_active, user.is_staff, user.is_superuser, user.groups.count(), user.user_permissions.count()

    def test_may_close_an_account(self, helper: Client, buyer: User) -> None:
        assert helper.post(page_of(buyer), {}).status_code == 302
        assert self.rights(buyer) == (False, False, False, 0, 0)

    def test_may_not_raise_anybody(self, helper: Client, buyer: User) -> None:
        group = Group.objects.create(name="all")
        permissions = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]
        helper.post(page_of(buyer), {**self.RISE, "groups": [str(group.pk)], "user_permissions": permissions})
        assert self.rights(buyer) == (True, False, False, 0, 0)

    def test_may_not_raise_themselves(self, helper: Client, support: User) -> None:
        before = self.rights(support)
        assert helper.post(page_of(support), self.RISE).status_code == 403
        assert self.rights(support) == before

    def test_may_not_touch_a_superuser(self, helper: Client, staff: User) -> None:
        assert helper.post(page_of(staff), {}).status_code == 403
        assert self.rights(staff) == (True, True, True, 0, 0)

    @pytest.mark.parametrize("whose", ["buyer", "staff"])
    def test_may_set_no_password(self, whose: str, helper: Client, request: pytest.FixtureRequest) -> None:
        user: User = request.getfixturevalue(whose)
        fields = {"usable_password": "true", "password1": "a-new-passphrase", "password2": "a-new-passphrase"}
        assert helper.post(reverse("admin:auth_user_password_change", args=[user.pk]), fields).status_code == 403
        user.refresh_from_db()
        assert user.check_password("a-long-passphrase")

    def test_may_make_nobody(self, helper: Client) -> None:
        assert helper.get(reverse("admin:accounts_user_add")).status_code == 403

    def test_may_not_give_somebody_an_address(self, helper: Client, staff: User) -> None:
        fields = {"user": str(staff.pk), "email": "support@example.com", "verified": "on", "primary": "on"}
        assert helper.post(reverse("admin:account_emailaddress_add"), fields).status_code == 403
        assert not EmailAddress.objects.exists()


class TestSecondFactors:
    def test_show_no_secret_and_take_no_edit(self, superuser: Client, buyer: User) -> None:
        factor = Authenticator.objects.create(user=buyer, type="totp", data={"secret": "PLANTEDSECRET"})
        page = reverse("admin:mfa_authenticator_change", args=[factor.pk])
        assert b"PLANTEDSECRET" not in superuser.get(page).content
        assert superuser.post(page, {"data": "{}"}).status_code == 403

    def test_are_deleted_by_superusers_only(self, helper: Client, buyer: User) -> None:
        factor = Authenticator.objects.create(user=buyer, type="totp", data={"secret": "PLANTEDSECRET"})
        delete = reverse("admin:mfa_authenticator_delete", args=[factor.pk])
        assert helper.post(delete, {"post": "yes"}).status_code == 403
        assert Authenticator.objects.filter(pk=factor.pk).exists()


class TestTheDoor:
    def test_leads_through_the_shops_sign_in(self, client: Client, db: None) -> None:
        assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith(reverse("account_login"))

    def test_is_shut_to_buyers(self, client: Client, buyer: User) -> None:
        client.force_login(buyer)
        assert client.get("/admin/login/").status_code == 403
        assert client.get(PEOPLE).status_code == 302
