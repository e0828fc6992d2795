"""The plan for reading in a terminal: the verdict first, then what comes off or stays, then what goes on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.cli.render.masking import Shown
from reconciler.cli.render.messages import BLOCKED, DRIFT, REASONS, count, way_out, what_changes

_Document = Mapping[str, Any]
_Changes = Sequence[Mapping[str, Any]]

WITHOUT_CXONE = "CXone was not asked: it is not known what apply would change"


def plan_text(document: _Document, shown: Shown) -> str:
    """Show a plan."""
    changes = document["changes"]
    exposing, protective = (
        [c for c in changes if c["direction"] == way] for way in ("exposing", "protective")
    )
    sections = (
        [_heading(document), verdict(document)],
        _section("Comes off or weakens", [c for c in exposing if not c["blocked_by"]], shown),
        _blocked("Stays, although the files no longer ask for it", exposing, shown),
        _blocked("Not added, and not protected", protective, shown),
        _section("Goes on", [c for c in protective if not c["blocked_by"]], shown),
        _drift(document["drift"], shown),
        list(said(document["findings"])),
        [*([] if without_cxone(document) else [_cost(document)]), head_line(document.get("chain_head"))],
    )
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def head_line(head: Mapping[str, Any] | None) -> str:
    """Name the newest report by its SHA-256, for a job's log that outlives the branch."""
    return f"Chain: report {head['seq']} has SHA-256 {head['sha256']}" if head else "Chain: no report yet"


def without_cxone(document: _Document) -> bool:
    """Tell whether CXone was not asked for a plan: then its counts are zero, and mean nothing."""
    return not document["errored"] and document["live"].get("from") == "none"


def verdict(document: _Document) -> str:
    """Say in one sentence what the plan comes to."""
    if without_cxone(document):
        return WITHOUT_CXONE
    s = document["summary"]
    nothing = "nothing to send" if s["blocked"] or s["by_hand"] else "nothing to do: CXone is as git says"
    parts = [f"{s[name]:,} to {name}" for name in ("create", "update", "delete") if s[name]] or [nothing]
    parts += [f"{s['blocked']:,} blocked"] if s["blocked"] else []
    parts += [f"{s['by_hand']:,} to take off by hand"] if s["by_hand"] else []
    return f"{', '.join(parts)}; {s['unchanged']:,} unchanged, {s['unmanaged']:,} unmanaged"


def _heading(document: _Document) -> str:
    revision = (document["revision"] or "no commit")[:12]
    held = (document["held_revision"] or "")[:12]
    return f"Plan for {document['tenant']} at {revision}, " + (
        f"held since {held}" if held else "nothing held yet"
    )


def _section(title: str, changes: _Changes, shown: Shown) -> list[str]:
    return [f"{title}:", *(line for c in changes for line in _change(c, shown))] if changes else []


def _change(change: Mapping[str, Any], shown: Shown) -> Iterator[str]:
    phones = change["phones"]
    sign = {"create": "+", "update": "~", "delete": "-"}[change["action"]]
    what = what_changes(change)
    yield f"  {sign} {change['list_id']}: {count(len(phones))}, {what} ({REASONS[change['reason']]})"
    yield f"      {shown.sample(phones)}"


def _blocked(title: str, changes: _Changes, shown: Shown) -> list[str]:
    blocked = [c for c in changes if c["blocked_by"]]
    lines = [f"{title}:"] if blocked else []
    for change in blocked:
        lines += _change(change, shown)
        for why in change["blocked_by"]:
            out = way_out(why, change["list_id"], change["phones"], shown)
            lines.append(f"      {why}: {BLOCKED[why]}. Way out: {out}")
    return lines


def said(findings: _Changes) -> Iterator[str]:
    """Show what is of the whole project, and every alarm; what else files say, validate shows."""
    shown = [f for f in findings if f["severity"] == "alarm" or not f["line"]]
    for f in shown:
        place = f"{f['file']}:{f['line']}: " if f["line"] else ""
        rule = f"{f['rule']}, {f['citation']}" if f["citation"] else f["rule"]
        yield f"{place}{f['severity']}: {f['message']} [{rule}]"
    if len(findings) > len(shown):
        yield f"{count(len(findings) - len(shown), 'finding')} in the files besides: dnc validate shows them"


def _drift(drift: _Changes, shown: Shown) -> list[str]:
    if not drift:
        return []
    lines = ["Drift:"]
    for d in drift:
        loud = "!" if d["kind"] == "removed" else "?"
        lines.append(f"  {loud} {d['list_id']}: {count(len(d['phones']))} {d['kind']}: {DRIFT[d['kind']]}")
        lines.append(f"      {shown.sample(d['phones'])}")
    return lines


def _cost(document: _Document) -> str:
    cost, live = document["cost"], document["live"]
    read = f"read {count(live['entries'], 'live row')}"
    if live.get("from"):
        read += f" as saved at {live['read_at'][:16]}Z"
    extra = [f"{live[name]:,} {name}" for name in ("unreadable", "foreign") if live[name]]
    told = f"{read} ({', '.join(extra)})" if extra else read
    price = f"{count(cost['requests'], 'request')}, about {cost['seconds']:g} s at the allowed rate"
    return f"{told}; apply takes {price}"


def drift_text(document: _Document, foreign: Mapping[str, int], shown: Shown) -> str:
    """Show drift."""
    lines = _drift(document["drift"], shown) or [f"no drift on {document['tenant']}"]
    lines += [
        f"  {name}: {count(rows, 'row')}, foreign: no file names it, left alone"
        for name, rows in foreign.items()
    ]
    unreadable = document["live"]["unreadable"]
    lines += (
        [f"  {count(unreadable, 'live row')} unreadable: no E.164 number, left alone"] if unreadable else []
    )
    return "\n".join(lines)
