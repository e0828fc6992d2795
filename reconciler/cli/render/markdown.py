"""The plan as Markdown, for a merge request: numbers are masked, text is escaped."""

import re
from collections.abc import Mapping
from typing import Any

from reconciler.cli.render.numbers import Shown
from reconciler.cli.render.text import verdict
from reconciler.cli.render.words import BLOCKED, DRIFT, REASONS, WAYS_OUT, what_changes

ROWS = 200  # a note gets slow long before GitLab's limit of a million characters


def markdown(document: Mapping[str, Any], shown: Shown) -> str:
    """Show a plan."""
    lines = [f"### dnc plan: {_plain(document['tenant'])}", "", f"**{verdict(document)}**"]
    if document["errored"]:
        lines = [lines[0], "", "**There is no plan.**", ""]
        lines += [f"- {_plain(f['message'])} `{f['rule']}`" for f in document["findings"]]
        return "\n".join(lines) + "\n"
    lines += _table(document["changes"], shown)
    lines += [
        f"- drift on {_plain(d['list_id'])}: {len(d['phones']):,} {d['kind']}: {DRIFT[d['kind']]}"
        for d in document["drift"]
    ]
    cost = document["cost"]
    lines += ["", f"Cost: {cost['requests']:,} requests, about {cost['seconds']:g} s."]
    return "\n".join(lines) + "\n"


def _table(changes: list[Mapping[str, Any]], shown: Shown) -> list[str]:
    if not changes:
        return []
    rows = ["", "| | list | numbers | what | why |", "| --- | --- | --- | --- | --- |"]
    exposing_first = sorted(changes, key=lambda c: c["direction"] != "exposing")
    for c in exposing_first[:ROWS]:
        what = what_changes(c)
        why = (
            "; ".join(f"stays: {BLOCKED[b]}. {WAYS_OUT[b]}" for b in c["blocked_by"]) or REASONS[c["reason"]]
        )
        numbers = f"{len(c['phones']):,}: {shown.sample(c['phones'])}"
        rows.append(
            f"| {c['action']} | {_plain(c['list_id'])} | {numbers} | {_plain(what)} | {_plain(why)} |"
        )
    if len(changes) > ROWS:
        rows.append(f"| | | | and {len(changes) - ROWS:,} more groups | |")
    return [*rows, ""]


def _plain(text: str) -> str:
    """Take its meaning from anything that Markdown or HTML would read as markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", text.replace("\n", " ").replace("<", "&lt;"))
