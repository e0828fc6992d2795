"""A list file as text, in its one canonical form: reading it gives the same claims and releases (law 12)."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from reconciler.desired.entry import DEFAULT_SOURCE
from reconciler.desired.periods import Period
from reconciler.model.claims import Release
from reconciler.model.terms import Policy, Terms

Keys = tuple[tuple[str, str], ...]

_MODELINE = "# yaml-language-server: $schema={}dnc-list.schema.json"
# Text that every YAML reader takes for text, unquoted; and words that some take for something else.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def write_list(  # noqa: PLR0913  (the parts of a list file; all but two may be left out)
    list_id: str,
    numbers: Mapping[str, Terms],
    *,
    evidence: Mapping[str, str] | None = None,
    releases: Iterable[Release] = (),
    description: str = "",
    schema_folder: str = "../schema/",
) -> str:
    """Write a list: sorted, numbers quoted, those with equal terms and evidence gathered, no defaults.

    `evidence` is by number. `schema_folder` is where the schema is, seen from the file, for editors.
    """
    entries: dict[Keys, list[str]] = defaultdict(list)
    proofs = evidence or {}
    for phone, terms in numbers.items():
        entries[tuple(_entry(terms, proofs.get(phone)))].append(phone)
    released: dict[Keys, list[str]] = defaultdict(list)
    for release in releases:
        released[tuple(_release(release))].append(release.phone)
    lines = [_MODELINE.format(schema_folder), f"listId: {scalar(list_id)}"]
    if description:
        lines.append(f"description: {scalar(description)}")
    if entries or not released:
        lines += _section("entries", entries)
    if released:
        lines += _section("releases", released)
    return "\n".join(lines) + "\n"


def new_list(path: str, list_id: str, description: str = "") -> bytes:
    """Write a list file without entries; `path` is where it will be, from the project's folder."""
    folder = "../" * path.count("/") + "schema/"
    return write_list(list_id, {}, description=description, schema_folder=folder).encode()


def scalar(text: str) -> str:
    """Write text so that it is read as this very text: plain where nobody can mistake it, else quoted."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return quoted(text)


def quoted(text: str) -> str:
    """Write text in double quotes, with escapes for all that does not print."""
    written = (_ESCAPES.get(c, c if c.isprintable() else f"\\U{ord(c):08x}") for c in text)
    return f'"{"".join(written)}"'


def retention(start: date, end: date) -> str:
    """Write the period from one day to another: in years or months where they lead to it, else in days."""
    months = (end.year - start.year) * 12 + end.month - start.month
    # A period that rolled forward ends in the month after the one that it counts to.
    for count in (months, months - 1):
        if count > 0 and Period(0, count, 0).after(start) == end:
            return f"P{count // 12}Y" if count % 12 == 0 else f"P{count}M"
    return f"P{(end - start).days}D"


def _section(name: str, groups: Mapping[Keys, list[str]]) -> Iterator[str]:
    if not groups:
        yield f"{name}: []"
        return
    yield f"{name}:"
    for keys, phones in sorted((keys, sorted(phones)) for keys, phones in groups.items()):
        lines = [f"{key}: {value}" for key, value in keys]
        if len(phones) == 1:
            lines.insert(0, f"phone: {quoted(phones[0])}")
        else:
            lines += ["phones:", *(f"  - {quoted(phone)}" for phone in phones)]
        yield f"  - {lines[0]}"
        yield from (f"    {line}" for line in lines[1:])


def _entry(terms: Terms, evidence: str | None) -> Iterator[tuple[str, str]]:
    yield "reasonCode", terms.reason_code
    yield "expirationPolicy", terms.expiration_policy
    if terms.jurisdiction:
        yield "jurisdiction", scalar(terms.jurisdiction)
    if terms.source != DEFAULT_SOURCE:
        yield "source", scalar(terms.source)
    if terms.requested_on:
        yield "requestedOn", terms.requested_on.isoformat()
    if terms.end and terms.expiration_policy is Policy.ABSOLUTE:
        yield "expirationDate", terms.end.isoformat()
    if terms.end and terms.requested_on and terms.expiration_policy is Policy.RELATIVE:
        yield "retention", retention(terms.requested_on, terms.end)
    if evidence:
        yield "evidence", scalar(evidence)


def _release(release: Release) -> Iterator[tuple[str, str]]:
    yield "releasedOn", release.released_on.isoformat()
    yield "reason", release.reason
    if release.to:
        yield "to", scalar(release.to)
    yield "evidence", scalar(release.evidence)
