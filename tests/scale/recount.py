"""The books recounted from the outside: own SQL, no code of the shop, and what the customers were told."""

from collections import Counter
from pathlib import Path

import psycopg

from tests.scale.customers import Order

Row = dict[str, object]
TRIAL_CREDITS = 3

# Every person: what succeeded, what the rows say, what the account says. Trial credits count as tokens here.
PEOPLE = """
SELECT email, account.balance + account.trial_balance AS balance, last_number,
    (SELECT coalesce(sum(amount), 0) FROM tokens_tokentransaction AS t WHERE t.account_id = u.id) AS summed,
    (SELECT count(*) FROM tokens_tokentransaction AS t WHERE t.account_id = u.id) AS rows,
    (SELECT count(*) FROM generations_generation AS g WHERE g.user_id = u.id) AS started,
    (SELECT count(*) FROM generations_generation AS g WHERE g.user_id = u.id AND g.state = 'succeeded') AS succeeded
FROM accounts_user AS u JOIN tokens_tokenaccount AS account ON account.user_id = u.id
"""
# Every generation: how it ended, and every row of the books that names it or that it names.
GENERATIONS = """
SELECT g.id, g.prompt, g.kind, g.area, g.state, g.image, g.reply, u.email,
    (SELECT array_agg(t.amount) FROM tokens_tokentransaction AS t
        WHERE t.key = format('generation:%s:charge', g.id) AND (t.account_id, t.id) = (g.user_id, g.charge_id)
    ) AS charged,
    (SELECT array_agg(t.amount) FROM tokens_tokentransaction AS t
        WHERE t.refund_of_id = g.charge_id AND t.account_id = g.user_id) AS refunded
FROM generations_generation AS g JOIN accounts_user AS u ON u.id = g.user_id
"""
RUNNING_BALANCE = """
SELECT count(*) FROM (
    SELECT balance_after + trial_balance_after AS after, number,
        sum(amount) OVER (PARTITION BY account_id ORDER BY number) AS running,
        row_number() OVER (PARTITION BY account_id ORDER BY number) AS place
    FROM tokens_tokentransaction) AS entry
WHERE running <> after OR place <> number OR after < 0
"""


def findings(
    connection: psycopg.Connection[tuple[object, ...]], orders: list[Order], given: dict[str, int], media: Path
) -> list[str]:
    """Return a sentence for whatever is not as the customers were told, or does not add up; [] when all is right."""
    generations = _rows(connection, GENERATIONS)
    people = _rows(connection, PEOPLE)
    wrong = [*_orders(generations, orders), *_people(people, given)]
    for generation in generations:
        wrong += _one(generation, media)
    (breaks,) = connection.execute(RUNNING_BALANCE).fetchone() or (None,)
    return [*wrong, *([f"{breaks} rows break the running balance"] if breaks else [])]


def _orders(generations: list[Row], orders: list[Order]) -> list[str]:
    """What was acknowledged is there once; what was refused is not there; nothing else is."""
    there = Counter((row["email"], row["prompt"], row["kind"]) for row in generations)
    told = {(order.email, order.words, order.kind): order.generations * order.accepted for order in orders}
    areas = Counter((row["prompt"], row["area"]) for row in generations if row["kind"] == "design")
    return [
        *(f"{what}: {there[what]} there, {count} promised" for what, count in told.items() if there[what] != count),
        *(f"{what}: {count} that nobody ordered" for what, count in there.items() if what not in told),
        *(f"{what}: {count} times" for what, count in areas.items() if count > 1),
    ]


def _people(people: list[Row], given: dict[str, int]) -> list[str]:
    wrong = []
    for row in people:
        started, succeeded = int(str(row["started"])), int(str(row["succeeded"]))
        left = given[str(row["email"])] + TRIAL_CREDITS - succeeded
        movements = 2 + started + (started - succeeded)  # given twice, charged, refunded
        found = (row["balance"], row["summed"], row["rows"], row["last_number"])
        if found != (left, left, movements, movements):
            wrong.append(f"{row['email']} holds {found[0]} in {found[2]} rows, not {left} in {movements}: {found}")
    return wrong


def _one(row: Row, media: Path) -> list[str]:
    """One generation: charged one token, and either a result that is there or the token back."""
    name = f"{row['kind']} {row['id']}"
    if row["state"] not in ("succeeded", "failed"):
        return [f"{name} is {row['state']}"]
    if row["charged"] != [-1]:
        return [f"{name} was charged {row['charged']}"]
    if row["state"] == "failed":
        return [] if row["refunded"] == [1] else [f"{name} failed, refunded {row['refunded']}"]
    if row["refunded"] is not None:
        return [f"{name} succeeded, refunded {row['refunded']}"]
    result = row["reply"] if row["kind"] == "message" else (media / str(row["image"])).is_file()
    return [] if result else [f"{name} succeeded, but its result is gone"]


def _rows(connection: psycopg.Connection[tuple[object, ...]], sql: str) -> list[Row]:
    cursor = connection.execute(sql)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
