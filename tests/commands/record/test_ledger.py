"""What a run writes down, and where it ends up."""

import gzip
import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.project import BRANCH, LIST, Project, entry, release
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))
FIELDS = {
    "format_version",
    "tool_version",
    "seq",
    "previous",
    "tenant",
    "target",
    "revision",
    "held_revision",
    "as_of",
    "plan_digest",
    "actor",
    "pipeline",
    "hashes",
    "safety",
    "overrides",
    "started_at",
    "finished_at",
    "status",
    "summary",
    "chunks",
    "latency_ms",
    "failures",
    "not_live",
    "kept",
    "restored",
    "read_back",
    "clock",
    "live",
}


def break_origin(project: Project) -> Path:
    """Let the remote be there no more."""
    project.origin.rename(project.origin.with_suffix(".gone"))
    return project.origin.with_suffix(".gone")


def test_the_report(project: Project):
    revision = project.list(entry(A, B))
    planned = project.plan()
    done = project.apply(GITLAB_USER_LOGIN="ann", CI_PIPELINE_ID="77", CI_PIPELINE_URL="")
    report = project.newest
    assert report.keys() >= FIELDS
    assert (report["seq"], report["previous"], report["tenant"]) == (1, None, "production")
    assert report["target"]["dialect"] == "entries"
    assert report["target"]["organisation"] == "sandbox"
    assert (report["revision"], report["held_revision"]) == (revision, None)
    assert (report["as_of"], report["status"]) == ("2026-11-23", "complete")
    assert report["plan_digest"] == planned.json["digest"]
    assert (report["actor"]["name"], report["actor"]["how"]) == ("ann", "asserted")
    assert report["pipeline"] == {"pipeline_id": "77", "how": "asserted"}
    (chunk,) = report["chunks"]
    assert (chunk["action"], chunk["size"], chunk["attempts"], chunk["successes"]) == ("create", 2, 1, 2)
    assert report["latency_ms"].keys() == {"p50", "p95", "max"}
    assert (report["failures"], report["not_live"], report["kept"], report["restored"]) == ([], [], [], [])
    assert report["read_back"]["entries"] == 2
    assert report["read_back"]["missing"] == 0
    assert report["clock"].keys() >= {"ours", "cxone"}
    lines = "".join(f"{n},CUSTOMER_REQUESTED,NEVER\n" for n in sorted((A, B)))
    assert report["live"]["after"] == {
        LIST: {"count": 2, "sha256": hashlib.sha256(lines.encode()).hexdigest()}
    }
    limits = {"max_removals": 500, "max_removal_percent": 1}
    assert report["safety"] == {**limits, "configured": limits, "removal": "delete"}

    path = done.json["report"]["path"]
    assert re.fullmatch(
        rf"audit/production/20261123T[0-9]{{6}}\.[0-9]{{6}}Z-{revision[:12]}-[0-9a-f]{{8}}\.json", path
    )
    command = ["git", "-C", str(project.folder), "show", f"{BRANCH}:{path[:-5]}.plan.json.gz"]
    packed = subprocess.run(command, capture_output=True, check=True).stdout
    assert hashlib.sha256(packed).hexdigest() == report["plan_sha256"]
    plan = json.loads(gzip.decompress(packed))
    assert [(c["phones"], c["outcome"]) for c in plan["changes"]] == [([A, B], "applied")]


def test_the_second_apply_writes_and_commits_nothing(project: Project):
    project.list(entry(A, B))
    project.apply()
    tip, writes = project.tip(), project.asked("bulk")
    again = project.apply()
    assert (again.json["status"], again.json["report"]) == ("in-sync", None)
    assert (project.tip(), project.asked("bulk")) == (tip, writes)


def test_a_commit_of_other_files_is_no_reason_to_report(project: Project):
    project.list(entry(A))
    project.apply()
    tip = project.tip()
    project.write("README.md", "hello\n")
    project.commit()
    project.apply()
    assert project.tip() == tip


def test_changed_content_is_a_reason_to_report(project: Project):
    project.list(entry(A))
    project.apply()
    project.list(entry(A), name="second")
    project.apply()
    first, second = project.reports()
    assert second["status"] == "in-sync"
    assert second["previous"]["path"].endswith(".json")
    assert second["held_revision"] == first["revision"]


def test_a_scheduled_pipeline_always_reports(project: Project):
    project.list(entry(A))
    project.apply()
    project.apply(CI_PIPELINE_SOURCE="schedule")
    assert [r["status"] for r in project.reports()] == ["complete", "in-sync"]
    assert project.newest["pipeline"]["pipeline_source"] == "schedule"


def test_outside_ci_reports_are_committed_and_not_pushed(project: Project):
    project.list(entry(A))
    project.apply("--yes", CI="")
    assert project.tip() == ""
    assert len(project.reports()) == 1
    project.list(entry(A, B))
    project.apply()
    assert project.tip() == project.git("rev-parse", BRANCH)
    assert [r["seq"] for r in project.reports(at=f"origin/{BRANCH}")] == [1, 2]


def test_the_working_tree_and_the_index_stay_as_they_are(project: Project):
    project.list(entry(A))
    project.write("staged.txt", "x\n")
    project.git("add", "staged.txt")
    project.write("loose.txt", "x\n")
    before = project.git("status", "--porcelain", "--branch")
    project.apply()
    assert project.git("status", "--porcelain", "--branch") == before


def test_a_push_that_is_refused(project: Project):
    hook = project.origin / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'not here' >&2\nexit 1\n")
    hook.chmod(0o755)
    project.list(entry(A), commit=False)
    project.git("add", "-A")
    project.git("commit", "-qm", "lists")
    hook.rename(hook.with_suffix(".off"))
    project.git("push", "-q", "origin", "HEAD")
    hook.with_suffix(".off").rename(hook)
    done = project.apply(code=9)
    assert project.live() == {A: "CUSTOMER_REQUESTED NEVER"}
    assert done.json["exit_code"] == 9
    assert done.json["report"]["path"]
    assert "git push" in done.err
    assert len(project.reports()) == 1
    hook.unlink()
    project.list(entry(A, B))
    project.apply()
    assert [r["seq"] for r in project.reports(at=f"origin/{BRANCH}")] == [1, 2]


def test_a_remote_that_does_not_answer(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B, C), releases=[release(A)])
    writes = project.asked("bulk")
    break_origin(project)
    project.apply(code=4)
    assert project.asked("bulk") == writes
    planned = project.plan()
    assert planned.json["held_revision"] is None
    assert planned.changes == [("create", "protective", "declared", [C], [])]
    assert planned.drift == [("unmanaged", [A])]
    assert "does not answer" in planned.err


def test_races_are_resolved_by_linking_again(project: Project):
    project.list(entry(A))
    project.apply()
    other = project.clone("other")
    project.list(entry(A, B))
    project.on_read[1] = lambda: other.apply(CI_PIPELINE_SOURCE="schedule")
    project.apply()
    reports = project.reports(at=f"origin/{BRANCH}")
    assert [r["seq"] for r in reports] == [1, 2, 3]
    assert project.run("audit", "verify").code == 0


def test_another_tenant_has_a_chain_of_its_own(project: Project):
    project.list(entry(A))
    project.apply()
    project.apply("--tenant", "toy")
    assert [r["seq"] for r in project.reports("toy")] == [1]
    assert [r["seq"] for r in project.reports()] == [1]


def tampered(project: Project, how: str) -> None:
    """Change the newest report on the audit branch, in a commit of its own or in its own commit."""
    other = project.clone("tamper", "--branch", BRANCH)
    (name,) = [
        n
        for n in other.git("ls-files").splitlines()
        if n.endswith(".json") and '"seq": 2' in (other.folder / n).read_text()
    ]
    match how:
        case "changed":
            file = other.folder / name
            file.write_text(file.read_text().replace('"complete"', '"in-sync"'))
            other.git("commit", "-qam", "x")
            other.git("push", "-q", "origin", BRANCH)
        case "removed":
            other.git("rm", "-q", name)
            other.git("commit", "-qm", "x")
            other.git("push", "-q", "origin", BRANCH)
        case "rewritten":
            other.git("commit", "-q", "--amend", "-m", "another")
            other.git("push", "-qf", "origin", BRANCH)
        case "gone":
            other.git("push", "-q", "origin", f":{BRANCH}")


@pytest.mark.parametrize("how", ["changed", "removed", "rewritten", "gone"])
def test_tampering_is_found(project: Project, how):
    project.list(entry(A))
    project.apply()
    project.list(entry(A, B))
    project.apply()
    verified = project.run("audit", "verify", "--format", "json")
    assert (verified.code, verified.json["problems"]) == (0, [])
    tampered(project, how)
    verified = project.run("audit", "verify", "--format", "json")
    assert verified.code == 4
    assert verified.json["problems"]
    writes = project.asked("bulk")
    if how in {"rewritten", "gone"}:
        project.list(entry(A, B, C))
        project.apply(code=4)
        assert project.asked("bulk") == writes + 1  # what protects is sent all the same
        assert C in project.live()


def test_listing_and_showing(project: Project):
    project.list(entry(A))
    assert project.run("audit", "show").code == 4
    assert project.run("audit", "list", "--format", "json").json["reports"] == []
    project.apply()
    project.list(entry(A, B))
    project.apply()
    listed = project.run("audit", "list", "--format", "json").json
    assert [(r["seq"], r["status"]) for r in listed["reports"]] == [(2, "complete"), (1, "complete")]
    assert project.run("audit", "show", "1", "--format", "json").json["seq"] == 1
    assert project.run("audit", "show", "--format", "json").json == project.newest
    assert project.run("audit", "show", "77").code == 4


def test_reports_are_listed_below_a_header_and_fit_a_terminal(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B), releases=[release(A)])
    project.apply()
    head, newest, first = project.run("audit", "list").out.splitlines()
    assert head == "REPORT  FINISHED (UTC)    COMMIT   STATUS       DONE"
    assert re.fullmatch(r"     2  2026-11-23 12:\d\d  [0-9a-f]{7}  complete     1 removed", newest)
    assert re.fullmatch(r"     1  2026-11-23 12:\d\d  [0-9a-f]{7}  complete     2 added", first)
