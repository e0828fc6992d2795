"""What GitLab reads: its report formats, and a child pipeline with a job a tenant (docs of 2026-11)."""

import hashlib
import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from shlex import quote
from typing import Any
from xml.etree import ElementTree as ET

import yaml

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.use_cases.operations.ci_tenants import FanOut, Work
from reconciler.use_cases.reconcile.validate import Validated
from reconciler.use_cases.workspace.context import DEFAULT_CONFIGURATION, STATE_FOLDER

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


LARGEST = 5_000_000  # bytes
FOLDER = "plans"
REPORT = "plans.md"
_TENANT = "$DNC_TENANT"
# Warnings: 6, something stays that nothing permits to come off; 7, a newer revision is applied already.
_PASSING = {Work.PLAN: 6, Work.APPLY: 7}
_HEAD = "# Written by dnc ci tenants, for one pipeline. What is changed here is lost.\n"


def child_pipeline(found: FanOut, common: str = "") -> str:
    """Write the pipeline. `common` is YAML that comes first: `default`, `variables`, whatever jobs share.

    Raises InvalidInput for YAML that cannot come first, and where GitLab would not take the whole.
    """
    document = _document(found)
    _demand_apart(common, document)
    shared = f"{common.rstrip()}\n" if common.strip() else ""
    text = _HEAD + shared + yaml.safe_dump(document, sort_keys=False, width=10_000)
    if (size := len(text.encode())) > LARGEST:
        raise InvalidInput(
            f"the child pipeline of {len(found.tenants):,} tenants has {size:,} bytes, and GitLab takes "
            f"{LARGEST:,}",
            "pass --changed-since, so that only what changed has a job, or split dnc.yaml in two",
        )
    return text


def _demand_apart(common: str, document: dict[str, Any]) -> None:
    """Refuse what is no mapping, or has a key that is ours: the later one would silently win."""
    try:
        node = yaml.compose(common)
    except yaml.YAMLError as error:
        raise InvalidInput("what comes first is no YAML", "correct the file") from error
    if node is None:
        return
    if not isinstance(node, yaml.MappingNode):
        raise InvalidInput("what comes first has no keys", "write default: and variables: there")
    ours = sorted({key.value for key, _ in node.value} & document.keys())
    if ours:
        raise InvalidInput(
            f"what comes first says {', '.join(ours)}, which the child pipeline says itself",
            "take it out: write default: and variables: there",
        )


def _document(found: FanOut) -> dict[str, Any]:
    # A child has no source that rules of merge requests or branches would know: it is there, so it runs.
    top: dict[str, Any] = {"workflow": {"rules": [{"when": "always"}]}, "stages": ["tenants", "report"]}
    if not found.tenants:
        # GitLab refuses a pipeline without a job, and the trigger would be red.
        script = ["echo no tenant has changed", *([_gathering(found)] if _has_note(found) else [])]
        return top | {"nothing": {"stage": "report", **_of_request(found), "script": script}}
    top[".tenant"] = _tenant(found)
    for name in found.tenants:
        top[f"{found.work} {name}"] = _job(found.work, name)
    return top | {"gather": _gather(found)}


def _tenant(found: FanOut) -> dict[str, Any]:
    """Say what all tenants' jobs have in common. None needs another, so none stops another."""
    return {
        "stage": "tenants",
        "needs": [],
        "interruptible": found.work is Work.PLAN,
        **({} if found.work is Work.PLAN else {"cache": _cache(found)}),
        "script": [f"mkdir -p {FOLDER}", _command(found)],
        "allow_failure": {"exit_codes": [_PASSING[found.work]]},
        "artifacts": {
            "when": "always",
            "access": "developer",  # whole numbers
            "expire_in": "1 week",
            "paths": [f"{FOLDER}/"],
        },
    }


def _cache(found: FanOut) -> dict[str, Any]:
    """Keep the last verified reading of CXone. A plan restores nothing: any branch could have written it."""
    return {
        "key": f"cxone-{_TENANT}",
        "paths": [f"{PurePosixPath(found.configuration).parent / STATE_FOLDER}/"],
        "policy": "pull-push",
        "when": "always",
    }


def _command(found: FanOut) -> str:
    other = found.configuration != DEFAULT_CONFIGURATION
    words = [*(["--config", quote(found.configuration)] if other else []), "--tenant", f'"{_TENANT}"']
    file = f'"{FOLDER}/{_TENANT}.json"'
    if found.work is Work.PLAN:
        onto = ["--onto", quote(found.onto)] if found.onto else []
        return " ".join(["dnc plan", *words, *onto, "-o", file])
    scheduled = "CI_PIPELINE_SOURCE=schedule " if found.scheduled else ""
    return scheduled + " ".join(["dnc apply", *words, "--format json", ">", file])


def _job(work: Work, name: str) -> dict[str, Any]:
    """Write one tenant's job. Plans queue apart from applies: an opt-out does not wait for a plan."""
    planning = work is Work.PLAN
    return {
        "extends": ".tenant",
        "variables": {"DNC_TENANT": name, "GIT_DEPTH": "0"},
        "resource_group": f"cxone-plan-{name}" if planning else f"cxone-{name}",
        "environment": {"name": f"plan/{name}", "action": "access"} if planning else {"name": name},
    }


def _gather(found: FanOut) -> dict[str, Any]:
    return {
        "stage": "report",
        "when": "always",
        **_of_request(found),
        "script": [_gathering(found)],
        "artifacts": {
            "when": "always",
            "access": "developer",
            "expose_as": "dnc plans of all tenants",
            "paths": [REPORT],
        },
    }


def _gathering(found: FanOut) -> str:
    plans = (f"{FOLDER}/{name}.json" for name in found.tenants)
    note = ["--note"] if _has_note(found) else []
    return " ".join(["dnc ci gather", *note, "-o", REPORT, *plans])


def _has_note(found: FanOut) -> bool:
    return found.work is Work.PLAN and found.merge_request is not None


def _of_request(found: FanOut) -> dict[str, Any]:
    """Tell a job of the child whose merge request it is, where GitLab itself does not."""
    return {"variables": {"CI_MERGE_REQUEST_IID": found.merge_request}} if _has_note(found) else {}
