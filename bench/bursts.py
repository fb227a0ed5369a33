"""A burst of webhooks over HTTP, a third of them delivered twice, while somebody looks at their balance."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

from bench import pgbench, selling, server
from bench.charges import FIVE
from bench.people import ACCOUNTS
from bench.report import Figure
from billing.models import Purchase, StripeEvent
from tokens.models import TokenTransaction

DELIVERIES, DUPLICATES = 1000, 333
AT_ONCE = 16
PAGE_MS = 300.0


def bursts(url: str) -> list[Figure]:
    """Deliver 1,000 signed events at concurrency 16 and count what came of them: none lost, none doubled."""
    purchases = selling.open_purchases(DELIVERIES - DUPLICATES, "burst")
    requests = [_post(*selling.delivery(purchase)) for purchase in purchases]
    requests += requests[:DUPLICATES]
    random.Random(16).shuffle(requests)
    five = pgbench.transactions_per_second(url, pgbench.FIVE_STATEMENTS, clients=AT_ONCE, seconds=3, accounts=ACCOUNTS)
    with server.serving():
        times, seconds, looks = _deliver(requests)
    paid = {str(purchase.pk) for purchase in Purchase.objects.filter(pk__in=[p.pk for p in purchases], state="paid")}
    credits = TokenTransaction.objects.filter(key__in=[f"purchase:{purchase.pk}" for purchase in purchases]).count()
    events = StripeEvent.objects.filter(object_id__startswith="cs_test_burst_", state="applied").count()
    rate = len(times) / seconds
    return [
        Figure(f"burst of {DELIVERIES} webhooks, {AT_ONCE} at once", rate, "per second", rate / five, FIVE),
        Figure("one of them, p50", server.quantile(times, 0.5) * 1000, "ms"),
        Figure("one of them, p99", server.quantile(times, 0.99) * 1000, "ms"),
        Figure("balance page meanwhile, p99", server.quantile(looks, 0.99) * 1000, "ms", None, "", PAGE_MS, True),
        Figure("lost: sent and not credited", len(purchases) - len(paid), "purchases", None, "", 0, True),
        Figure("doubled: credits beyond one each", credits - len(paid), "credits", None, "", 0, True),
        Figure("kept and applied, of as many events", events, "events", events / len(purchases), "sent", 1.0),
    ]


def _deliver(requests: list[bytes]) -> tuple[list[float], float, list[float]]:
    """Return the seconds of each delivery, of them all, and of each look at a balance in between."""
    looks: list[float] = []
    over = Event()
    cookie = server.session_cookie(1)

    def look() -> None:
        with server.line() as connection:
            while not over.is_set():
                looks.append(server.ask(connection, server.get("/tokens/balance/", cookie)))
                time.sleep(0.01)

    somebody = Thread(target=look)
    somebody.start()
    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        times = [seconds for share in pool.map(_send, _shares(requests)) for seconds in share]
    took = time.perf_counter() - began
    over.set()
    somebody.join()
    return times, took, looks


def _shares(requests: list[bytes]) -> list[list[bytes]]:
    return [requests[first::AT_ONCE] for first in range(AT_ONCE)]


def _send(requests: list[bytes]) -> list[float]:
    with server.line() as connection:
        return [server.ask(connection, request) for request in requests]


def _post(body: bytes, signature: str) -> bytes:
    head = (
        "POST /webhooks/stripe/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
