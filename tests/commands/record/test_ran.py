"""What a report says of the run itself: program, organisation, credential, clocks, overrides."""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.sandbox.faults import Fault, FaultAction
from reconciler.use_cases.reconcile.report.run_facts import package_json
from tests.support.groups_project import grouped
from tests.support.project import ROOT, Project, entry, making
from tests.support.sandbox import phone

A, B = phone(1), phone(2)
KEY = "a key of sixteen characters or more"


def ran(project: Project) -> dict:
    return project.newest["ran"]


def test_the_program_is_named_by_its_files(project):
    project.list(entry(A))
    project.apply()
    package = ran(project)["package"]
    assert package == package_json()
    assert len(package["sha256"]) == 64
    assert ran(project)["python"].endswith(f" {sys.version.split()[0]}")
    assert f"files {package['sha256'][:12]}" in project.run("audit", "show").out


def test_an_installations_own_record_gives_the_same_digest(tmp_path):
    """As docs/how-to/audit.md tells an auditor to do it, with the RECORD of a wheel."""
    shutil.copytree(ROOT / "reconciler", tmp_path / "reconciler", ignore=lambda *_: ["__pycache__"])
    lines = [_recorded(path, tmp_path) for path in (tmp_path / "reconciler").rglob("*") if path.is_file()]
    folder = tmp_path / "dnc_reconciler-0.1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.4\nName: dnc-reconciler\nVersion: 0.1.0\n")
    own = ["reconciler/__pycache__/x.pyc,,", "../../bin/dnc,sha256=x,200"]
    (folder / "RECORD").write_text("\n".join([*lines, *own]) + "\n")
    told = hashlib.sha256("".join(f"{line}\n" for line in sorted(lines)).encode()).hexdigest()

    def said() -> dict:
        module = "reconciler.use_cases.reconcile.report.run_facts"
        ask = f"import json; from {module} import package_json as p; print(json.dumps(p()))"
        environ = {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", ask]
        done = subprocess.run(command, cwd=tmp_path, env=environ, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    assert said() == {"name": "dnc-reconciler", "sha256": told, "record": "same"}
    changed = tmp_path / "reconciler" / "core" / "model" / "phone.py"
    changed.write_text(changed.read_text() + "\n")
    assert said()["record"] == "differs"
    (folder / "RECORD").write_text("reconciler/schema/dnc.schema.json,sha256=x,200\n")
    assert said()["record"] == "none"  # an editable installation records its rules alone


def _recorded(path: Path, root: Path) -> str:
    data = path.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return f"{path.relative_to(root).as_posix()},sha256={digest},{len(data)}"


def test_entries_does_not_tell_whose_it_is_and_dnc_groups_does(project, tmp_path: Path):
    project.list(entry(A))
    project.apply()
    assert ran(project)["organisation"] == {"told": None, "how": "not told"}
    (tmp_path / "groups").mkdir()
    with grouped(tmp_path / "groups") as groups:
        groups.list(entry(A))
        groups.apply()
        assert ran(groups)["organisation"] == {"told": "sandbox", "how": "token"}


def test_the_credential_has_a_fingerprint_only_under_a_key(project):
    project.list(entry(A))
    project.apply()
    assert ran(project)["credential"] == {"fingerprint": None, "why": "DNC_FINGERPRINT_KEY is not set"}
    project.list(entry(A, B))
    project.apply(DNC_FINGERPRINT_KEY="short")
    assert "shorter than 16" in ran(project)["credential"]["why"]
    seen = set()
    for number, (key, client) in enumerate(
        [(KEY, "dnc-tests"), (KEY + "!", "dnc-tests"), (KEY, "dnc-tests")]
    ):
        project.list(entry(phone(10 + number)), name=f"more-{number}")
        project.apply(DNC_FINGERPRINT_KEY=key, CXONE_CLIENT_ID=client)
        seen.add(ran(project)["credential"]["fingerprint"])
    assert len(seen) == 2
    stored = json.dumps(project.reports())
    assert "dnc-tests" not in stored
    assert hashlib.sha256(b"dnc-tests").hexdigest()[:32] not in stored


@pytest.mark.parametrize(("ahead", "word"), [(1.0, "behind"), (-1.0, "ahead of")])
def test_clocks_that_are_apart_are_said_and_hold_nothing_protective_up(tmp_path, ahead, word):
    with making(tmp_path, ahead=ahead) as project:
        project.list(entry(A))
        (finding,) = (f for f in project.plan().json["findings"] if f["rule"] == "CXONE-CLOCK")
        assert word in finding["message"]
        assert project.apply().outcomes == {"applied": 1}
        skew = ran(project)["clock_skew"]
        assert skew["within"] is False
        assert skew["seconds"] * ahead == pytest.approx(3600, abs=3)
        assert "s apart from CXone's, the limit is 120 s" in project.run("audit", "show").out


def test_a_failed_run_says_what_ran_as_well(project):
    project.list(entry(A))
    project.apply(DNC_FINGERPRINT_KEY=KEY)
    before = ran(project)
    project.sandbox.faults.plan(Fault(FaultAction.STATUS, times=None))
    project.apply("--attest", code=5, DNC_FINGERPRINT_KEY=KEY)
    assert project.newest["status"] == "failed"
    assert ran(project) == {**before, "clock_skew": {"seconds": None, "limit_seconds": 120, "within": None}}


def test_clocks_that_agree_are_no_finding(project):
    project.list(entry(A))
    assert "CXONE-CLOCK" not in {f["rule"] for f in project.plan().json["findings"]}
    project.apply()
    assert ran(project)["clock_skew"]["within"] is True


def test_an_accepted_history_is_an_override_by_somebody(project):
    project.list(entry(A))
    project.apply()
    assert project.newest["overrides"] == {}
    project.git("commit", "-q", "--amend", "-m", "rewritten")
    project.git("push", "-qf", "origin", "HEAD")
    project.list(entry(A, B))
    project.apply(code=7)
    project.apply("--accept-history", GITLAB_USER_LOGIN="ann")
    assert project.newest["overrides"] == {"accept_history": True, "by": "ann"}
