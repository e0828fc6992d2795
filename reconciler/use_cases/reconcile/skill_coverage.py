"""Which skills honour the lists, in one command: what the newest report says until skills are read.

Skills are read once. A plan reads them after CXone's entries; `apply` reads them after its protective writes,
and adds what is missing where the tenant's settings want that.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from reconciler.audit.report import Report
from reconciler.config.tenant import Tenant
from reconciler.core.apply.assignments import AssignmentResult, assign_missing
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.model.errors import CxoneRefused, DncError
from reconciler.core.model.finding import Finding
from reconciler.core.model.outbound_skills import SkillsReading
from reconciler.core.model.provider import Provider
from reconciler.core.planning.coverage import (
    Assignment,
    Coverage,
    NamedSkills,
    coverage_findings,
    coverage_from_json,
    is_changed,
    is_worse,
    judge_coverage,
    unknown_coverage,
    with_assigned,
)
from reconciler.use_cases.workspace.context import CommandContext, Today, iso
from reconciler.use_cases.workspace.project import Project, sources_in

_REQUESTS_PER_ASSIGNMENT = 2  # the order, and a look at the group
_NO_RIGHT_FIX = "give the user of the access key a role that may see skills"


class CoverageLookup:
    """What is known of the coverage of one tenant, and what became of what was added.

    `newest` is the newest report of the same CXone.
    """

    def __init__(
        self,
        ctx: CommandContext,
        project: Project,
        tenant: Tenant,
        *,
        provider: Provider,
        newest: Report | None,
    ) -> None:
        self.last = coverage_from_json(newest.fields) if newest else None
        self.results: tuple[AssignmentResult, ...] = ()
        self._known_refusals = self.last.refused if self.last else frozenset()
        self._provider = provider
        self._settings = tenant.coverage
        configuration = project.content_hashes(())["configuration"]
        is_same_file = newest is not None and newest.hashes["configuration"] == configuration
        self._bound: Mapping[str, NamedSkills] = self.last.names if self.last and is_same_file else {}
        self._elsewhere = partial(_groups_of_rivals, project, tenant, ctx)
        self._clock = ctx.clock
        self._read: Coverage | None = None
        self._reading: SkillsReading | None = None
        self._unknown: tuple[Finding, ...] = ()

    def read(self, list_ids: frozenset[str]) -> None:
        """Read skills, unless they were. Whatever comes in the way is a warning, and ends nothing."""
        if self._read is not None or self._unknown:
            return
        try:
            reading = self._provider.read_skills(list_ids)
        except DncError as error:
            fix = _NO_RIGHT_FIX if isinstance(error, CxoneRefused) else error.fix
            self._unknown = (unknown_coverage(error.fact, fix),)
            return
        if reading is not None:
            self._judge(reading)

    def assign(self, provider: Provider, is_stopped: Callable[[], bool]) -> None:
        """Add what is missing by the run's provider, where skills were read and the settings want it."""
        missing = self.planned
        if missing and self._reading is not None:
            self.results = assign_missing(missing, provider, is_stopped)
            done = (one.assignment for one in self.results if one.outcome is Outcome.APPLIED)
            self._judge(with_assigned(self._reading, done))

    @property
    def current(self) -> Coverage:
        """What is known: what was read in this command, else what the newest report says."""
        return self._read or self.last or Coverage()

    @property
    def planned(self) -> tuple[Assignment, ...]:
        """Name what `apply` adds."""
        return self._read.missing if self._read is not None and self._settings.assign else ()

    def requests(self, list_count: int) -> int:
        """Count what `apply` takes to read skills and to add what is missing, as far as it can be told.

        Before skills are read: what so many lists take, at least.
        """
        if self._reading is not None:
            return self._reading.requests + _REQUESTS_PER_ASSIGNMENT * len(self.planned)
        if not self._provider.dialect.shape.tells_skills:
            return 0
        return 1 if self._unknown else 1 + 2 * list_count

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Say what does not honour a list; of what an earlier run read, with its age."""
        if self._read is not None or self._unknown:
            found = coverage_findings(self.current, is_assigned=self._settings.assign and not self.results)
            return self._unknown or tuple(found)
        return tuple(coverage_findings(self.current, age=self._age_text()))

    @property
    def is_worse(self) -> bool:
        """Tell whether it is worse than the newest report says."""
        return self._read is not None and is_worse(self._read, self.last)

    @property
    def has_news(self) -> bool:
        """Tell whether a report has something to say that the newest one did not."""
        return bool(self.results) or (self._read is not None and is_changed(self._read, self.last))

    @property
    def failures(self) -> tuple[AssignmentResult, ...]:
        """Name what was not added."""
        return tuple(one for one in self.results if one.outcome is not Outcome.APPLIED)

    @property
    def has_new_failures(self) -> bool:
        """Tell whether anything was not added that the newest report does not tell as refused."""
        return any(
            one.outcome is not Outcome.REJECTED or _pair(one.assignment) not in self._known_refusals
            for one in self.failures
        )

    def plan_json(self) -> dict[str, Any]:
        """Say it as plan and drift have it: `assignments` with their outcome once they were tried."""
        rows = [one.to_json() for one in self.results or self.planned]
        return {**self.current.to_json(), "assignments": rows}

    def _judge(self, reading: SkillsReading) -> None:
        elsewhere = self._elsewhere() if reading.unmapped else frozenset()
        self._reading = reading
        self._read = judge_coverage(
            reading, self._settings, iso(self._clock()), bound=self._bound, elsewhere=elsewhere
        )

    def _age_text(self) -> str:
        if self.current.read_at is None:
            return ""
        age = self._clock().astimezone(UTC) - datetime.fromisoformat(self.current.read_at)
        hours, minutes = divmod(max(0, round(age.total_seconds() / 60)), 60)
        return f"as read {f'{hours} h ' if hours else ''}{minutes} min ago"


def _pair(assignment: Assignment) -> tuple[str, str]:
    return assignment.list_id, assignment.skill_id


def _groups_of_rivals(project: Project, tenant: Tenant, ctx: CommandContext) -> frozenset[str]:
    """Name the lists of this CXone that other tenants' files are of, as CXone has them."""
    today = Today.at(ctx.clock())
    return frozenset(
        own_id for rival in project.rivals(tenant, ctx.environ) for own_id in lists_of(project, rival, today)
    )


def lists_of(project: Project, tenant: Tenant, today: Today) -> Iterable[str]:
    """Name the lists of CXone that a tenant's files are of."""
    lists = project.read_lists(sources_in(project.tree, tenant), today)
    return {tenant.own_list_id(list_id) for list_id in lists.declared_entries.list_ids}
