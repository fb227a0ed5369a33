"""What we write to buyers. A mail is an errand of the transaction it tells about: no mail about what did not happen.

A worker that dies in between may send one twice, never none.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from procrastinate.types import JSONValue

from accounts.models import User
from billing import errands
from billing.models import Purchase, Subscription
from tokens import balance
from tokens.models import TokenTransaction


def send_later(letter: str, user_id: UUID, **facts: JSONValue) -> None:
    """Have the letter `templates/billing/mail/<letter>.txt` sent to somebody, once this transaction commits.

    Facts are numbers, sentences and ids, never addresses: they are kept in the queue. `purchase_id`,
    `subscription_id` and `entry_id` are looked up when it is written.
    """
    errands.later("billing.send_mail", letter=letter, user_id=str(user_id), facts=dict(facts))


def send(letter: str, user_id: UUID, facts: dict[str, Any]) -> None:
    """Write the letter and send it now. Its first line is the subject. Somebody deactivated gets no mail."""
    user = User.objects.select_related("token_account").filter(pk=user_id, is_active=True).first()
    if user is None:
        return
    text = render_to_string(f"billing/mail/{letter}.txt", _context(user, facts))
    subject, _, body = text.strip().partition("\n")
    EmailMessage(subject=subject.strip(), body=body.strip() + "\n", to=[user.email], headers=_headers(facts)).send()


def _context(user: User, facts: dict[str, Any]) -> dict[str, Any]:
    context = {
        **facts,
        "user": user,
        "held": balance.read(user),
        "site_name": settings.SITE_NAME,
        "words": settings.WORDS,
        "site_url": settings.SITE_URL,
    }
    if "purchase_id" in facts:
        context["purchase"] = Purchase.objects.select_related("transaction").get(pk=facts["purchase_id"])
    if "subscription_id" in facts:
        context["subscription"] = Subscription.objects.select_related("plan").get(pk=facts["subscription_id"])
    if "entry_id" in facts:
        context["entry"] = TokenTransaction.objects.get(pk=facts["entry_id"])
    return context


def _headers(facts: dict[str, Any]) -> dict[str, str]:
    """Let mail programs show a button that ends this kind of mail's cause. https://www.rfc-editor.org/rfc/rfc8058"""
    link = facts.get("stop_url")
    if not link:
        return {}
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
