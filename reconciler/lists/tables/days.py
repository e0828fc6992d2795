"""Days as exports write them, with the time of day or without: the day counts as it is written."""

import re

from reconciler.rules.periods import parse_date

_TIME = (
    r"(?:[T ,]+(?:at )?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?: ?[AaPp]\.?[Mm]\.?)?"
    r" ?(?:Z|[+-][0-9]{2}:?[0-9]{2}|[A-Z]{2,5})?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<name>(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)\.?"
_FORMS = tuple(
    re.compile(form + _TIME, re.IGNORECASE)
    for form in (
        r"(?P<year>[0-9]{4})[-/.](?P<month>[0-9]{1,2})[-/.](?P<day>[0-9]{1,2})",
        r"(?P<year>(?:19|20)[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
        rf"(?P<day>[0-9]{{1,2}})[ -]{_MONTH}[ ,-]+(?P<year>[0-9]{{4}})",
        rf"{_MONTH} (?P<day>[0-9]{{1,2}}),? (?P<year>[0-9]{{4}})",
    )
)


def day_as_written(text: str) -> str:
    """Give the day of a date or a moment as YYYY-MM-DD; the text as it is where it is none for certain.

    `11/02/2026` is none: an import profile says which part of it is the month.
    """
    if parse_date(text):
        return text
    for form in _FORMS:
        if match := form.fullmatch(text.strip()):
            parts = match.groupdict()
            month = parts.get("month") or _MONTHS.index(parts["name"][:3].lower()) + 1
            day = f"{parts['year']}-{int(month):02}-{int(parts['day']):02}"
            return day if parse_date(day) else text
    return text
