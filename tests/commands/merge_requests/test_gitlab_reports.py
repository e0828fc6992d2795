"""The reports that GitLab reads: stable, valid, and never over what it shows."""

import json
from xml.etree import ElementTree as ET

import pytest

from reconciler.cli.render.gitlab_reports import LARGEST_COUNT, code_quality, junit, terraform
from reconciler.cli.render.markdown import render_plan_markdown
from reconciler.cli.render.masking import NumberFormat
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.phone import mask
from reconciler.use_cases.reconcile.validate import ValidateResult
from tests.support.project import Project, entry
from tests.support.sandbox import phone

FILE = "dnc-lists/a.yaml"


def finding(line=3, path="/entries/0/phone", rule="LIST-03", message="it is twice", file=FILE, **more):
    return Finding(file, line, 5, path, rule, more.get("severity", Severity.ERROR), message)


def issues(*findings):
    return json.loads(code_quality(ValidateResult(findings, (FILE,), 1)))


def fingerprint(found):
    return issues(found)[0]["fingerprint"]


def test_it_is_an_empty_array_when_clean():
    assert code_quality(ValidateResult((), (FILE,), 1)) == "[]"


@pytest.mark.parametrize(
    "moved",
    [
        finding(line=90),
        finding(path="/entries/7/phone"),
        finding(message="it is twice: first on line 12"),
        finding(severity=Severity.WARNING),
    ],
)
def test_a_finding_stays_the_same_one_when_things_above_it_move(moved):
    assert fingerprint(moved) == fingerprint(finding())


@pytest.mark.parametrize(
    "other",
    [
        finding(rule="LIST-04"),
        finding(file="dnc-lists/b.yaml"),
        finding(path="/entries/0/retention"),
        finding(message=f"{mask(phone(1))} is twice"),
    ],
)
def test_another_rule_file_key_or_number_is_another_finding(other):
    assert fingerprint(other) != fingerprint(finding())


def test_no_two_items_share_a_fingerprint():
    found = issues(*(finding(line=n, path=f"/entries/{n}/phone") for n in range(5)))
    assert len({item["fingerprint"] for item in found}) == 5


@pytest.mark.parametrize(
    "file", ["", "./dnc-lists/a.yaml", "/tmp/a.yaml", "../a.yaml", "dnc-lists/\udcff.yaml"]
)
def test_every_item_is_one_that_gitlab_takes(file):
    (item,) = issues(finding(file=file, line=0))
    assert item["description"]
    assert item["check_name"]
    assert item["severity"] in {"info", "minor", "major", "critical", "blocker"}
    path = item["location"]["path"]
    assert path
    assert not path.startswith(("/", ".", "~"))
    path.encode()
    assert item["location"]["lines"]["begin"] >= 1


def test_counts_are_what_gitlab_shows_and_real_totals_stand_in_the_text(project: Project):
    document = project.plan().json
    document["summary"] |= {"create": 1_200_000, "update": 3}
    shown = json.loads(terraform(document))
    assert shown == {"create": LARGEST_COUNT, "update": 3, "delete": 0}
    assert all(type(number) is int for number in shown.values())
    assert "1,200,000 to add" in _markdown(document)


def _markdown(document):

    return render_plan_markdown(document, NumberFormat(is_masked=True))


def test_junit_has_one_case_for_each_file_and_rule():
    done = ValidateResult(
        (finding(), finding(line=9), finding(rule="LIST-04")), (FILE, "dnc-lists/b.yaml"), 2
    )
    suite = ET.fromstring(junit(done))
    cases = [(case.get("classname"), case.get("name")) for case in suite]
    assert cases == [("dnc-lists/b.yaml", "valid"), (FILE, "LIST-03"), (FILE, "LIST-04")]


def test_reports_are_written_also_when_nothing_could_be_checked(project: Project):
    project.list(entry(phone(1)))
    outside = project.folder.parent / "outside.yaml"
    outside.write_text("listId: x\n")
    (project.folder / "dnc-lists" / "link.yaml").symlink_to(outside)
    done = project.run("validate", "--report", "codequality=cq.json", "--report", "junit=junit.xml")
    assert done.code == 4
    assert json.loads((project.folder / "cq.json").read_text())
    assert ET.parse(project.folder / "junit.xml")
