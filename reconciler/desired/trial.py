"""Rows of a table on trial: each is judged as an entry of a list would be, before any file has it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reconciler.desired.addition import Keys, with_rows
from reconciler.model.finding import Finding, Severity

_PLACE = re.compile(r"/entries/([0-9]+)(?:/phones/([0-9]+)|/.*)?")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that has a number: its line and cells, to be named by, and the keys that its entry would get."""

    line: int
    cells: tuple[str, ...]
    phone: str
    keys: Keys


@dataclass(slots=True)
class Trial:
    """A file that would have some of the rows, no number twice, those with the same keys in one entry."""

    entries: dict[Keys, list[Candidate]] = field(default_factory=dict)
    phones: set[str] = field(default_factory=set)

    def data(self, list_id: str) -> bytes:
        """Write the file."""
        numbers = {keys: [row.phone for row in rows] for keys, rows in self.entries.items()}
        return with_rows(list_id, numbers)

    def refused(self, findings: Sequence[Finding]) -> Iterator[tuple[Candidate, str]]:
        """Give the rows that errors were found in, with the sentence of each error."""
        entries = list(self.entries.values())
        for finding in findings:
            found = _PLACE.fullmatch(finding.path)
            if finding.severity is Severity.ERROR and found:
                rows = entries[int(found[1])]
                for row in [rows[int(found[2])]] if found[2] else rows:
                    key = finding.path.rpartition("/")[2]
                    about = f"{key}: " if any(key == name for name, _ in row.keys) else ""
                    yield row, f"{about}{finding.message} [{finding.rule}]"


def trials(rows: Sequence[Candidate]) -> list[Trial]:
    """Put rows on trial: the second of a number goes into a second file, and so on."""
    files: list[Trial] = []
    for row in rows:
        file = next((file for file in files if row.phone not in file.phones), None)
        if file is None:
            files.append(file := Trial())
        file.phones.add(row.phone)
        file.entries.setdefault(row.keys, []).append(row)
    return files
