"""What an auditor takes away: changes, a page for the board, evidence to keep, months as bundles."""

import csv
import io
import json
import subprocess
from hashlib import sha256

import pytest

from tests.commands.permission.test_dead_releases import dies
from tests.support.project import ROOT, Project, entry, making, release

A, B, C, D = "+12125550101", "+12125550102", "+12125550103", "+12125550104"
SCHEDULED = {"CI_PIPELINE_SOURCE": "schedule"}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """From November into December: on, put back, refused and tried again, adopted, released, a failed run."""
    with making(tmp_path_factory.mktemp("answers")) as project:
        first = entry(A, requestedOn="2026-11-20", evidence="CALL-1")
        second = entry(B, requestedOn="2026-11-02", evidence="CALL-2")
        project.list(first, second)
        project.apply(**SCHEDULED)
        project.clock.move(days=1)
        project.agent("remove", A)
        project.agent("add", C)
        project.sandbox.conduct.refused = {D: "NOT_NOW"}
        project.list(first, second, entry(D, requestedOn="2026-11-06"))
        project.apply(code=8, **SCHEDULED)
        project.sandbox.conduct.refused = {}
        project.clock.move(days=8)
        project.list(entry(C, firstSeenOn="2026-11-24"), name="adopted/production/main")
        project.list(
            first,
            entry(D, requestedOn="2026-11-06"),
            releases=[release(B, on="2026-12-01", approvedBy="bob")],
        )
        project.apply(**SCHEDULED)
        project.clock.move(days=1)
        project.run("apply", CXONE_CLIENT_SECRET="wrong", **SCHEDULED)
        project.clock.move(days=2)
        yield project


def table(done) -> list[dict[str, str]]:
    assert done.code == 0, done.err
    return list(csv.DictReader(io.StringIO(done.out)))


def test_every_change_is_a_row_and_the_sums_are_the_reports_own(told: Project):
    done = told.run("audit", "export")
    rows = table(done)
    said = [(r["seq"], r["action"], r["phone"], r["reason"], r["outcome"]) for r in rows]
    assert sorted(said) == sorted(
        [
            ("1", "create", A, "declared", "applied"),
            ("1", "create", B, "declared", "applied"),
            ("2", "create", A, "restored", "applied"),
            ("2", "create", D, "declared", "rejected"),
            ("3", "create", D, "declared", "applied"),
            ("3", "delete", B, "released", "applied"),
        ]
    )
    assert "reports 1 to 4: 6 rows; all changes: 5 applied, 1 rejected; as the reports sum up" in done.err
    reports = told.reports()
    assert [r["revision"] for r in rows if r["seq"] == "3"] == [reports[2]["revision"]] * 2
    assert rows[0]["after"] == "CUSTOMER_REQUESTED NEVER, source dnc"


def test_what_came_off_names_the_release_that_permitted_it(told: Project):
    (row,) = table(told.run("audit", "export", "--exposing", "--from", "2026-11-24"))
    assert (row["phone"], row["direction"], row["before"], row["after"]) == (
        B, "exposing", "CUSTOMER_REQUESTED NEVER", ""
    )  # fmt: skip
    assert (row["release_reason"], row["evidence"], row["approved_by"]) == (
        "CONSENT_GIVEN",
        "FORM-221",
        "bob",
    )
    assert (row["file"], row["author"], row["self_approved"]) == ("dnc-lists/main.yaml", "Ann", "yes")
    assert row["actor_how"] == "asserted"
    assert table(told.run("audit", "export", "--exposing", "--to", "2026-11-30")) == []


def test_changes_as_json_and_in_a_file_for_its_owner(told: Project, tmp_path):
    document = told.run("audit", "export", "--exposing", "--format", "json").json
    assert (document["rows"], document["outcomes"]) == (1, {"applied": 5, "rejected": 1})
    assert document["changes"][0]["before"]["reasonCode"] == "CUSTOMER_REQUESTED"
    file = tmp_path / "changes.csv"
    assert told.run("audit", "export", "-o", str(file)).out == ""
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(file.read_text().splitlines()) == 7


def test_what_does_not_add_up_is_said_and_exit_4(told: Project, tmp_path):
    forged = told.clone("forged")
    forged.git("switch", "-qc", "dnc-audit", "origin/dnc-audit")
    path = max(name for name in forged.git("ls-files", "audit").splitlines() if name.endswith(".json"))
    report = json.loads((forged.folder / path).read_text())
    report["seq"], report["previous"] = report["seq"] + 1, {"path": path, "sha256": ""}
    report["status"], report["summary"]["create"], report["summary"]["applied"] = "complete", 2, 2
    previous = (forged.folder / path).read_bytes()
    report["previous"]["sha256"] = sha256(previous).hexdigest()
    new = path.replace(path[-13:], "00000000.json")
    (forged.folder / new).write_text(json.dumps(report))
    plan = (forged.folder / path.replace(".json", ".plan.json.gz")).read_bytes()
    (forged.folder / new.replace(".json", ".plan.json.gz")).write_bytes(plan)
    forged.git("add", "-A")
    forged.git("commit", "-qm", "a report that sums up what its plan has not")
    forged.git("remote", "remove", "origin")
    forged.git("switch", "-q", "main")
    done = forged.run("audit", "export", "--from", "2026-12-01", "--format", "json")
    assert done.code == 4
    assert "error: report 5: 0 create in its plan, 2 in its summary" in done.err
    assert done.json["errored"]
    assert len(done.json["differences"]) == 2


def test_names_are_no_formulas_in_a_spreadsheet(project: Project):
    project.list(entry(A))
    project.apply(GITLAB_USER_LOGIN="=HYPERLINK(1)")
    (row,) = table(project.run("audit", "export"))
    assert (row["actor"], row["phone"]) == ("'=HYPERLINK(1)", A)


def test_a_period_on_one_page(told: Project):
    page = told.run("audit", "summary", "--from", "2026-11-23", "--to", "2026-12-03", "--format", "json").json
    requests = page["requests"]
    assert (requests["received"], requests["honoured"], requests["took"]) == (
        0,
        3,
        {"3": 1, "21": 1, "26": 1},
    )
    assert requests["days"] == {"p50": 21, "p95": 26, "max": 26}
    late = {row["phone"]: (row["days_late"], row["why"].partition(" ")[0]) for row in requests["late"]}
    assert late == {B: (7, "its"), D: (12, "report")}
    assert page["removed"] == [{"why": "CONSENT_GIVEN", "numbers": 1, "with_evidence": 1, "approved": 0}]
    assert (page["put_on"], page["restored"], page["adopted"]) == (3, 1, 1)
    assert page["verified"] == {"days": 3, "of": 11}
    assert page["reports"]["failed"] == 1
    assert page["rule_changes"] == []


def test_the_page_of_a_part_knows_what_came_before(told: Project):
    page = told.run("audit", "summary", "--from", "2026-12-01", "--format", "json").json
    assert (page["put_on"], page["adopted"], page["restored"]) == (1, 1, 0)
    assert [row["why"] for row in page["requests"]["late"]] == ["report 2 had tried: NOT_NOW"]
    asked = told.run(
        "audit", "summary", "--from", "2026-11-01", "--to", "2026-11-06", "--format", "json"
    ).json
    assert (asked["requests"]["received"], asked["requests"]["honoured"]) == (2, 0)


def test_the_page_in_text_and_markdown(told: Project):
    text = told.run("audit", "summary", CI="").out
    assert text.startswith("production, 2026-11-23 to 2026-12-05 (reports 1 to 4)")
    assert "Verified      3 of 13 days; 1 run failed" in text
    assert f"{B} on dnc-list-01: asked 2026-11-02, due 2026-11-16, live 2026-11-23 (7 days late" in text
    copy = told.run("audit", "summary", "--format", "markdown", CI="").out
    assert (B in copy, "+1 212 ••• ••02" in copy) == (False, True)
    assert "| Restored | 1 |" in copy
    assert not {"breach", "violation", "illegal"} & set(copy.lower().split())


def test_rules_that_changed_are_named(project: Project):
    project.list(entry(A))
    project.apply()
    packaged = json.loads((ROOT / "schema/regulations/general.json").read_text())
    packaged["description"] = "As counsel adopted them."
    project.write("schema/regulations/general.json", json.dumps(packaged))
    project.commit()
    project.clock.move(days=1)
    project.apply()
    (change,) = project.run("audit", "summary", "--format", "json").json["rule_changes"]
    assert (change["day"], change["seq"], change["what"]) == ("2026-11-24", 2, ["rules"])
    assert change["revision"] == project.head


def test_evidence_is_kept_from_the_last_day_that_it_was_relied_on(told: Project):
    found = told.run("audit", "evidence", "--format", "json").json
    said = {
        (r["evidence"], r["kind"]): (r["stands"], r["counts_from"], r["keep_until"])
        for r in found["references"]
    }
    assert said == {
        ("CALL-1", "entry"): (True, None, None),
        ("CALL-2", "entry"): (False, "2026-12-02", "2031-12-02"),
        ("FORM-221", "release"): (False, "2026-12-02", "2031-12-02"),
    }
    text = told.run("audit", "evidence").out
    assert "kept five years [OPS-REC-01]" in text
    assert (
        "CALL-1: entry on dnc-list-01, 1 number: in the files: keep it while it is, and five years more"
        in text
    )
    rows = table(told.run("audit", "evidence", "--format", "csv"))
    assert [(row["evidence"], row["stands"]) for row in rows] == [
        ("CALL-1", "yes"),
        ("CALL-2", "no"),
        ("FORM-221", "no"),
    ]


def test_evidence_of_a_number_that_is_kept_stands(project: Project):
    project.list(entry(A, evidence="CALL-1"), entry(B, evidence="CALL-2"))
    project.apply()
    project.list(entry(A, evidence="CALL-1"))
    project.apply(code=6)
    found = project.run("audit", "evidence", "--format", "json").json["references"]
    assert [(one["evidence"], one["stands"]) for one in found] == [("CALL-1", True), ("CALL-2", True)]


def test_a_release_that_let_nothing_off_yet_stands(project: Project):
    project.list(entry(A, B), releases=[release(A)])
    project.apply()
    (one,) = project.run("audit", "evidence", "--format", "json").json["references"]
    assert (one["evidence"], one["stands"], one["keep_until"]) == ("FORM-221", True, None)


def git(folder, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True).stdout


def test_the_bundles_of_the_months_are_the_branch(told: Project, tmp_path):
    clone = told.clone("another")
    clone.git("gc", "-q")
    for month in ("2026-11", "2026-12"):
        for project, name in ((told, "ours"), (clone, "theirs")):
            done = project.run("audit", "bundle", "--month", month, "-o", str(tmp_path / f"{name}-{month}"))
            assert done.code == 0, done.err
        # However the objects lie in a clone: the same commits, the same bytes.
        assert (tmp_path / f"ours-{month}").read_bytes() == (tmp_path / f"theirs-{month}").read_bytes()
    git(tmp_path, "init", "-q", "--bare", "check.git")
    manifests = [
        json.loads((tmp_path / f"ours-{m}.manifest.json").read_text()) for m in ("2026-11", "2026-12")
    ]
    for manifest in manifests:
        data = (tmp_path / manifest["bundle"]["file"]).read_bytes()
        assert sha256(data).hexdigest() == manifest["bundle"]["sha256"]
        for line in manifest["verify"]:
            subprocess.run(line, shell=True, cwd=tmp_path, check=True, capture_output=True)
        (tenant,) = manifest["tenants"]
        report = git(tmp_path / "check.git", "show", f"{manifest['tip']}:{tenant['newest']['path']}")
        assert sha256(report).hexdigest() == tenant["newest"]["sha256"]
    assert [(m["requires"], m["over"]) for m in manifests] == [(None, True), (manifests[0]["tip"], False)]
    assert [m["tenants"][0]["reports"] for m in manifests] == [2, 2]
    assert git(tmp_path / "check.git", "rev-parse", "dnc-audit").decode().strip() == told.tip()


@pytest.mark.parametrize(
    ("month", "code", "said"),
    [
        ("2026-10", 4, "no report was committed in 2026-10"),
        ("2027-01", 4, "has not begun yet"),
        ("2026-13", 2, "is no month"),
        ("11/2026", 2, "is no month"),
    ],
)
def test_months_that_have_no_bundle(told: Project, month, code, said):
    done = told.run("audit", "bundle", "--month", month)
    assert (done.code, said in done.err) == (code, True), done.err


def test_what_may_still_move_is_not_bundled(project: Project):
    project.list(entry(A))
    project.apply("--yes", CI="")
    done = project.run("audit", "bundle", "--month", "2026-11")
    assert (done.code, "run `dnc audit push` first" in done.err) == (4, True)


@pytest.mark.parametrize("command", ["export", "summary"])
def test_days_that_are_none(told: Project, command):
    assert told.run("audit", command, "--from", "yesterday").code == 2
    assert told.run("audit", command, "--from", "2026-12-01", "--to", "2026-11-01").code == 2


def test_an_export_says_what_the_record_does_not_have(project: Project, monkeypatch):
    project.list(entry(A))
    project.apply("--yes", CI="")
    project.list(entry(A, B))
    dies(project, monkeypatch, answered=True)
    done = project.run("audit", "export")
    assert "report 1 is only in this clone, not at the remote; fix: dnc audit push" in done.err
    assert "left no report: what it changed is not among these rows" in done.err
    assert len(project.run("audit", "export", "--format", "json").json["remarks"]) == 2
    project.apply()
    assert "warning:" not in project.run("audit", "export").err
