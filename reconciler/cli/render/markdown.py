"""The plan as Markdown for a merge request: numbers masked, text from elsewhere escaped."""

import re
from collections.abc import Mapping
from typing import Any

from reconciler.cli.render.masking import Shown
from reconciler.cli.render.messages import BLOCKED, DRIFT, REASONS, kept_or_left_out, way_out, what_changes
from reconciler.cli.render.plan_text import head_line, said, verdict, without_cxone
from reconciler.cli.terminal import line

_LONGEST = 300  # characters of one sentence
# What CommonMark and GitLab's Markdown read as markup, links, and references such as @all, #1 or !2. GitLab
# finds references in what an entity stood for, but not behind a backslash (its MarkdownPreEscapeFilter).
_MARKUP = re.compile(r"""[!"#$%&*<>?@\[\\\]^_`{|}~]|:(?=//)|(?<=www)\.""", re.IGNORECASE)


def plain(text: str) -> str:
    """Show text without any markup, mention or reference in it, on one line."""
    return _MARKUP.sub(r"\\\g<0>", _one_line(text))


def code(text: str) -> str:
    """Show a name as code: GitLab reads no markup, mention or reference in it."""
    return f"`{_one_line(text).replace('`', chr(39))}`"


def _one_line(text: str) -> str:
    joined = line(" ".join(text.split()))
    return joined if len(joined) <= _LONGEST else f"{joined[:_LONGEST]}…"


ROWS = 200  # a note gets slow long before GitLab's limit of a million characters


def markdown(document: Mapping[str, Any], shown: Shown) -> str:
    """Show a plan."""
    lines = [f"### dnc plan: {plain(document['tenant'])}", "", f"**{verdict(document)}**"]
    if document["errored"]:
        lines = [lines[0], "", "**There is no plan.**", ""]
        lines += [f"- {plain(f['message'])} {code(f['rule'])}" for f in document["findings"]]
        return "\n".join(lines) + "\n"
    lines += _table(document["changes"], shown)
    lines += [
        f"- drift on {plain(d['list_id'])}: {len(d['phones']):,} {d['kind']}: {DRIFT[d['kind']]}"
        for d in document["drift"]
    ]
    lines += [f"- {plain(line)}" for line in said(document["findings"])]
    cost = document["cost"]
    if not without_cxone(document):
        lines += ["", f"Cost: {cost['requests']:,} requests, about {cost['seconds']:g} s."]
    lines += ["", head_line(document.get("chain_head"))]
    return "\n".join(lines) + "\n"


def _table(changes: list[Mapping[str, Any]], shown: Shown) -> list[str]:
    if not changes:
        return []
    rows = ["", "| | list | numbers | what | why |", "| --- | --- | --- | --- | --- |"]
    exposing_first = sorted(changes, key=lambda c: c["direction"] != "exposing")
    for c in exposing_first[:ROWS]:
        what = what_changes(c)
        outs = ((b, way_out(b, c["list_id"], c["phones"], shown)) for b in c["blocked_by"])
        why = (
            "; ".join(f"{kept_or_left_out(c)}: {BLOCKED[b]}. {out}" for b, out in outs)
            or REASONS[c["reason"]]
        )
        numbers = f"{len(c['phones']):,}: {shown.sample(c['phones'])}"
        rows.append(f"| {c['action']} | {plain(c['list_id'])} | {numbers} | {plain(what)} | {plain(why)} |")
    if len(changes) > ROWS:
        rows.append(f"| | | | and {len(changes) - ROWS:,} more groups | |")
    return [*rows, ""]
