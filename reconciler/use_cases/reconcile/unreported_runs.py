"""Runs that ended without a report: found in the journal by the next run, and told of in its report."""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reconciler.audit.journal import Journal
from reconciler.audit.report import Report
from reconciler.audit.unfinished import ReleaseRecord, UnreportedAssignment, UnreportedRun
from reconciler.config.configuration import AuditSettings, Tenant
from reconciler.core.model.entries import Key, Policy, ReasonCode, Release, Terms
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Target
from reconciler.core.model.target import is_same_target
from reconciler.core.planning.state import AppliedEntry
from reconciler.git.repository import Repository
from reconciler.use_cases.workspace.context import Clock, CommandContext, iso
from reconciler.use_cases.workspace.project import Project

if TYPE_CHECKING:
    from reconciler.core.planning.plan import Plan


def journal_of(repository: Repository, audit: AuditSettings, tenant: str, clock: Clock) -> Journal:
    """Give a tenant's journal in this clone: one for each chain of reports."""
    return Journal(repository.own_folder() / audit.branch / audit.path / f"{tenant}.journal", clock)


def journal_runs(
    repository: Repository | None, project: Project, tenant: Tenant, ctx: CommandContext
) -> tuple[UnreportedRun, ...]:
    """Read what runs in this clone left behind in the tenant's journal."""
    if repository is None:
        return ()
    return journal_of(repository, project.configuration.audit, tenant.name, ctx.clock).unreported_runs()


def without_report(runs: Iterable[UnreportedRun], reports: Iterable[Report]) -> tuple[UnreportedRun, ...]:
    """Leave out the runs that a report tells of: theirs was committed, and they died right after."""
    reported_starts = {
        started_at for report in reports for started_at in (report.started_text, *_unreported_starts(report))
    }
    return tuple(run for run in runs if run.started_at not in reported_starts)


def _unreported_starts(report: Report) -> list[str]:
    return [run.started_at for run in report.unreported_runs]


def run_introduction_json(
    plan: "Plan | None", revision: str, target: Target, started_at: datetime
) -> dict[str, Any]:
    """Say who a run is, for its journal; which registries' entries it will write over, by which releases.

    Without a plan it is one that writes before it has read CXone.
    """
    return {
        **(_plan_introduction_json(plan) if plan else {}),
        "revision": revision,
        "started_at": iso(started_at),
        "target": target_json(target),
        "pid": os.getpid(),
    }


def _plan_introduction_json(plan: "Plan") -> dict[str, Any]:
    granted = plan.target_state.authorizations
    releases = {key[1:]: granted[key[1:]].releases for key in plan.exposing_keys if key[1:] in granted}
    entries: dict[str, dict[str, str]] = {}
    for (list_id, phone), entry in sorted(plan.target_state.registry_entries.items()):
        entries.setdefault(list_id, {})[phone] = entry.terms.reason_code.value
    return {"registry": entries, "releases": releases_json(releases)}


def releases_json(releases: Mapping[Key, Iterable[Release]]) -> list[dict[str, Any]]:
    """Name releases, each with its numbers."""
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for (list_id, phone), key_releases in sorted(releases.items()):
        for release in key_releases:
            release_row = (list_id, release.released_on.isoformat(), release.reason.value, release.evidence)
            rows.setdefault(release_row, []).append(phone)
    return [
        {
            "list_id": list_id,
            "released_on": released_on,
            "reason": reason,
            "evidence": evidence,
            "phones": phones,
        }
        for (list_id, released_on, reason, evidence), phones in rows.items()
    ]


def releases_used_unreported(runs: Iterable[UnreportedRun], live: Live) -> frozenset[ReleaseRecord]:
    """Name the releases that runs without a report have used.

    CXone said that it took the number off or weakened it, or nobody knows, and the number is off.
    """
    return frozenset(
        release_row
        for run in runs
        for release_row in run.releases
        if release_row[:2] in run.exposed
        or (release_row[:2] in run.removed_keys and live.get(release_row[:2]) is None)
    )


def target_json(target: Target) -> dict[str, str]:
    """Say which CXone this is."""
    return {"dialect": target.dialect, "organisation": target.organisation, "host": target.host}


def unreported_runs_json(runs: Iterable[UnreportedRun]) -> list[dict[str, Any]]:
    """Say what is known of runs without a report; their numbers stand in the plan beside it."""
    return [
        {
            "revision": run.run["revision"],
            "started_at": run.started_at,
            "last_at": iso(run.last_at),
            "target": run.run["target"],
            "chunks": {"sent": run.chunks, "unanswered": run.unanswered},
            "numbers": run.numbers,
            "write_window": {"from": iso(run.window[0]), "to": iso(run.window[1])} if run.window else None,
            "removed": dict(run.removed),
            "assignments": [_assignment_json(one) for one in run.assignments],
        }
        for run in runs
    ]


def _assignment_json(assignment: UnreportedAssignment) -> dict[str, str]:
    from reconciler.core.apply.assignments import outcome_of  # noqa: PLC0415  (only where a run died so)

    outcome = outcome_of(assignment.verdict).value
    return {"list_id": assignment.list_id, "skill_id": assignment.skill_id, "outcome": outcome}


def numbers_json(runs: Iterable[UnreportedRun]) -> list[list[dict[str, Any]]]:
    """Name what runs without a report wrote, run by run, as `interrupted_json` has them.

    `since` is when the numbers were first asked for, on CXone's clock.
    """
    return [_written_json(run) for run in runs]


def _written_json(run: UnreportedRun) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str], list[str]] = {}
    for list_id, phone in sorted(run.written):
        rows.setdefault((list_id, iso(run.requested_at[list_id, phone])), []).append(phone)
    return [
        {"list_id": list_id, "since": since, "phones": phones} for (list_id, since), phones in rows.items()
    ]


def overwritten_registry_entries(runs: Iterable[UnreportedRun]) -> Iterator[tuple[Key, AppliedEntry]]:
    """Give the claims that stand for registries' entries that runs without a report wrote over."""
    for run in runs:
        for list_id, reasons in run.run.get("registry", {}).items():
            for phone, reason in reasons.items():
                terms = Terms(ReasonCode(reason), Policy.NEVER)
                yield (list_id, phone), AppliedEntry("", terms, last_revision="")


def for_target(runs: Iterable[UnreportedRun], target: Target) -> tuple[UnreportedRun, ...]:
    """Choose the runs that wrote to this CXone."""
    return tuple(run for run in runs if is_same_target(run.target, target))
