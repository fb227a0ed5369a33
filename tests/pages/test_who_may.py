"""Who may do what: every address of the site x people x methods, against a table that is part of the repository.

An address missing from the table fails, so nobody adds a page without saying who may open it.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.converters import UUIDConverter
from django.utils import timezone

from accounts.models import User
from billing import stop_links
from billing.models import Purchase, SavedCard, TokenPackage
from generations import photos, studio
from tests.sandbox_process import SandboxProcess
from tokens import ledger

pytestmark = pytest.mark.django_db

METHODS = ["GET", "POST", "PUT", "DELETE"]
# What GET and POST are answered; "in" is a redirect to the sign-in page. POST is sent empty. PUT and DELETE are 405
# everywhere, or "in". The stranger is signed in, the owner owns what the address names.
TABLE = """
address                            anonymous stranger  owner
home                               200 405   200 405   200 405
readyz                             200 405   200 405   200 405
tokens:statement                   in in     200 405   200 405
tokens:balance                     401 405   200 405   200 405
tokens:api-balance                 401 405   200 405   200 405
billing:purchase                   in in     200 405   200 405
billing:checkout                   in in     405 422   405 422
billing:purchase-success           in in     404 405   404 405
billing:purchase-cancel            in in     200 405   200 405
billing:missing                    in in     200 200   200 200
billing:purchase-state             in in     404 405   200 405
billing:receipt                    in in     404 405   404 405
billing:subscription               in in     200 405   200 405
billing:subscribe                  in in     405 422   405 422
billing:portal                     in in     405 302   405 302
billing:card                       in in     200 405   200 405
billing:cards                      in in     200 405   200 405
billing:card-add                   in in     200 422   200 422
billing:card-remove                in in     404 404   200 302
billing:api-packages               401 405   200 405   200 405
billing:api-create-payment-intent  405 401   405 422   405 422
billing:api-confirm-payment        405 401   405 422   405 422
billing:api-webhook                405 400   405 400   405 400
billing:confirm                    in in     404 405   404 405
billing:auto-reload                in in     200 405   200 405
billing:auto-reload-preview        in in     405 422   405 422
billing:auto-reload-save           in in     405 422   405 422
billing:auto-reload-off            in in     405 302   405 302
billing:low-balance-mail           in in     405 302   405 302
billing:stop-reloads               200 200   200 200   200 200
billing:stop-low-balance-mails     200 200   200 200   200 200
billing:webhook                    405 400   405 400   405 400
generations:generate               in in     200 422   200 422
generations:gallery                in in     200 405   200 405
generations:generation             in in     404 405   200 405
generations:status                 286 405   404 405   200 405
generations:cancel                 in in     405 404   405 303
generations:retry                  in in     405 404   405 303
generations:order                  in in     404 405   200 405
generations:order-status           286 405   404 405   200 405
generations:image                  in in     404 405   404 405
generations:thumbnail              in in     404 405   404 405
generations:delete                 in in     404 404   200 409
generations:order-zip              in in     404 405   404 405
generations:order-delete           in in     404 404   200 409
generations:photo                  in in     404 405   200 405
generations:chat                   in in     200 422   200 422
generations:conversation           in in     404 404   200 422
generations:conversation-rename    in in     404 404   200 422
generations:conversation-export    in in     404 405   200 405
generations:conversation-delete    in in     404 404   200 303
generations:message                in in     404 405   303 405
generations:message-status         286 405   404 405   200 405
generations:message-cancel         in in     405 404   405 303
generations:message-retry          in in     405 404   405 303
"""


def _named(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _named(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        else:
            yield f"{space}{pattern.name}", pattern


ADDRESSES = dict(_named(get_resolver()))
# Allauth's own pages and the admin have their own tests, here and below.
OURS = [name for name in ADDRESSES if not name.startswith(("admin:", "account_", "mfa_"))]
EXPECTED = {name: cells for name, *cells in (line.split() for line in TABLE.strip().splitlines()[1:])}
ADMIN = sorted({name for name in ADDRESSES if name.startswith("admin:") and not name.endswith(":None")})


@pytest.fixture
def things(buyer: User) -> dict[str, Any]:
    """One of everything that an address can name; all of it the buyer's."""
    ledger.adjust(user_id=buyer.pk, amount=5, reason="Given", adjusted_by_id=buyer.pk, key="given")
    generation = studio.start_designs(user=buyer, form_key=uuid4(), areas=["patio"], style="japanese-zen", prompt="")[0]
    photo = photos.keep(buyer, photos.CleanPhoto(b"no picture", width=640, height=480))
    message = studio.start_message(user=buyer, form_key=uuid4(), text="Hello")
    studio.fail(message.pk, reason="Nobody is there.")
    purchase = Purchase.objects.create(
        user=buyer,
        way=Purchase.Way.CARD,
        package=TokenPackage.objects.get(code="package_50"),
        tokens=50,
        price_cents=4900,
        currency="usd",
        state=Purchase.State.EXPIRED,
        expires_at=timezone.now() + timedelta(hours=1),
    )
    card = SavedCard.objects.create(pk="pm_1", user=buyer, brand="visa", last4="4242", exp_month=12, exp_year=2040)
    return {
        "purchase_id": purchase.pk,
        "generation_id": generation.pk,
        "order_id": generation.order_id,
        "conversation_id": message.conversation_id,
        "message_id": message.pk,
        "photo_id": photo.pk,
        "card_id": card.pk,
        "code": "package_50",
        "signature": stop_links.to_stop_reloads(buyer.pk).split("/")[-2],
    }


def path_of(name: str, things: dict[str, Any], buyer: User) -> str:
    given = {name: things[name] for name in ADDRESSES[name].pattern.converters}
    if name == "billing:stop-low-balance-mails":
        given["signature"] = stop_links.to_stop_low_balance_mails(buyer.pk).split("/")[-2]
    return reverse(name, kwargs=given)


def answer(method: str, path: str, user: User | None) -> str:
    client = Client()
    if user:
        client.force_login(user)
    response = client.generic(method, path)
    signs_in = response.status_code == 302 and "/login/" in response.headers["Location"]
    return "in" if signs_in else str(response.status_code)


def test_every_address_is_in_the_table() -> None:
    assert sorted(EXPECTED) == sorted(OURS)


@pytest.mark.parametrize("name", OURS)
def test_who_may_open_it(
    name: str, things: dict[str, Any], buyer: User, stranger: User, sandbox: SandboxProcess
) -> None:
    path = path_of(name, things, buyer)
    people = [None, stranger, buyer]
    assert [answer(method, path, user) for user in people for method in ("GET", "POST")] == EXPECTED[name]
    for user in people:
        assert {answer("PUT", path, user), answer("DELETE", path, user)} <= {"405", "in"}


def test_somebody_deactivated_is_a_stranger_to_every_page(
    things: dict[str, Any], buyer: User, sandbox: SandboxProcess
) -> None:
    client = Client()
    client.force_login(buyer)
    User.objects.filter(pk=buyer.pk).update(is_active=False)
    seen = {name: client.get(path_of(name, things, buyer)).status_code for name in OURS if EXPECTED[name][0] == "in"}
    assert set(seen.values()) == {302}


# What shows nothing of anybody, so that every member of staff may open it.
OPEN_TO_STAFF = {"admin:index", "admin:password_change", "admin:password_change_done", "admin:jsi18n", "admin:logout"}
GUARDED = [name for name in ADMIN if name not in OPEN_TO_STAFF | {"admin:login"}]


@pytest.fixture
def clerk(db: None) -> User:
    """A member of staff without any permission."""
    return User.objects.create_user("clerk@example.com", "a-long-passphrase", is_staff=True)


@pytest.mark.parametrize("name", GUARDED)
def test_the_admin_is_for_staff_who_may(name: str, buyer: User, clerk: User) -> None:
    converters = ADDRESSES[name].pattern.converters
    made_up = {given: uuid4() if isinstance(kind, UUIDConverter) else "1" for given, kind in converters.items()}
    path = reverse(name, kwargs={**made_up, **({"app_label": "billing"} if name == "admin:app_list" else {})})
    assert {answer(method, path, user) for user in (None, buyer) for method in METHODS} == {"in"}
    # 404, or the way back to the index, for what is not there; 405 for a button that is only pressed.
    refusals = {"403", "404", "405"} | ({"302"} if name.endswith("_history") else set())
    assert {answer(method, path, clerk) for method in ("GET", "POST")} <= refusals
