"""The plans of many tenants as one Markdown report: who has none, then what comes off, then what goes on."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from reconciler.cli.render.escaped import plain
from reconciler.cli.render.numbers import Shown
from reconciler.cli.render.text import WITHOUT_CXONE
from reconciler.cli.render.ways_out import way_out
from reconciler.cli.render.words import BLOCKED, REASONS, count, what_changes

# GitLab takes a million characters in a note, and is slow long before.
LARGEST = 60_000
_SHOWN = Shown(masked=True)
_COUNTS = ("create", "update", "delete", "blocked", "by_hand", "unmanaged")
_WITHHELD = "CONF-10"
_NEEDED = ("errored", "summary", "cost", "changes", "findings")


@dataclass(frozen=True, slots=True)
class TenantPlan:
    """One tenant's plan, or why there is none."""

    tenant: str
    document: Mapping[str, Any] | None
    why: str = ""

    @property
    def summary(self) -> Mapping[str, int]:
        """The plan's counts; nothing where there is no plan."""
        return self.document["summary"] if self.document else {}

    @property
    def in_sync(self) -> bool:
        """Tell whether there is a plan, and nothing in it for anybody to read."""
        return self.document is not None and not any(self.summary[name] for name in _COUNTS) and not self.bad

    @property
    def bad(self) -> str:
        """Say how an apply ended that did not do everything; empty for a plan."""
        status = (self.document or {}).get("status")
        return "" if status in {None, "complete", "in-sync"} else str(status)


def read_plan(path: Path) -> TenantPlan:
    """Read what `plan -o` or `apply --format json` wrote as TENANT.json; a failed job may leave nothing."""
    try:
        document = json.loads(path.read_bytes())
        if not isinstance(document, dict) or any(name not in document for name in _NEEDED):
            return TenantPlan(path.stem, None, "its job left something else than a plan")
    except OSError:
        return TenantPlan(path.stem, None, "its job left no plan")
    except ValueError:
        return TenantPlan(path.stem, None, "its job left half a plan")
    if document["errored"]:
        return TenantPlan(path.stem, None, _told(document["findings"]) or "there is no plan")
    if (document.get("live") or {}).get("from") == "none":
        return TenantPlan(
            path.stem,
            None,
            f"{WITHOUT_CXONE}; {_told(f for f in document['findings'] if f['rule'] == _WITHHELD)}",
        )
    return TenantPlan(path.stem, document)


def _told(findings: Iterable[Mapping[str, Any]]) -> str:
    return "; ".join(f"{f['message']} [{f['rule']}]" for f in islice(findings, 3))


def gathered(plans: Sequence[TenantPlan], largest: int = LARGEST) -> str:
    """Write the report, in `largest` characters at most: what does not fit is counted."""
    ordered = sorted(plans, key=lambda plan: plan.tenant)
    lines = [f"### dnc: {count(len(ordered), 'tenant')}", "", f"**{_verdict(ordered)}**"]
    parts = (
        _failed(ordered),
        _exposing(ordered),
        _table(ordered),
        _quiet(ordered),
        _saved(ordered),
    )
    room = largest - sum(len(line) + 1 for line in lines)
    for part in parts:
        room = _fill(lines, part, room)
    return ("\n".join(lines) + "\n")[:largest]


def _fill(lines: list[str], part: Iterable[str], room: int) -> int:
    """Add lines while there is room, and say how many were left out. A part begins with an empty line."""
    left = 0
    for line in part:
        if left or len(line) + 1 > room - 200:  # for the parts that follow to say that they are cut
            left += 1
            continue
        lines.append(line)
        room -= len(line) + 1
    if left:
        lines += ["", f"and {left:,} more lines: see the plans of the tenants' own jobs"]
        room -= 80
    return room


def _verdict(plans: Sequence[TenantPlan]) -> str:
    if not plans:
        return "no tenant has changed"
    totals = {name: sum(plan.summary.get(name, 0) for plan in plans) for name in _COUNTS}
    words = {"blocked": "{:,} blocked", "by_hand": "{:,} to take off by hand", "unmanaged": "{:,} unmanaged"}
    told = [words.get(name, "{:,} to " + name).format(total) for name, total in totals.items() if total]
    missing = sum(plan.document is None for plan in plans)
    bad = sum(bool(plan.bad) for plan in plans)
    parts = [f"{count(missing, 'tenant')} without a plan"] if missing else []
    parts += [f"{count(bad, 'tenant')} not applied in full"] if bad else []
    return "; ".join([*parts, ", ".join(told) or "nothing to do"])


def _failed(plans: Sequence[TenantPlan]) -> Iterator[str]:
    without = [plan for plan in plans if plan.document is None or plan.bad]
    if without:
        yield from ("", "Without a plan, or not applied in full. Nothing else waited for them:", "")
    for plan in without:
        yield f"- **{plain(plan.tenant)}**: {plain(plan.why or plan.bad)}"


def _exposing(plans: Sequence[TenantPlan]) -> Iterator[str]:
    found = [
        (plan.tenant, change)
        for plan in plans
        if plan.document
        for change in plan.document["changes"]
        if change["direction"] == "exposing"
    ]
    if found:
        head = "| tenant | list | comes off or weakens | what | why |"
        yield from ("", head, "| --- | --- | --- | --- | --- |")
    for tenant, change in found:
        outs = ((b, way_out(b, change["list_id"], change["phones"], _SHOWN)) for b in change["blocked_by"])
        why = "; ".join(f"stays: {BLOCKED[b]}. {out}" for b, out in outs) or REASONS[change["reason"]]
        numbers = f"{len(change['phones']):,}: {_SHOWN.sample(change['phones'])}"
        cells = (tenant, change["list_id"], numbers, what_changes(change), why)
        yield f"| {' | '.join(map(plain, cells))} |"


def _table(plans: Sequence[TenantPlan]) -> Iterator[str]:
    busy = [plan for plan in plans if plan.document and not plan.in_sync]
    if busy:
        names = " | ".join(name.replace("_", " ") for name in _COUNTS)
        yield from (
            "",
            f"| tenant | {names} | requests | about |",
            "| --- |" + " ---: |" * (len(_COUNTS) + 2),
        )
    for plan in busy:
        cost = plan.document["cost"] if plan.document else {}
        counts = " | ".join(f"{plan.summary[name]:,}" for name in _COUNTS)
        yield f"| {plain(plan.tenant)} | {counts} | {cost['requests']:,} | {cost['seconds']:g} s |"


def _quiet(plans: Sequence[TenantPlan]) -> Iterator[str]:
    quiet = [plan.tenant for plan in plans if plan.in_sync]
    if quiet:
        yield from ("", f"In sync: {plain(', '.join(quiet))}.")


def _saved(plans: Sequence[TenantPlan]) -> Iterator[str]:
    """Name the plans for which CXone was not read, the oldest reading first."""
    live = [(plan.document.get("live", {}), plan.tenant) for plan in plans if plan.document]
    old = sorted((str(one.get("read_at"))[:16], tenant) for one, tenant in live if one.get("from"))
    if old:
        told = ", ".join(f"{plain(tenant)} ({moment}Z)" for moment, tenant in old)
        yield from ("", f"Planned on saved readings, while apply reads CXone anew: {told}.")
