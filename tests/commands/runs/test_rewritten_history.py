"""History that was rewritten since the last run: what only protects goes, and nothing else before a word."""

import pytest

from tests.support.gitlab_api import serving
from tests.support.project import Project, dated, entry, making, merge_request, release
from tests.support.sandbox import phone

A, B, C, D, E = (phone(n) for n in range(5))
WORD = "--accept-history"


def amend(project: Project, *entries, push=True, **more) -> str:
    """Write the list anew, and put it into the last commit, as if that had always said so."""
    project.list(*entries, commit=False, **more)
    project.git("add", "-A")
    project.git("commit", "-q", "--amend", "-m", "said better")
    if push and project.origin:
        project.git("push", "-qf", "origin", "HEAD")
    return project.head


@pytest.fixture
def rewritten(project: Project) -> Project:
    """A, B and D were applied; then history has A and a new opt-out, C. B is released, D's term is over."""
    project.list(entry(A))
    project.list(entry(A, B), dated(D, until="2026-12-01"))
    project.apply()
    project.clock.move(days=20)
    amend(project, entry(A, C), releases=[release(B, on="2026-12-12")])
    return project


def alarms(document) -> list[str]:
    return [f["message"] for f in document["findings"] if f["severity"] == "alarm" and f["rule"] == "AUDIT"]


def test_the_plan_says_what_apply_will_ask_and_why(rewritten: Project):
    last = rewritten.newest["revision"][:12]
    planned = rewritten.plan(code=6)
    (said,) = alarms(planned.json)
    assert f"{last}, which was applied last, is not on the remote's default branch main" in said
    assert "protective changes only" in said
    assert "exits with 7" in said
    assert "`dnc apply --accept-history`" in said
    assert planned.counts() == {"create": 1, "unchanged": 1, "blocked": 2}
    text = rewritten.run("plan").out
    assert "1 to add, 2 blocked" in text
    assert "alarm: " in text
    assert "reanchor" not in text


def test_a_plan_that_only_protects_says_it_too_and_exits_with_0(project: Project):
    project.list(entry(A))
    project.apply()
    amend(project, entry(A, C))
    planned = project.plan()
    assert planned.counts() == {"create": 1, "unchanged": 1}
    assert WORD in alarms(planned.json)[0]
    assert project.plan("--detailed-exitcode", code=3).counts() == {"create": 1, "unchanged": 1}


def test_apply_protects_and_exits_with_7_until_it_is_accepted(rewritten: Project):
    seq, bulks = rewritten.newest["seq"], rewritten.asked("bulk")
    done = rewritten.run("apply", "--yes")
    assert done.code == 7
    assert set(rewritten.live()) == {A, B, C, D}
    assert "no report: history was rewritten, and that is not accepted yet" in done.out
    assert "Protective changes were sent, nothing was removed or weakened" in done.err
    assert WORD in done.err
    for _ in range(2):
        again = rewritten.apply(code=7)
        assert again.json["outcomes"] == {}
    assert rewritten.asked("bulk") == bulks + 1
    assert rewritten.newest["seq"] == seq


def test_once_it_is_accepted_nothing_goes_in_that_run_and_the_next_one_decides(rewritten: Project):
    done = rewritten.apply(WORD, code=6)
    assert done.counts()["blocked"] == 2
    assert "delete" not in done.counts()
    assert set(rewritten.live()) == {A, B, C, D}
    report = rewritten.newest
    assert report["overrides"]["accept_history"] is True
    assert {tuple(row["blocked_by"]) for row in report["kept"]} == {("superseded",)}
    assert report["releases_used"] == report["removed"] == {}
    assert "history was rewritten" in rewritten.run("blocked").out
    assert alarms(rewritten.plan().json) == []
    rewritten.apply()
    assert set(rewritten.live()) == {A, C}


def test_status_drift_and_blocked_say_it(rewritten: Project):
    for command in ("status", "blocked"):
        said = rewritten.run(command).err
        assert "which was applied last, is not on the remote's default branch" in said
        assert WORD in said
    (said,) = rewritten.run("status", "--format", "json").json["tenants"][0]["doubts"]
    assert "which was applied last, is not on the remote's default branch" in said
    (line,) = [line for line in rewritten.run("status").out.splitlines() if "In doubt: " in line]
    assert WORD in line
    assert "audit verify" not in line
    drifted = rewritten.run("drift")
    assert (drifted.code, WORD in drifted.err) == (3, True)
    rewritten.apply(WORD, code=6)
    for command in ("status", "blocked"):
        assert WORD not in rewritten.run(command).err


@pytest.mark.parametrize("options", [(), ("--depth", "1")])
def test_a_fresh_clone_finds_the_revision_that_is_on_no_branch(rewritten: Project, options):
    job = rewritten.clone("job", *options)
    assert WORD in alarms(job.plan(code=6).json)[0]
    job.apply(code=7)
    assert set(job.live()) == {A, B, C, D}
    job.apply(WORD, code=6)
    job.apply()
    assert set(job.live()) == {A, C}


def test_without_a_remote_what_protects_goes_as_well(tmp_path):
    with making(tmp_path, origin=False) as project:
        project.list(entry(A))
        project.list(entry(A, B))
        project.apply()
        amend(project, entry(A, C), releases=[release(B)])
        planned = project.plan(code=6)
        assert "history was rewritten" in alarms(planned.json)[0]
        project.apply(code=7)
        assert set(project.live()) == {A, B, C}
        project.apply(WORD, code=6)
        assert set(project.live()) == {A, B, C}
        project.apply()
        assert set(project.live()) == {A, C}


def test_a_weakening_waits_as_well(project: Project):
    project.list(entry(A, B))
    project.apply()
    amend(project, dated(A), entry(B), releases=[release(A)])
    project.apply(code=7)
    assert project.live()[A] == "CUSTOMER_REQUESTED NEVER"
    project.apply(WORD, code=6)
    assert project.live()[A] == "CUSTOMER_REQUESTED NEVER"
    project.apply()
    assert project.live()[A] == "COMPANY_POLICY ABSOLUTE"


def test_an_entry_that_another_one_stands_in_for_does_not_end_either(project: Project):
    """Nothing of it shows in CXone, so only the record can say that the release is not used."""
    project.list(entry(A), name="second", commit=False)
    project.list(entry(A, B))
    project.apply()
    amend(project, entry(B), releases=[release(A)])
    project.apply(code=7)
    project.apply(WORD)
    assert project.newest["releases_used"] == {}
    assert A in project.live()


def test_an_older_revision_changes_nothing_and_the_plan_does_not_cry(project: Project):
    older = project.list(entry(A, D))
    project.list(entry(A, B))
    project.git("checkout", "-q", project.head)
    project.apply()
    project.git("checkout", "-q", older)
    project.agent("remove", A)
    tip, writes = project.tip(), project.asked("bulk")
    assert alarms(project.run("plan", "--format", "json").json) == []
    for word in ((), (WORD,)):
        done = project.apply(*word, code=7)
        assert "is applied already: nothing was changed" in done.err
    assert (project.tip(), project.asked("bulk")) == (tip, writes)


def test_a_branch_that_is_behind_was_not_rewritten(project: Project):
    base = project.list(entry(A))
    project.list(entry(A, B))
    project.apply()
    project.git("checkout", "-qb", "feature", base)
    project.list(entry(C), name="third")
    assert alarms(project.run("plan", "--format", "json").json) == []
    assert alarms(merge_request(project).json) == []


def test_a_merge_request_onto_a_rewritten_branch_says_it_in_the_note(rewritten: Project, monkeypatch):
    monkeypatch.setattr("reconciler.gitlab.notes.SETTLE", (0.0, 0.0))
    rewritten.git("switch", "-qc", "work")
    rewritten.list(entry(A, C, E), releases=[release(B, on="2026-12-12")])
    with serving() as api:
        api.merge_request["sha"] = rewritten.head
        done = rewritten.run("plan", "--note", **api.environ())
        assert done.code == 6, done.err
        assert "accept" in api.bodies[0]
        assert "history was rewritten" in api.bodies[0]


def test_two_lines_that_are_both_merged_are_no_rewritten_history(project: Project):
    base = project.list(entry(A))
    project.list(entry(A, B))
    other = project.head
    project.git("checkout", "-qb", "side", base)
    side = project.list(entry(C), name="second")
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "--no-ff", "-m", "both", "side")
    project.git("push", "-q", "origin", "main")
    project.git("checkout", "-q", other)
    project.apply()
    project.git("checkout", "-q", side)
    done = project.apply(code=7)
    assert "does not contain" in done.err
    assert "which contains both" in done.err
    assert WORD not in done.err
    assert set(project.live()) == {A, B}


def test_what_is_not_protected_is_said_before_the_history(rewritten: Project):
    """Exit 8 comes before 7: somebody is not protected."""
    rewritten.sandbox.conduct.refused = {C: "INVALID_PHONE"}
    done = rewritten.apply(code=8)
    assert WORD in done.err
