"""Dialect `dnc-groups`: reads groups, and searches single numbers."""

import math
import threading
from collections.abc import Callable, Collection, Container, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial

import structlog

from reconciler.config.connection_settings import GroupsSettings
from reconciler.core.model.errors import CxoneUnreadable
from reconciler.core.model.finding import Finding
from reconciler.core.model.live import Live
from reconciler.cxone.groups.connection import GroupsConnection
from reconciler.cxone.groups.dialect import LEAST_PAGE, GroupsDialect, NumberConverter, digits_of
from reconciler.cxone.groups.directory import Group, judge_groups, match_groups, missing_groups
from reconciler.cxone.groups.group_read import (
    GroupReadPass,
    Sample,
    capacity_beside,
    each_groupwarning,
)
from reconciler.cxone.groups.records import Record, RecordPage, judge_records, judge_search, parse_expiry
from reconciler.cxone.http.sanitize import mark_invisible


def inactive_warnings(chosen: Mapping[str, Group]) -> list[Finding]:
    """Say which groups are inactive."""
    return [
        each_groupwarning(
            f"list {list_id}: the DNC group {mark_invisible(group.name)} is inactive: activate it in CXone, "
            "or it may block no call"
        )
        for list_id, group in chosen.items()
        if not group.active
    ]


_LAST_ZONE = timezone(timedelta(hours=-12))
_log = structlog.get_logger()


class GroupsReader:
    """Reads, and remembers what it read last: writes are checked against it. Safe between threads."""

    def __init__(
        self,
        settings: GroupsSettings,
        connection: GroupsConnection,
        dialect: GroupsDialect,
        *,
        numbers: NumberConverter,
        clock: Callable[[], datetime],
    ) -> None:
        self.last_live: Live | None = None
        self.samples: tuple[Sample, ...] = ()
        self.form_counts = (0, 0)
        self.shifts: tuple[int, ...] = ()
        self.oddities: tuple[str, ...] = ()
        self.expired_beside = 0
        self.page_size = LEAST_PAGE  # the largest page that the tenant has shown
        self.is_capped = False  # a page was shorter than asked for, with more to come
        self.search_in_body: bool | None = None  # None until a search was understood
        self._settings = settings
        self._connection = connection
        self._dialect = dialect
        self._numbers = numbers
        self._clock = clock
        self._top = max(LEAST_PAGE, settings.page_size)
        self.is_ordered = True
        self._lock = threading.Lock()
        self._groups: tuple[Group, ...] = ()
        self._unlisted = 0
        self._groups_by_list: dict[str, Group] = {}
        self._is_form_doubtful = False

    def read(self, list_ids: frozenset[str]) -> Live:
        """Read every record of these lists' groups, a second time where the first does not add up."""
        first, read_at = self._read_pass(list_ids)
        if first.adds_up:
            live, last = first.live(read_at), first
        else:
            _log.info("cxone.read_again", seen=len(first.ids))
            last, read_at = self._read_pass(list_ids)
            live = last.live(read_at) if last.adds_up else last.union(first, read_at)
        self.last_live, self.samples = live, tuple(last.samples)
        self.form_counts = (last.own_form_count, last.other_form_count)
        self.oddities = tuple(sorted(last.oddities))
        self.shifts, self.expired_beside = tuple(sorted(last.shifts - {0})), last.expired_beside
        return live

    def total(self) -> int:
        """Ask only how many records there are, of the lists that were read last and of everybody else's."""
        groups = self._list_groups()
        own_ids = {group.id for group in self._groups_by_list.values()}
        other_records = sum(group.records for group in groups if group.id not in own_ids)
        return other_records + sum(self._read_page(group_id, 0, 1).total or 0 for group_id in own_ids)

    def count(self, list_ids: frozenset[str]) -> int:
        """Ask how many records the groups of some lists have: one page each, whose forms are counted."""
        total = own_form_count = other_form_count = 0
        for list_id in sorted(list_ids):
            page = self._read_page(self.group_id(list_id), 0, LEAST_PAGE)
            total += len(page.rows) if page.total is None else page.total
            for row in page.rows:
                phone = self._numbers.to_e164(row.phone)
                if phone is not None and self._numbers.is_own_country(phone):
                    is_own_form = self._numbers.is_in_form(row.phone, phone)
                    own_form_count += is_own_form
                    other_form_count += not is_own_form
        self._is_form_doubtful |= other_form_count > own_form_count
        return total

    @property
    def early_capacity(self) -> int:
        """How many records more the environment takes, by the counts with which groups were listed.

        None at all where a first page is in another form than numbers are sent: only a read can judge that.
        """
        if self._is_form_doubtful:
            return 0
        return capacity_beside(self._groups)

    def group_id(self, list_id: str) -> str:
        """Give the id of a list's group. Raises InvalidInput where it has none."""
        with self._lock:
            if list_id not in self._groups_by_list:
                list_ids = frozenset({list_id})
                names_by_list = self._settings.list_ids
                is_known = bool(self._groups) and not missing_groups(list_ids, names_by_list, self._groups)
                self._groups_by_list |= (
                    match_groups(list_ids, names_by_list, self._groups)
                    if is_known
                    else self._match_groups(list_ids)
                )
            return self._groups_by_list[list_id].id

    def groups_of(self, list_ids: frozenset[str]) -> dict[str, Group]:
        """Give the groups of these lists. Raises InvalidInput where one has none."""
        for list_id in list_ids:
            self.group_id(list_id)
        return {list_id: self._groups_by_list[list_id] for list_id in list_ids}

    @property
    def listed_groups(self) -> tuple[Group, ...]:
        """Every group of the tenant, as last listed."""
        if not self._groups:
            self._groups = self._list_groups()
        return self._groups

    def find_records(self, digits: str, group: str) -> list[Record]:
        """Look a number up as the tenant writes it; what a group of this id holds of it.

        A tenant wants the number in the query or in the body, and answers 400 to the other: both are tried
        once, and what was understood is kept to.
        """
        known = self.search_in_body
        for in_body in (False, True) if known is None else (known,):
            request = self._connection.calls.search(digits, in_body=in_body)
            found = self._connection.read(request, partial(judge_search, request=request))
            if found.understood:
                self.search_in_body = in_body
                return [
                    result.record
                    for result in found.results
                    if result.group == group and _is_alike(digits, result.record.phone)
                ]
        return []

    def group_records(self, group: str, phones: Collection[str]) -> dict[str, list[Record]]:
        """Read a group's records of these numbers, over or not. Raises CxoneUnreadable: two looks differ."""
        for _ in range(2):
            found: dict[str, list[Record]] = {phone: [] for phone in phones}
            ids: set[str] = set()
            totals: set[int] = set()
            over_count = 0
            for page in self._pages(group, partial(_has_new, ids)):
                totals |= {page.total} if page.total is not None else set()
                for row in page.rows:
                    is_new = row.id not in ids
                    ids.add(row.id)
                    over_count += is_new and self.is_over(row)
                    phone = self._numbers.to_e164(row.phone)
                    if is_new and phone in found:
                        found[phone].append(row)
            if totals <= {len(ids)} or totals == {len(ids) - over_count}:
                return found
        raise CxoneUnreadable("two reads of the group do not add up", "run it again when CXone is less busy")

    def page_count(self, list_id: str) -> int:
        """Estimate how many requests a read of a list's group takes."""
        size = len(self.last_live.lists.get(list_id, ())) if self.last_live else 0
        return max(1, math.ceil(size / self.page_size))

    def is_over(self, record: Record) -> bool:
        """Tell whether a record's last day is over; an expiry that cannot be read may be the longest."""
        expired = parse_expiry(record.expired)
        return expired is not None and self._dialect.end_of(expired) < self.as_of()

    def today(self) -> date:
        """Give CXone's date in UTC."""
        return self._connection.client.offset.to_cxone_time(self._clock()).astimezone(UTC).date()

    def as_of(self) -> date:
        """Give the date at UTC-12 by CXone's clock: what is over by it is over everywhere."""
        return self._connection.client.offset.to_cxone_time(self._clock()).astimezone(_LAST_ZONE).date()

    def _read_pass(self, list_ids: frozenset[str]) -> tuple[GroupReadPass, str]:
        moment = self._clock().astimezone(UTC)
        with self._lock:
            self._groups_by_list = self._match_groups(list_ids)
        read_pass = GroupReadPass(
            self._groups,
            self._groups_by_list,
            self._numbers,
            self._dialect,
            self.as_of(),
            unlisted=self._unlisted,
        )
        for list_id, group in self._groups_by_list.items():
            self._read_group(read_pass, list_id, group.id)
        read_pass.add_findings(inactive_warnings(self._groups_by_list))
        return read_pass, moment.isoformat()

    def _read_group(self, read_pass: GroupReadPass, list_id: str, group: str) -> None:
        for _ in self._pages(group, lambda page: read_pass.add_records(list_id, page) > 0):
            pass

    def _pages(self, group: str, has_new: Callable[[RecordPage], bool]) -> Iterator[RecordPage]:
        """Read a group piece by piece; how large a piece is the server decides.

        `has_new` is asked once of each; it tells the end where the server gives no total.
        """
        skip = 0
        while True:
            page = self._read_page(group, skip, self._top)
            self.page_size = max(self.page_size, len(page.rows))
            self.is_capped |= len(page.rows) < min(self._top, (page.total or 0) - skip)
            is_new = has_new(page)
            self._connection.client.statistics.count_rows(len(page.rows), 0)
            yield page
            skip += len(page.rows)
            has_total = page.total is not None
            if not page.rows or (has_total and skip >= (page.total or 0)) or not (has_total or is_new):
                return

    def _read_page(self, group: str, skip: int, top: int) -> RecordPage:
        request = self._connection.calls.records(group, skip, top, ordered=self.is_ordered)
        is_least = top <= LEAST_PAGE and not self.is_ordered
        page = self._connection.read(request, partial(judge_records, request=request, least=is_least))
        if not page.refused:
            return page
        if top > LEAST_PAGE:
            self._top = LEAST_PAGE
        else:
            self.is_ordered = False
        return self._read_page(group, skip, min(top, LEAST_PAGE))

    def _match_groups(self, list_ids: frozenset[str]) -> dict[str, Group]:
        names_by_list: Mapping[str, str] = self._settings.list_ids
        self._groups = self._list_groups()
        if self._settings.embedded:
            for name in missing_groups(list_ids, names_by_list, self._groups):
                request = self._connection.calls.make_group(name)
                self._groups += self._connection.read(request, partial(judge_groups, request=request)).groups
        return match_groups(list_ids, names_by_list, self._groups)

    def _list_groups(self) -> tuple[Group, ...]:
        request = self._connection.calls.groups()
        listed = self._connection.read(request, partial(judge_groups, request=request))
        self._unlisted = listed.unlisted
        return listed.groups


def _has_new(ids: Container[str], page: RecordPage) -> bool:
    return any(row.id not in ids for row in page.rows)


def _is_alike(digits: str, shown: str) -> bool:
    """Tell whether an answer can be about these digits: with or without a country code, or not saying."""
    answer_digits = digits_of(shown)
    return not answer_digits or answer_digits.endswith(digits) or digits.endswith(answer_digits)
