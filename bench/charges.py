"""Charges per second through `ledger.charge`, beside pgbench doing the same work."""

import subprocess
import sys

from bench import pgbench
from bench.people import ACCOUNTS
from bench.report import Figure

SECONDS = 3
FIVE = "pgbench, five bare statements"
SAME = "pgbench, the ledger's own statements"
SHAPES = [  # processes, threads, target against FIVE
    (1, 1, 0.65),
    (1, 2, None),
    (1, 4, None),
    (1, 8, None),
    (2, 4, 0.35),
]


def charges(url: str) -> list[Figure]:
    """Return the figures for each shape of concurrency, and for one hot account."""
    figures: list[Figure] = []
    for processes, threads, target in SHAPES:
        clients = processes * threads
        five = pgbench.transactions_per_second(
            url, pgbench.FIVE_STATEMENTS, clients=clients, seconds=SECONDS, accounts=ACCOUNTS
        )
        same = pgbench.transactions_per_second(
            url, pgbench.SAME_STATEMENTS, clients=clients, seconds=SECONDS, accounts=ACCOUNTS
        )
        ours = charged(processes, threads, ACCOUNTS)
        shape = f"{processes} x {threads} threads" if processes > 1 else f"{threads} threads"
        figures += [
            Figure(f"{FIVE}, {clients} clients", five, "per second"),
            Figure(f"{SAME}, {clients} clients", same, "per second", same / five, FIVE),
            Figure(f"ledger.charge, {shape}", ours, "per second", ours / five, FIVE, target),
            Figure(f"ledger.charge, {shape}", ours, "per second", ours / same, SAME),
        ]
    return figures + _hot(url)


def _hot(url: str) -> list[Figure]:
    five = pgbench.transactions_per_second(url, pgbench.FIVE_STATEMENTS, clients=8, seconds=SECONDS, accounts=1)
    ours = charged(1, 8, 1)
    return [
        Figure(f"{FIVE}, one hot account, 8 clients", five, "per second"),
        Figure("ledger.charge, one hot account, 8 threads", ours, "per second", ours / five, FIVE, 0.60),
    ]


def charged(processes: int, threads: int, accounts: int) -> float:
    """Run `bench.charging` in `processes` processes at once; return their charges per second together."""
    command = [sys.executable, "-m", "bench.charging", str(threads), str(SECONDS), str(accounts)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    return sum(float(process.communicate()[0]) for process in running)
