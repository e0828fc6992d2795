"""Dialect `dnc-groups` as a provider: one tenant, read and written through the API that NICE publishes."""

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType, TracebackType
from typing import Self

from reconciler.config.connection_settings import GroupsSettings
from reconciler.core.model.entries import Key
from reconciler.core.model.gc_pause import collector_off
from reconciler.core.model.live import Live
from reconciler.core.model.outbound_skills import SkillsReading
from reconciler.core.model.provider import Answer, ClockOffset, Removals, Target, Write
from reconciler.cxone.groups.connection import GroupsConnection
from reconciler.cxone.groups.dialect import GroupsDialect, NumberConverter
from reconciler.cxone.groups.number_check import FormCheck, Probe, probe
from reconciler.cxone.groups.reader import GroupsReader
from reconciler.cxone.groups.removals import GroupsRemover
from reconciler.cxone.groups.skill_read import SkillsReader
from reconciler.cxone.groups.writes import GroupsWriter
from reconciler.cxone.http.retry import Uniform
from reconciler.cxone.http.stats import Statistics
from reconciler.cxone.http.stop import Stop


class GroupsProvider:
    """The port to one tenant of dialect `dnc-groups`. Safe between threads; close it, or use it in a `with`.

    `clock` is ours, with a time zone. Once `stop` is set nothing new is sent and every wait ends.
    `stop_writing` does the same to writes alone. Raises InvalidInput for a region without numbers.
    """

    def __init__(  # noqa: PLR0913  (its clocks and its chance are given, so that tests have their own)
        self,
        settings: GroupsSettings,
        *,
        clock: Callable[[], datetime],
        stop: Stop | None = None,
        stop_writing: Stop | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        uniform: Uniform = random.uniform,
    ) -> None:
        self._dialect = GroupsDialect(settings.days_after)
        self._numbers = numbers = NumberConverter(settings.region, settings.number_form)
        self._connection = connection = GroupsConnection(
            settings,
            clock=clock,
            stop=stop or threading.Event(),
            stop_writing=stop_writing,
            monotonic=monotonic,
            uniform=uniform,
        )
        self._reader = reader = GroupsReader(
            settings, connection, self._dialect, numbers=numbers, clock=clock
        )
        self._skills = SkillsReader(connection, reader)
        form = FormCheck(reader, numbers)
        self._writer = GroupsWriter(connection, reader, self._dialect, numbers=numbers, form=form)
        self._remover = GroupsRemover(connection, reader, self._dialect, numbers=numbers, form=form)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def dialect(self) -> GroupsDialect:
        """What its wire can carry. A page counts as large as the tenant has shown one."""
        return replace(self._dialect, shape=replace(self._dialect.shape, page_size=self._reader.page_size))

    @property
    def target(self) -> Target:
        """Which CXone this is. Signs in, since only the token says whose it is; raises as `read` does."""
        return self._connection.target

    @property
    def statistics(self) -> Statistics:
        """What the wire cost so far."""
        return self._connection.client.statistics

    def read(self, list_ids: frozenset[str]) -> Live:
        """Read these lists' groups, twice where the first does not add up. Other groups are only counted.

        Raises InvalidInput for a list that has no group, or shares one. `Live.entries` counts all records, of
        other groups and over ones too: what the ceiling of CXone's environment counts.
        """
        with collector_off():
            return self._reader.read(list_ids)

    def read_skills(self, list_ids: frozenset[str]) -> SkillsReading | None:
        """Read every skill, and which of them the groups stop and take from. Raises as `read` does."""
        return self._skills.read(list_ids)

    def assign_skill(self, list_id: str, skill_id: str) -> Answer:
        """Let a list's group stop a skill, and look whether it does. Raises as `upsert` does."""
        return self._skills.assign(list_id, skill_id)

    def probe(self, list_ids: frozenset[str], ends: Mapping[Key, date] = MappingProxyType({})) -> Probe:
        """Read these lists' groups, look one number up, and say which settings fit. Writes nothing.

        `ends` are those that the files say: what is shown is compared with them.
        """
        return probe(self._reader, self._numbers, list_ids, ends)

    def reported_organisation(self) -> str:
        """Name the tenant that the token is of; empty before the first one."""
        return self._connection.reported_organisation

    def tenant_list_id(self, list_id: str) -> str:
        """Give the id of a list's group. Raises InvalidInput where it has none."""
        return self._reader.group_id(list_id)

    def total(self) -> int:
        """Ask only how many records there are."""
        return self._reader.total()

    def count(self, list_ids: frozenset[str]) -> int:
        """Ask how many records these lists' groups have."""
        return self._reader.count(list_ids)

    def early_capacity(self) -> int | None:
        """Tell how many records may be written before a read, by the ceiling and the form of first pages."""
        return self._reader.early_capacity

    def shows_as_sent(self, writes: Sequence[Write], total: int) -> bool | None:  # noqa: ARG002  (the port's)
        """Tell nothing: a run of this wire reads its groups."""
        return None

    def upsert(self, chunk: Sequence[Write]) -> Answer:
        """Send one chunk, a request for each group in it; no phone may be in it twice.

        Raises CxoneRefused where numbers are stored in another form than they would be sent.
        """
        return self._writer.upsert(chunk)

    def remove(self, key: Key, entry_id: str) -> Answer:  # noqa: ARG002  (the port's; this wire needs the number)
        """Expire a number's records. Raises as `upsert` does."""
        return self._remover.remove([key]).answers[key]

    def remove_together(self, keys: Sequence[Key]) -> Removals:
        """Expire the records of some numbers of one list. Raises as `upsert` does."""
        return self._remover.remove(keys)

    def clock_offset(self) -> ClockOffset | None:
        """Tell how CXone's clock stands to ours; None before the first answer with a `Date`."""
        return self._connection.client.offset.offset()

    def close(self) -> None:
        """Close every connection."""
        self._connection.client.close()
