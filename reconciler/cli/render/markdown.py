"""The plan as Markdown for a merge request: numbers masked, text from elsewhere escaped."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.cli.render.authorizations import authorization_texts
from reconciler.cli.render.coverage_text import COVERAGE_TITLE, coverage_lines
from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.messages import (
    DRIFT_TEXTS,
    REASON_TEXTS,
    change_summary,
    kept_reason,
    mismatch_text,
)
from reconciler.cli.render.plan_parts import parts_of
from reconciler.cli.render.plan_text import (
    finding_lines,
    is_without_cxone,
    newest_report_line,
    source_text,
    verdict,
)
from reconciler.cli.render.settings_changes import TERMS_TITLE, settings_lines, settings_title, terms_lines
from reconciler.cli.terminal import escape_line

_MAX_TEXT = 300  # characters of one sentence
# What CommonMark and GitLab's Markdown read as markup, links, and references such as @all, #1 or !2. GitLab
# finds references in what an entity stood for, but not behind a backslash (its MarkdownPreEscapeFilter).
_MARKUP = re.compile(r"""[!"#$%&*<>?@\[\\\]^_`{|}~]|:(?=//)|(?<=www)\.""", re.IGNORECASE)


def escape_markdown(text: str) -> str:
    """Show text without any markup, mention or reference in it, on one line."""
    return _MARKUP.sub(r"\\\g<0>", _one_line(text))


def code_span(text: str) -> str:
    """Show a name as code: GitLab reads no markup, mention or reference in it."""
    return f"`{_one_line(text).replace('`', chr(39))}`"


def _one_line(text: str) -> str:
    single_line = escape_line(" ".join(text.split()))
    return single_line if len(single_line) <= _MAX_TEXT else f"{single_line[:_MAX_TEXT]}…"


MAX_ROWS = 200  # a note gets slow long before GitLab's limit of a million characters


def render_plan_markdown(document: Mapping[str, Any], number_format: NumberFormat) -> str:
    """Show a plan."""
    lines = [
        f"### dnc plan: {escape_markdown(document['tenant'])}",
        "",
        f"**{verdict(document)}**",
        "",
        f"Plan {escape_markdown(source_text(document))}.",
    ]
    if document["errored"]:
        lines = [lines[0], "", "**There is no plan.**", ""]
        lines += [
            f"- {escape_markdown(finding['message'])} {code_span(finding['rule'])}"
            for finding in document["findings"]
        ]
        return "\n".join(lines) + "\n"
    parts, budget = parts_of(document["changes"]), document.get("budget")
    if mismatch := mismatch_text(budget):
        lines += ["", f"**{escape_markdown(mismatch)}**"]
    going = [(change["action"], change) for change in (*parts.removed, *parts.added)]
    lines += _table("", going, number_format, budget)
    for title, word, changes in parts.kept:
        lines += _table(f"**{title}**", [(word, change) for change in changes], number_format, budget)
    lines += [
        f"- drift on {escape_markdown(drift_row['list_id'])}: {len(drift_row['phones']):,} "
        f"{drift_row['kind']}: {DRIFT_TEXTS[drift_row['kind']]}"
        for drift_row in document["drift"]
    ]
    settings = document.get("settings")
    lines += _titled_list(TERMS_TITLE, terms_lines(document.get("terms_changes", ()), number_format))
    lines += _titled_list(settings_title(settings or {}), settings_lines(settings, number_format))
    lines += _titled_list(COVERAGE_TITLE, coverage_lines(document, document.get("created_at")))
    lines += [f"- {escape_markdown(line)}" for line in finding_lines(document["findings"])]
    cost = document["cost"]
    if not is_without_cxone(document):
        lines += ["", f"Cost: {cost['requests']:,} requests, about {cost['seconds']:g} s."]
    lines += ["", newest_report_line(document.get("chain_head"))]
    return "\n".join(lines) + "\n"


def _titled_list(title: str, lines: Iterable[str]) -> list[str]:
    items = [f"- {escape_markdown(line)}" for line in lines]
    return ["", f"{escape_markdown(title)}:", "", *items, ""] if items else []


def _table(
    title: str,
    changes: Sequence[tuple[str, Mapping[str, Any]]],
    number_format: NumberFormat,
    budget: Mapping[str, Any] | None,
) -> list[str]:
    """Show changes, each with the word for what becomes of it."""
    if not changes:
        return []
    rows = [*(["", title] if title else []), ""]
    rows += ["| | list | numbers | what | why |", "| --- | --- | --- | --- | --- |"]
    for word, change in changes[:MAX_ROWS]:
        reason = kept_reason(change, number_format, budget) or REASON_TEXTS[change["reason"]]
        numbers = f"{len(change['phones']):,}: {number_format.sample(change['phones'])}"
        reasons = "; ".join(
            escape_markdown(text) for text in (reason, *authorization_texts(change, number_format))
        )
        rows.append(
            f"| {word} | {escape_markdown(change['list_id'])} | {numbers} | "
            f"{escape_markdown(change_summary(change))} | {reasons} |"
        )
    if len(changes) > MAX_ROWS:
        rows.append(f"| | | | and {len(changes) - MAX_ROWS:,} more groups | |")
    return [*rows, ""]
