"""Rules, for reading: a table of all, and one explained."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from textwrap import fill
from typing import Any

from reconciler.desired.regulation import Rule

_WIDTH = 100
_CONFIDENCE = {
    "H": "the operative words or an official summary were read",
    "M": "from secondary sources",
    "L": "not verified",
}


def table(rules: Sequence[Rule], as_of: date) -> str:
    """Show rules, one a line, those that are not in force marked."""
    rows = [("RULE", "SEVERITY", "WHERE", "IN FORCE", "REVIEW DUE", "ASKS")]
    rows += [
        (r.id, r.severity, where(r), in_force(r, as_of), r.review_due.isoformat(), r.statement) for r in rules
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    )


def where(rule: Rule) -> str:
    """Say whose numbers a rule holds for."""
    area = ["by area code"] if rule.by_area_code else []
    return " ".join([*rule.jurisdictions, *area]) or "everywhere"


def in_force(rule: Rule, as_of: date) -> str:
    """Say whether it holds on that date, and since or until when it does not."""
    if rule.in_force(as_of):
        return "yes"
    return f"from {rule.effective_from}" if as_of < rule.effective_from else f"until {rule.effective_to}"


def explained(rule: Rule, as_of: date) -> str:
    """Show one rule: what it asks, what that means, on whose word, and an example of each kind."""
    word = rule.citation if rule.basis == "law" and rule.citation else rule.basis
    until = f" until {rule.effective_to}" if rule.effective_to else ""
    lines = [
        f"{rule.id}: {rule.statement}",
        *([fill(rule.meaning, _WIDTH)] if rule.meaning else []),
        "",
        f"severity    {rule.severity}",
        f"where       {where(rule)}",
        f"says        {rule.basis}" + (f", {word}" if word != rule.basis else ""),
        f"confidence  {_CONFIDENCE.get(rule.confidence, rule.confidence)}",
        f"in force    {in_force(rule, as_of)} (from {rule.effective_from}{until})",
        f"adopted     by {rule.adopted_by} on {rule.adopted_on}; review due {rule.review_due}",
        f"file        {rule.file}",
        *_examples(rule.examples),
    ]
    return "\n".join(lines)


def _examples(examples: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("passes", "fails"):
        if kind in examples:
            yield f"\n{kind}:"
            yield from (f"  {line}" for line in _lines(examples[kind]))


def _lines(example: object) -> Iterator[str]:
    if isinstance(example, Mapping):
        yield from (f"{key}: {json.dumps(value)}" for key, value in example.items())
    else:
        yield json.dumps(example)


def rule_json(rule: Rule, as_of: date) -> dict[str, Any]:
    """Say one rule for machines."""
    return {
        "id": rule.id,
        "file": rule.file,
        "scope": rule.scope.value,
        "jurisdictions": list(rule.jurisdictions),
        "by_area_code": sorted(rule.by_area_code),
        "statement": rule.statement,
        "meaning": rule.meaning,
        "basis": rule.basis,
        "citation": rule.citation,
        "severity": rule.severity,
        "confidence": rule.confidence,
        "unverified": rule.unverified,
        "effective_from": rule.effective_from.isoformat(),
        "effective_to": rule.effective_to.isoformat() if rule.effective_to else None,
        "in_force": rule.in_force(as_of),
        "adopted_by": rule.adopted_by,
        "adopted_on": rule.adopted_on.isoformat(),
        "review_due": rule.review_due.isoformat(),
        "examples": dict(rule.examples),
    }
