"""The plan as Markdown, for a merge request: numbers are masked, text is escaped."""

from collections.abc import Mapping
from typing import Any

from reconciler.cli.render.escaped import code, plain
from reconciler.cli.render.numbers import Shown
from reconciler.cli.render.text import head_line, said, verdict, without_cxone
from reconciler.cli.render.ways_out import way_out
from reconciler.cli.render.words import BLOCKED, DRIFT, REASONS, kept_or_left_out, what_changes

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
