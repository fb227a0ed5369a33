"""The audit: recounts the books from their rows and names every discrepancy. Trusts no cache and no lock.

Each check is one SQL query that returns the offenders. Apps above register their own checks about what they
point down at, so that one command audits everything.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True)
class Check:
    """A rule of docs/ledger.md. `sql` returns one row per offender: a text that says which and what."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One place where the books are wrong."""

    check: str
    detail: str

    def __str__(self) -> str:
        return f"{self.check}: {self.detail}"


_CHECKS: list[Check] = []


def register(*checks: Check) -> None:
    """Add checks to every audit; called while the apps are loading."""
    _CHECKS.extend(check for check in checks if check not in _CHECKS)


def discrepancies() -> Iterator[Discrepancy]:
    """Recount everything and yield what is wrong; nothing when the books are right. Locks and changes nothing."""
    for check in _CHECKS:
        with connection.cursor() as cursor:
            cursor.execute(check.sql)
            for (detail,) in cursor.fetchall():
                yield Discrepancy(check.name, detail)


register(
    Check(
        "token_transaction_number_without_gaps",
        """
        SELECT format('account %s has %s rows, the last number is %s', account_id, count(*), max(number))
        FROM tokens_tokentransaction GROUP BY account_id
        HAVING count(*) <> max(number) OR min(number) <> 1 OR count(DISTINCT number) <> count(*)
        """,
    ),
    Check(
        "token_transaction_balance_after_is_the_running_balance",
        """
        SELECT format('account %s number %s: tokens %s less debt %s, counted %s; trial %s, counted %s',
            account_id, number, balance_after, debt_after, tokens, trial_balance_after, trial)
        FROM (
            SELECT account_id, number, balance_after, debt_after, trial_balance_after,
                sum(CASE bucket WHEN 'token' THEN amount ELSE 0 END) OVER so_far AS tokens,
                sum(CASE bucket WHEN 'trial' THEN amount ELSE 0 END) OVER so_far AS trial
            FROM tokens_tokentransaction
            WINDOW so_far AS (PARTITION BY account_id ORDER BY number ROWS UNBOUNDED PRECEDING)
        ) AS counted
        WHERE balance_after - debt_after <> tokens OR trial_balance_after <> trial
            OR balance_after < 0 OR debt_after < 0 OR trial_balance_after < 0 OR (balance_after > 0 AND debt_after > 0)
        """,
    ),
    Check(
        "token_transaction_only_a_reversal_makes_debt",
        """
        SELECT format('account %s number %s: %s raised the debt from %s to %s',
            account_id, number, type, debt_before, debt_after)
        FROM (
            SELECT account_id, number, type, debt_after,
                coalesce(lag(debt_after) OVER (PARTITION BY account_id ORDER BY number), 0) AS debt_before
            FROM tokens_tokentransaction
        ) AS counted
        WHERE debt_after > debt_before AND type <> 'reversal'
        """,
    ),
    Check(
        "token_account_matches_its_transactions",
        """
        SELECT format('account %s: balance %s less debt %s, counted %s; trial %s, counted %s; '
            'purchased %s, counted %s; spent %s, counted %s; last number %s, counted %s',
            user_id, balance, debt, tokens, trial_balance, trial,
            total_purchased, purchased, total_spent, spent, last_number, number)
        FROM tokens_tokenaccount LEFT JOIN (
            SELECT account_id,
                sum(amount) FILTER (WHERE bucket = 'token') AS tokens,
                sum(amount) FILTER (WHERE bucket = 'trial') AS trial,
                sum(amount) FILTER (WHERE type IN ('purchase', 'auto_reload')) AS purchased,
                -sum(amount) FILTER (WHERE bucket = 'token' AND type IN ('deduction', 'refund')) AS spent,
                max(number) AS number
            FROM tokens_tokentransaction GROUP BY account_id
        ) AS counted ON account_id = user_id
        WHERE (balance - debt, trial_balance, total_purchased, total_spent, last_number) IS DISTINCT FROM
            (coalesce(tokens, 0), coalesce(trial, 0), coalesce(purchased, 0), coalesce(spent, 0), coalesce(number, 0))
        """,
    ),
    Check(
        "token_transaction_refunded_at_most_once",
        """
        SELECT format('deduction %s of account %s has %s refunds of %s in all', deduction.id, deduction.account_id,
            count(*), sum(refund.amount))
        FROM tokens_tokentransaction AS refund JOIN tokens_tokentransaction AS deduction
            ON deduction.id = refund.refund_of_id
        GROUP BY deduction.id
        HAVING count(*) > 1 OR sum(refund.amount) <> -deduction.amount OR deduction.type <> 'deduction'
            OR bool_or(refund.bucket <> deduction.bucket) OR bool_or(refund.account_id <> deduction.account_id)
        """,
    ),
    Check(
        "token_transaction_key_posted_once",
        """
        SELECT format('key %s was posted %s times', key, count(*))
        FROM tokens_tokentransaction GROUP BY key HAVING count(*) > 1
        """,
    ),
)
