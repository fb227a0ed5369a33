"""The one door through which balances change. Nothing else writes to the books.

Every verb opens and locks the account, then looks for its idempotency key, then checks, then writes the row
and the balance in one statement. The look for the key comes after the lock: before it, two callers could
both find nothing. Called inside a transaction, a verb joins it; a raised error spoils that transaction.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from tokens.models import TokenAccount, TokenTransaction
from tokens.signals import balance_fell

Type = TokenTransaction.Type
Bucket = TokenTransaction.Bucket


class Source(models.TextChoices):
    """Which right pays for a generation, in the order in which rights are used up."""

    SUBSCRIPTION = "subscription", "Subscription"
    TRIAL = "trial", "Trial credit"
    TOKEN = "token", "Token"


class InsufficientTokens(Exception):
    """The account cannot pay: neither unlimited, nor enough trial credits, nor enough tokens. Nothing changed.

    `debt` are the tokens owed for money that went back; the next credit pays them first.
    """

    def __init__(self, *, needed: int, available: int, trial_available: int = 0, debt: int = 0) -> None:
        super().__init__(f"{needed} needed, {available} tokens and {trial_available} trial credits available")
        self.needed = needed
        self.available = available
        self.trial_available = trial_available
        self.debt = debt


class KeyReused(Exception):
    """The idempotency key was already posted for another account, type or amount. Nothing changed."""


class PaymentAlreadyCredited(Exception):
    """The Stripe payment was already credited under another key. Nothing changed."""


@dataclass(frozen=True, slots=True)
class Charge:
    """How a generation is paid. `entry` is the deduction, or None when a subscription covers it.

    `per_day` is what the subscription calls fair use, in generations a day; 0 without a limit or subscription.
    """

    source: Source
    cost: int
    entry: TokenTransaction | None
    per_day: int = 0


@dataclass(frozen=True, slots=True)
class _LockedAccount:
    user_id: UUID
    balance: int
    trial_balance: int
    debt: int
    last_number: int
    unlimited_until: datetime | None
    unlimited_per_day: int
    low_mark: int


def credit(
    *,
    user_id: UUID,
    amount: int,
    type: Type,
    key: str,
    description: str,
    stripe_payment_intent_id: str | None = None,
    price_paid_cents: int | None = None,
) -> TokenTransaction:
    """Add `amount` (> 0) tokens, or trial credits for `Type.TRIAL`, and return the row. Pays a debt first.

    Locks the account. The second call with the same key returns the first row and changes nothing. Raises
    KeyReused when the key stands for something else, PaymentAlreadyCredited when the payment was already
    credited under another key.
    """
    _require_positive(amount)
    bucket = Bucket.TRIAL if type == Type.TRIAL else Bucket.TOKEN
    entry = TokenTransaction(
        type=type,
        bucket=bucket,
        amount=amount,
        key=key,
        description=description,
        stripe_payment_intent_id=stripe_payment_intent_id,
        price_paid_cents=price_paid_cents,
    )
    with transaction.atomic(savepoint=False):
        try:
            return _post(_lock(user_id), entry)
        except IntegrityError as error:
            if "token_transaction_payment_credited_once" in str(error):
                raise PaymentAlreadyCredited(stripe_payment_intent_id) from error
            raise


def charge(*, user_id: UUID, cost: int, key: str, description: str) -> Charge:
    """Take `cost` (> 0) for one generation and say which right paid: subscription, else trial, else tokens.

    One right pays the whole cost; a subscription covers it without a row. Locks the account. The second call
    with the same key returns the first charge and takes nothing. Raises InsufficientTokens, with nothing
    taken, when no right is enough.
    """
    _require_positive(cost)
    with transaction.atomic(savepoint=False):
        account = _lock(user_id)
        source = _source(account, cost, timezone.now())
        if source in (Source.TRIAL, Source.TOKEN):
            entry = TokenTransaction(
                type=Type.DEDUCTION, bucket=Bucket(source), amount=-cost, key=key, description=description
            )
            posted = _post(account, entry)
            return Charge(Source(posted.bucket), cost, posted)
        posted_before = _posted(key)
        if posted_before:
            _require_same(posted_before, user_id=user_id, type=Type.DEDUCTION, amount=-cost)
            return Charge(Source(posted_before.bucket), cost, posted_before)
    if source is None:
        raise InsufficientTokens(
            needed=cost, available=account.balance, trial_available=account.trial_balance, debt=account.debt
        )
    return Charge(source, cost, None, per_day=account.unlimited_per_day)


def refund(deduction: TokenTransaction, *, description: str) -> TokenTransaction:
    """Give one deduction back to the bucket it came from and return the row.

    Locks the account. A deduction is refunded at most once, whoever asks and however often: the key derives
    from the deduction, so the second call returns the first refund.
    """
    if deduction.type != Type.DEDUCTION:
        raise ValueError(f"Only a deduction can be refunded, not a {deduction.type}.")
    entry = TokenTransaction(
        type=Type.REFUND,
        bucket=deduction.bucket,
        amount=-deduction.amount,
        key=f"{deduction.key}:refund",
        description=description,
        refund_of=deduction,
    )
    with transaction.atomic(savepoint=False):
        return _post(_lock(deduction.account_id), entry)


def adjust(*, user_id: UUID, amount: int, reason: str, adjusted_by_id: UUID, key: str) -> TokenTransaction:
    """Add (or, negative, take) tokens on a staff member's word and return the row, which names them and why.

    Locks the account. The second call with the same key returns the first row, so a double click adjusts
    once. Raises InsufficientTokens when less is there than is to be taken.
    """
    if amount == 0 or not reason.strip():
        raise ValueError("An adjustment needs an amount other than 0 and a reason.")
    entry = TokenTransaction(
        type=Type.ADJUSTMENT,
        bucket=Bucket.TOKEN,
        amount=amount,
        key=key,
        description=reason.strip(),
        adjusted_by_id=adjusted_by_id,
    )
    with transaction.atomic(savepoint=False):
        account = _lock(user_id)
        if account.balance + amount >= 0:
            return _post(account, entry)
        posted_before = _posted(key)
        if posted_before:
            return _require_same(posted_before, user_id=user_id, type=Type.ADJUSTMENT, amount=amount)
        raise InsufficientTokens(needed=-amount, available=account.balance, debt=account.debt)


def reverse(*, user_id: UUID, amount: int, key: str, description: str) -> TokenTransaction:
    """Take `amount` (> 0) bought tokens back because their money went back, and return the row.

    Locks the account. What is not there any more becomes debt: no tokens can be spent until the next credits
    have paid it. The second call with the same key returns the first row. `credit` with `Type.REINSTATED`
    gives the tokens again.
    """
    _require_positive(amount)
    entry = TokenTransaction(type=Type.REVERSAL, bucket=Bucket.TOKEN, amount=-amount, key=key, description=description)
    with transaction.atomic(savepoint=False):
        return _post(_lock(user_id), entry)


def cover(*, user_id: UUID, until: datetime | None, per_day: int = 0) -> None:
    """Let generations cost nothing until then; None or a time that is over ends it. Tokens stay as they are.

    `per_day` is what counts as fair use, in generations a day; 0 is no limit. Locks the account.
    """
    with transaction.atomic(savepoint=False):
        _lock(user_id)
        TokenAccount.objects.filter(pk=user_id).update(
            unlimited_until=until, unlimited_per_day=per_day, updated_at=timezone.now()
        )


def watch(*, user_id: UUID, low_mark: int) -> int:
    """Have `balance_fell` sent when the balance falls below `low_mark` tokens, and return the balance.

    Locks the account.
    """
    with transaction.atomic(savepoint=False):
        account = _lock(user_id)
        TokenAccount.objects.filter(pk=user_id).update(low_mark=low_mark)
        return account.balance


def _require_positive(amount: int) -> None:
    if amount < 1:
        raise ValueError(f"An amount of {amount} tokens is not positive.")


def _lock(user_id: UUID) -> _LockedAccount:
    """Lock the account's row until the transaction ends, opening the account on first touch.

    FOR NO KEY UPDATE: a plain FOR UPDATE would make every insert that references the account wait.
    """
    with connection.cursor() as cursor:
        cursor.execute(_lock_statement(), [user_id])
        row = cursor.fetchone()
        if row is None:
            TokenAccount.objects.bulk_create([TokenAccount(user_id=user_id)], ignore_conflicts=True)
            cursor.execute(_lock_statement(), [user_id])
            row = cursor.fetchone()
    return _LockedAccount(user_id, *row)


_LOCKED_COLUMNS = [field.name for field in fields(_LockedAccount)[1:]]


@cache
def _lock_statement() -> str:
    """Compile the locking read once: the ORM takes longer to write it than PostgreSQL to run it."""
    locked = TokenAccount.objects.select_for_update(no_key=True).filter(pk=UUID(int=0))
    columns = locked.values_list(*_LOCKED_COLUMNS)
    return str(columns.query.sql_with_params()[0])


def _source(account: _LockedAccount, cost: int, now: datetime) -> Source | None:
    if account.unlimited_until and now < account.unlimited_until:
        return Source.SUBSCRIPTION
    if account.trial_balance >= cost:
        return Source.TRIAL
    if account.balance >= cost:
        return Source.TOKEN
    return None


# One statement, so that row and balance cannot part; nothing is written when the key was already posted.
_POST = """
WITH entry AS (
    INSERT INTO tokens_tokentransaction (
        account_id, number, bucket, type, amount, balance_after, trial_balance_after, debt_after, description, key,
        refund_of_id, adjusted_by_id, stripe_payment_intent_id, price_paid_cents
    ) VALUES (
        %(account)s, %(number)s, %(bucket)s, %(type)s, %(amount)s, %(balance)s, %(trial)s, %(debt)s, %(description)s,
        %(key)s, %(refund_of)s, %(adjusted_by)s, %(payment)s, %(price)s
    )
    ON CONFLICT (key) DO NOTHING
    RETURNING id, created_at
), account AS (
    UPDATE tokens_tokenaccount
    SET balance = %(balance)s, trial_balance = %(trial)s, debt = %(debt)s, last_number = %(number)s,
        updated_at = now(),
        total_purchased = total_purchased + %(purchased)s, total_spent = total_spent + %(spent)s
    WHERE user_id = %(account)s AND EXISTS (SELECT FROM entry)
)
SELECT id, created_at FROM entry
"""


def _post(account: _LockedAccount, entry: TokenTransaction) -> TokenTransaction:
    """Write the row and the balance, or return the row that was posted under this key before."""
    in_tokens = entry.bucket == Bucket.TOKEN
    held = account.balance - account.debt + (entry.amount if in_tokens else 0)
    entry.account_id = account.user_id
    entry.number = account.last_number + 1
    entry.balance_after, entry.debt_after = max(held, 0), max(-held, 0)
    entry.trial_balance_after = account.trial_balance + (0 if in_tokens else entry.amount)
    bought = entry.type in (Type.PURCHASE, Type.AUTO_RELOAD)
    spent = in_tokens and entry.type in (Type.DEDUCTION, Type.REFUND)
    values: dict[str, Any] = {
        "account": entry.account_id,
        "number": entry.number,
        "bucket": entry.bucket,
        "type": entry.type,
        "amount": entry.amount,
        "balance": entry.balance_after,
        "trial": entry.trial_balance_after,
        "debt": entry.debt_after,
        "description": entry.description,
        "key": entry.key,
        "refund_of": entry.refund_of_id,
        "adjusted_by": entry.adjusted_by_id,
        "payment": entry.stripe_payment_intent_id,
        "price": entry.price_paid_cents,
        "purchased": entry.amount if bought else 0,
        "spent": -entry.amount if spent else 0,
    }
    with connection.cursor() as cursor:
        cursor.execute(_POST, values)
        row = cursor.fetchone()
    if row is None:
        return _require_same(
            TokenTransaction.objects.get(key=entry.key),
            user_id=account.user_id,
            type=Type(entry.type),
            amount=entry.amount,
        )
    entry.pk, entry.created_at = row
    entry._state.adding = False
    if account.balance >= account.low_mark > entry.balance_after and entry.type != Type.REVERSAL:
        balance_fell.send(TokenAccount, user_id=account.user_id, balance=entry.balance_after)
    return entry


def _posted(key: str) -> TokenTransaction | None:
    return TokenTransaction.objects.filter(key=key).first()


def _require_same(entry: TokenTransaction, *, user_id: UUID, type: Type, amount: int) -> TokenTransaction:
    if (entry.account_id, entry.type, entry.amount) != (user_id, type, amount):
        raise KeyReused(f"Key {entry.key!r} was already posted for another account, type or amount.")
    return entry
