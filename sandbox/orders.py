"""What the control panel can order; the pages and the JSON addresses both come here."""

from typing import Any

from django.conf import settings

from sandbox import checkout, clock, disputes, payment_methods, refunds, subscriptions, timers
from sandbox.cards import card, digits
from sandbox.checkout import Outcome, Payer, PrintedCard
from sandbox.courier import deliver_now
from sandbox.errors import invalid_request
from sandbox.events import behaviour, work_waiting
from sandbox.models import Attempt, Behaviour, Clock, Delivery, Fault, IdempotentCall, Resource, Timer
from sandbox.post import Style
from sandbox.records import Body, find, writing

MOST_AT_ONCE = 200


def change_behaviour(given: Body) -> Body:
    """Change how webhooks behave from now on, and return how they do. Raises ValueError for what cannot be."""
    with writing():
        mood = behaviour()
        known = {field.name for field in Behaviour._meta.fields} - {"id"}
        if unknown := given.keys() - known:
            raise ValueError(f"There is no setting {min(unknown)}; there are {', '.join(sorted(known))}.")
        for name, value in given.items():
            setattr(mood, name, value)
        mood.mode = Behaviour.Mode(mood.mode)
        mood.return_order = Behaviour.ReturnOrder(mood.return_order)
        mood.late_seconds = max(0.0, float(mood.late_seconds))
        mood.browser_first_seconds = max(0.0, float(mood.browser_first_seconds))
        mood.enabled_events = [str(pattern) for pattern in mood.enabled_events]
        mood.webhook_disabled = bool(mood.webhook_disabled)
        mood.save()
    work_waiting.set()
    return {name: getattr(mood, name) for name in sorted(known)}


def break_api(given: Body) -> list[Body]:
    """Let the API fail for the next `calls` matching calls. Returns all faults now in force."""
    calls = int(given.get("calls", 1))
    if calls < 1:
        raise ValueError("calls is at least 1.")
    with writing():
        Fault.objects.create(
            kind=Fault.Kind(given["kind"]),
            remaining=calls,
            method=str(given.get("method", "")).upper(),
            path=str(given.get("path", "")),
            seconds=float(given.get("seconds", 30)),
        )
    return current_faults()


def mend_api() -> list[Body]:
    with writing():
        Fault.objects.all().delete()
    return []


def current_faults() -> list[Body]:
    names = ("kind", "remaining", "method", "path", "seconds")
    return [dict(row) for row in Fault.objects.order_by("pk").values(*names)]


def forget_everything() -> None:
    """Empty the sandbox: objects, events, deliveries, keys, faults; clock and behaviour go back to the start."""
    with writing():
        for model in (Attempt, Delivery, Timer, Fault, IdempotentCall, Resource, Clock, Behaviour):
            model.objects.all().delete()


def advance_clock(seconds: float) -> Body:
    """Move the clock ahead, and let everything happen that becomes due on the way. Raises ValueError for a move back
    or beyond ten years."""
    rung = timers.advance(seconds)
    work_waiting.set()
    return {**clock_position(), "happened": rung}


def clock_position() -> Body:
    """Where the clock stands (seconds since the epoch), how far that is ahead of the machine's, and what is next."""
    following = Timer.objects.order_by("due_at", "pk").first()
    return {
        "now": int(clock.now()),
        "ahead_seconds": round(clock.ahead(), 3),
        "next": following and {"at": int(following.due_at), "verb": following.verb, "subject": following.subject},
    }


def deliver(event: str, *, times: int, style: str) -> list[Body]:
    """Send an event now, `times` times at once, whatever the mode; returns the answers."""
    if not 1 <= times <= MOST_AT_ONCE:
        raise ValueError(f"times is between 1 and {MOST_AT_ONCE}.")
    return deliver_now(event, times=times, style=Style(style))


def expire(key: str) -> Body:
    with writing():
        session = find("checkout.session", key)
        checkout.expire(session)
    return session.body


def cancel_subscription(key: str) -> Body:
    """End a subscription now, as from Stripe's own dashboard."""
    with writing():
        subscription = find("subscription", key)
        subscriptions.finish(subscription, "cancellation_requested")
    return subscription.body


def paid_charge(given: Body) -> Resource:
    """The charge named by `charge`, or the paid one of a `payment_intent`."""
    if key := given.get("charge"):
        return find("charge", str(key))
    intent = find("payment_intent", str(given.get("payment_intent", "")))
    return find("charge", str(intent.body["latest_charge"]))


def dispute(given: Body) -> Body:
    """Let the cardholder of a charge go to the bank: for an `amount` of cents, for a `reason`; with the `status`
    warning_needs_response the bank only asks."""
    status = str(given.get("status", "needs_response"))
    if status not in ("needs_response", "warning_needs_response"):
        raise ValueError("status is needs_response or warning_needs_response.")
    amount = given.get("amount")
    with writing():
        return disputes.open_dispute(
            paid_charge(given),
            amount=None if amount is None else int(amount),
            reason=str(given.get("reason", "fraudulent")),
            inquiry=status == "warning_needs_response",
        )


def close_dispute(key: str, status: str) -> Body:
    """Let the bank decide: won, lost, warning_closed; or needs_response, which turns an inquiry into a chargeback."""
    with writing():
        found = find("dispute", key)
        return disputes.escalate(found) if status == "needs_response" else disputes.close(found, status)


def expire_card(key: str) -> Body:
    """Let a saved card's date pass: its next charge is declined."""
    with writing():
        return payment_methods.expire_card(find("payment_method", key))


def refund(charge_key: str, amount: int | None) -> Body:
    """Refund a charge, or with an amount in cents a part of it, as from Stripe's own dashboard."""
    with writing():
        charge = find("charge", charge_key)
        return refunds.refund(charge, amount=amount, reason="requested_by_customer", metadata={})


def refund_payment(given: Body) -> Body:
    """Refund the charge of a `payment_intent`, or an `amount` of cents of it, as from Stripe's own dashboard."""
    amount = given.get("amount")
    return refund(paid_charge(given).key, None if amount is None else int(amount))


def pay(key: str, given: Body) -> Outcome:
    """Pay a session with a `card` number (default 4242...), or by `bank` debit with what the bank will say:
    succeeded, failed, or "" for later. `authentication` answers 3-D Secure: complete (default), fail, or leave."""
    payer = Payer(email=_email(key, given), name=str(given.get("name", "Test Buyer")))
    if "amount_total" in given or "currency" in given:
        checkout.misstate(key, amount_total=given.get("amount_total"), currency=given.get("currency"))
    session = find("checkout.session", key).body
    if session["amount_total"] == 0:
        return checkout.confirm_free(key, payer)
    if "bank" in given:
        settles = str(given["bank"])
        if settles not in ("", "succeeded", "failed"):
            raise ValueError("bank is succeeded, failed or empty.")
        if "us_bank_account" not in session["payment_method_types"]:
            raise ValueError("This session does not take bank debits.")
        return checkout.pay_by_bank(key, payer, settles=settles, seconds=float(given.get("seconds", 0)))
    number = digits(str(given.get("card", "4242424242424242")))
    outcome = checkout.pay_by_card(key, payer, PrintedCard(card(number), exp_month=12, exp_year=2034))
    answer = str(given.get("authentication", "complete"))
    if outcome.kind == "authenticate" and answer != "leave":
        return checkout.authenticate(key, recognised=answer == "complete")
    return outcome


def _email(key: str, given: Body) -> str:
    body = find("checkout.session", key).body
    details = body["customer_details"] or {}
    email = given.get("email") or body["customer_email"] or details.get("email") or "buyer@example.com"
    if not isinstance(email, str):
        raise invalid_request("email is text.", param="email")
    return email


def deliveries(event: str) -> list[Body]:
    names = ("state", "attempts", "due_at")
    return [dict(row) for row in Delivery.objects.filter(event=event).order_by("pk").values(*names)]


def attempts(event: str) -> list[Body]:
    names = ("at", "status", "took_ms", "signature", "excerpt", "error")
    return [dict(row) for row in Attempt.objects.filter(event=event).order_by("pk").values(*names)]


def state() -> dict[str, Any]:
    """How the sandbox behaves now, and how much is under way."""
    mood = behaviour()
    return {
        "settings": {field.name: getattr(mood, field.name) for field in Behaviour._meta.fields if field.name != "id"},
        "faults": current_faults(),
        "undelivered": Delivery.objects.filter(state__in=[Delivery.State.WAITING, Delivery.State.TAKEN]).count(),
        "merchant": settings.MERCHANT,
    }
