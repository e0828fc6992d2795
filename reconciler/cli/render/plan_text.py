"""The plan for reading in a terminal: what is removed or blocked, what is added, and the verdict last."""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.cli.render.authorizations import authorization_texts
from reconciler.cli.render.coverage_text import COVERAGE_TITLE, coverage_lines
from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.messages import (
    DRIFT_TEXTS,
    REASON_TEXTS,
    block_sentences,
    change_summary,
    mismatch_text,
)
from reconciler.cli.render.plan_parts import Changes, parts_of
from reconciler.cli.render.settings_changes import TERMS_TITLE, settings_lines, settings_title, terms_lines
from reconciler.cli.terminal import escape_line
from reconciler.core.model.finding import count_text
from reconciler.core.planning.coverage import COVERAGE_RULE

_Document = Mapping[str, Any]

WITHOUT_CXONE = "CXone was not asked: it is not known what apply would change"


def plan_text(document: _Document, number_format: NumberFormat, *, names_report: bool = False) -> str:
    """Show a plan. `names_report`: with the newest report's SHA-256, for a log that outlives the branch."""
    parts, budget = parts_of(document["changes"]), document.get("budget")
    sections = (
        [_heading_text(document)],
        _section_lines("To remove or weaken", parts.removed, number_format),
        *(_blocked_lines(title, changes, number_format, budget) for title, _, changes in parts.kept),
        _section_lines("To add or strengthen", parts.added, number_format),
        _drift_lines(document["drift"], number_format),
        _titled_lines(TERMS_TITLE, terms_lines(document.get("terms_changes", ()), number_format)),
        _settings_lines(document.get("settings"), number_format),
        _titled_lines(COVERAGE_TITLE, iter(coverage_lines(document, document.get("created_at")))),
        list(finding_lines(document["findings"])),
        list(_closing_lines(document, names_report=names_report)),
    )
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _closing_lines(document: _Document, *, names_report: bool) -> Iterator[str]:
    """Say what the plan comes to. The last lines are what a terminal shows."""
    if names_report:
        yield newest_report_line(document.get("chain_head"))
    if not is_without_cxone(document):
        yield _cost_text(document)
    if mismatch := mismatch_text(document.get("budget")):
        yield f"warning: {mismatch}"
    yield f"Plan: {verdict(document)}."


def newest_report_line(head: Mapping[str, Any] | None) -> str:
    """Name the newest report by its SHA-256, for a job's log that outlives the branch."""
    return f"Chain: report {head['seq']} has SHA-256 {head['sha256']}" if head else "Chain: no report yet"


def is_without_cxone(document: _Document) -> bool:
    """Tell whether CXone was not asked for a plan: then its counts are zero, and mean nothing."""
    return not document["errored"] and document["live"].get("from") == "none"


def _is_unread(document: _Document) -> bool:
    """Tell whether CXone was asked and could not be read: `apply` sends what no report has as live."""
    return not document["errored"] and document["live"].get("from") == "unread"


def _error_count(document: _Document) -> int:
    """Count the errors in list files that a run leaves out."""
    return sum(finding["severity"] == "error" for finding in document["findings"])


_ACTION_WORDS = {"create": "add", "update": "change", "delete": "remove"}


def verdict(document: _Document) -> str:
    """Say in one sentence what the plan comes to."""
    if is_without_cxone(document):
        return WITHOUT_CXONE
    summary = document["summary"]
    skills = count_text(len(document.get("assignments", ())), "scrubbed skill")
    nothing_text = (
        "nothing to send"
        if summary["blocked"] or summary["by_hand"] or _is_unread(document) or _error_count(document)
        else "no changes, CXone matches git"
    )
    parts = [f"{summary[name]:,} to {word}" for name, word in _ACTION_WORDS.items() if summary[name]]
    parts += [f"{skills} to add"] if document.get("assignments") else []
    parts = parts or [nothing_text]
    left_out = parts_of(document["changes"]).left_out_count
    blocked = summary["blocked"] - left_out
    parts += [f"{blocked:,} blocked"] if blocked else []
    parts += [f"{left_out:,} not added"] if left_out else []
    parts += [f"{summary['by_hand']:,} to remove by hand"] if summary["by_hand"] else []
    unmanaged = f", {summary['unmanaged']:,} added by others" if summary["unmanaged"] else ""
    if _is_unread(document):
        return f"{', '.join(parts)}; CXone could not be read, so the rest is unknown"
    return f"{', '.join(parts)}; {summary['unchanged']:,} unchanged{unmanaged}"


def _heading_text(document: _Document) -> str:
    held_revision = (document["held_revision"] or "")[:12]
    return f"Plan for {document['tenant']} {source_text(document)}, " + (
        f"last applied {held_revision}" if held_revision else "first run"
    )


_NAMED_FILES = 3


def source_text(document: _Document) -> str:
    """Say what was planned: the commit, and the files that differ from it where those were planned."""
    source = document.get("source") or {}
    if source.get("kind") == "no-repository":
        return "of the files as they are: not a git repository"
    if not document["revision"]:
        return "of the files as they are: no commit yet"
    return f"at {document['revision'][:12]}{source_suffix(document)}"


def source_suffix(document: _Document) -> str:
    """Say what was planned besides the commit; empty where it was that alone."""
    source = document.get("source") or {}
    if source.get("kind") == "merge":
        return f" merged into {escape_line(source['onto'])}"
    files = [escape_line(file) for file in source.get("uncommitted", ())]
    if not files:
        return ""
    rest = f" and {len(files) - _NAMED_FILES:,} more" if len(files) > _NAMED_FILES else ""
    return f" + {count_text(len(files), 'uncommitted file')} ({', '.join(files[:_NAMED_FILES])}{rest})"


def _section_lines(title: str, changes: Changes, number_format: NumberFormat) -> list[str]:
    return (
        [f"{title}:", *(line for change in changes for line in _change_lines(change, number_format))]
        if changes
        else []
    )


SIGNS = {"create": "+", "update": "~", "delete": "-"}
KEPT_SIGN = "="  # of what stays as it is
LEFT_OUT_SIGN = "!"  # of what is not protected


def _change_lines(change: Mapping[str, Any], number_format: NumberFormat) -> Iterator[str]:
    phones = change["phones"]
    sign = SIGNS[change["action"]]
    if change["blocked_by"]:
        sign = KEPT_SIGN if change["direction"] == "exposing" else LEFT_OUT_SIGN
    yield (
        f"  {sign} {change['list_id']}: {count_text(len(phones))}, {change_summary(change)} "
        f"({REASON_TEXTS[change['reason']]})"
    )
    yield f"      {number_format.sample(phones)}"
    yield from (f"      {text}" for text in authorization_texts(change, number_format))


def _blocked_lines(
    title: str, changes: Changes, number_format: NumberFormat, budget: Mapping[str, Any] | None
) -> list[str]:
    lines = [f"{title}:"] if changes else []
    for change in changes:
        lines += _change_lines(change, number_format)
        sentences = block_sentences(change, number_format, budget)
        lines += [
            f"      {block}: {sentence}"
            for block, sentence in zip(change["blocked_by"], sentences, strict=True)
        ]
    return lines


# A tenant that reaches no file, a list that may be another's typing error, a term that is over when it is
# added: the plan has nothing to do for them, and that must not look as if all were well.
_UNPROTECTED = frozenset({"CONF-11", "LIST-09", "LIST-10"})


def finding_lines(findings: Changes) -> Iterator[str]:
    """Show what is of the whole project, every alarm, and what leaves somebody unprotected.

    What else files say, validate shows.
    """
    printed_findings = [
        finding
        for finding in findings
        if finding["severity"] == "alarm" or not finding["line"] or finding["rule"] in _UNPROTECTED
    ]
    for finding in printed_findings:
        place = f"{finding['file']}:{finding['line']}: " if finding["line"] else ""
        rule = f"{finding['rule']}, {finding['citation']}" if finding["citation"] else finding["rule"]
        yield f"{place}{finding['severity']}: {finding['message']} [{rule}]"
    if len(findings) > len(printed_findings):
        more = len(findings) - len(printed_findings)
        yield f"{count_text(more, 'more finding')} in list files: dnc validate"


def _settings_lines(settings: Mapping[str, Any] | None, number_format: NumberFormat) -> list[str]:
    return _titled_lines(settings_title(settings or {}), settings_lines(settings, number_format))


def _titled_lines(title: str, lines: Iterator[str]) -> list[str]:
    indented_lines = [f"  {line}" for line in lines]
    return [f"{title}:", *indented_lines] if indented_lines else []


def _drift_lines(drift: Changes, number_format: NumberFormat) -> list[str]:
    if not drift:
        return []
    lines = ["Drift:"]
    for drift_row in drift:
        drift_mark = "!" if drift_row["kind"] == "removed" else "?"
        lines.append(
            f"  {drift_mark} {drift_row['list_id']}: {count_text(len(drift_row['phones']))} "
            f"{drift_row['kind']}: {DRIFT_TEXTS[drift_row['kind']]}"
        )
        lines.append(f"      {number_format.sample(drift_row['phones'])}")
    return lines


def _cost_text(document: _Document) -> str:
    cost, live = document["cost"], document["live"]
    price = f"{count_text(cost['requests'], 'request')}, about {cost['seconds']:g} s at the allowed rate"
    if _is_unread(document):
        return f"CXone could not be read; apply takes {price}"
    if live.get("from") == "counts":
        rows = count_text(live["entries"], "row")
        return f"CXone counts {rows}, and none need be read; apply takes {price}"
    read_text = f"read {count_text(live['entries'], 'live row')}"
    if live.get("from"):
        read_text += f" as saved at {live['read_at'][:16]}Z"
    extra = [f"{live[name]:,} {name}" for name in ("unreadable", "foreign") if live[name]]
    cost_text = f"{read_text} ({', '.join(extra)})" if extra else read_text
    return f"{cost_text}; apply takes {price}"


def drift_text(document: _Document, foreign: Mapping[str, int], number_format: NumberFormat) -> str:
    """Show drift, what guards keep, and what was left alone; empty where there is nothing of these."""
    lines = _drift_lines(document["drift"], number_format)
    for title, _, changes in parts_of(document["kept"]).kept:
        lines += _blocked_lines(title, changes, number_format, document["budget"])
    lines += _titled_lines(COVERAGE_TITLE, iter(coverage_lines(document, document["live"]["read_at"])))
    lines += [
        f"  {name}: {count_text(rows, 'row')}, foreign: no file names it, left alone"
        for name, rows in foreign.items()
    ]
    unreadable = document["live"]["unreadable"]
    lines += (
        [f"  {count_text(unreadable, 'live row')} unreadable: no E.164 number, left alone"]
        if unreadable
        else []
    )
    return "\n".join(lines)


def drift_verdict(document: _Document, exit_code: int) -> str:
    """Say in one line what was found, what guards keep, and everything that the exit code is for."""
    counts: dict[str, int] = {}
    for drift_row in document["drift"]:
        counts[drift_row["kind"]] = counts.get(drift_row["kind"], 0) + len(drift_row["phones"])
    drift = ", ".join(f"{count:,} {kind}" for kind, count in sorted(counts.items()))
    parts = [f"drift ({drift})" if drift else "no drift", *_alarm_texts(document), *_kept_texts(document)]
    return f"{document['tenant']}: {'. '.join(parts)}" + (f": exit {exit_code}." if exit_code else ".")


def _kept_texts(document: _Document) -> Iterator[str]:
    summary = document["summary"]
    if summary["blocked"]:
        yield f"{summary['blocked']:,} blocked"
    if summary["by_hand"]:
        yield f"{summary['by_hand']:,} to remove by hand"
    if errors := _error_count(document):
        yield f"{count_text(errors, 'error')} in the files: those entries are left out"


def _alarm_texts(document: _Document) -> Iterator[str]:
    """Count the alarms: requests by their numbers, the others by their rules."""
    requests = document["requests"]
    overdue, due = (
        sum(len(row["phones"]) for row in requests if bool(row["past"]) is is_past)
        for is_past in (True, False)
    )
    if overdue:
        yield f"{count_text(overdue, 'overdue request')} (alarm)"
    if due:
        yield f"{count_text(due, 'request')} past the target day (alarm)"
    if document["coverage_worse"]:
        yield f"coverage is worse than the newest report says (alarm, {COVERAGE_RULE})"
    rules = [
        finding["rule"]
        for finding in document["findings"]
        if finding["severity"] == "alarm" and finding["rule"] != COVERAGE_RULE
    ]
    for row in requests:
        if row["rule"] in rules:
            rules.remove(row["rule"])
    if rules:
        noun = "other alarm" if requests else "alarm"
        yield f"{count_text(len(rules), noun)} ({', '.join(sorted(set(rules)))})"
