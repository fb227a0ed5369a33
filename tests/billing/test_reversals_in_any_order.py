"""Whatever order Stripe's news comes in, however often, with whatever spending in between: the same end.

Each example tells the same set of news to two buyers, in two orders. Both must end alike, and as a model says that
knows only which news there are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import User
from billing import fulfilment, inbox, reversals
from billing.models import Purchase
from tests import stripe_events
from tests.billing.conftest import Sell
from tests.stripe_events import money_back
from tokens import audit, ledger
from tokens.models import TokenAccount

pytestmark = pytest.mark.django_db

PRICE_CENTS, TOKENS = 4900, 50
# How far each kind of story can get, and how much of its money is back at each point.
REFUND_STORY = ["pending", "requires_action", "succeeded", "canceled", "failed"]
DISPUTE_STORY = ["warning_needs_response", "warning_closed", "needs_response", "under_review", "lost", "won"]
MONEY_IS_BACK = {"pending", "requires_action", "succeeded", "needs_response", "under_review", "lost"}
PAID = {
    "session": stripe_events.completed,
    "bank": stripe_events.async_succeeded,
    "payment": money_back.paid,
}
UNPAID = {"unpaid": stripe_events.unpaid, "expired": stripe_events.expired}


@dataclass(frozen=True)
class Story:
    """One refund or dispute: its amount in cents, and which of its statuses are told of."""

    kind: str
    cents: int
    statuses: frozenset[str]

    @property
    def back_cents(self) -> int:
        """What is back once everything was told: only the furthest status counts."""
        order = REFUND_STORY if self.kind == "refund" else DISPUTE_STORY
        return self.cents if max(self.statuses, key=order.index) in MONEY_IS_BACK else 0


@dataclass(frozen=True)
class News:
    """A set of news about one purchase, and the two orders in which it is told. Numbers in an order are spending."""

    about_payment: frozenset[str]
    stories: tuple[Story, ...]
    orders: tuple[list[Any], list[Any]]

    @property
    def tokens(self) -> int:
        """The tokens that are left of the purchase when all is told, spending aside."""
        if not self.about_payment & PAID.keys():
            return 0
        back = min(sum(story.back_cents for story in self.stories), PRICE_CENTS)
        return TOKENS - TOKENS * back // PRICE_CENTS


def _story(kind: str, order: list[str]) -> st.SearchStrategy[Story]:
    cents = st.sampled_from([1, 97, 98, 980, 2450, 4899, 4900])
    return st.builds(Story, st.just(kind), cents, st.frozensets(st.sampled_from(order), min_size=1))


@st.composite
def news(draw: st.DrawFn) -> News:
    about_payment = draw(st.frozensets(st.sampled_from([*PAID, *UNPAID]), min_size=1))
    stories = draw(
        st.lists(st.one_of(_story("refund", REFUND_STORY), _story("dispute", DISPUTE_STORY)), min_size=1, max_size=3)
    )
    told = [
        *sorted(about_payment),
        *[(n, status) for n, story in enumerate(stories) for status in sorted(story.statuses)],
    ]
    orders = []
    for _ in range(2):
        again = draw(st.lists(st.sampled_from(told), max_size=3))
        spending = draw(st.lists(st.integers(1, 40), max_size=2))
        orders.append(draw(st.permutations([*told, *again, *spending])))
    return News(about_payment, tuple(stories), (orders[0], orders[1]))


class Buyer:
    """Somebody with one purchase, who hears the news and spends."""

    def __init__(self, sell: Sell, stories: tuple[Story, ...]) -> None:
        user = User.objects.create_user(f"{uuid4()}@example.com")
        self.purchase = sell(user=user, stripe_session_id=f"cs_test_{uuid4().hex}")
        self.stories = stories
        self.spent = 0
        self.events: dict[Any, dict[str, Any]] = {}

    def live_through(self, order: list[Any]) -> tuple[int, int]:
        """Return what the books say at the end: tokens of the purchase that are left, and cents that are back."""
        for step in order:
            if isinstance(step, int):
                self.spend(step)
            else:
                self.hear(step)
            self.check()
        self.purchase.refresh_from_db()
        granted = self.purchase.tokens if self.purchase.state == Purchase.State.PAID else 0
        return granted - self.purchase.tokens_gone, self.purchase.money_back_cents

    def hear(self, told: Any) -> None:
        """Receive the news as Stripe delivers it, signed; the same news again is the same event again."""
        raw = stripe_events.body(self.events.setdefault(told, self.event(told)))
        inbox.receive(raw, stripe_events.signature(raw))

    def event(self, told: Any) -> dict[str, Any]:
        if isinstance(told, str):
            return {**PAID, **UNPAID}[told](self.purchase)
        number, status = told
        story = self.stories[number]
        make = money_back.refund if story.kind == "refund" else money_back.dispute
        return make(self.purchase, story.cents, status, name=str(number))

    def spend(self, tokens: int) -> None:
        who = self.purchase.user_id
        try:
            with transaction.atomic():
                ledger.adjust(user_id=who, amount=-tokens, reason="Spent", adjusted_by_id=who, key=str(uuid4()))
        except ledger.InsufficientTokens as refused:
            assert refused.available < tokens
        else:
            self.spent += tokens

    def check(self) -> None:
        """What is held less what is owed is what the purchase left less what was spent, after every step."""
        self.purchase.refresh_from_db()
        granted = self.purchase.tokens if self.purchase.state == Purchase.State.PAID else 0
        account = TokenAccount.objects.filter(pk=self.purchase.user_id).first() or TokenAccount()
        assert account.balance - account.debt == granted - self.purchase.tokens_gone - self.spent


def the_end_depends_only_on_the_set(sell: Sell, told: News) -> None:
    ends = [Buyer(sell, told.stories).live_through(order) for order in told.orders]
    assert ends[0] == ends[1]
    assert ends[0][0] == told.tokens
    assert [str(found) for found in audit.discrepancies()] == []


def _run(sell: Sell, **chosen: Any) -> None:
    @settings(deadline=None, suppress_health_check=list(HealthCheck), database=None, **chosen)
    @given(told=news())
    def examples(told: News) -> None:
        before = transaction.savepoint()
        try:
            the_end_depends_only_on_the_set(sell, told)
        finally:
            transaction.set_rollback(False)  # so that a failed example leaves nothing to the next one
            transaction.savepoint_rollback(before)

    examples()


def test_the_end_depends_only_on_the_set_of_news(sell: Sell) -> None:
    _run(sell, max_examples=60)


def _absolute(purchase: Purchase, back_cents: int) -> int:
    return purchase.tokens * back_cents // purchase.price_cents


def _last_news_wins() -> Callable[[str, list[str]], int]:
    numbers: Iterator[int] = count()
    return lambda status, order: -next(numbers)


def _disputes_do_not_count(rows: Any, purchase: Purchase) -> int:
    return sum(row.amount_cents for row in rows if row._meta.model_name == "refund")


@pytest.mark.breaks_the_books
@pytest.mark.parametrize(
    ("module", "name", "bug"),
    [
        (reversals, "tokens_to_take", _absolute),
        (reversals, "_rank", _last_news_wins()),
        (reversals, "_sum", _disputes_do_not_count),
        (reversals, "_even_up_payment", lambda payment: None),
        (fulfilment, "_PAID", fulfilment._PAID.replace("EXISTS", "false AND EXISTS")),
    ],
    ids=["absolute instead of the difference", "the last news wins", "no disputes", "only at the credit", "only later"],
)
def test_a_planted_bug_is_found(
    sell: Sell, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, bug: Any
) -> None:
    monkeypatch.setattr(module, name, bug)
    with pytest.raises(Exception):  # noqa: B017 - whichever way the test or PostgreSQL complains
        _run(sell, max_examples=60, derandomize=True, phases=[Phase.generate])
