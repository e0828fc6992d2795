"""The merge request's note: a tenant's section, and the plans of many tenants as one report."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from reconciler.cli.render.markdown import code, plain
from reconciler.cli.render.masking import Shown
from reconciler.cli.render.messages import BLOCKED, DRIFT, REASONS, count, way_out, what_changes
from reconciler.cli.render.plan_text import WITHOUT_CXONE, verdict, without_cxone

_Document = Mapping[str, Any]
_Changes = Sequence[Mapping[str, Any]]

_LEVELS = ((60, 3), (20, 3), (8, 2), (3, 0), (0, 0))  # lines a part, and numbers a line, until it fits
_DIRECTIONS = {
    "protective": "It only protects.",
    "exposing": "**It takes protection away.**",
    "none": "It sends nothing.",
}
_UNKNOWN = "**People must look at what it would send.**"


@dataclass(frozen=True, slots=True)
class Section:
    """What a tenant's section says. `head` is the SHA-256 of its newest report, `touched` what is edited."""

    document: _Document
    head: str | None
    touched: str = ""

    def text(self, limit: int) -> str:
        """Write it in at most `limit` characters: fewer lines first, then the verdict alone."""
        for lines, samples in _LEVELS:
            told = "\n".join(self._lines(lines, Shown(masked=True, samples=samples)))
            if len(told) <= limit:
                return told
        return self._title()[:limit]

    def _title(self) -> str:
        said = "**there is no plan**" if self.document["errored"] else verdict(self.document)
        return f"#### {code(self.document['tenant'])}: {said}"

    def _lines(self, most: int, shown: Shown) -> Iterator[str]:
        yield self._title()
        yield ""
        if self.document["errored"]:
            yield from _cut([_finding(f) for f in self.document["findings"]], most)
            return
        known = not without_cxone(self.document)
        direction = _DIRECTIONS.get(self.document.get("direction", ""), "") if known else _UNKNOWN
        touched = f"The merge request touches {plain(self.touched)}." if self.touched else ""
        yield f"{direction} {touched}".strip()
        yield from self._parts(most, shown)
        yield from self._foot()

    def _parts(self, most: int, shown: Shown) -> Iterator[str]:
        changes = self.document["changes"]
        off, on = ([c for c in changes if c["direction"] == way] for way in ("exposing", "protective"))
        parts = {
            "Comes off or weakens": [_change(c, shown) for c in off if not c["blocked_by"]],
            "Stays, although the files no longer ask for it": [
                _blocked(c, shown) for c in off if c["blocked_by"]
            ],
            "Not added, and not protected": [
                _blocked(c, shown, "It is left out") for c in on if c["blocked_by"]
            ],
            "Goes on": list(_goes_on([c for c in on if not c["blocked_by"]])),
            "Deadlines": list(_deadlines(changes, self.document["as_of"])),
            "Findings": [_finding(f) for f in _urgent_first(self.document["findings"])],
            "Drift": [_drift(d, shown) for d in self.document["drift"]],
        }
        for title, lines in parts.items():
            if lines:
                yield from ("", f"**{title}**", "", *_cut(lines, most))

    def _foot(self) -> Iterator[str]:
        revision = self.document["revision"] or "no commit"
        head = f"newest report {code(self.head)}" if self.head else "no report yet"
        cost = "" if without_cxone(self.document) else _cost(self.document["cost"])
        yield ""
        yield (f"{cost}Revision {code(revision[:12])}, as of {self.document['as_of']}; {head}.")


def _cost(cost: Mapping[str, Any]) -> str:
    return f"Cost: {count(cost['requests'], 'request')}, about {cost['seconds']:g} s. "


def _cut(lines: Sequence[str], most: int) -> Iterator[str]:
    yield from (f"- {line}" for line in lines[:most])
    if len(lines) > most:
        yield f"- {'and ' * (most > 0)}{len(lines) - most:,} {'more ' * (most > 0)}in the plan's artifact"


def _change(change: Mapping[str, Any], shown: Shown) -> str:
    phones = change["phones"]
    samples = f": {shown.sample(phones)}" if shown.samples else ""
    what = f"{plain(what_changes(change))} ({REASONS[change['reason']]})"
    return f"{code(change['list_id'])}: {count(len(phones))}, {change['action']}, {what}{samples}"


def _blocked(change: Mapping[str, Any], shown: Shown, verdict: str = "It stays") -> str:
    outs = ((b, way_out(b, change["list_id"], change["phones"], shown)) for b in change["blocked_by"])
    why = "; ".join(f"{BLOCKED[b]}. Way out: {out}" for b, out in outs)
    return f"{_change(change, shown)}. {verdict}: {why}"


def _goes_on(changes: _Changes) -> Iterator[str]:
    sums: Counter[tuple[str, str, str]] = Counter()
    for change in changes:
        reason_code = (change["after"] or {}).get("reasonCode", "")
        sums[change["list_id"], reason_code, change["reason"]] += len(change["phones"])
    for (list_id, reason_code, reason), number in sorted(sums.items(), key=lambda item: (-item[1], item[0])):
        yield f"{code(list_id)}: {count(number)} {plain(reason_code)} ({REASONS[reason]})".replace("  ", " ")


def _deadlines(changes: _Changes, as_of: str) -> Iterator[str]:
    sums: Counter[tuple[str, str, str]] = Counter()
    for change in changes:
        due = change.get("due")
        if due and as_of >= due["target"]:
            sums[due["on"], due["rule"], change["list_id"]] += len(change["phones"])
    for (on, rule, list_id), number in sorted(sums.items()):
        late = "**overdue since**" if on < as_of else "due on"
        yield f"{late} {on} ({code(rule)}): {count(number)} on {code(list_id)}"


def _urgent_first(findings: _Changes) -> Iterable[Mapping[str, Any]]:
    order = {"error": 0, "alarm": 1, "warning": 2}
    return sorted(findings, key=lambda finding: order[finding["severity"]])


def _finding(finding: Mapping[str, Any]) -> str:
    place = f"{finding['file']}:{finding['line']}" if finding["line"] else finding["file"]
    where = f" {code(place)}" if place else ""
    return f"{finding['severity']}:{where} {plain(finding['message'])} {code(finding['rule'])}"


def _drift(drift: Mapping[str, Any], shown: Shown) -> str:
    told = f"{code(drift['list_id'])}: {count(len(drift['phones']))} {drift['kind']}: {DRIFT[drift['kind']]}"
    return f"{told}: {shown.sample(drift['phones'])}" if shown.samples else told


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
    """Add lines while they fit, and say how many were left out. A part begins with an empty line."""
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
