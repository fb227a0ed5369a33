"""Ten thousand accounts with plenty of tokens, written in a few statements; their ids count 1, 2, 3 ..."""

from uuid import UUID

from django.db import connection

ACCOUNTS = 10_000
_ID = "('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid"


def user_id(number: int) -> UUID:
    """Return the id of the account with this number, from 1."""
    return UUID(f"00000000-0000-4000-8000-{number:012d}")


def populate(count: int = ACCOUNTS, tokens: int = 1_000_000) -> None:
    """Open `count` accounts holding `tokens` each, through the same guards as everything else."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO accounts_user (id, email, password, is_active, is_staff, is_superuser, joined_at)
            SELECT {_ID}, n || '@bench.example.com', '!', true, false, false, now() FROM generate_series(0, %s) AS n
            """,
            [count],
        )
        cursor.execute(
            f"INSERT INTO tokens_tokenaccount (user_id) SELECT {_ID} FROM generate_series(1, %s) AS n",
            [count],
        )
        cursor.execute(
            """
            WITH entry AS (
                INSERT INTO tokens_tokentransaction (account_id, number, bucket, type, amount, balance_after,
                    trial_balance_after, description, key, adjusted_by_id)
                SELECT user_id, 1, 'token', 'adjustment', %(tokens)s, %(tokens)s, 0, 'Bench', 'bench:' || user_id,
                    %(staff)s
                FROM tokens_tokenaccount RETURNING account_id
            )
            UPDATE tokens_tokenaccount SET balance = %(tokens)s, last_number = 1
            FROM entry WHERE account_id = user_id
            """,
            {"tokens": tokens, "staff": user_id(0)},
        )
        cursor.execute("VACUUM ANALYZE")


def lengthen(number: int, rows: int) -> None:
    """Give one account `rows` more movements (one token out, one back), through the same guards."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(
            """
            WITH entry AS (
                INSERT INTO tokens_tokentransaction (account_id, number, bucket, type, amount, balance_after,
                    trial_balance_after, description, key, adjusted_by_id)
                SELECT user_id, last_number + n, 'token', 'adjustment', CASE n %% 2 WHEN 1 THEN -1 ELSE 1 END,
                    balance - n %% 2, 0, 'Bench', 'bench:' || user_id || ':' || n, %(staff)s
                FROM tokens_tokenaccount, generate_series(1, %(rows)s) AS n
                WHERE user_id = %(user)s ORDER BY n RETURNING account_id
            )
            UPDATE tokens_tokenaccount SET last_number = last_number + %(rows)s
            WHERE user_id = %(user)s AND (SELECT count(*) FROM entry) > 0
            """,
            {"rows": rows, "user": user_id(number), "staff": user_id(0)},
        )
        cursor.execute("RESET statement_timeout")
        cursor.execute("ANALYZE tokens_tokentransaction")
