"""Which safety limits hold in a run: a loosened one only a day after the first report that saw it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.desired.configuration import Safety
from reconciler.model.errors import InvalidInput, RepositoryProblem
from reconciler.model.finding import Finding, Severity
from reconciler.reconcile.project import Project
from reconciler.reconcile.tree import GitTree
from reconciler.repository.repository import Repository

RULE = "CONF-08"


_WAITS = timedelta(hours=24)  # after the first report that saw a looser limit


@dataclass(frozen=True, slots=True)
class Revision:
    """The limits that a commit configures, and when it was made."""

    safety: Safety
    since: datetime


@dataclass(frozen=True, slots=True)
class SafetyLimits:
    """The limits as configured today, and as they hold in this run: the tighter of today's and earlier ones.

    So nobody raises a limit and uses it at once: a day before, there is a report that says so. What a report
    tells is compared with what `dnc.yaml` says at its revision, for anybody who may push can append one.
    """

    configured: Safety
    seen: Safety

    @classmethod
    def of(
        cls,
        configured: Safety,
        reports: Iterable[StoredReport],
        now: datetime,
        at: Callable[[str], Revision | None],
    ) -> "SafetyLimits":
        """Compare today's limits with those of the last 24 hours; without a report today's hold.

        `reports` are newest first. `at` says of a revision which limits `dnc.yaml` has there, and since when
        there is such a commit.
        """
        seen: list[Safety] = []
        for stored in reports:
            there = at(stored.report.revision)
            seen += [_seen(stored.report["safety"]), *([there.safety] if there else [])]
            made = there.since if there and there.since <= now else stored.report.moment
            if max(stored.report.moment, made) < now - _WAITS:
                break  # what reports before it saw is out of force
        return cls(configured, reduce(tighter, seen) if seen else configured)

    @property
    def in_force(self) -> Safety:
        """Give the limits of this run."""
        return tighter(self.configured, self.seen)

    def json(self) -> dict[str, Any]:
        """Say both as a report keeps them."""
        return {**_told(self.in_force), "configured": _told(self.configured)}

    def findings(self, path: str) -> Iterator[Finding]:
        """Say which limits are looser than the reports of the last day saw them."""
        for said in changes(self.seen, self.configured, looser_only=True):
            message = f"{said}: the tighter one holds until 24 hours after the first report of the looser"
            yield Finding(path, 0, 0, "/safety", RULE, Severity.WARNING, message)


def tighter(one: Safety, other: Safety) -> Safety:
    """Take the tighter of each limit; what is no limit is as `one` says."""
    return Safety(
        min(one.max_removals, other.max_removals),
        min(one.max_removal_percent, other.max_removal_percent),
        one.confirm_additions,
        max(one.approvals, other.approvals),
    )


def limits_at(project: Project, repository: Repository | None) -> Callable[[str], Revision | None]:
    """Give what `dnc.yaml` says at a revision; None where it cannot be read any more."""

    def at(revision: str) -> Revision | None:
        if repository is None:
            return None
        try:
            repository.ensure_commit(revision)
            then = Project.read(GitTree(repository, revision), project.configuration_path)
            return Revision(then.configuration.safety, repository.describe(revision).when)
        except (InvalidInput, RepositoryProblem):
            return None

    return at


def changes(before: Safety, after: Safety, *, looser_only: bool = False) -> Iterator[str]:
    """Say which limits differ: `maxRemovals 500 → 5000`."""
    pairs = (
        ("maxRemovals", before.max_removals, after.max_removals),
        ("maxRemovalPercent", before.max_removal_percent, after.max_removal_percent),
    )
    for name, old, new in pairs:
        if new > old or (new != old and not looser_only):
            yield f"{name} {old:g} → {new:g}"
    if after.approvals < before.approvals or (after.approvals != before.approvals and not looser_only):
        yield f"approvals {before.approvals} → {after.approvals}"


def _seen(told: Mapping[str, Any]) -> Safety:
    # Reports of the first version tell only what was in force, which was what they saw.
    said = told.get("configured", told)
    approvals = said.get("approvals", 0)
    return Safety(said["max_removals"], said["max_removal_percent"], approvals=approvals)


def _told(safety: Safety) -> dict[str, Any]:
    told = {"max_removals": safety.max_removals, "max_removal_percent": safety.max_removal_percent}
    return {**told, **({"approvals": safety.approvals} if safety.approvals else {})}
