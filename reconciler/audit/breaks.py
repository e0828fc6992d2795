"""Where a chain does not hold, and the records that explain such places: a purge was continued there."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from reconciler.audit.report import StoredReport
from reconciler.audit.report_files import report_path_of
from reconciler.core.model.finding import count_text

Kind = Literal["tenant", "number", "follows", "report", "plan"]


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """One thing that is not as the chain says: at which file, of which other file, said and found.

    `said` and `found` are, by kind, tenants, numbers in the chain, paths, or SHA-256; empty: nothing.
    """

    path: str
    kind: Kind
    about: str
    said: str
    found: str

    def __str__(self) -> str:
        match self.kind:
            case "tenant":
                return f"it is a report of the tenant {self.said}"
            case "number":
                return f"it has number {self.said} in the chain where {self.found} is due{self._missing()}"
            case "follows":
                return f"it follows {self.said or 'nothing'}, not {self.found or 'nothing, being the first'}"
            case "report":
                return f"{self.about} has SHA-256 {self.found}, not {self.said} as said here"
            case "plan":
                if not self.found:
                    return "the plan beside the report is not there"
                return "the plan is not the one that its report names by SHA-256"

    def _missing(self) -> str:
        first, last = int(self.found), int(self.said) - 1
        if last < first:
            return ""
        return f": report {first} is missing" if first == last else f": reports {first} to {last} are missing"


@dataclass(frozen=True, slots=True)
class ReanchorRecord:
    """A report that continues a chain after a purge or a doubt: heads before and after, why, who, breaks.

    The heads are commits or SHA-256 of reports. It explains exactly these breaks, of reports before it.
    `passed_over` are reports without a good signature, `left_out` files that are no part of the chain: both
    by path and SHA-256.
    """

    stored: StoredReport
    heads: Mapping[str, str]
    reason: str
    evidence: str
    breaks: frozenset[Break]
    passed_over: frozenset[tuple[str, str]] = frozenset()
    left_out: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, stored: StoredReport) -> "ReanchorRecord | None":
        """Read the record that a report is; None where it is an ordinary one."""
        fields = stored.report.fields.get("reanchor")
        if not isinstance(fields, dict):
            return None
        breaks = frozenset(Break(**row) for row in fields["breaks"])
        passed_over, out = (
            frozenset((link["path"], link["sha256"]) for link in fields.get(name, ()))
            for name in ("passed_over", "left_out")
        )
        return cls(stored, fields["heads"], fields["reason"], fields["evidence"], breaks, passed_over, out)

    def __str__(self) -> str:
        report = self.stored.report
        changes = [f"{old} became {new}" for old, new in self.heads.items()]
        changes += [f"{path} is passed over" for path, _ in sorted(self.passed_over)]
        changes += [f"{path} is left out" for path, _ in sorted(self.left_out)]
        author, when = report.actor.name, report.finished_text[:19]
        count = count_text(len(self.breaks), "break")
        return (
            f"REANCHORED by {author} at {when}Z, in report {report.seq}: {', '.join(changes)}; "
            f"{count} before it are taken as explained: {self.reason} ({self.evidence})"
        )


def find_records(chain: Iterable[StoredReport]) -> tuple[ReanchorRecord, ...]:
    """Find the records among reports."""
    return tuple(record for stored in chain if (record := ReanchorRecord.of(stored)))


def is_explained(broken: Break, seqs: Mapping[str, int], records: Iterable[ReanchorRecord]) -> bool:
    """Tell whether a record after the place of a break names exactly it; `seqs` is by path of a report."""
    place = seqs.get(report_path_of(broken.path), 0)
    return any(broken in record.breaks and place < record.stored.report.seq for record in records)


def was_replaced(sha256: str, records: Iterable[ReanchorRecord]) -> bool:
    """Tell whether a SHA-256 or commit is one that a purge replaced, as a record says."""
    return any(
        sha256 in record.heads or any(sha256 == broken.said and broken.found for broken in record.breaks)
        for record in records
    )


def break_to_json(broken: Break) -> dict[str, Any]:
    """Say a break as a record keeps it."""
    return asdict(broken)
