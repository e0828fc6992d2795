"""Findings: what is wrong or odd, where, by which rule, and how its sentence is worded."""

import re
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


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings. Of very many, comparing them as they are would take ten times as long."""
    return sorted(findings, key=_PLACE)


def finding_to_json(finding: Finding) -> dict[str, Any]:
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


_SHOWABLE = re.compile(r"[A-Za-z_$<*.-][A-Za-z0-9_.<>*$!:-]{0,39}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,6}")
_DIGITS = re.compile(r"[0-9]")
_MANY_DIGITS = 6
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def redact(text: str) -> str:
    """Quote a word of a file, unless it may be a phone number or about a person: then say that it is hidden.

    Findings go to pipelines' logs, which more people read than the lists.
    """
    is_date = len(text) == len("2026-11-02") and text[4:5] == "-"
    few_digits = is_date or len(_DIGITS.findall(text)) <= _MANY_DIGITS
    return text if few_digits and _SHOWABLE.fullmatch(text) else "(not shown)"


def join_names(names: list[str], joined_by: str = "or") -> str:
    """Join names for a sentence: `a, b or c`."""
    return f" {joined_by} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def format_count(number: int, noun: str) -> str:
    """Say a number of things: `five years`, `one day`, `18 months`."""
    word = _NUMBERS[number] if number < len(_NUMBERS) else str(number)
    return f"{word} {noun}" + ("" if number == 1 else "s")


def count_text(number: int, noun: str = "number") -> str:
    """Say how many, with thousands apart."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
