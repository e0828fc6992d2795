"""One look at every group that is asked for, record by record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from reconciler.core.model.entries import Carried
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.live import Live, LiveEntry, Unreadable
from reconciler.cxone.groups.dialect import CEILING, GroupsDialect, Numbers
from reconciler.cxone.groups.directory import Group
from reconciler.cxone.groups.records import Record, Records, date_of
from reconciler.cxone.http.sanitize import harmless, visible
from reconciler.cxone.read_pass import Look

RULE = "CXONE-GROUP"
_NEAR = 0.95  # of the ceiling


@dataclass(frozen=True, slots=True)
class Sample:
    """A record that was read, for looking it up again: its group, what it means, and its digits as stored."""

    group: str
    phone: str
    stored: str


class RecordLook(Look):
    """What one reading of the groups saw. Records that are over are counted, and are not live.

    `as_of` is the date at UTC-12: a record is over when the last day that it stands for is. `own` and `other`
    count the numbers of the tenant's own country, in its form and, failing that, in the other.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        chosen: Mapping[str, Group],
        numbers: Numbers,
        dialect: GroupsDialect,
        as_of: date,
    ) -> None:
        super().__init__({group.id: list_id for list_id, group in chosen.items()}, dialect.strength)
        self.own = 0
        self.other = 0
        self.sample: Sample | None = None
        self.odd_dates: dict[str, int] = {}
        self._said: list[Finding] = []
        self._chosen = chosen
        wanted = {group.id for group in chosen.values()}
        self._strangers = {visible(g.name): g.records for g in groups if g.id not in wanted and g.records}
        self._numbers = numbers
        self._in_other_form = numbers.other
        self._dialect = dialect
        self._as_of = as_of
        self._ends: dict[str, tuple[Carried, bool]] = {}
        self._seen: dict[str, set[str]] = {list_id: set() for list_id in chosen}
        self._over: dict[str, set[str]] = {list_id: set() for list_id in chosen}
        self._counts: dict[str, set[int]] = {list_id: set() for list_id in chosen}

    @property
    def adds_up(self) -> bool:
        """Tell whether each group's distinct records agree with every total that was given for it.

        Whether a total counts the records that are over is not published: either will do.
        """
        return all(
            totals <= {len(self._seen[name])} or totals == {len(self._seen[name]) - len(self._over[name])}
            for name, totals in self._counts.items()
        )

    def take(self, list_id: str, page: Records) -> int:
        """Take some records of a list's group in; tell how many of them had not been seen."""
        seen = self._seen[list_id]
        before = len(seen)
        if page.total is not None:
            self._counts[list_id].add(page.total)
        for row in page.rows:
            seen.add(row.id)
            self.ids.add(f"{list_id}/{row.id}")
            self._take_record(list_id, row)
        return len(seen) - before

    def warn(self, findings: Iterable[Finding]) -> None:
        """Take in what is odd about the groups themselves."""
        self._said.extend(findings)

    def live(self, read_at: str) -> Live:
        """Give what this look saw, as a reading that adds up."""
        return self._told(super().live(read_at))

    def union(self, before: Look, read_at: str) -> Live:
        """Give what this look and the one before saw together, where neither adds up."""
        return self._told(super().union(before, read_at))

    def _take_record(self, list_id: str, row: Record) -> None:
        terms, over = self._ends.get(row.expired) or self._read_end(row.expired)
        phone = self._numbers.read(row.phone)
        self._count_form(list_id, row, phone, over=over)
        if over:
            self._over[list_id].add(row.id)
        elif phone is None:
            self.unreadable[f"{list_id}/{row.id}"] = Unreadable(list_id, harmless(row.phone))
        else:
            entry = LiveEntry(terms, row.id, row.modified)
            if phone in self.lists[list_id]:
                self._again((list_id, phone), entry)
            else:
                self.lists[list_id][phone] = entry

    def _count_form(self, list_id: str, row: Record, phone: str | None, *, over: bool) -> None:
        """Count by the numbers of the tenant's own country: digits of one form may be another country's."""
        if phone is None or not self._numbers.at_home(phone):
            there = self._in_other_form.read(row.phone)
            self.other += there is not None and self._numbers.at_home(there)
            return
        self.own += 1
        if self.sample is None and not over:
            self.sample = Sample(self._chosen[list_id].id, phone, row.phone)

    def _read_end(self, written: str) -> tuple[Carried, bool]:
        """Read an expiry once. One that cannot be read is the weakest: such a number is written again."""
        expired = date_of(written) if written else None
        if written and expired is None:
            self.odd_dates[harmless(written)] = self.odd_dates.get(harmless(written), 0) + 1
            found = (Carried(end=date.min), False)
        else:
            end = self._dialect.end_of(expired) if expired else None
            found = (Carried(end=end), end is not None and end < self._as_of)
        return self._ends.setdefault(written, found)

    def _told(self, live: Live) -> Live:
        entries = live.entries + sum(self._strangers.values())
        return replace(
            live,
            entries=entries,
            foreign=dict(sorted(self._strangers.items())),
            ceiling=CEILING,
            warnings=(*self._said, *self._warnings(entries)),
        )

    def _warnings(self, entries: int) -> list[Finding]:
        said = []
        if entries >= CEILING * _NEAR:
            said.append(
                f"{entries:,} records of the {CEILING:,} that CXone takes in one environment, calling lists "
                "not counted: remove groups or lists that nobody needs"
            )
        if self.other:
            said.append(
                f"{self.other} of {self.own + self.other} records look like numbers in the other form than "
                f"`numberForm: {self._numbers.form}`, and are not taken for such"
            )
        said += [
            f"the `expiredDate` {written} cannot be read: numbers with it are written again"
            for written in list(self.odd_dates)[:1]
        ]
        return [warning(text) for text in said]


def warning(message: str) -> Finding:
    """Say something odd about a tenant's groups."""
    return Finding("", 0, 0, "", RULE, Severity.WARNING, message)
