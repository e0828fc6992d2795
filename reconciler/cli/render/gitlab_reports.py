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
from reconciler.use_cases.reconcile.validate import ValidateResult
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


def code_quality(result: ValidateResult) -> str:
    """Give findings as Code Quality issues; an empty array when clean."""
    seen_names: dict[str, int] = {}
    return json.dumps([_issue(finding, seen_names) for finding in result.findings], indent=1)


def _issue(finding: Finding, seen_names: dict[str, int]) -> dict[str, Any]:
    # By rule, path and key: neither lines, nor places in a list, nor counts in a sentence. A finding must
    # stay the same one when lines above it move.
    masked_numbers = " ".join(_MASKED.findall(finding.message))
    name = f"{finding.rule}\0{finding.file}\0{_INDEX.sub('/*', finding.path)}\0{masked_numbers}"
    seen_names[name] = seen_names.get(name, 0) + 1
    path = posixpath.normpath(finding.file) if finding.file else _WHOLE
    is_in_project = not path.startswith(("/", ".."))  # GitLab knows only files of the repository
    return {
        "description": _encodable(finding.message if is_in_project else f"{finding.file}: {finding.message}"),
        "check_name": finding.rule,
        "fingerprint": hashlib.sha256(_encodable(f"{name}\0{seen_names[name]}").encode()).hexdigest(),
        "severity": _SEVERITY[finding.severity],
        "location": {
            "path": _encodable(path if is_in_project else _WHOLE),
            "lines": {"begin": max(1, finding.line) if is_in_project else 1},
        },
    }


def _encodable(text: str) -> str:
    """Leave out what UTF-8 cannot hold: one invalid item can end GitLab's reading of those after it."""
    return text.encode("utf-8", "replace").decode("utf-8")


def junit(result: ValidateResult) -> str:
    """Give one test case for each file, and one more for each rule that a file does not meet."""
    findings_by_file: dict[tuple[str, str], list[Finding]] = {}
    for finding in result.findings:
        findings_by_file.setdefault((finding.file, finding.rule), []).append(finding)
    clean = [path for path in result.checked_files if not any(file == path for file, _ in findings_by_file)]
    suite = ET.Element("testsuite", name="dnc validate")
    for path in clean:
        ET.SubElement(suite, "testcase", classname=_printable(path), name="valid", file=_printable(path))
    for (path, rule), findings in findings_by_file.items():
        printable_path = _printable(path)
        case = ET.SubElement(
            suite, "testcase", classname=printable_path, name=_printable(rule), file=printable_path
        )
        _add_failure(case, findings)
    failures = sum(
        any(file_finding.severity is Severity.ERROR for file_finding in findings)
        for findings in findings_by_file.values()
    )
    suite.set("tests", str(len(clean) + len(findings_by_file)))
    suite.set("failures", str(failures))
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def _add_failure(case: ET.Element, findings: Iterable[Finding]) -> None:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    other_findings = [finding for finding in findings if finding.severity is not Severity.ERROR]
    if errors:
        failure = ET.SubElement(case, "failure", message=_printable(errors[0].message), type=errors[0].rule)
        failure.text = _printable("\n".join(map(str, errors)))
    if other_findings:
        ET.SubElement(case, "system-out").text = _printable("\n".join(map(str, other_findings)))


def _printable(text: str) -> str:
    """Leave out what XML cannot hold."""
    return "".join(character for character in text if character in "\n\t" or character.isprintable())


MAX_REPORT_BYTES = 5_000_000  # bytes
FOLDER = "plans"
REPORT = "plans.md"
_TENANT = "$DNC_TENANT"
# Warnings: 6, something stays that nothing permits to come off; 7, a newer revision is applied already.
_PASSING_EXIT_CODES = {Work.PLAN: 6, Work.APPLY: 7}
_HEAD = "# Written by dnc ci tenants, for one pipeline. What is changed here is lost.\n"


def child_pipeline(fan_out: FanOut, common: str = "") -> str:
    """Write the pipeline. `common` is YAML that comes first: `default`, `variables`, whatever jobs share.

    Raises InvalidInput for YAML that cannot come first, and where GitLab would not take the whole.
    """
    document = _pipeline_document(fan_out)
    _demand_no_conflict(common, document)
    common_yaml = f"{common.rstrip()}\n" if common.strip() else ""
    text = _HEAD + common_yaml + yaml.safe_dump(document, sort_keys=False, width=10_000)
    if (size := len(text.encode())) > MAX_REPORT_BYTES:
        raise InvalidInput(
            f"the child pipeline of {len(fan_out.tenants):,} tenants has {size:,} bytes, and GitLab takes "
            f"{MAX_REPORT_BYTES:,}",
            "pass --changed-since, so that only what changed has a job, or split dnc.yaml in two",
        )
    return text


def _demand_no_conflict(common: str, document: dict[str, Any]) -> None:
    """Refuse what is no mapping, or has a key that is ours: the later one would silently win."""
    try:
        node = yaml.compose(common)
    except yaml.YAMLError as error:
        raise InvalidInput("what comes first is no YAML", "correct the file") from error
    if node is None:
        return
    if not isinstance(node, yaml.MappingNode):
        raise InvalidInput("what comes first has no keys", "write default: and variables: there")
    conflicting_keys = sorted({key.value for key, _ in node.value} & document.keys())
    if conflicting_keys:
        raise InvalidInput(
            f"what comes first says {', '.join(conflicting_keys)}, which the child pipeline says itself",
            "take it out: write default: and variables: there",
        )


def _pipeline_document(fan_out: FanOut) -> dict[str, Any]:
    # A child has no source that rules of merge requests or branches would know: it is there, so it runs.
    top: dict[str, Any] = {"workflow": {"rules": [{"when": "always"}]}, "stages": ["tenants", "report"]}
    if not fan_out.tenants:
        # GitLab refuses a pipeline without a job, and the trigger would be red.
        script = ["echo no tenant has changed", *([_gather_command(fan_out)] if _has_note(fan_out) else [])]
        return top | {"nothing": {"stage": "report", **_merge_request_variables(fan_out), "script": script}}
    top[".tenant"] = _tenant_template(fan_out)
    for name in fan_out.tenants:
        top[f"{fan_out.work} {name}"] = _job(fan_out.work, name)
    return top | {"gather": _gather_job(fan_out)}


def _tenant_template(fan_out: FanOut) -> dict[str, Any]:
    """Say what all tenants' jobs have in common. None needs another, so none stops another."""
    return {
        "stage": "tenants",
        "needs": [],
        "interruptible": fan_out.work is Work.PLAN,
        **({} if fan_out.work is Work.PLAN else {"cache": _cache(fan_out)}),
        "script": [f"mkdir -p {FOLDER}", _command(fan_out)],
        "allow_failure": {"exit_codes": [_PASSING_EXIT_CODES[fan_out.work]]},
        "artifacts": {
            "when": "always",
            "access": "developer",  # whole numbers
            "expire_in": "1 week",
            "paths": [f"{FOLDER}/"],
        },
    }


def _cache(fan_out: FanOut) -> dict[str, Any]:
    """Keep the last verified reading of CXone. A plan restores nothing: any branch could have written it."""
    return {
        "key": f"cxone-{_TENANT}",
        "paths": [f"{PurePosixPath(fan_out.configuration).parent / STATE_FOLDER}/"],
        "policy": "pull-push",
        "when": "always",
    }


def _command(fan_out: FanOut) -> str:
    has_other_configuration = fan_out.configuration != DEFAULT_CONFIGURATION
    words = [
        *(["--config", quote(fan_out.configuration)] if has_other_configuration else []),
        "--tenant",
        f'"{_TENANT}"',
    ]
    file = f'"{FOLDER}/{_TENANT}.json"'
    if fan_out.work is Work.PLAN:
        onto = ["--onto", quote(fan_out.target_branch)] if fan_out.target_branch else []
        return " ".join(["dnc plan", *words, *onto, "-o", file])
    schedule_variable = "CI_PIPELINE_SOURCE=schedule " if fan_out.is_scheduled else ""
    return schedule_variable + " ".join(["dnc apply", *words, "--format json", ">", file])


def _job(work: Work, name: str) -> dict[str, Any]:
    """Write one tenant's job. Plans queue apart from applies: an opt-out does not wait for a plan."""
    planning = work is Work.PLAN
    return {
        "extends": ".tenant",
        "variables": {"DNC_TENANT": name, "GIT_DEPTH": "0"},
        "resource_group": f"cxone-plan-{name}" if planning else f"cxone-{name}",
        "environment": {"name": f"plan/{name}", "action": "access"} if planning else {"name": name},
    }


def _gather_job(fan_out: FanOut) -> dict[str, Any]:
    return {
        "stage": "report",
        "when": "always",
        **_merge_request_variables(fan_out),
        "script": [_gather_command(fan_out)],
        "artifacts": {
            "when": "always",
            "access": "developer",
            "expose_as": "dnc plans of all tenants",
            "paths": [REPORT],
        },
    }


def _gather_command(fan_out: FanOut) -> str:
    plans = (f"{FOLDER}/{name}.json" for name in fan_out.tenants)
    note = ["--note"] if _has_note(fan_out) else []
    return " ".join(["dnc ci gather", *note, "-o", REPORT, *plans])


def _has_note(fan_out: FanOut) -> bool:
    return fan_out.work is Work.PLAN and fan_out.merge_request is not None


def _merge_request_variables(fan_out: FanOut) -> dict[str, Any]:
    """Tell a job of the child whose merge request it is, where GitLab itself does not."""
    return {"variables": {"CI_MERGE_REQUEST_IID": fan_out.merge_request}} if _has_note(fan_out) else {}
