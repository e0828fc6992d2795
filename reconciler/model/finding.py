"""A finding: what is wrong or odd, where, and by which rule."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from operator import attrgetter
from typing import Any


class Severity(StrEnum):
    """An error fails; a warning is odd; an alarm is what only time brings."""

    ERROR = "error"
    WARNING = "warning"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding, for people and machines. Line and column count from 1; 0 means the whole file.

    `citation` is the law's own place where the rule is one of law; it is printed beside the rule's id.
    """

    file: str
    line: int
    column: int
    path: str
    rule: str
    severity: Severity
    message: str
    citation: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        kind = "" if self.severity is Severity.ERROR else f"{self.severity}: "
        rule = f"{self.rule}, {self.citation}" if self.citation else self.rule
        return f"{place}: {kind}{self.message} [{rule}]" if place else f"{kind}{self.message} [{rule}]"


_PLACE = attrgetter(*(one.name for one in fields(Finding)))


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings. Of very many, comparing them as they are would take ten times as long."""
    return sorted(findings, key=_PLACE)


def finding_json(finding: Finding) -> dict[str, Any]:
    """Say one finding, for machines: every document has it in this form."""
    return {
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "path": finding.path,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "citation": finding.citation or None,
    }
