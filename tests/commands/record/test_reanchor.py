"""A chain that a legal purge broke, continued on record; and what is still refused then."""

import json
from typing import Any

import pytest

from reconciler.audit.report_files import sha256
from tests.support.project import BRANCH, Project, entry, release

A, B, C = (f"+1202555010{n}" for n in range(3))
WHY = ("--reason", "Order of the court to erase a number", "--evidence", "ORDER-17")


@pytest.fixture
def applied(project: Project) -> Project:
    """A repository with four reports."""
    for phones in ((A,), (A, B), (A, B, C), (A, B)):
        project.list(entry(*phones), releases=[release(C)] if len(phones) == 2 else ())
        project.run("apply")
    assert [report["seq"] for report in project.reports()] == [1, 2, 3, 4]
    return project


def names(project: Project) -> list[str]:
    listed = project.git("ls-tree", "-r", "--name-only", f"origin/{BRANCH}", "audit/production/").splitlines()
    reports = [name for name in listed if name.endswith(".json")]
    return sorted(reports, key=lambda n: json.loads(project.git("show", f"origin/{BRANCH}:{n}"))["seq"])


def purge(project: Project, change: str, name="after") -> Project:
    """Rewrite the branch's history as a purge does, and give a clone of afterwards."""
    other = project.clone(f"purger-{name}", "--branch", BRANCH)
    other.git("filter-branch", "-f", "--tree-filter", change)
    other.git("push", "-qf", "origin", BRANCH)
    return project.clone(name)


def redact(name: str) -> str:
    return f'test ! -f {name} || sed -i \'s/"actor": {{/"purged": true,\\n  &/\' {name}'


def head(project: Project) -> str:
    return project.git("rev-parse", f"origin/{BRANCH}")


def verified(project: Project, *arguments: str, code=0) -> dict[str, Any]:
    done = project.run("audit", "verify", "--format", "json", *arguments)
    assert done.code == code, (done.out, done.err)
    return done.json


def test_a_purged_chain_is_continued_and_shows_it_ever_after(applied: Project):
    old = head(applied)
    anchors = [r["sha256"] for r in applied.run("audit", "list", "--format", "json").json["reports"]]
    after = purge(applied, redact(names(applied)[1]))
    new = head(after)
    assert new != old
    assert "has SHA-256" in verified(after, code=4)["problems"][0]["message"]
    held = after.run("audit", "show", "--format", "json").json
    done = after.run("audit", "reanchor", f"{old}={new}", *WHY, "--format", "json")
    assert done.code == 0, done.err
    assert [one["path"] for one in done.json["breaks"]] == [names(applied)[2]]
    found = verified(after)
    assert found["problems"] == []
    (remark,) = {remark.partition(": ")[2] for remark in found["remarks"]}
    assert "REANCHORED by" in remark
    assert f"{old} became {new}" in remark
    assert "Order of the court to erase a number (ORDER-17)" in remark
    assert "! " in after.run("audit", "verify").out
    for anchor in (old, *anchors):  # those of before follow
        assert verified(after, "--anchor", anchor)["problems"] == []
    newest = after.run("audit", "show", "--format", "json").json
    assert (newest["seq"], newest["status"]) == (5, "reanchored")
    assert f"replaced  {old} became {new}" in after.run("audit", "show").out
    same = ("revision", "as_of", "kept", "not_live", "target", "hashes")
    assert {key: newest[key] for key in same} == {key: held[key] for key in same}
    assert after.plan().changes == []
    after.git("checkout", "-q", "main")
    after.list(entry(A, B, "+12025550109"))
    after.apply()
    assert verified(after)["remarks"]


def test_any_other_break_is_still_one(applied: Project):
    old = head(applied)
    after = purge(applied, redact(names(applied)[1]))
    assert after.run("audit", "reanchor", f"{old}={head(after)}", *WHY).code == 0
    again = purge(after, redact(names(after)[2]), "again")
    assert len(verified(again, code=4)["problems"]) >= 1


def test_reports_and_plans_that_are_gone_altogether(applied: Project):
    old, (first, second, *_) = head(applied), names(applied)
    pinned = sha256(applied.git("show", f"origin/{BRANCH}:{first}").encode() + b"\n")
    applied.configure(lambda c: c.update(audit={"genesis": pinned}))
    verified(applied)
    plan = second.replace(".json", ".plan.json.gz")
    gone = f"rm -f {second} {plan}; {redact(first)}; rm -f {first.replace('.json', '.plan.json.gz')}"
    after = purge(applied, gone)
    problems = [p["message"] for p in verified(after, code=4)["problems"]]
    assert any("report 2 is missing" in said for said in problems)
    third = sha256(after.git("show", f"origin/{BRANCH}:{first}").encode() + b"\n")
    done = after.run("audit", "reanchor", f"{old}={head(after)}", f"{pinned}={third}", *WHY)
    assert done.code == 0, done.err
    assert f"The chain starts with {third}" in done.out
    assert verified(after)["problems"] == []  # the genesis follows
    assert after.run("audit", "list").code == 0
    # What is pinned is changed by a review; until then nothing comes off.
    assert any("nothing is removed" in f["message"] for f in after.plan().json["findings"])
    after.configure(lambda c: c.update(audit={"genesis": third}))
    assert not any("nothing is removed" in f["message"] for f in after.plan().json["findings"])
    after.apply()
    verified(after)


def test_what_does_not_fit_the_branch_is_refused(applied: Project):
    tip, gone = head(applied), "0" * 40
    newest = applied.run("audit", "list", "--format", "json").json["reports"][0]["sha256"]
    before = applied.tip()
    for pairs in (
        [f"{tip}={gone}"],
        [f"{gone}={'1' * 40}"],
        [f"{newest}={tip}"],
        [f"{gone}={tip}~1"[:-2] + "x"],
    ):
        assert applied.run("audit", "reanchor", *pairs, *WHY).code in {2, 4}
    first = applied.run("audit", "list", "--format", "json").json["reports"][-1]["sha256"]
    assert "where the chain ends" in applied.run("audit", "reanchor", f"{gone}={first}", *WHY).err
    for why in (("--reason", " ", "--evidence", "X"), ("--reason", "y", "--evidence", "a b")):
        assert applied.run("audit", "reanchor", f"{gone}={tip}", *why).code == 4
    assert applied.run("audit", "reanchor", f"{gone}={tip}", "--reason", "y").code == 2
    assert applied.tip() == before


def test_a_revision_that_was_purged_is_named_and_held_goes_on(applied: Project):
    """History of the lists was rewritten, too: what the newest report's revision became must be said."""
    revision = applied.newest["revision"]
    tip = head(applied)
    applied.git("filter-branch", "-f", "--msg-filter", "cat; echo purged", "main")
    applied.git("push", "-qf", "origin", "main")
    after = applied.clone("after")
    assert after.head != revision
    refused = after.run("audit", "reanchor", f"{'0' * 40}={tip}", *WHY)
    assert (refused.code, f"{revision}=NEW" in refused.err) == (4, True)
    done = after.run("audit", "reanchor", f"{'0' * 40}={tip}", f"{revision}={after.head}", *WHY)
    assert done.code == 0, done.err
    planned = after.plan()
    assert (planned.json["held_revision"], planned.changes) == (after.head, [])
    after.list(entry(A))
    after.apply(code=6)
    assert B in after.live()
