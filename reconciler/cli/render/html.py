"""The plan as one HTML page: no outside assets, everything escaped, numbers masked as told."""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.cli.render.numbers import Shown
from reconciler.cli.render.page import page
from reconciler.cli.render.site.blocks import Fact
from reconciler.cli.render.text import verdict, without_cxone
from reconciler.cli.render.ways_out import way_out
from reconciler.cli.render.words import BLOCKED, DRIFT, REASONS, kept_or_left_out, what_changes

# What the counts of a plan mean, and how one that is not 0 is marked.
_FACTS = {
    "create": ("Go on", "in the files, not live", "good"),
    "update": ("Change", "live under other terms", ""),
    "delete": ("Come off", "with permission", "warn"),
    "blocked": ("Blocked", "stay, as nothing permits them to go", "warn"),
    "by_hand": ("By hand", "for people to take off", "warn"),
    "unchanged": ("Unchanged", "live as the files say", ""),
    "unmanaged": ("Left to agents", "added by others: opt-outs", ""),
}


def html(document: Mapping[str, Any], shown: Shown) -> str:
    """Show a plan."""
    drift = [
        f"{d['list_id']}: {len(d['phones']):,} {d['kind']}: {DRIFT[d['kind']]}" for d in document["drift"]
    ]
    rows = [_row(change, shown) for change in document["changes"]]
    said = "There is no plan." if document["errored"] else verdict(document)
    title = f"dnc plan: {document['tenant']}"
    facts = () if document["errored"] or without_cxone(document) else tuple(_facts(document["summary"]))
    return page("plan.html", title=title, plan=document, verdict=said, facts=facts, rows=rows, drift=drift)


def _facts(summary: Mapping[str, int]) -> Iterator[Fact]:
    for name, (title, detail, mark) in _FACTS.items():
        yield Fact(title, f"{summary[name]:,}", detail, mark if summary[name] else "")


def _row(change: Mapping[str, Any], shown: Shown) -> dict[str, str]:
    outs = ((b, way_out(b, change["list_id"], change["phones"], shown)) for b in change["blocked_by"])
    blocked = "; ".join(f"{kept_or_left_out(change)}: {BLOCKED[b]}. Way out: {out}" for b, out in outs)
    return {
        "direction": change["direction"],
        "action": change["action"],
        "list_id": change["list_id"],
        "count": f"{len(change['phones']):,}",
        "sample": shown.sample(change["phones"]),
        "what": what_changes(change),
        "why": blocked or REASONS[change["reason"]],
    }
