"""Reports that no run wrote, appended to the audit branch by a plain push, without `audit.signers` (S7)."""

import hashlib
import json

import pytest

from tests.support.project import Project, dated, entry
from tests.support.sandbox import phone

A = phone(1)
OTHERS = [phone(n) for n in range(20, 60)]


def append_report(project: Project, change) -> None:
    """Append a report with the right number, link and plan digest."""
    clone = project.clone("forger", "-b", "dnc-audit")
    folder = clone.folder
    last = max(folder.glob("audit/production/*.json"), key=lambda p: json.loads(p.read_text())["seq"])
    report = json.loads(last.read_text())
    digest = hashlib.sha256(last.read_bytes()).hexdigest()
    report["previous"] = {"path": str(last.relative_to(folder)), "sha256": digest}
    report["seq"] += 1
    change(report)
    new = last.with_name(last.stem.rsplit("-", 1)[0] + "-deadbeef.json")
    new.write_text(json.dumps(report, indent=2) + "\n")
    plan = last.with_name(f"{last.stem}.plan.json.gz")
    new.with_name(f"{new.stem}.plan.json.gz").write_bytes(plan.read_bytes())
    clone.git("add", "-A")
    clone.git("commit", "-qm", "a report")
    clone.git("push", "-q", "origin", "HEAD:dnc-audit")


@pytest.mark.parametrize(
    "terms",
    [
        {"end": "2020-01-01"},
        {"end": "2026-11-30", "expirationPolicy": "ABSOLUTE"},
        {"end": "2026-11-30", "expirationPolicy": "ABSOLUTE", "reasonCode": "UNKNOWN"},
    ],
)
def test_a_kept_row_that_git_does_not_have_ends_nothing(project: Project, terms):
    """S7: the report says of a kept number that it is held under terms that are over, or soon will be."""
    project.list(entry(A), entry(*OTHERS))
    project.apply()
    project.list(entry(*OTHERS))
    project.apply(code=6)

    def over(report):
        (row,) = report["kept"]
        row["terms"] |= terms
        row["since"] = "2027-01-01T00:00:00Z"

    append_report(project, over)
    project.clock.move(days=20)
    project.run("apply")
    assert A in project.live()


def test_a_kept_row_that_is_left_out_is_missed(project: Project):
    """S7: without the row of the claim that has no end, only the weaker line would be held, and it ends."""
    project.list(entry(A), entry(*OTHERS))
    project.apply()
    project.list(dated(A, until="2026-11-28"), entry(*OTHERS))
    project.apply(code=6)
    append_report(project, lambda report: report.update(kept=[]))
    project.clock.move(days=20)
    project.run("apply")
    assert A in project.live()
