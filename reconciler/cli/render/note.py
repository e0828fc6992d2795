"""The merge request's note: a tenant's section, and the plans of many tenants as one report."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from reconciler.cli.render.authorizations import authorization_texts
from reconciler.cli.render.coverage_text import COVERAGE_TITLE, coverage_lines
from reconciler.cli.render.markdown import code_span, escape_markdown
from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.messages import (
    DRIFT_TEXTS,
    REASON_TEXTS,
    block_sentences,
    change_summary,
    kept_reason,
    mismatch_text,
)
from reconciler.cli.render.plan_parts import parts_of
from reconciler.cli.render.plan_text import WITHOUT_CXONE, is_without_cxone, source_suffix, verdict
from reconciler.cli.render.settings_changes import TERMS_TITLE, settings_lines, terms_lines
from reconciler.core.model.finding import count_text

_Document = Mapping[str, Any]
_Changes = Sequence[Mapping[str, Any]]

# Lines a part, numbers a line, and authorizations a line, until it fits.
_LEVELS = ((60, 3, 5), (20, 3, 3), (8, 2, 2), (3, 0, 1), (0, 0, 0))
_MAX_ROWS = 60  # of what is compared key by key: as many lines as a part may have
_DIRECTIONS = {
    "protective": "It only protects.",
    "exposing": "**It takes protection away.**",
    "none": "It sends nothing.",
}
_UNKNOWN = "**People must look at what it would send.**"


@dataclass(frozen=True, slots=True)
class Section:
    """What a tenant's section says. `head`: SHA-256 of its newest report. `changed_parts`: what is edited."""

    document: _Document
    head: str | None
    changed_parts: str = ""

    def text(self, limit: int) -> str:
        """Write it in at most `limit` characters: fewer lines first, then the verdict alone."""
        for lines, samples, authorizations in _LEVELS:
            number_format = NumberFormat(is_masked=True, samples=samples, authorizations=authorizations)
            section_text = "\n".join(self._lines(lines, number_format))
            if len(section_text) <= limit:
                return section_text
        return self._title()[:limit]

    def _title(self) -> str:
        verdict_text = "**there is no plan**" if self.document["errored"] else verdict(self.document)
        return f"#### {code_span(self.document['tenant'])}: {verdict_text}"

    def _lines(self, max_lines: int, number_format: NumberFormat) -> Iterator[str]:
        yield self._title()
        yield ""
        if self.document["errored"]:
            yield from _limited_lines(
                [_finding_line(finding) for finding in self.document["findings"]], max_lines
            )
            return
        has_live = not is_without_cxone(self.document)
        if mismatch := mismatch_text(self.document.get("budget")):
            yield f"{mismatch}."
        direction = _DIRECTIONS.get(self.document.get("direction", ""), "") if has_live else _UNKNOWN
        changed_text = (
            f"The merge request changes {escape_markdown(self.changed_parts)}." if self.changed_parts else ""
        )
        yield f"{direction} {changed_text}".strip()
        yield from self._parts(max_lines, number_format)
        yield from self._footer()

    def _parts(self, max_lines: int, number_format: NumberFormat) -> Iterator[str]:
        changes, budget = self.document["changes"], self.document.get("budget")
        plan_parts = parts_of(changes)
        parts = {
            "To remove or weaken": [_change_line(change, number_format) for change in plan_parts.removed],
            **{
                title: [_blocked_line(change, word, number_format, budget) for change in kept]
                for title, word, kept in plan_parts.kept
            },
            "To add or strengthen": list(_addition_lines(plan_parts.added)),
            "Deadlines": list(_deadline_lines(changes, self.document["as_of"])),
            TERMS_TITLE: self._terms_lines(number_format),
            "Rules and configuration": self._settings_lines(number_format),
            COVERAGE_TITLE: [
                escape_markdown(line)
                for line in coverage_lines(self.document, self.document.get("created_at"))
            ],
            "Findings": [_finding_line(finding) for finding in _urgent_first(self.document["findings"])],
            "Drift": [_drift_line(drift_row, number_format) for drift_row in self.document["drift"]],
        }
        for title, lines in parts.items():
            if lines:
                yield from ("", f"**{title}**", "", *_limited_lines(lines, max_lines))

    def _settings_lines(self, number_format: NumberFormat) -> list[str]:
        settings = self.document.get("settings")
        return [escape_markdown(line) for line in settings_lines(settings, number_format, most=_MAX_ROWS)]

    def _terms_lines(self, number_format: NumberFormat) -> list[str]:
        rows = self.document.get("terms_changes", ())
        return [escape_markdown(line) for line in terms_lines(rows, number_format, most=_MAX_ROWS)]

    def _coverage_lines(self) -> list[str]:
        lines = coverage_lines(self.document, self.document.get("created_at"))
        return [escape_markdown(line) for line in lines]

    def _footer(self) -> Iterator[str]:
        revision = self.document["revision"] or "no commit"
        head = f"newest report {code_span(self.head)}" if self.head else "no report yet"
        cost = "" if is_without_cxone(self.document) else _cost_text(self.document["cost"])
        source = escape_markdown(source_suffix(self.document))
        yield ""
        yield (f"{cost}Revision {code_span(revision[:12])}{source}, as of {self.document['as_of']}; {head}.")


def _cost_text(cost: Mapping[str, Any]) -> str:
    return f"Cost: {count_text(cost['requests'], 'request')}, about {cost['seconds']:g} s. "


def _limited_lines(lines: Sequence[str], max_lines: int) -> Iterator[str]:
    yield from (f"- {line}" for line in lines[:max_lines])
    if len(lines) > max_lines:
        yield (
            f"- {'and ' * (max_lines > 0)}{len(lines) - max_lines:,} {'more ' * (max_lines > 0)}in the "
            "plan's artifact"
        )


def _change_line(change: Mapping[str, Any], number_format: NumberFormat, word: str = "") -> str:
    phones = change["phones"]
    samples = f": {number_format.sample(phones)}" if number_format.samples else ""
    change_text = f"{escape_markdown(change_summary(change))} ({REASON_TEXTS[change['reason']]})"
    authorizations = "".join(
        f"; {escape_markdown(text)}" for text in authorization_texts(change, number_format)
    )
    return (
        f"{code_span(change['list_id'])}: {count_text(len(phones))}, {word or change['action']}, "
        f"{change_text}{samples}{authorizations}"
    )


def _blocked_line(
    change: Mapping[str, Any], word: str, number_format: NumberFormat, budget: Mapping[str, Any] | None
) -> str:
    """Show a change of which nothing is sent, under the word for it, with what keeps it."""
    reasons = "; ".join(block_sentences(change, number_format, budget))
    return f"{_change_line(change, number_format, word)}. {reasons}"


def _addition_lines(changes: _Changes) -> Iterator[str]:
    sums: Counter[tuple[str, str, str]] = Counter()
    for change in changes:
        reason_code = (change["after"] or {}).get("reasonCode", "")
        sums[change["list_id"], reason_code, change["reason"]] += len(change["phones"])
    for (list_id, reason_code, reason), number in sorted(sums.items(), key=lambda item: (-item[1], item[0])):
        yield (
            f"{code_span(list_id)}: {count_text(number)} {escape_markdown(reason_code)} "
            f"({REASON_TEXTS[reason]})"
        ).replace("  ", " ")


def _deadline_lines(changes: _Changes, as_of: str) -> Iterator[str]:
    sums: Counter[tuple[str, str, str]] = Counter()
    for change in changes:
        due = change.get("due")
        if due and as_of >= due["target"]:
            sums[due["on"], due["rule"], change["list_id"]] += len(change["phones"])
    for (due_on, rule, list_id), number in sorted(sums.items()):
        due_text = "**overdue since**" if due_on < as_of else "due on"
        yield f"{due_text} {due_on} ({code_span(rule)}): {count_text(number)} on {code_span(list_id)}"


def _urgent_first(findings: _Changes) -> Iterable[Mapping[str, Any]]:
    order = {"error": 0, "alarm": 1, "warning": 2}
    return sorted(findings, key=lambda finding: order[finding["severity"]])


def _finding_line(finding: Mapping[str, Any]) -> str:
    place = f"{finding['file']}:{finding['line']}" if finding["line"] else finding["file"]
    place_text = f" {code_span(place)}" if place else ""
    return (
        f"{finding['severity']}:{place_text} {escape_markdown(finding['message'])} "
        f"{code_span(finding['rule'])}"
    )


def _drift_line(drift: Mapping[str, Any], number_format: NumberFormat) -> str:
    drift_text = (
        f"{code_span(drift['list_id'])}: {count_text(len(drift['phones']))} {drift['kind']}: "
        f"{DRIFT_TEXTS[drift['kind']]}"
    )
    return f"{drift_text}: {number_format.sample(drift['phones'])}" if number_format.samples else drift_text


# GitLab takes a million characters in a note, and is slow long before.
MAX_NOTE_CHARACTERS = 60_000
_SHOWN = NumberFormat(is_masked=True)
_COUNTS = ("create", "update", "delete", "blocked", "by_hand", "unmanaged")
_WITHHELD = "CONF-10"
_REQUIRED_KEYS = ("errored", "summary", "cost", "changes", "findings")


@dataclass(frozen=True, slots=True)
class TenantPlan:
    """One tenant's plan, or why there is none."""

    tenant: str
    document: Mapping[str, Any] | None
    problem: str = ""

    @property
    def summary(self) -> Mapping[str, int]:
        """The plan's counts, what is not added apart from what is blocked; nothing where there is no plan."""
        if not self.document:
            return {}
        summary = self.document["summary"]
        left_out = parts_of(self.document["changes"]).left_out_count
        return {**summary, "blocked": summary["blocked"] - left_out, "not_added": left_out}

    @property
    def is_in_sync(self) -> bool:
        """Tell whether there is a plan, and nothing in it for anybody to read."""
        return (
            self.document is not None
            and not any(self.summary[name] for name in (*_COUNTS, "not_added"))
            and not self.apply_problem
        )

    @property
    def apply_problem(self) -> str:
        """Say how an apply ended that did not do everything, and who can still be called; else nothing."""
        document = self.document or {}
        status = document.get("status")
        sentences = document.get("protection", {}).get("sentences", ())
        is_done = status in {None, "complete", "in-sync"} and not sentences
        return "" if is_done else ": ".join([str(status), *reversed(sentences)])


def read_plan(path: Path) -> TenantPlan:
    """Read what `plan -o` or `apply --format json` wrote as TENANT.json; a failed job may leave nothing."""
    try:
        document = json.loads(path.read_bytes())
        if not isinstance(document, dict) or any(name not in document for name in _REQUIRED_KEYS):
            return TenantPlan(path.stem, None, "its job left something else than a plan")
    except OSError:
        return TenantPlan(path.stem, None, "its job left no plan")
    except ValueError:
        return TenantPlan(path.stem, None, "its job left half a plan")
    if document["errored"]:
        return TenantPlan(path.stem, None, _findings_text(document["findings"]) or "there is no plan")
    if (document.get("live") or {}).get("from") == "none":
        return TenantPlan(
            path.stem,
            None,
            f"{WITHOUT_CXONE}; "
            f"{_findings_text(finding for finding in document['findings'] if finding['rule'] == _WITHHELD)}",
        )
    return TenantPlan(path.stem, _as_run_left_it(document))


def _as_run_left_it(document: dict[str, Any]) -> dict[str, Any]:
    """Show as blocked what a run kept although its plan let it go; a plan's own document is as it is."""
    kept = {(row["list_id"], phone): tuple(row["blocked_by"])
            for row in document.get("blocked", ()) for phone in row["phones"]}  # fmt: skip
    if not kept:
        return document
    summary, changes = dict(document["summary"]), []
    for change in document["changes"]:
        parts: dict[tuple[str, ...], list[str]] = {}
        for phone in change["phones"]:
            kept_by = kept.get((change["list_id"], phone), ()) if change["direction"] == "exposing" else ()
            parts.setdefault(tuple(change["blocked_by"]) or kept_by, []).append(phone)
        for blocked_by, phones in parts.items():
            changes.append({**change, "blocked_by": list(blocked_by), "phones": phones})
            if blocked_by and not change["blocked_by"]:
                summary[change["action"]] -= len(phones)
                summary["blocked"] += len(phones)
    return {**document, "summary": summary, "changes": changes}


def _findings_text(findings: Iterable[Mapping[str, Any]]) -> str:
    return "; ".join(f"{finding['message']} [{finding['rule']}]" for finding in islice(findings, 3))


def render_plans_report(plans: Sequence[TenantPlan], largest: int = MAX_NOTE_CHARACTERS) -> str:
    """Write the report, in `largest` characters at most: what does not fit is counted."""
    sorted_plans = sorted(plans, key=lambda plan: plan.tenant)
    lines = [
        f"### dnc: {count_text(len(sorted_plans), 'tenant')}",
        "",
        f"**{_report_verdict(sorted_plans)}**",
    ]
    parts = (
        _failed_lines(sorted_plans),
        _exposing_lines(sorted_plans),
        _table_lines(sorted_plans),
        _in_sync_lines(sorted_plans),
        _saved_read_lines(sorted_plans),
    )
    characters_left = largest - sum(len(line) + 1 for line in lines)
    for part in parts:
        characters_left = _add_lines(lines, part, characters_left)
    return ("\n".join(lines) + "\n")[:largest]


def _add_lines(lines: list[str], new_lines: Iterable[str], characters_left: int) -> int:
    """Add lines while they fit, and say how many were left out. A part begins with an empty line."""
    omitted = 0
    for line in new_lines:
        if (
            omitted or len(line) + 1 > characters_left - 200
        ):  # for the parts that follow to say that they are cut
            omitted += 1
            continue
        lines.append(line)
        characters_left -= len(line) + 1
    if omitted:
        lines += ["", f"and {omitted:,} more lines: see the plans of the tenants' own jobs"]
        characters_left -= 80
    return characters_left


def _report_verdict(plans: Sequence[TenantPlan]) -> str:
    if not plans:
        return "no tenant has changed"
    summaries = [plan.summary for plan in plans]
    names = (*_COUNTS[:4], "not_added", *_COUNTS[4:])
    totals = {name: sum(summary.get(name, 0) for summary in summaries) for name in names}
    words = {
        "create": "{:,} to add",
        "update": "{:,} to change",
        "delete": "{:,} to remove",
        "blocked": "{:,} blocked",
        "not_added": "{:,} not added",
        "by_hand": "{:,} to remove by hand",
        "unmanaged": "{:,} added by others",
    }
    totals_text = [words[name].format(total) for name, total in totals.items() if total]
    missing_count = sum(plan.document is None for plan in plans)
    problem_count = sum(bool(plan.apply_problem) for plan in plans)
    parts = [f"{count_text(missing_count, 'tenant')} without a plan"] if missing_count else []
    parts += [f"{count_text(problem_count, 'tenant')} not applied in full"] if problem_count else []
    return "; ".join([*parts, ", ".join(totals_text) or "nothing to do"])


def _failed_lines(plans: Sequence[TenantPlan]) -> Iterator[str]:
    failed_plans = [plan for plan in plans if plan.document is None or plan.apply_problem]
    if failed_plans:
        yield from ("", "Without a plan, or not applied in full. Nothing else waited for them:", "")
    for plan in failed_plans:
        yield f"- **{escape_markdown(plan.tenant)}**: {escape_markdown(plan.problem or plan.apply_problem)}"


def _exposing_lines(plans: Sequence[TenantPlan]) -> Iterator[str]:
    parts = [(plan.tenant, plan.document.get("budget"), parts_of(plan.document["changes"]))
             for plan in plans if plan.document]  # fmt: skip
    if any(plan_parts.removed for _, _, plan_parts in parts):
        yield from (
            "",
            "| tenant | list | removed or weakened | what | why |",
            "| --- | --- | --- | --- | --- |",
        )
    for tenant, _, plan_parts in parts:
        for change in plan_parts.removed:
            yield _exposing_row(tenant, change, REASON_TEXTS[change["reason"]])
    for part, (title, _, _) in enumerate(parts_of(()).kept):
        rows = [
            _exposing_row(tenant, change, kept_reason(change, _SHOWN, budget))
            for tenant, budget, plan_parts in parts
            for change in plan_parts.kept[part][2]
        ]
        if rows:
            yield from ("", f"{title}:", "", "| tenant | list | numbers | what | why |")
            yield "| --- | --- | --- | --- | --- |"
            yield from rows


def _exposing_row(tenant: str, change: Mapping[str, Any], why: str) -> str:
    numbers = f"{len(change['phones']):,}: {_SHOWN.sample(change['phones'])}"
    cells = (tenant, change["list_id"], numbers, change_summary(change))
    reasons = "; ".join(map(escape_markdown, (why, *authorization_texts(change, _SHOWN))))
    return f"| {' | '.join(map(escape_markdown, cells))} | {reasons} |"


def _table_lines(plans: Sequence[TenantPlan]) -> Iterator[str]:
    busy = [plan for plan in plans if plan.document and not plan.is_in_sync]
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
        yield f"| {escape_markdown(plan.tenant)} | {counts} | {cost['requests']:,} | {cost['seconds']:g} s |"


def _in_sync_lines(plans: Sequence[TenantPlan]) -> Iterator[str]:
    tenants_in_sync = [plan.tenant for plan in plans if plan.is_in_sync]
    if tenants_in_sync:
        yield from ("", f"In sync: {escape_markdown(', '.join(tenants_in_sync))}.")


def _saved_read_lines(plans: Sequence[TenantPlan]) -> Iterator[str]:
    """Name the plans for which CXone was not read, the oldest reading first."""
    live = [(plan.document.get("live", {}), plan.tenant) for plan in plans if plan.document]
    saved_reads = sorted(
        (str(live_json.get("read_at"))[:16], tenant)
        for live_json, tenant in live
        if live_json.get("from") == "saved"
    )
    if saved_reads:
        saved_text = ", ".join(f"{escape_markdown(tenant)} ({moment}Z)" for moment, tenant in saved_reads)
        yield from ("", f"Planned on saved readings, while apply reads CXone anew: {saved_text}.")
