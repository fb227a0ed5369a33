"""The gallery of somebody with ten designs beside that of somebody with ten thousand."""

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import server
from bench.pages import times
from bench.people import user_id
from bench.report import Figure
from bench.server import quantile

FEW, MANY = 10, 10_000
PERSON_OF_FEW, PERSON_OF_MANY = 3, 4
AT_ONCE = 32
PAGE_MS, QUERIES = 200.0, 6


def galleries() -> list[Figure]:
    """Ask for both galleries, alone and 32 at once, and count the statements of the long one."""
    collect(PERSON_OF_FEW, FEW)
    collect(PERSON_OF_MANY, MANY)
    few, many = server.session_cookie(PERSON_OF_FEW), server.session_cookie(PERSON_OF_MANY)
    figures = [Figure("queries of the gallery", _queries(many), "queries", None, "", QUERIES, True)]
    with server.serving():
        for concurrency in (1, AT_ONCE):
            short, long = (times("/generations/", cookie, concurrency) for cookie in (few, many))
            ratio = quantile(long, 0.5) / quantile(short, 0.5)
            where = f"GET /generations/, {concurrency} at once"
            limit = PAGE_MS if concurrency == AT_ONCE else None
            figures += [
                Figure(f"{where}, p50, {FEW} designs", quantile(short, 0.5) * 1000, "ms"),
                Figure(f"{where}, p50, {MANY:,} designs", quantile(long, 0.5) * 1000, "ms", ratio, f"{FEW} designs"),
                Figure(f"{where}, p99, {MANY:,} designs", quantile(long, 0.99) * 1000, "ms", None, "", limit, True),
            ]
    return figures


def _queries(cookie: str) -> int:
    browser = Client()
    name, _, value = cookie.partition("=")
    browser.cookies[name] = value
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get("/generations/", headers={"host": settings.ALLOWED_HOSTS[0]})
    if answer.status_code != 200:
        raise RuntimeError(f"The gallery answered {answer.status_code}.")
    return len(queries)


def collect(number: int, designs: int) -> None:
    """Give one person so many finished designs, charged like all others, through the same guards."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(_COLLECT, {"user": user_id(number), "designs": designs})
        cursor.execute("RESET statement_timeout")
        cursor.execute("VACUUM ANALYZE")


_COLLECT = """
WITH made AS (
    SELECT gen_random_uuid() AS id, n FROM generate_series(1, %(designs)s) AS n
), entry AS (
    INSERT INTO tokens_tokentransaction (account_id, number, bucket, type, amount, balance_after,
        trial_balance_after, description, key)
    SELECT user_id, last_number + n, 'token', 'deduction', -1, balance - n, 0, 'Japanese Zen, patio',
        format('generation:%%s:charge', made.id)
    FROM tokens_tokenaccount, made WHERE user_id = %(user)s ORDER BY n RETURNING id, key
), account AS (
    UPDATE tokens_tokenaccount SET balance = balance - %(designs)s, last_number = last_number + %(designs)s,
        total_spent = total_spent + %(designs)s
    WHERE user_id = %(user)s AND (SELECT count(*) FROM entry) > 0
)
INSERT INTO generations_generation (id, user_id, form_key, kind, area, style, prompt, state, source, cost, charge_id,
    job_id, engine, attempts, image, thumbnail, alt_text, note, failure, created_at, started_at, ended_at)
SELECT made.id, %(user)s, gen_random_uuid(), 'design', 'patio', 'japanese-zen', 'A pond with koi', 'succeeded',
    'token', 1, entry.id, 0, 'bench', 1, format('generations/%%s.webp', made.id),
    format('generations/%%s-small.webp', made.id), 'A garden.', 'For the bench.', '', moment, moment, moment
FROM made JOIN entry ON entry.key = format('generation:%%s:charge', made.id),
    LATERAL (SELECT now() - n * interval '1 hour' AS moment) AS at
"""
