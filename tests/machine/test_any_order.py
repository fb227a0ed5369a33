"""The machine runs against the right shop, and against shops with a bug planted: there it must fail."""

import time
from dataclasses import replace
from itertools import count
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from billing import fulfilment, reversals
from generations import studio
from generations.models import Generation
from generations.studio import ending, starting
from tests.machine.shop import Shop
from tokens import ledger
from tokens.models import TokenAccount, TokenTransaction

pytestmark = pytest.mark.django_db(transaction=True)

_numbers = count(1)


def test_the_books_are_right_whatever_happens_in_any_order() -> None:
    run_state_machine_as_test(
        Shop,
        settings=settings(
            max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.breaks_the_books
@pytest.mark.parametrize(
    "bug",
    [
        "no look for the key",
        "refund without claim",
        "what was paid is not compared",
        "a reversal takes only what is there",
        "a credit forgets the debt",
        "a refund is taken again with each news of it",
        "a form sent again is another order",
        "a cancel does not look whether it has begun",
    ],
)
def test_the_machine_finds_a_planted_bug(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine itself is tested: with a bug planted, it must fail."""
    _plant(bug, monkeypatch)
    with pytest.raises(Exception):  # noqa: B017 - whatever way the machine or PostgreSQL complains
        run_state_machine_as_test(
            Shop,
            settings=settings(
                max_examples=300,  # it ends with the first that fails
                stateful_step_count=30,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )


def _plant(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real_post, real_reverse = ledger._post, ledger.reverse

    def post_under_a_new_key(account: ledger._LockedAccount, entry: TokenTransaction) -> TokenTransaction:
        entry.key = f"{entry.key}:{time.monotonic_ns()}:{next(_numbers)}"
        return real_post(account, entry)

    def take_what_is_there(*, user_id: UUID, amount: int, key: str, description: str) -> TokenTransaction:
        held = TokenAccount.objects.get(pk=user_id).balance
        return real_reverse(user_id=user_id, amount=min(amount, held) or 1, key=key, description=description)

    def cancel_whatever_it_does(generation_id: UUID) -> bool:
        with transaction.atomic():
            generation = ending.locked(generation_id)
            if generation.has_ended:
                return False
            ending.refund_and_end(generation, Generation.State.CANCELLED, "Cancelled.")
        return True

    if bug == "no look for the key":
        monkeypatch.setattr(ledger, "_post", post_under_a_new_key)
    elif bug == "refund without claim":
        monkeypatch.setattr(Generation, "has_ended", property(lambda self: False))
    elif bug == "what was paid is not compared":
        monkeypatch.setattr(fulfilment, "difference", lambda *args, **kwargs: "")
    elif bug == "a reversal takes only what is there":
        monkeypatch.setattr(ledger, "reverse", take_what_is_there)
    elif bug == "a credit forgets the debt":
        monkeypatch.setattr(ledger, "_post", lambda account, entry: real_post(replace(account, debt=0), entry))
    elif bug == "a form sent again is another order":
        monkeypatch.setattr(starting, "uuid5", lambda *_: uuid4())
    elif bug == "a cancel does not look whether it has begun":
        monkeypatch.setattr(studio, "cancel", cancel_whatever_it_does)
    else:
        monkeypatch.setattr(reversals, "tokens_to_take", lambda sale, back: sale.tokens * back // sale.price_cents)
