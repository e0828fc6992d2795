"""An import profile: how the tables of one sender are read. It stands in `dnc.yaml`, below `imports`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.rules.periods import parse_date

_DAYS = ("requestedOn", "listedOn", "firstSeenOn", "expirationDate")
_DATE_PARTS = {"YYYY": r"(?P<year>[0-9]{4})", "MM": r"(?P<month>[0-9]{%s})", "DD": r"(?P<day>[0-9]{%s})"}
_TIME = r"(?:[T ]+[0-9]{1,2}:[0-9]{2}(?::[0-9.]+)?(?: ?[AaPp][Mm])?)?"  # of the day, which nothing uses


@dataclass(frozen=True, slots=True)
class ImportProfile:
    """What is known of a sender's tables; without a name, nothing is.

    `columns` says which column a field has, `reasons` what the sender's codes mean, and `other_reason` what
    those mean that it does not name (None: such a row is refused). `ignored_rows` are values by column, a row
    with one of them being left out; `ignored_columns` those that nothing is taken from. `defaults` are keys
    of rows that do not say them, `dates` how days are written, such as `MM/DD/YYYY`. Of a
    registry's snapshots, `fresh_for` is how long one is fresh, `max_loss_percent` what an area code may lose.
    """

    name: str = ""
    list_id: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    other_reason: str | None = None
    ignored_rows: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ignored_columns: frozenset[str] = frozenset()
    defaults: Mapping[str, str] = field(default_factory=dict)
    dates: str | None = None
    fresh_for: str | None = None
    max_loss_percent: float | None = None

    def key_path(self, *keys: str) -> str:
        """Say where a key of the profile stands, as people say it."""
        return ".".join(("imports", self.name, *keys))

    def translate(self, row_fields: Mapping[str, str]) -> dict[str, str]:
        """Put reasons for codes, and days as `YYYY-MM-DD`; a day that is written otherwise stays as it is.

        `row_fields` is by field, and has a known code or none.
        """
        translated_fields = dict(row_fields)
        if self.reasons and "reasonCode" in translated_fields:
            translated_fields["reasonCode"] = (
                self.reasons.get(translated_fields["reasonCode"])
                or self.other_reason
                or translated_fields["reasonCode"]
            )
        elif "reasonCode" in translated_fields:
            translated_fields["reasonCode"] = translated_fields["reasonCode"].upper()
        for key in _DAYS if self.dates else ():
            if key in translated_fields:
                translated_fields[key] = self._parse_day(translated_fields[key])
        return translated_fields

    def refusal_reason(self, row_fields: Mapping[str, str]) -> str:
        """Say why a row is refused, and the way out: the profile does not know its code. Empty: it is not."""
        code = row_fields.get("reasonCode")
        if not self.reasons or code is None or code in self.reasons or self.other_reason:
            return ""
        reasons_key = self.key_path("reasons")
        return f"its code is not in {reasons_key}: add it there, or otherReason for all that are not"

    def _parse_day(self, text: str) -> str:
        if parse_date(text):
            return text
        form = re.escape(self.dates or "")
        digits = "2" if form.isalpha() else "1,2"  # 1112026 is two days
        for part, pattern in _DATE_PARTS.items():
            form = form.replace(part, pattern.replace("%s", digits))
        match = re.fullmatch(form + _TIME, text)
        if match is None:
            return text
        day = f"{match['year']}-{int(match['month']):02}-{int(match['day']):02}"
        return day if parse_date(day) else text


def parse_profiles(settings: Mapping[str, Any]) -> dict[str, ImportProfile]:
    """Make the profiles of what stands below `imports`, which the schema must have found well written."""
    return {name: _parse_profile(name, keys or {}) for name, keys in settings.items()}


def _parse_profile(name: str, settings: Mapping[str, Any]) -> ImportProfile:
    ignore, registry = settings.get("ignore", {}), settings.get("registry", {})
    return ImportProfile(
        name=name,
        list_id=settings.get("listId"),
        columns=settings.get("columns", {}),
        reasons=settings.get("reasons", {}),
        other_reason=settings.get("otherReason"),
        ignored_rows={column: frozenset(values) for column, values in ignore.get("rows", {}).items()},
        ignored_columns=frozenset(ignore.get("columns", ())),
        defaults=settings.get("defaults", {}),
        dates=settings.get("dates"),
        fresh_for=registry.get("freshFor"),
        max_loss_percent=registry.get("maxLossPercent"),
    )
