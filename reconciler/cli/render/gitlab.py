"""What GitLab shows in a merge request: its report formats, by its documentation (2026-11)."""

import hashlib
import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from reconciler.model.finding import Finding, Severity
from reconciler.reconcile.validate import Validated

LARGEST_COUNT = 999_999  # GitLab shows larger counts as this anyway; real totals stand in the text
_WHOLE = "dnc.yaml"  # where a finding of no file is shown
_INDEX = re.compile(r"/[0-9]+(?=/|$)")
_MASKED = re.compile(r"\+[0-9][0-9 ]*•[0-9 •]*[0-9]")
_SEVERITY = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.ALARM: "info"}


def terraform(document: Mapping[str, Any]) -> str:
    """Give the widget's three counts."""
    summary = document["summary"]
    return json.dumps({name: min(summary[name], LARGEST_COUNT) for name in ("create", "update", "delete")})


def code_quality(done: Validated) -> str:
    """Give findings as Code Quality issues; an empty array when clean."""
    seen: dict[str, int] = {}
    return json.dumps([_issue(f, seen) for f in done.findings], indent=1)


def _issue(finding: Finding, seen: dict[str, int]) -> dict[str, Any]:
    # By rule, path and key: neither lines, nor places in a list, nor counts in a sentence. A finding must
    # stay the same one when lines above it move.
    named = " ".join(_MASKED.findall(finding.message))
    name = f"{finding.rule}\0{finding.file}\0{_INDEX.sub('/*', finding.path)}\0{named}"
    seen[name] = seen.get(name, 0) + 1
    path = posixpath.normpath(finding.file) if finding.file else _WHOLE
    ours = not path.startswith(("/", ".."))  # GitLab knows only files of the repository
    return {
        "description": _encodable(finding.message if ours else f"{finding.file}: {finding.message}"),
        "check_name": finding.rule,
        "fingerprint": hashlib.sha256(_encodable(f"{name}\0{seen[name]}").encode()).hexdigest(),
        "severity": _SEVERITY[finding.severity],
        "location": {
            "path": _encodable(path if ours else _WHOLE),
            "lines": {"begin": max(1, finding.line) if ours else 1},
        },
    }


def _encodable(text: str) -> str:
    """Leave out what UTF-8 cannot hold: one invalid item can end GitLab's reading of those after it."""
    return text.encode("utf-8", "replace").decode("utf-8")


def junit(done: Validated) -> str:
    """Give one test case for each file, and one more for each rule that a file does not meet."""
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in done.findings:
        found.setdefault((finding.file, finding.rule), []).append(finding)
    clean = [path for path in done.checked if not any(file == path for file, _ in found)]
    suite = ET.Element("testsuite", name="dnc validate")
    for path in clean:
        ET.SubElement(suite, "testcase", classname=_printable(path), name="valid", file=_printable(path))
    for (path, rule), findings in found.items():
        where = _printable(path)
        case = ET.SubElement(suite, "testcase", classname=where, name=_printable(rule), file=where)
        _fail(case, findings)
    failures = sum(any(f.severity is Severity.ERROR for f in findings) for findings in found.values())
    suite.set("tests", str(len(clean) + len(found)))
    suite.set("failures", str(failures))
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def _fail(case: ET.Element, findings: Iterable[Finding]) -> None:
    errors = [f for f in findings if f.severity is Severity.ERROR]
    others = [f for f in findings if f.severity is not Severity.ERROR]
    if errors:
        failure = ET.SubElement(case, "failure", message=_printable(errors[0].message), type=errors[0].rule)
        failure.text = _printable("\n".join(map(str, errors)))
    if others:
        ET.SubElement(case, "system-out").text = _printable("\n".join(map(str, others)))


def _printable(text: str) -> str:
    """Leave out what XML cannot hold."""
    return "".join(c for c in text if c in "\n\t" or c.isprintable())
