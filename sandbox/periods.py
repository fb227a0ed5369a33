"""Billing periods: whole calendar months and years count from the day they began on."""

import calendar
import datetime

FIXED_DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "year": 12}


def next_end(anchor: int, recurring: dict[str, object], after: int) -> int:
    """The first end of a period after the moment `after`, seconds since the epoch. Periods count from `anchor`: one
    that began on the 31st ends on the last day of a shorter month, and on the 31st again in a longer one
    (https://docs.stripe.com/billing/subscriptions/billing-cycle)."""
    steps = 1
    while (end := _moved(anchor, recurring, steps)) <= after:
        steps += 1
    return end


def _moved(anchor: int, recurring: dict[str, object], steps: int) -> int:
    count = int(str(recurring["interval_count"])) * steps
    interval = str(recurring["interval"])
    begun = datetime.datetime.fromtimestamp(anchor, tz=datetime.UTC)
    if interval in FIXED_DAYS:
        return int((begun + datetime.timedelta(days=FIXED_DAYS[interval] * count)).timestamp())
    years, month = divmod(begun.month - 1 + MONTHS[interval] * count, 12)
    year = begun.year + years
    day = min(begun.day, calendar.monthrange(year, month + 1)[1])
    return int(begun.replace(year=year, month=month + 1, day=day).timestamp())
