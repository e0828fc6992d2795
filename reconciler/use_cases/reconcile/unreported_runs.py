"""Runs that ended without a report: found in the journal by the next run, and told of in its report."""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reconciler.audit.journal import Journal
from reconciler.audit.report import Report
from reconciler.audit.unfinished import Named, Unfinished
from reconciler.config.configuration import AuditSettings, Tenant
from reconciler.core.model.entries import Key, Policy, ReasonCode, Release, Terms
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Target
from reconciler.core.model.target import same_target
from reconciler.core.planning.state import HeldClaim
from reconciler.git.repository import Repository
from reconciler.use_cases.workspace.context import Clock, CommandContext, iso
from reconciler.use_cases.workspace.project import Project

if TYPE_CHECKING:
    from reconciler.core.planning.plan import Plan


def journal_of(repository: Repository, audit: AuditSettings, tenant: str, clock: Clock) -> Journal:
    """Give a tenant's journal in this clone: one for each chain of reports."""
    return Journal(repository.own_folder() / audit.branch / audit.path / f"{tenant}.journal", clock)


def left_behind(
    repository: Repository | None, project: Project, tenant: Tenant, ctx: CommandContext
) -> tuple[Unfinished, ...]:
    """Read what runs in this clone left behind in the tenant's journal."""
    if repository is None:
        return ()
    return journal_of(repository, project.configuration.audit, tenant.name, ctx.clock).unfinished()


def untold(runs: Iterable[Unfinished], reports: Iterable[Report]) -> tuple[Unfinished, ...]:
    """Leave out the runs that a report tells of: theirs was committed, and they died right after."""
    told = {started for report in reports for started in (report.started_text, *_started_in(report))}
    return tuple(run for run in runs if run.started_at not in told)


def _started_in(report: Report) -> list[str]:
    return [run.started_at for run in report.unreported_runs]


def introduction(plan: "Plan", revision: str, target: Target, started: datetime) -> dict[str, Any]:
    """Say who a run is, for its journal; which registries' entries it will write over, by which releases."""
    granted = plan.wanted.granted
    releases = {key[1:]: granted[key[1:]].releases for key in plan.exposing if key[1:] in granted}
    entries: dict[str, dict[str, str]] = {}
    for (list_id, phone), claim in sorted(plan.wanted.registry.items()):
        entries.setdefault(list_id, {})[phone] = claim.terms.reason_code.value
    return {
        "registry": entries,
        "releases": release_rows(releases),
        "revision": revision,
        "started_at": iso(started),
        "target": target_json(target),
        "pid": os.getpid(),
    }


def release_rows(releases: Mapping[Key, Iterable[Release]]) -> list[dict[str, Any]]:
    """Name releases, each with its numbers."""
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for (list_id, phone), some in sorted(releases.items()):
        for r in some:
            named = (list_id, r.released_on.isoformat(), r.reason.value, r.evidence)
            rows.setdefault(named, []).append(phone)
    return [
        {"list_id": list_id, "released_on": on, "reason": reason, "evidence": evidence, "phones": phones}
        for (list_id, on, reason, evidence), phones in rows.items()
    ]


def used_by_the_dead(runs: Iterable[Unfinished], live: Live) -> frozenset[Named]:
    """Name the releases that runs without a report have used.

    CXone said that it took the number off or weakened it, or nobody knows, and the number is off.
    """
    return frozenset(
        named
        for run in runs
        for named in run.releases
        if named[:2] in run.exposed or (named[:2] in run.took_off and live.get(named[:2]) is None)
    )


def target_json(target: Target) -> dict[str, str]:
    """Say which CXone this is."""
    return {"dialect": target.dialect, "organisation": target.organisation, "host": target.host}


def interrupted_json(runs: Iterable[Unfinished]) -> list[dict[str, Any]]:
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
        }
        for run in runs
    ]


def numbers_json(runs: Iterable[Unfinished]) -> list[list[dict[str, Any]]]:
    """Name what runs without a report wrote, run by run, as `interrupted_json` has them.

    `since` is when the numbers were first asked for, on CXone's clock.
    """
    return [_written_rows(run) for run in runs]


def _written_rows(run: Unfinished) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str], list[str]] = {}
    for list_id, phone in sorted(run.wrote):
        rows.setdefault((list_id, iso(run.asked[list_id, phone])), []).append(phone)
    return [
        {"list_id": list_id, "since": since, "phones": phones} for (list_id, since), phones in rows.items()
    ]


def registry_claims(runs: Iterable[Unfinished]) -> Iterator[tuple[Key, HeldClaim]]:
    """Give the claims that stand for registries' entries that runs without a report wrote over."""
    for run in runs:
        for list_id, reasons in run.run.get("registry", {}).items():
            for phone, reason in reasons.items():
                terms = Terms(ReasonCode(reason), Policy.NEVER)
                yield (list_id, phone), HeldClaim("", terms, held_at="")


def here(runs: Iterable[Unfinished], target: Target) -> tuple[Unfinished, ...]:
    """Choose the runs that wrote to this CXone."""
    return tuple(run for run in runs if same_target(run.target, target))
