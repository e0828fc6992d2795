"""An entry with its file's defaults: what it says in the end, judged by the regulations, and its terms."""

from collections.abc import Iterator, Mapping
from datetime import date

from reconciler.desired.judge import Verdict
from reconciler.desired.nodes import MapNode, plain
from reconciler.desired.periods import parse_date, parse_period
from reconciler.desired.schema import Rules
from reconciler.desired.schema_errors import rule_of, sentence
from reconciler.model.finding import Severity
from reconciler.model.terms import Policy, ReasonCode, Terms

DEFAULT_SOURCE = "dnc"
# A default that says nothing under an entry's own policy does not reach it.
_IDLE: Mapping[object, frozenset[str]] = {
    Policy.NEVER: frozenset({"expirationDate", "retention"}),
    Policy.ABSOLUTE: frozenset({"retention"}),
    Policy.RELATIVE: frozenset({"expirationDate"}),
}
# What the rules see beside the keys of an entry, and the keys that decide it.
_WRITTEN: Mapping[str, tuple[str, ...]] = {
    "end": ("expirationDate", "retention", "expirationPolicy"),
    "region": ("jurisdiction", "phone", "phones"),
    "areaCode": ("phone", "phones"),
    "phone": ("phone", "phones"),
}


def effective(entry: MapNode, defaults: MapNode | None) -> dict[str, object]:
    """Put the defaults under the entry, and compute its `end`: what the rules judge. Numbers are left out."""
    own = entry.values
    merged = {**defaults.values, **own} if defaults else own
    idle = _IDLE.get(merged.get("expirationPolicy"), frozenset())
    said: dict[str, object] = {
        key: plain(value)
        for key, value in merged.items()
        if key not in {"phone", "phones"} and (key in own or key not in idle)
    }
    end = _end(said)
    return said | {"end": end.isoformat()} if end else said


def structure_of_terms(said: Mapping[str, object], rules: Rules) -> Iterator[Verdict]:
    """Judge whether the terms of an effective entry fit together, as the list schema asks."""
    for error in rules.effective.iter_errors(dict(said)):  # type: ignore[arg-type]  # plain JSON values
        rule = rule_of(error, "LIST-01", "LIST-02")
        yield Verdict(rule, Severity.ERROR, sentence(error), tuple(error.absolute_path))
    if _runs_out(said):
        message = "retention runs beyond the year 9999: use NEVER"
        yield Verdict("LIST-06", Severity.ERROR, message, ("retention",))


def anchor(key: str, entry: MapNode) -> str:
    """Tell which of the entry's own keys a verdict stands at; empty for the entry itself."""
    return next((own for own in _WRITTEN.get(key, (key,)) if own in entry.values), "")


def terms_of(said: Mapping[str, object]) -> Terms | None:
    """Make the terms of an effective entry; None where it has none that hold."""
    try:
        reason, policy = ReasonCode(str(said["reasonCode"])), Policy(str(said["expirationPolicy"]))
    except (KeyError, ValueError):
        return None
    end = parse_date(said.get("end"))
    source, jurisdiction = said.get("source", DEFAULT_SOURCE), said.get("jurisdiction")
    if not isinstance(source, str) or (policy is not Policy.NEVER and end is None):
        return None
    return Terms(
        reason,
        policy,
        end,
        parse_date(said.get("requestedOn")),
        source,
        jurisdiction if isinstance(jurisdiction, str) else None,
    )


def _end(said: Mapping[str, object]) -> date | None:
    policy = said.get("expirationPolicy")
    if policy == Policy.ABSOLUTE:
        return parse_date(said.get("expirationDate"))
    if policy == Policy.RELATIVE:
        start, period = parse_date(said.get("requestedOn")), parse_period(said.get("retention"))
        return period.after(start) if start and period else None
    return None


def _runs_out(said: Mapping[str, object]) -> bool:
    is_relative = said.get("expirationPolicy") == Policy.RELATIVE and "end" not in said
    return bool(is_relative and parse_date(said.get("requestedOn")) and parse_period(said.get("retention")))
