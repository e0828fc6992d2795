"""The honour-by clock: by when the rules in force want a request to be live."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from jsonschema.protocols import Validator

from reconciler.core.model.deadline import Deadline
from reconciler.core.model.entries import Terms
from reconciler.rules.evaluation import sees_place, with_place
from reconciler.rules.jurisdictions import Place, place_at
from reconciler.rules.keywords import HONOUR
from reconciler.rules.numbering import Head, head_of
from reconciler.rules.periods import Span, parse_date
from reconciler.rules.rule import Rule, Scope
from reconciler.rules.rule_set import Rules

_Kind = tuple[tuple[Rule, ...], Place | None]


class RuleDeadlines:
    """What the rules in force on `as_of`, the date at UTC-12, ask for."""

    def __init__(self, rules: Rules, as_of: date) -> None:
        self._clocks: dict[Rule, Validator] = {
            rule: rule.condition.clock()
            for rule in rules.regulations
            if rule.scope is Scope.ENTRY
            and rule.finding_severity
            and rule.is_in_force(as_of)
            and rule.condition.sets_clock
        }
        self._kinds: dict[tuple[str | None, Head], _Kind] = {}
        self._by_kind: dict[tuple[Terms, _Kind], Deadline | None] = {}
        self._by_terms_id: dict[tuple[int, Head], tuple[Terms, Deadline | None]] = {}

    def deadline(self, phone: str, terms: Terms) -> Deadline | None:
        """Give the nearest deadline; None where no rule has one for this number and these terms."""
        head = head_of(phone)
        # By identity: see ADR 19.
        cached = self._by_terms_id.get((id(terms), head))
        if cached is None or cached[0] is not terms:
            cached = self._by_terms_id[id(terms), head] = (terms, self._nearest(head, terms))
        return cached[1]

    def _nearest(self, head: Head, terms: Terms) -> Deadline | None:
        kind = self._kind(terms.jurisdiction, head)
        if not kind[0]:
            return None
        if (terms, kind) not in self._by_kind:
            self._by_kind[terms, kind] = min(self._deadlines(terms, *kind), default=None)
        return self._by_kind[terms, kind]

    def _kind(self, stated: str | None, head: Head) -> _Kind:
        """Tell which rules hold for such a number; of its place only what they look at."""
        kind = self._kinds.get((stated, head))
        if kind is None:
            place = place_at(head)
            rules = tuple(rule for rule in self._clocks if rule.applies_to(stated, place))
            kind = self._kinds[stated, head] = (rules, place if any(map(sees_place, rules)) else None)
        return kind

    def _deadlines(self, terms: Terms, rules: tuple[Rule, ...], place: Place | None) -> Iterator[Deadline]:
        fields = with_place(_terms_to_fields(terms), place)
        for rule in rules:
            for error in self._clocks[rule].iter_errors(fields):  # type: ignore[arg-type]  # plain JSON values
                if error.validator != HONOUR:
                    continue
                honour: Any = error.validator_value
                start = parse_date(fields.get(honour["from"]))
                if start is None:
                    continue
                due, target = Span.of(honour["ceiling"]).after(start), Span.of(honour["target"]).after(start)
                if due and target:
                    yield Deadline(due, target, rule.id)


def _terms_to_fields(terms: Terms) -> dict[str, object]:
    """Say terms as the rules judge them, as far as terms remember."""
    fields = {
        "reasonCode": terms.reason_code.value,
        "expirationPolicy": terms.expiration_policy.value,
        "end": terms.end and terms.end.isoformat(),
        "requestedOn": terms.requested_on and terms.requested_on.isoformat(),
        "source": terms.source,
        "jurisdiction": terms.jurisdiction,
    }
    return {key: value for key, value in fields.items() if value is not None}
