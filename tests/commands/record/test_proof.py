"""What shows from outside that a consistent chain is another one, or a shorter one; and that runs go on."""

import json
from typing import Any

import pytest

from reconciler.audit.report_content import dump
from reconciler.audit.report_files import sha256
from tests.support.project import BRANCH, Project, entry, release

A, B, C = (f"+1202555010{n}" for n in range(3))


@pytest.fixture
def applied(project: Project) -> Project:
    """A repository with three reports."""
    for phones in ((A,), (A, B), (A, B, C)):
        project.list(entry(*phones))
        project.apply()
    return project


def verified(project: Project, *arguments: str, code=0) -> dict[str, Any]:
    done = project.run("audit", "verify", "--format", "json", *arguments)
    assert done.code == code, (done.code, done.out, done.err)
    assert done.json["verified"] is (code == 0)
    return done.json


def first(project: Project) -> str:
    return verified(project)["heads"][0]["first"]


def pin(project: Project, value: object) -> None:
    project.configure(lambda c: c.update(audit={"genesis": value}))


def rewrite(project: Project, *, keep: int = 3) -> Project:
    """Write the whole chain anew, consistently, and cut it off; give a clone that never saw the true one."""
    other = project.clone("forger", "--branch", BRANCH)
    names = [n for n in other.git("ls-files").splitlines() if n.endswith(".json")]
    reports = [json.loads((other.folder / n).read_text()) | {"_": n} for n in names]
    reports.sort(key=lambda report: report["seq"])
    other.git("checkout", "-q", "--orphan", "forged")
    previous = None
    for report in reports[:keep]:
        name = report.pop("_")
        if keep == len(reports):  # else it is only cut off
            report["actor"]["name"] = "somebody else"
        report["previous"] = previous
        data = dump(report)
        (other.folder / name).write_bytes(data)
        previous = {"path": name, "sha256": sha256(data)}
    for report in reports[keep:]:
        other.git("rm", "-qf", report["_"], report["_"].replace(".json", ".plan.json.gz"))
    other.git("add", "-A")
    other.git("commit", "-qm", "forged")
    other.git("push", "-qf", "origin", f"HEAD:{BRANCH}")
    return project.clone("fresh")


def test_a_chain_that_was_written_anew_is_seen_by_its_genesis(applied: Project):
    pin(applied, {"production": first(applied)})
    assert "audit.genesis pins it" in applied.run("audit", "verify").out
    fresh = rewrite(applied)
    found = verified(fresh, code=4)
    (problem,) = found["problems"]
    assert "this is another chain, or its beginning is gone" in problem["message"]
    # Whoever saw the true one sees the difference without any pin.
    assert "rewritten" in str(verified(applied, code=4)["problems"])


def test_one_value_is_the_default_tenants(applied: Project):
    pin(applied, first(applied))
    verified(applied)
    pin(applied, "0" * 64)
    verified(applied, code=4)
    pin(applied, "no hash")
    assert applied.run("audit", "verify").code == 4


def test_reports_that_were_cut_off_are_seen_by_an_anchor(applied: Project):
    heads = [r["sha256"] for r in applied.run("audit", "list", "--format", "json").json["reports"]]
    tip = applied.git("rev-parse", BRANCH)
    for anchor in (*heads, tip, f"{tip}".upper()):
        verified(applied, "--anchor", anchor)
    fresh = rewrite(applied, keep=1)
    verified(fresh)  # consistent in itself
    for anchor in (heads[0], tip):
        found = verified(fresh, "--anchor", anchor, code=4)
        assert "reports were cut off or written anew" in found["problems"][0]["message"]
    assert applied.run("audit", "verify", "--anchor", "12ab").code == 2


def test_an_anchors_tag_is_at_the_remote_and_checked_by_itself(applied: Project):
    done = applied.run("audit", "anchor", "--format", "json")
    assert done.code == 0, done.err
    tip = applied.tip()
    assert (done.json["commit"], done.json["pushed"]) == (tip, True)
    assert done.json["heads"][0]["sha256"] == verified(applied)["heads"][0]["sha256"]
    assert applied.git("ls-remote", "origin", f"refs/tags/{done.json['tag']}").startswith(tip)
    verified(applied)
    applied.list(entry(A, B))
    applied.apply(code=6)
    verified(applied)  # a chain that went on still has it
    fresh = rewrite(applied, keep=2)
    assert "the anchor" in verified(fresh, code=4)["problems"][0]["message"]
    assert fresh.run("audit", "anchor").code == 4  # nobody vouches for that


def test_an_anchor_is_never_moved(applied: Project):
    moment = applied.clock()
    applied.clock = lambda: moment
    assert applied.run("audit", "anchor").code == 0
    again = applied.run("audit", "anchor")
    assert (again.code, "already" in again.err) == (4, True)


def test_there_is_nothing_to_anchor_before_the_first_report(project: Project):
    assert project.run("audit", "anchor").code == 4


def test_another_chain_takes_nothing_off_and_holds_nothing_up(applied: Project):
    pin(applied, {"production": "0" * 64})
    applied.list(entry(B, C, "+12025550109"), releases=[release(A)])
    planned = applied.plan(code=6)
    assert ("delete", "exposing", "released", [A], ["other-chain"]) in planned.changes
    assert any("nothing is removed" in f["message"] for f in planned.json["findings"])
    applied.apply(code=6)
    assert set(applied.live()) == {A, B, C, "+12025550109"}
    applied.configure(
        lambda c: c.update(audit={"genesis": "0" * 64}) or c["tenants"]["production"].update(removal="none")
    )
    assert (applied.plan().counts()["blocked"], applied.plan().json["summary"]["by_hand"]) == (1, 0)
    pin(applied, {"production": first_of(applied)})
    applied.apply()
    assert A not in applied.live()


def first_of(project: Project) -> str:
    return json.loads(project.run("audit", "verify", "--format", "json").out)["heads"][0]["first"]


def test_the_newest_report_may_be_only_so_old(applied: Project):
    verified(applied, "--max-age", "26h")
    applied.clock.move(hours=27)
    found = verified(applied, "--max-age", "26h", code=3)
    assert "no run has left one since" in found["problems"][0]["message"]
    verified(applied)
    applied.apply(CI_PIPELINE_SOURCE="schedule")
    verified(applied, "--max-age", "26h")
    assert applied.run("audit", "verify", "--max-age", "soon").code == 2


def test_no_report_at_all_is_too_old(project: Project):
    verified(project, code=3)
    verified(project, "--max-age", "26h", code=3)


def test_a_missing_report_is_named(applied: Project):
    fresh = rewrite(applied)
    forger = fresh.clone("cutter", "--branch", BRANCH)
    names = sorted(n for n in forger.git("ls-files").splitlines() if n.endswith(".json"))
    forger.git("rm", "-q", names[1])
    forger.git("commit", "-qm", "gone", "--amend")
    forger.git("push", "-qf", "origin", f"HEAD:{BRANCH}")
    found = verified(fresh.clone("again"), code=4)
    messages = [problem["message"] for problem in found["problems"]]
    assert any("number 3 in the chain where 2 is due: report 2 is missing" in said for said in messages)


def test_the_head_is_in_every_log(applied: Project):
    head = verified(applied)["heads"][0]["sha256"]
    assert applied.plan().json["chain_head"]["sha256"] == head
    assert f"Chain: report 3 has SHA-256 {head}" in applied.run("plan").out
    assert f"chain 3:{head[:12]}" in applied.run("status").out
    assert head in applied.run("audit", "show").out
    note = applied.folder / "note.md"
    applied.run("plan", "--report", f"markdown={note}")
    assert head in note.read_text()
    applied.list(entry(A, B, C), name="second")
    done = applied.run("apply")
    assert f"Chain: report 4 has SHA-256 {verified(applied)['heads'][0]['sha256']}" in done.out
    assert head in done.err  # what it planned from
