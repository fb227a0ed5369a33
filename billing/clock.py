"""The one clock that decides about money: PostgreSQL's, so that hosts whose clocks differ agree."""

from datetime import datetime
from typing import cast

from django.db import connection


def now() -> datetime:
    """Return PostgreSQL's time of this very moment, not of the transaction's begin: it may have waited for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    return cast(datetime, moment)
