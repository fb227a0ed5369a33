"""One process that charges with some threads for some seconds and prints how often: the shop's own function."""

import random
import sys
import threading
import time
import uuid

import django


def main(threads: int, seconds: float, accounts: int) -> None:
    """Charge one token from random accounts in each of `threads` threads; print charges and seconds."""
    django.setup()
    from django.db import connection

    from bench.people import user_id
    from tokens import ledger

    counts = [0] * threads
    start = threading.Barrier(threads + 1)

    def work(index: int) -> None:
        dice, run = random.Random(index), uuid.uuid4()
        for warm_up in range(20):
            ledger.charge(user_id=user_id(dice.randint(1, accounts)), cost=1, key=f"w:{run}:{warm_up}", description="x")
        start.wait()
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            ledger.charge(
                user_id=user_id(dice.randint(1, accounts)),
                cost=1,
                key=f"bench:{run}:{index}:{counts[index]}",
                description="A design",
            )
            counts[index] += 1
        connection.close()

    workers = [threading.Thread(target=work, args=(index,)) for index in range(threads)]
    for worker in workers:
        worker.start()
    start.wait()
    for worker in workers:
        worker.join()
    print(sum(counts) / seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
