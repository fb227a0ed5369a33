"""When a billing period ends: calendar months from the day it all began."""

import datetime

import pytest

from sandbox.periods import next_end

MONTHLY = {"interval": "month", "interval_count": 1}


def moment(text: str) -> int:
    return int(datetime.datetime.fromisoformat(f"{text}T12:00:00+00:00").timestamp())


@pytest.mark.parametrize(
    ("anchor", "recurring", "after", "end"),
    [
        ("2026-01-15", MONTHLY, "2026-01-15", "2026-02-15"),
        ("2026-01-31", MONTHLY, "2026-01-31", "2026-02-28"),
        ("2026-01-31", MONTHLY, "2026-02-28", "2026-03-31"),
        ("2027-12-31", MONTHLY, "2028-01-31", "2028-02-29"),
        ("2026-12-05", MONTHLY, "2026-12-05", "2027-01-05"),
        ("2026-01-15", {"interval": "month", "interval_count": 3}, "2026-01-15", "2026-04-15"),
        ("2028-02-29", {"interval": "year", "interval_count": 1}, "2028-02-29", "2029-02-28"),
        ("2026-01-15", {"interval": "week", "interval_count": 1}, "2026-01-22", "2026-01-29"),
    ],
)
def test_a_period_ends_on_the_day_it_began_or_the_last_of_a_shorter_month(
    anchor: str, recurring: dict[str, object], after: str, end: str
) -> None:
    assert next_end(moment(anchor), recurring, moment(after)) == moment(end)
