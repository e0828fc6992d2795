"""What `dnc scrub` is asked for, and the names of the files that it writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

WORKBOOK_SUFFIX = ".xlsx"


class Basis(StrEnum):
    """What the answer goes by beside the files and the audit reports."""

    READING = "reading"  # a reading of CXone that is young enough
    LIVE = "live"  # CXone, read now
    RECORD_ONLY = "record-only"  # nothing: how CXone looks today is not known


@dataclass(frozen=True, slots=True)
class ScrubRequest:
    """A calling list, and what is wanted of it. `columns` are titles, or places from 1; none: all.

    `lists` are the lists that count; none: all of the tenant's. `until` is the last day of the calls.
    """

    file: Path
    clean: Path | None = None
    lists: Sequence[str] = ()
    columns: Sequence[str] = ()
    until: date | None = None
    certificate: Path | None = None
    basis: Basis = Basis.READING
    allow_stale: bool = False


@dataclass(frozen=True, slots=True)
class OutputFiles:
    """The files of a run. The three tables have no common name with anything else."""

    clean: Path
    blocked: Path
    unreadable: Path
    certificate: Path

    @classmethod
    def of(cls, request: ScrubRequest) -> "OutputFiles":
        """Name them: beside the calling list, or beside CLEAN where that is named."""
        suffix = request.file.suffix if request.file.suffix.lower() != WORKBOOK_SUFFIX else ".csv"
        clean = request.clean or request.file.with_name(f"{request.file.stem}.clean{suffix or '.csv'}")
        stem = clean.stem.removesuffix(".clean")
        return cls(
            clean,
            clean.with_name(f"{stem}.blocked.csv"),
            clean.with_name(f"{stem}.unreadable.csv"),
            request.certificate or clean.with_name(f"{stem}.certificate.json"),
        )

    @property
    def tables(self) -> dict[str, Path]:
        """Give the tables by what is in them."""
        return {"clean": self.clean, "blocked": self.blocked, "unreadable": self.unreadable}

    @property
    def signature(self) -> Path:
        """The certificate's signature, where certificates are signed."""
        return self.certificate.with_name(f"{self.certificate.name}.sig")
