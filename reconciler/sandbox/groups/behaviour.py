"""One tenant's DNC groups, and how their API behaves where NICE's published files leave it open."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from reconciler.sandbox.entries.entry import format_time
from reconciler.sandbox.groups.skills import Skill
from reconciler.sandbox.groups.store import GroupStore, Record


@dataclass
class Quirks:
    """Lasting oddities, changed at any time. By default the API is as its published files say.

    What a read shows: `array` names the records, `ids_as_text` and `phones_as_numbers` turn the published
    types around, `wrapping` puts `resultSet` around every answer or none, `no_content` answers 204 where
    there is nothing, `most_records` is the most in one answer, and more is refused if `refuses_more`.
    `totals` False leaves `totalRecords` out; `shows_over` False leaves out the records that are over; `dates`
    is the format of `expiredDate`, which is shown `shift_hours` late (-10: midnight in Sydney, written in
    UTC). `text_values` writes counts and flags as "0" and "True", `omits_empty` leaves empty arrays out.
    `order` is that of the records where the request names none ("loose": another one each time), `order_by`
    what becomes of one that does. `unlisted_groups` counts groups that `totalGroups` has and the list lacks.

    What a write does: `second_post` of a number that is there; `form` is how numbers are stored whatever was
    sent (North American ones; "as-sent" does not convert, nor compare across forms), and a search compares
    across forms unless `exact_search`. `fails` maps digits to the error of their item, `ignored` are digits
    that count as a success and are not stored. `most_posted` is the largest body before a 413. Results come
    in the order sent unless `reversed_results`, show a number unless `bare_results`, and `lost_results` of
    them are missing. `ceiling` is the most records of the tenant, 0 for none.

    What an expiry does: `deletes` False answers 405; `expires` False says success and changes nothing.
    `expire` "new-record" puts an expired record beside the old one, which stays in force; "refuses-past" is
    short for `expire_days` "not-past": the days that are taken, any other fails. `wraps_expiry` puts
    `resultSet` around the answer.

    What a search does: `search` "blind" finds nothing, "wants-body" and "wants-query" refuse the other form
    with a 400. It shows a write after `search_lag` more searches of the number, and `search_lag_seconds`;
    "lags" is short for a lag of two searches.

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
    shift_hours: int = 0
    text_values: bool = False
    omits_empty: bool = False
    order: Literal["added", "newest", "loose"] = "added"
    order_by: Literal["honoured", "ignored", "refused"] = "honoured"
    unlisted_groups: int = 0
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
    ceiling: int = 0
    expires: bool = True
    expire: Literal["in-place", "new-record", "refuses-past"] = "in-place"
    expire_days: Literal["any", "not-past", "none"] = "any"
    wraps_expiry: bool = False
    searches: bool = True
    search: Literal["finds", "blind", "wants-body", "wants-query", "lags"] = "finds"
    search_lag: int = 0
    search_lag_seconds: int = 0
    reads_skills: bool = True
    errors_in_header: bool = False
    scrubs: bool = True
    grant: Literal["both", "basic", "form"] = "both"
    claim: Literal["id_token", "access_token", "none"] = "id_token"


_NATIONAL = re.compile(r"[2-9][0-9]{9}")
_INTERNATIONAL = re.compile(r"1[2-9][0-9]{9}")
_SKILL = "Outbound"
_LAG = 2  # searches


class Groups:
    """The groups of one tenant. `quirks` may be changed at any time."""

    def __init__(self, database: Path | None, clock: Callable[[], datetime]) -> None:
        self.store = GroupStore(database)
        self.quirks = Quirks()
        self._clock = clock
        self._index = _LateIndex()
        self._read_count = 0

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
        self.note_write(digits)
        self.store.post(group, self.to_stored_form(digits), expired, self.now)

    def note_write(self, digits: str) -> None:
        """Keep what a search shows of a number that is about to be written, where it lags behind."""
        phone = self.to_stored_form(digits)
        searches = self.quirks.search_lag or _LAG * (self.quirks.search == "lags")
        if searches or self.quirks.search_lag_seconds:
            until = self._clock() + timedelta(seconds=self.quirks.search_lag_seconds)
            self._index.keep(phone, self.store.find(phone), searches, until)

    def search(self, digits: str) -> list[Record]:
        """Find a number's records in every group, as a search shows them."""
        if self.quirks.search == "blind":
            return []
        phone = digits if self.quirks.exact_search else self.to_stored_form(digits)
        late = self._index.take(phone, self._clock())
        return self.store.find(phone) if late is None else late

    def records(self, group: int, skip: int, top: int, *, is_ordered: bool) -> tuple[list[Record], int]:
        """Read some of a group's records in the tenant's order, and how many there are."""
        after = "" if self.quirks.shows_over else self.today
        if self.quirks.order == "added" or (is_ordered and self.quirks.order_by == "honoured"):
            return self.store.records(group, skip, top, after=after)
        everything, total = self.store.records(group, 0, -1, after=after)
        everything.reverse()
        if self.quirks.order == "loose" and everything:
            self._read_count += 1
            at = self._read_count % len(everything)
            everything = everything[at:] + everything[:at]
        return everything[skip : skip + top], total


class _LateIndex:
    """What a search that lags behind still shows: a number's records as they were before a write."""

    def __init__(self) -> None:
        self._late: dict[str, tuple[list[Record], int, datetime]] = {}

    def keep(self, phone: str, records: list[Record], searches: int, until: datetime) -> None:
        """Show these for so many more searches, and until then."""
        self._late.setdefault(phone, (records, searches, until))

    def take(self, phone: str, now: datetime) -> list[Record] | None:
        """Give what is still shown, and count the search; None where the index has caught up."""
        records, left, until = self._late.get(phone, ([], 0, now))
        if left <= 0 and now >= until:
            self._late.pop(phone, None)
            return None
        self._late[phone] = (records, left - 1, until)
        return records
