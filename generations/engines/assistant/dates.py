"""Days: how many until, which weekday, and what date in so many days. Counted from a clock that is handed in."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from generations.engines.assistant.hearing import each, plain_marks

MONTHS: Final = each("january, february, march, april, may, june, july, august, september, october, november, december")
_MONTH: Final = "|".join(f"{month}|{month[:3]}" for month in MONTHS)
_DATE: Final = re.compile(
    rf"(?P<iso>\b\d{{4}}-\d{{2}}-\d{{2}}\b)"
    rf"|\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+(?P<month>{_MONTH})\b\.?,?(?:\s+(?P<year>\d{{4}})\b)?"
    rf"|\b(?P<month2>{_MONTH})\.?\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b,?(?:\s+(?P<year2>\d{{4}})\b)?"
    r"|\b(?P<feast>christmas eve|christmas day|christmas|new years eve|new years day|new year|halloween)\b"
    r"|\b(?P<relative>today|tomorrow|yesterday)\b"
)
_FEASTS: Final = {
    "christmas eve": (12, 24),
    "christmas day": (12, 25),
    "christmas": (12, 25),
    "new years eve": (12, 31),
    "new years day": (1, 1),
    "new year": (1, 1),
    "halloween": (10, 31),
}
_IN: Final = re.compile(
    r"\b(?P<number>\d{1,5})\s+(?P<unit>day|week|month|year)s?\s+(?P<way>from now|ago|from today)\b"
    r"|\bin\s+(?P<number2>\d{1,5})\s+(?P<unit2>day|week)s?\b"
)
_UNTIL: Final = re.compile(
    r"\b(?:how (?:many (?:days|weeks)|long)|days|weeks)\b.*?\b(?:until|till|to|before|since|left)\b"
)
_TODAY: Final = re.compile(
    r"\bwhat(?:s| is)?\s+(?:the\s+|todays\s+)?(?:date|day)(?:\s+is\s+it)?(?:\s+today)?\b"
    r"|\btodays date\b|\bwhat day is (?:it|today)\b"
)
_WEEKDAY: Final = re.compile(r"\b(?:which|what) (?:day of the week|weekday|day)\b|\bday of the week\b")
_LEAP: Final = re.compile(r"\bis (?P<year>\d{4}) a leap year\b")


def day_sum(text: str, today: date) -> str | None:
    """Return an answer about days in a sentence; None when `text` asks for none."""
    plain = " ".join(plain_marks(text[:600].casefold()).replace("'", "").split())
    if leap := _LEAP.search(plain):
        return _leap(int(leap["year"]))
    if " between " in f" {plain}" and re.search(r"\b(?:days|weeks|long)\b", plain):
        return _between(plain, today)
    if _UNTIL.search(plain):
        return _until(plain, today)
    if shift := _IN.search(plain):
        return _shifted(shift, today) if re.search(r"\b(?:date|day)\b", plain[: shift.start()] or "") else None
    if _WEEKDAY.search(plain) and (day := next(_dates(plain, today), None)):
        return f"{_said(day)} {'is' if day >= today else 'was'} a {day:%A}."
    return f"Today is {today:%A}, {_said(today)} (UTC)." if _TODAY.search(plain) else None


def _until(plain: str, today: date) -> str | None:
    day = next(_dates(plain, today), None)
    if day is None:
        return None
    days = (day - today).days
    if days == 0:
        return f"{_said(day)} is today."
    counted = f"{abs(days):,} day{'' if abs(days) == 1 else 's'}"
    weeks = f" ({abs(days) // 7:,} weeks and {abs(days) % 7} days)" if "week" in plain else ""
    ago = f"It is {counted}{weeks} from today, {_said(today)}, until {_said(day)}."
    return ago if days > 0 else f"{_said(day)} was {counted}{weeks} ago; today is {_said(today)}."


def _between(plain: str, today: date) -> str | None:
    days = list(_dates(plain, today))
    if len(days) < 2:
        return None
    first, last = sorted(days[:2])
    count = (last - first).days
    return f"From {_said(first)} to {_said(last)} it is {count:,} day{'' if count == 1 else 's'}."


def _shifted(match: re.Match[str], today: date) -> str | None:
    unit = match["unit"] or match["unit2"]
    number = int(match["number"] or match["number2"])
    if unit not in ("day", "week"):
        return None
    way = -1 if match["way"] == "ago" else 1
    try:
        day = today + way * timedelta(days=number * (7 if unit == "week" else 1))
    except OverflowError:
        return "That is beyond the years my calendar has."
    span = f"{number:,} {unit}{'' if number == 1 else 's'}"
    return f"{span} {'ago it was' if way < 0 else 'from today it is'} {day:%A}, {_said(day)}."


def _leap(year: int) -> str:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return f"{year} is {'a leap year: it has 366 days' if leap else 'not a leap year: it has 365 days'}."


def _dates(plain: str, today: date) -> Iterator[date]:
    """Yield the dates named. One without a year is the next of its kind; one that no calendar has is left out."""
    for match in _DATE.finditer(plain):
        try:
            yield _date(match, today)
        except ValueError:
            continue


def _date(match: re.Match[str], today: date) -> date:
    if match["iso"]:
        return date.fromisoformat(match["iso"])
    if match["relative"]:
        return today + timedelta(days={"yesterday": -1, "today": 0, "tomorrow": 1}[match["relative"]])
    if match["feast"]:
        month, day, year = (*_FEASTS[match["feast"]], None)
    else:
        month = 1 + [name[:3] for name in MONTHS].index((match["month"] or match["month2"])[:3])
        day, year = int(match["day"] or match["day2"]), match["year"] or match["year2"]
    if year:
        return date(int(year), month, day)
    this_year = date(today.year, month, day)
    return this_year if this_year >= today else date(today.year + 1, month, day)


def _said(day: date) -> str:
    return f"{day.day} {day:%B} {day.year:04d}"
