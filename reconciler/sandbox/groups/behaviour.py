"""One tenant's DNC groups, and how their API behaves where NICE's published files leave it open."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from reconciler.sandbox.entries.entry import format_time
from reconciler.sandbox.groups.skills import Skill
from reconciler.sandbox.groups.store import GroupStore


@dataclass
class Quirks:
    """Lasting oddities, changed at any time. By default the API is as its published files say.

    What a read shows: `array` names the records, `ids_as_text` and `phones_as_numbers` turn the published
    types around, `wrapping` puts `resultSet` around every answer or none, `no_content` answers 204 where
    there is nothing, `most_records` is the most in one answer, and more is refused if `refuses_more`.
    `totals` False leaves `totalRecords` out; `shows_over` False leaves out the records that are over; `dates`
    is the format of `expiredDate`.

    What a write does: `second_post` of a number that is there; `form` is how numbers are stored whatever was
    sent (North American ones; "as-sent" does not convert, nor compare across forms), and a search compares
    across forms unless `exact_search`. `fails` maps digits to the error of their item, `ignored` are digits
    that count as a success and are not stored. `most_posted` is the largest body before a 413. Results come
    in the order sent unless `reversed_results`, show a number unless `bare_results`, and `lost_results` of
    them are missing. `deletes` False answers 405; `expires` False says success and changes nothing.

    `searches` False answers 403, and so do skills where `reads_skills` is False. `errors_in_header` says why
    only in `icStatusDescription`. `scrubs` False makes groups without a skill. `grant` is where the password
    grant takes the client's id and secret, `claim` the token that names the tenant.
    """

    array: Literal["dncRecords", "dncGroupRecords"] = "dncRecords"
    ids_as_text: bool = False
    phones_as_numbers: bool = False
    wrapping: Literal["published", "always", "never"] = "published"
    no_content: bool = False
    most_records: int = 1000
    refuses_more: bool = False
    totals: bool = True
    shows_over: bool = True
    dates: Literal["day", "time", "american", "words"] = "time"
    second_post: Literal["update", "fail", "duplicate"] = "update"
    form: Literal["as-sent", "national", "international"] = "as-sent"
    exact_search: bool = False
    fails: dict[str, str] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    most_posted: int = 1000
    reversed_results: bool = False
    bare_results: bool = False
    lost_results: int = 0
    deletes: bool = True
    expires: bool = True
    searches: bool = True
    reads_skills: bool = True
    errors_in_header: bool = False
    scrubs: bool = True
    grant: Literal["both", "basic", "form"] = "both"
    claim: Literal["id_token", "access_token", "none"] = "id_token"


_NATIONAL = re.compile(r"[2-9][0-9]{9}")
_INTERNATIONAL = re.compile(r"1[2-9][0-9]{9}")
_SKILL = "Outbound"


class Groups:
    """The groups of one tenant. `quirks` may be changed at any time."""

    def __init__(self, database: Path | None, clock: Callable[[], datetime]) -> None:
        self.store = GroupStore(database)
        self.quirks = Quirks()
        self._clock = clock

    @property
    def today(self) -> str:
        """The day by which a record is over."""
        return self._clock().astimezone(UTC).date().isoformat()

    @property
    def now(self) -> str:
        """The clock, as a time of the wire."""
        return format_time(self._clock())

    def make(self, name: str, *, active: bool = True, removed: bool = False) -> int:
        """Make a group that scrubs the usual skill, unless the tenant's quirk is that it scrubs none."""
        group = self.store.make(name, self.now, active=active, removed=removed)
        if self.quirks.scrubs:
            usual = self.store.skills.find(_SKILL)
            self.store.skills.assign(group, usual.id if usual else self.store.skills.add(Skill(0, _SKILL)))
        return group

    def to_stored_form(self, digits: str) -> str:
        """Give the digits as this tenant keeps them."""
        if self.quirks.form == "national" and _INTERNATIONAL.fullmatch(digits):
            return digits[1:]
        if self.quirks.form == "international" and _NATIONAL.fullmatch(digits):
            return f"1{digits}"
        return digits

    def add_number(self, group: int, digits: str, expired: str | None = None) -> None:
        """Play an agent who adds a number: another record of it, if it is there."""
        self.store.post(group, self.to_stored_form(digits), expired, self.now)
