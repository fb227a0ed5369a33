"""One process that charges as fast as it can and never gives up; it writes down each charge it was told of.

Every charge has a key of its own. After any error the same key is tried again, as a retried request would be.
"""

import os
import sys
import threading
import time
import uuid

import django


def main(user_id: str, log_path: str, threads: int) -> None:
    """Charge until killed. A line in the log is written only after the ledger said yes."""
    django.setup()
    log = os.open(log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    workers = [threading.Thread(target=charge_for_ever, args=(uuid.UUID(user_id), log)) for _ in range(threads)]
    for worker in workers:
        worker.start()


def charge_for_ever(user_id: uuid.UUID, log: int) -> None:
    from django.db import Error, connection

    from tokens import ledger

    while True:
        key = f"load:{uuid.uuid4()}"
        while True:
            try:
                ledger.charge(user_id=user_id, cost=1, key=key, description="Load")
                break
            except Error:
                connection.close()
                time.sleep(0.02)
        os.write(log, f"{key}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
