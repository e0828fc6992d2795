"""Dialect `dnc-groups`: reads groups, searches single numbers, and tells whether a group blocks any call."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from http import HTTPStatus

import structlog

from reconciler.config.connection_settings import GroupsSettings
from reconciler.core.model.errors import DncError
from reconciler.core.model.finding import Finding
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Failure
from reconciler.cxone.groups.calls import Malformed, content, objects, refused_read, said
from reconciler.cxone.groups.connection import GroupsConnection
from reconciler.cxone.groups.dialect import GroupsDialect, Numbers, digits_of
from reconciler.cxone.groups.directory import Group, chosen, judge_groups, lacking
from reconciler.cxone.groups.group_read import RecordLook, Sample, warning
from reconciler.cxone.groups.records import Found, Records, judge_records, judge_search
from reconciler.cxone.http.messages import Again, Request, Response, passing
from reconciler.cxone.http.sanitize import visible


def judge_skills(response: Response, request: Request) -> int | Again:
    """Count the skills that a group scrubs. Raises CxoneRefused or CxoneUnavailable."""
    if response.status == HTTPStatus.OK:
        try:
            return len(objects(content(response.body), "scrubbedSkills"))
        except Malformed as fault:
            return Again(Failure("unreadable", str(fault)))
    if response.status == HTTPStatus.NO_CONTENT:
        return 0
    return passing(response, said(response)) or refused_read(request, response)


class Skills:
    """Warns of groups that protect nobody. Each group's skills are asked for once."""

    def __init__(self, connection: GroupsConnection) -> None:
        self._connection = connection
        self._known: dict[str, Finding | None] = {}

    def warnings(self, chosen: Mapping[str, Group]) -> list[Finding]:
        """Say which groups are inactive, and which have no scrubbed skill."""
        found: list[Finding] = []
        for list_id, group in chosen.items():
            name = f"list {list_id}: the DNC group {visible(group.name)}"
            if not group.active:
                found.append(warning(f"{name} is inactive: activate it in CXone, or it may block no call"))
            if group.id not in self._known:
                self._known[group.id] = self._judged(group.id, name)
            known = self._known[group.id]
            if known is not None:
                found.append(known)
        return found

    def _judged(self, group: str, name: str) -> Finding | None:
        request = self._connection.calls.scrubbed_skills(group)
        try:
            skills = self._connection.ask(request, lambda response: judge_skills(response, request))
        except DncError as error:
            return warning(f"{name}: whether it has scrubbed skills could not be read ({error.fact})")
        if skills:
            return None
        return warning(f"{name} has no scrubbed skill, so it blocks no call: assign its skills in CXone")


_LEAST = 100  # records at once; public code asks for no fewer
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
        numbers: Numbers,
        clock: Callable[[], datetime],
    ) -> None:
        self.last: Live | None = None
        self.sample: Sample | None = None
        self.forms = (0, 0)
        self._settings = settings
        self._connection = connection
        self._dialect = dialect
        self._numbers = numbers
        self._clock = clock
        self._skills = Skills(connection)
        self._top = max(_LEAST, settings.page_size)
        self._lock = threading.Lock()
        self._groups: tuple[Group, ...] = ()
        self._chosen: dict[str, Group] = {}

    def read(self, list_ids: frozenset[str]) -> Live:
        """Read every record of these lists' groups, a second time where the first does not add up."""
        first, read_at = self._look(list_ids)
        if first.adds_up:
            live, last = first.live(read_at), first
        else:
            _log.info("cxone.read_again", seen=len(first.ids))
            last, read_at = self._look(list_ids)
            live = last.live(read_at) if last.adds_up else last.union(first, read_at)
        self.last, self.sample, self.forms = live, last.sample, (last.own, last.other)
        return live

    def total(self) -> int:
        """Ask only how many records there are, of the lists that were read last and of everybody else's."""
        groups = self._listed()
        mine = {group.id for group in self._chosen.values()}
        others = sum(group.records for group in groups if group.id not in mine)
        return others + sum(self._records(group_id, 0, 1).total or 0 for group_id in mine)

    def group(self, list_id: str) -> str:
        """Give the id of a list's group. Raises InvalidInput where it has none."""
        with self._lock:
            if list_id not in self._chosen:
                wanted = frozenset({list_id})
                own = self._settings.list_ids
                there = bool(self._groups) and not lacking(wanted, own, self._groups)
                self._chosen |= chosen(wanted, own, self._groups) if there else self._choose(wanted)
            return self._chosen[list_id].id

    def found(self, digits: str, group: str) -> tuple[Found, ...]:
        """Look a number up as the tenant writes it; what a group of this id holds of it."""
        request = self._connection.calls.search(digits)
        found = self._connection.ask(request, lambda response: judge_search(response, request))
        return tuple(one for one in found if one.group == group and _alike(digits, one.record.phone))

    def as_of(self) -> date:
        """Give the date at UTC-12 by CXone's clock: what is over by it is over everywhere."""
        return self._connection.client.offset.theirs(self._clock()).astimezone(_LAST_ZONE).date()

    def _look(self, list_ids: frozenset[str]) -> tuple[RecordLook, str]:
        moment = self._clock().astimezone(UTC)
        with self._lock:
            self._chosen = self._choose(list_ids)
        look = RecordLook(self._groups, self._chosen, self._numbers, self._dialect, self.as_of())
        for list_id, group in self._chosen.items():
            self._look_at(look, list_id, group.id)
        look.warn(self._skills.warnings(self._chosen))
        return look, moment.isoformat()

    def _look_at(self, look: RecordLook, list_id: str, group: str) -> None:
        """Read a group piece by piece; how large a piece is the server decides."""
        skip = 0
        while True:
            page = self._records(group, skip, self._top)
            new = look.take(list_id, page)
            skip += len(page.rows)
            known = page.total is not None
            if not page.rows or (known and skip >= (page.total or 0)) or not (known or new):
                return

    def _records(self, group: str, skip: int, top: int) -> Records:
        request = self._connection.calls.records(group, skip, top)
        found = self._connection.ask(request, partial(judge_records, request=request, least=top <= _LEAST))
        if found.too_many:
            self._top = _LEAST
            return self._records(group, skip, _LEAST)
        return found

    def _choose(self, list_ids: frozenset[str]) -> dict[str, Group]:
        own: Mapping[str, str] = self._settings.list_ids
        self._groups = self._listed()
        if self._settings.embedded:
            for name in lacking(list_ids, own, self._groups):
                request = self._connection.calls.make_group(name)
                self._groups += self._connection.ask(request, partial(judge_groups, request=request))
        return chosen(list_ids, own, self._groups)

    def _listed(self) -> tuple[Group, ...]:
        request = self._connection.calls.groups()
        return self._connection.ask(request, lambda response: judge_groups(response, request))


def _alike(digits: str, shown: str) -> bool:
    """Tell whether an answer can be about these digits: with or without a country code, or not saying."""
    found = digits_of(shown)
    return not found or found.endswith(digits) or digits.endswith(found)
