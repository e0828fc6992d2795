"""The numbers that a command was given, as people type them."""

from collections.abc import Sequence

from reconciler.desired.typed import typed
from reconciler.model.errors import InvalidInput
from reconciler.model.finding import Finding, Severity


def read_numbers(texts: Sequence[str], region: str, done: str = "nothing was written") -> tuple[str, ...]:
    """Read every number, each once. Raises InvalidInput that names the bad ones by their places."""
    found = [typed(text, region) for text in texts]
    bad = [(place, one.why_not) for place, one in enumerate(found, 1) if one.why_not]
    if bad:
        findings = [
            Finding(f"number {n} of {len(texts)}", 0, 0, "", "NUM-01", Severity.ERROR, w) for n, w in bad
        ]
        first = f"number {bad[0][0]} of {len(texts)}" if len(texts) > 1 else "the number"
        many = f"{len(bad)} of {len(texts)} numbers can't be read: {done}"
        fact = many if len(bad) > 1 else f"{first} can't be read: {done}"
        way_out = "correct them, or leave them out" if len(bad) > 1 else bad[0][1]
        raise InvalidInput(fact, way_out, findings=findings)
    return tuple(dict.fromkeys(one.phone for one in found))
