"""What follows when a balance falls below its mark: a reload where one is agreed to, a mail otherwise."""

from typing import Any
from uuid import UUID

from billing import mails, standing_order, stop_links
from billing.models import AutoReload
from tokens import notices


def note_fall(sender: object, *, user_id: UUID, balance: int, **_: Any) -> None:
    """Listen to `tokens.signals.balance_fell`, in the transaction of the movement: only writes errands down.

    Sent once per crossing, so a mail is written once per crossing.
    """
    if AutoReload.objects.filter(pk=user_id, enabled=True).exists():
        standing_order.reload_soon(user_id)
    elif notices.wanted(user_id):
        stop_url = stop_links.to_stop_low_balance_mails(user_id)
        mails.send_later("low_balance", user_id, balance=balance, stop_url=stop_url)
