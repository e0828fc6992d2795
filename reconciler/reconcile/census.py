"""What a report says of live: how many are on each list, and a name for exactly what is on it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256
from itertools import islice
from typing import Any

from reconciler.model.book import terms_of
from reconciler.model.live import Live
from reconciler.model.terms import Carried

_LINES_AT_ONCE = 10_000  # joined to be hashed; a million at once would be 80 MB


def census(live: Live) -> dict[str, Any]:
    """Count each list, and name what is on it: SHA-256 of the sorted `phone,reasonCode,expirationPolicy`.

    Where the dialect carries an end, and there is one, it stands behind them.
    """
    return {
        list_id: {"count": len(entries), "sha256": named(terms_of(entries))}
        for list_id, entries in sorted(live.lists.items())
    }


def by_reason(live: Live) -> dict[str, dict[str, int]]:
    """Count each list by reason, as far as the dialect carries one."""
    return {
        list_id: reasons_of(terms_of(entries).values()) for list_id, entries in sorted(live.lists.items())
    }


def reasons_of(terms: Iterable[Carried]) -> dict[str, int]:
    """Count by reason. Terms are few and shared, so they are told apart by identity alone."""
    kept = list(terms)
    known = dict(zip(map(id, kept), kept, strict=True))
    found: Counter[str] = Counter()
    for one, count in Counter(map(id, kept)).items():
        found[known[one].reason_code] += count
    return {reason: count for reason, count in sorted(found.items()) if reason}


def named(terms: Mapping[str, Carried]) -> str:
    """Name exactly these numbers with these terms: SHA-256 of their sorted lines."""
    lines = (f"{phone},{_said(terms[phone])}\n" for phone in sorted(terms))
    told = sha256()
    while some := "".join(islice(lines, _LINES_AT_ONCE)):
        told.update(some.encode())
    return told.hexdigest()


def _said(terms: Carried) -> str:
    end = f",{terms.end.isoformat()}" if terms.end else ""
    return f"{terms.reason_code},{terms.expiration_policy}{end}"
