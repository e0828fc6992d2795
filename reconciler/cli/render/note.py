"""One tenant's section of the merge request's note: verdict first, numbers masked, no longer than told."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.cli.render.escaped import code, plain
from reconciler.cli.render.numbers import Shown
from reconciler.cli.render.text import verdict, without_cxone
from reconciler.cli.render.ways_out import way_out
from reconciler.cli.render.words import BLOCKED, DRIFT, REASONS, count, what_changes

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
