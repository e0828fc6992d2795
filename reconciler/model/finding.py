"""A finding: what is wrong or odd, where, and by which rule."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error fails; a warning is odd; an alarm is what only time brings."""

    ERROR = "error"
    WARNING = "warning"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding, for people and machines. Line and column count from 1; 0 means the whole file."""

    file: str
    line: int
    column: int
    path: str
    rule: str
    severity: Severity
    message: str

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        kind = "" if self.severity is Severity.ERROR else f"{self.severity}: "
        return (
            f"{place}: {kind}{self.message} [{self.rule}]" if place else f"{kind}{self.message} [{self.rule}]"
        )
