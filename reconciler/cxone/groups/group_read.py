"""One look at every group that is asked for, record by record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from reconciler.core.model.entries import Key, ProjectedTerms
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.live import Live, LiveEntry, UnreadableEntry
from reconciler.cxone.groups.dialect import CEILING, GroupsDialect, NumberConverter
from reconciler.cxone.groups.directory import Group
from reconciler.cxone.groups.records import Record, RecordPage, parse_expiry, shown_shift
from reconciler.cxone.http.sanitize import mark_invisible, sanitize
from reconciler.cxone.read_pass import ReadPass

RULE = "CXONE-GROUP"
_NEAR = 0.95  # of the ceiling
_SAMPLES = 3
_MOST_EXPIRED = 10_000  # records that are over, looked at for what expiring does


@dataclass(frozen=True, slots=True)
class Sample:
    """A record that was read, for looking it up again: its group, what it means, and its digits as stored."""

    group: str
    phone: str
    stored: str


class GroupReadPass(ReadPass):
    """What one reading of the groups saw. Records that are over are counted, and are not live.

    `as_of` is the date at UTC-12: a record is over when the last day that it stands for is. `own_form_count`
    and `other_form_count` count the numbers of the tenant's own country, in its form and in the other;
    `samples` are some in its form. `unlisted` groups are counted by CXone and were not listed.
    """

    def __init__(  # noqa: PLR0913  (what a look is made of)
        self,
        groups: Sequence[Group],
        groups_by_list: Mapping[str, Group],
        numbers: NumberConverter,
        dialect: GroupsDialect,
        as_of: date,
        *,
        unlisted: int = 0,
    ) -> None:
        super().__init__({group.id: list_id for list_id, group in groups_by_list.items()}, dialect.strength)
        self.own_form_count = 0
        self.other_form_count = 0
        self.samples: list[Sample] = []
        self.odd_dates: dict[str, int] = {}
        self.oddities: set[str] = set()  # of the answers: see RecordPage
        self.shifts: set[int] = set()  # hours beside midnight at which days are shown
        self.expired_times: dict[Key, str] = {}
        self._findings: list[Finding] = []
        self._groups_by_list = groups_by_list
        group_ids = {group.id for group in groups_by_list.values()}
        self._foreign_records = {
            mark_invisible(g.name): g.records for g in groups if g.id not in group_ids and g.records
        }
        self._numbers = numbers
        self._dialect = dialect
        self._as_of = as_of
        self._unlisted = unlisted
        self._ends: dict[str, tuple[ProjectedTerms, bool]] = {}
        self._seen: dict[str, set[str]] = {list_id: set() for list_id in groups_by_list}
        self._expired_ids: dict[str, set[str]] = {list_id: set() for list_id in groups_by_list}
        self._counts: dict[str, set[int]] = {list_id: set() for list_id in groups_by_list}

    @property
    def adds_up(self) -> bool:
        """Tell whether each group's distinct records agree with every total that was given for it.

        Whether a total counts the records that are over is not published: either will do. A list of groups
        that lacks some does not add up.
        """
        return not self._unlisted and all(
            totals <= {len(self._seen[name])}
            or totals == {len(self._seen[name]) - len(self._expired_ids[name])}
            for name, totals in self._counts.items()
        )

    def add_records(self, list_id: str, page: RecordPage) -> int:
        """Take some records of a list's group in; tell how many of them had not been seen."""
        self.oddities |= page.oddities
        seen_ids = self._seen[list_id]
        count_before = len(seen_ids)
        if page.total is not None:
            self._counts[list_id].add(page.total)
        for row in page.rows:
            seen_ids.add(row.id)
            self.ids.add(f"{list_id}/{row.id}")
            self._take_record(list_id, row)
        return len(seen_ids) - count_before

    def add_findings(self, findings: Iterable[Finding]) -> None:
        """Take in what is odd about the groups themselves."""
        self._findings.extend(findings)

    @property
    def expired_beside(self) -> int:
        """Count the numbers in force beside which a later record is over: an expiry added one."""
        return sum(
            (entry := self.tables[list_id].get(phone)) is not None and (entry.modified or time) <= time
            for (list_id, phone), time in self.expired_times.items()
        )

    def live(self, read_at: str) -> Live:
        """Give what this look saw, as a reading that adds up."""
        return self._with_group_facts(super().live(read_at))

    def union(self, previous: ReadPass, read_at: str) -> Live:
        """Give what this look and the one before saw together, where neither adds up."""
        return self._with_group_facts(super().union(previous, read_at))

    def _take_record(self, list_id: str, row: Record) -> None:
        terms, is_expired = self._ends.get(row.expired) or self._read_end(row.expired)
        phone = self._numbers.to_e164(row.phone)
        self._count_form(list_id, row, phone, is_expired=is_expired)
        if is_expired:
            self._expired_ids[list_id].add(row.id)
            if phone is not None and row.modified and len(self.expired_times) < _MOST_EXPIRED:
                times = (self.expired_times.get((list_id, phone), ""), row.modified)
                self.expired_times[list_id, phone] = max(times)
        elif phone is None:
            self.unreadable[f"{list_id}/{row.id}"] = UnreadableEntry(list_id, sanitize(row.phone))
        else:
            entry = LiveEntry(terms, row.id, row.modified)
            if phone in self.tables[list_id]:
                self._add_duplicate((list_id, phone), entry)
            else:
                self.tables[list_id][phone] = entry

    def _count_form(self, list_id: str, row: Record, phone: str | None, *, is_expired: bool) -> None:
        """Count by the numbers of the tenant's own country."""
        if phone is None or not self._numbers.is_own_country(phone):
            return
        if not self._numbers.is_in_form(row.phone, phone):
            self.other_form_count += 1
            return
        self.own_form_count += 1
        if len(self.samples) < _SAMPLES and not is_expired:
            self.samples.append(Sample(self._groups_by_list[list_id].id, phone, row.phone))

    def _read_end(self, written: str) -> tuple[ProjectedTerms, bool]:
        """Read an expiry once. One that cannot be read is the weakest: such a number is written again."""
        expired = parse_expiry(written) if written else None
        if written and expired is None:
            self.odd_dates[sanitize(written)] = self.odd_dates.get(sanitize(written), 0) + 1
            terms = (ProjectedTerms(end=date.min), False)
        else:
            end = self._dialect.end_of(expired) if expired else None
            terms = (ProjectedTerms(end=end), end is not None and end < self._as_of)
            self.shifts.add(shown_shift(written) if written else 0)
        return self._ends.setdefault(written, terms)

    def _with_group_facts(self, live: Live) -> Live:
        entries = live.entry_count + sum(self._foreign_records.values())
        return replace(
            live,
            entry_count=entries,
            foreign=dict(sorted(self._foreign_records.items())),
            ceiling=CEILING,
            warnings=(*self._findings, *self._warnings(entries)),
        )

    def _warnings(self, entries: int) -> list[Finding]:
        messages = []
        if entries >= CEILING * _NEAR:
            messages.append(
                f"{entries:,} records of the {CEILING:,} that CXone takes in one environment, calling lists "
                "not counted, nor the 30 days of inventory storage, which may end it earlier: remove groups "
                "or lists that are not needed"
            )
        if self.other_form_count:
            messages.append(
                f"{self.other_form_count} of {self.own_form_count + self.other_form_count} records look like "
                "numbers in the other form than "
                f"`numberForm: {self._numbers.form}`: they are read, and none is written so"
            )
        if self._unlisted:
            messages.append(
                f"CXone counts {self._unlisted} DNC groups more than it lists, so the read does not add up: "
                "let the user of the access key see every group"
            )
        messages += [
            f"the `expiredDate` {expiry} cannot be read: numbers with it are written again"
            for expiry in list(self.odd_dates)[:1]
        ]
        return [each_groupwarning(text) for text in messages]


def each_groupwarning(message: str) -> Finding:
    """Say something odd about a tenant's groups."""
    return Finding("", 0, 0, "", RULE, Severity.WARNING, message)


def capacity_beside(groups: Iterable[Group]) -> int:
    """Count the records that an environment takes besides those of its groups, as they were listed."""
    return max(0, CEILING - sum(group.records for group in groups))
