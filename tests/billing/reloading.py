"""What tests of auto-reload share: somebody with a saved card and a standing order, and what came of it."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db.models import F
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from billing import customers, gateway, mails, standing_order, tasks
from billing.models import AutoReload, Purchase, ReloadSkip, SavedCard, StripeCustomer
from tests.sandbox_process import SandboxProcess
from tokens import ledger
from tokens.models import TokenAccount

# https://docs.stripe.com/testing
PAYS = "pm_card_visa"
DECLINES = "pm_card_chargeCustomerFail"
ASKS_THE_BANK = "pm_card_authenticationRequired"


def save_card(user: User, named: str = PAYS) -> SavedCard:
    """Have the sandbox keep a card for `user`, as a page of its own would, and write it down here."""
    customer = customers.known_to_stripe(user)
    kept = gateway.client.client().v1.payment_methods.attach(named, params={"customer": customer})
    card = gateway.of_payment_method(kept.to_dict(for_json=True))
    assert card is not None
    return SavedCard.objects.create(
        pk=card.payment_method_id,
        user=user,
        brand=card.brand,
        last4=card.last4,
        exp_month=card.exp_month,
        exp_year=card.exp_year,
    )


def give(user: User, amount: int, staff: User) -> None:
    """Let staff move the balance, up or down."""
    ledger.adjust(user_id=user.pk, amount=amount, reason="Moved", adjusted_by_id=staff.pk, key=f"moved:{uuid4()}")


def order_reloads(user: User, *, threshold: int = 10, amount: int = 50, cap: int = 500_00) -> AutoReload:
    """Switch auto-reload on as its owner does, at the price of now (50 tokens for $49.00)."""
    terms = standing_order.terms(threshold=threshold, amount=amount, monthly_cap_cents=cap)
    return standing_order.switch_on(user=user, terms=terms, ip_address="203.0.113.9")


def order_of(user: User) -> AutoReload:
    return AutoReload.objects.get(pk=user.pk)


def balance(user: User) -> int:
    return TokenAccount.objects.get(pk=user.pk).balance


def states(user: User) -> list[str]:
    """The state of each reload, the first first."""
    reloads = Purchase.objects.filter(user=user, way="auto_reload").order_by("created_at")
    return list(reloads.values_list("state", flat=True))


def skips(user: User) -> list[tuple[str, int]]:
    """Why reloads were not made, and how often, the first first."""
    return list(ReloadSkip.objects.filter(user=user).order_by("pk").values_list("reason", "times"))


def jobs(task: str) -> list[dict[str, Any]]:
    """What waits to be done under the name of `task`, the first first."""
    waiting = ProcrastinateJob.objects.filter(task_name=task, status="todo").order_by("id")
    return [job.args for job in waiting]


def letters() -> list[str]:
    """The names of the mails that were written, the first first."""
    return [job["letter"] for job in jobs("billing.send_mail")]


def send_letters() -> None:
    """Send every mail that was written, as the worker would."""
    for job in jobs("billing.send_mail"):
        mails.send(job["letter"], job["user_id"], job["facts"])


def charged_at_stripe(sandbox: SandboxProcess) -> list[tuple[str, int]]:
    """Stripe's side of it: status and cents received of each payment, the first first."""
    payments = sandbox.control("truth")["payment_intents"]
    return [(payment["status"], payment["amount_received"]) for payment in sorted(payments, key=lambda p: p["created"])]


def a_minute_later() -> None:
    """Let every reload lie two minutes further back, so that the next one is not throttled."""
    Purchase.objects.filter(way="auto_reload").update(created_at=F("created_at") - timedelta(minutes=2))


def close_declined() -> None:
    """Close the payments of declined reloads, as the worker would."""
    for job in jobs("billing.close_reload"):
        tasks.close_reload(**job)


def keep_card(user: User, **fields: Any) -> SavedCard:
    """Write a saved card down that no Stripe knows of."""
    StripeCustomer.objects.get_or_create(user=user, defaults={"email": user.email, "stripe_customer_id": "cus_1"})
    card = {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2040, **fields}
    return SavedCard.objects.create(pk=f"pm_{uuid4().hex}", user=user, **card)


def deliver_everything(street: SandboxProcess) -> None:
    """Let the sandbox send every event it held back, and wait until all are taken."""
    street.control("settings", {"mode": "auto"})
    assert street.control("wait", {"seconds": 20})["undelivered"] == 0


def text(answer: Any) -> str:
    """What the page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))
