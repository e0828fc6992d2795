"""A bulk post: what may be in it, and what becomes of each entry.

Contract as given by the seed, read 2026-11-23: 1 to 500 entries with five fields each; `successes` and
`failures` add up to the number sent; `errors` name the phone. The codes that begin with INVALID are ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from reconciler.model.phone import is_e164
from reconciler.model.terms import Policy, ReasonCode
from reconciler.sandbox.conduct import Conduct
from reconciler.sandbox.entry import Entry
from reconciler.sandbox.store import Stored

MOST_ENTRIES = 500

_FIELDS = ("phone", "reasonCode", "expirationPolicy", "listId", "source")
_NAMES = frozenset(_FIELDS)
_REASONS = frozenset(str(code) for code in ReasonCode)
_POLICIES = frozenset(str(policy) for policy in Policy)


class Malformed(Exception):
    """The body as a whole cannot be taken: a 400, and nothing of it is stored."""


def parse(body: bytes) -> list[Entry]:
    """Read a chunk. Raises Malformed for anything but an array of objects with exactly the five fields."""
    try:
        items = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed("the body is not JSON") from error
    if not isinstance(items, list):
        raise Malformed("the body is not an array")
    if not 1 <= len(items) <= MOST_ENTRIES:
        raise Malformed(f"{len(items)} entries were sent, 1 to {MOST_ENTRIES} can be")
    return [_entry(index, item) for index, item in enumerate(items)]


def _entry(index: int, item: object) -> Entry:
    if not isinstance(item, dict) or item.keys() != _NAMES:
        raise Malformed(f"entry {index} does not have exactly the fields {', '.join(_FIELDS)}")
    values = [item[name] for name in _FIELDS]
    if not all(isinstance(value, str) for value in values):
        raise Malformed(f"a field of entry {index} is not text")
    return Entry(*values)


@dataclass
class Chunk:
    """One chunk on its way: what is to be stored, what is not, and the errors so far."""

    to_store: list[Entry] = field(default_factory=list)
    pretended: int = 0
    errors: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, phone: str, code: str, message: str) -> None:
        """Note a failure."""
        self.errors.append({"phone": phone, "errorCode": code, "errorMessage": message})

    def settle(self, stored: Sequence[Stored]) -> tuple[dict[str, object], int]:
        """Write the answer, with its status, once the entries are stored."""
        for entry, what in zip(self.to_store, stored, strict=True):
            if what is Stored.UNCHANGED:
                self.refuse(entry.phone, "DUPLICATE_ENTRY", "the entry exists exactly so")
        failures = len(self.errors)
        unchanged = sum(what is Stored.UNCHANGED for what in stored)
        body: dict[str, object] = {
            "successes": len(self.to_store) + self.pretended - unchanged,
            "failures": failures,
            "errors": self.errors,
        }
        return body, 201 if Stored.CREATED in stored else 200


def judge(entries: Sequence[Entry], conduct: Conduct) -> Chunk:
    """Sort a chunk's entries into what is stored and what is refused, each by itself."""
    chunk = Chunk()
    seen: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        wrong = _wrong(entry, conduct)
        first = seen.setdefault((entry.list_id, entry.phone), entry)
        if wrong:
            chunk.refuse(entry.phone, *wrong)
        elif first is not entry:
            code = "DUPLICATE_ENTRY" if first == entry else "CONFLICT"
            chunk.refuse(entry.phone, code, "the chunk has this number for this list already")
        elif entry.phone in conduct.ignored:
            chunk.pretended += 1
        else:
            chunk.to_store.append(entry)
    return chunk


def _wrong(entry: Entry, conduct: Conduct) -> tuple[str, str] | None:
    """Find the code and the words that one entry is refused with."""
    code = conduct.refused.get(entry.phone)
    checks = (
        (code is None, code or "", "this number is refused"),
        (is_e164(entry.phone), "INVALID_PHONE", "the phone is no E.164 number"),
        (entry.reason_code in _REASONS, "INVALID_REASON_CODE", "there is no such reason code"),
        (entry.expiration_policy in _POLICIES, "INVALID_EXPIRATION_POLICY", "there is no such policy"),
        (bool(entry.list_id), "INVALID_LIST_ID", "the list has no id"),
        (bool(entry.source), "INVALID_SOURCE", "the source is empty"),
    )
    return next(((wrong, words) for holds, wrong, words in checks if not holds), None)
