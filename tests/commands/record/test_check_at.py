"""Where a number was at a past moment: from the stored reports and plans, with what nobody can know."""

import json
import re
from datetime import datetime
from hashlib import sha256

import pytest

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from reconciler.use_cases.history import report_walk
from tests.commands.record.test_reanchor import WHY, head, names, purge, redact
from tests.support.project import LIST, Project, entry, making, release

A, B, C, D = "+12125550101", "+12125550102", "+12125550103", "+12125550104"


def at(project: Project, number: str, moment: datetime, *more: str, code: int | None = None):
    done = project.run("check", number, "--at", moment.isoformat(), "--format", "json", *more)
    assert code in {None, done.code}, (done.code, done.out, done.err)
    return done.json


def on(found: dict, list_id=LIST) -> dict:
    (one,) = [one for one in found["lists"] if one["list_id"] == list_id]
    return one


def later(project: Project, **by: float) -> datetime:
    """Let time pass, and take a moment in the middle of it."""
    project.clock.move(**by)
    moment = project.clock()
    project.clock.move(**by)
    return moment


@pytest.fixture(scope="module")
def weeks(tmp_path_factory):
    """Three weeks: A and B go on, A is removed and put back, B is released; the moments between."""
    with making(tmp_path_factory.mktemp("weeks")) as project:
        yield project, _play(project)


def _play(project: Project) -> list[datetime]:
    moments = [later(project, hours=1)]
    project.git("switch", "-qc", "intake")
    project.list(entry(A, requestedOn="2026-11-20", evidence="CALL-1"), entry(B), commit=False)
    project.commit(push=False)
    project.git("switch", "-q", "main")
    message = "Merge branch 'intake' into 'main'\n\nStop calling\n\nSee merge request sales/dnc!17"
    project.git("merge", "-q", "--no-ff", "intake", "-m", message)
    project.git("push", "-q", "origin", "HEAD")
    project.apply()
    moments.append(later(project, days=3))
    project.agent("remove", A)
    project.agent("add", C)
    project.apply()
    moments.append(later(project, days=3))
    project.list(
        entry(A, requestedOn="2026-11-20", evidence="CALL-1"),
        releases=[release(B, on=f"{moments[-1]:%Y-%m-%d}")],
    )
    project.apply()
    return [*moments, later(project, days=3)]


def test_a_number_that_was_put_on_and_stayed(weeks):
    project, (_, second, *_) = weeks
    found = at(project, B, second, code=0)
    one, report = on(found), project.reports()[0]
    assert (found["listed"], found["protected"], one["left_live"], one["live"]) == (True, True, True, True)
    assert (found["report"]["seq"], found["report"]["revision"]) == (1, report["revision"])
    assert one["terms"] == {"reasonCode": "CUSTOMER_REQUESTED", "expirationPolicy": "NEVER", "source": "dnc"}
    assert (one["on_since"]["seq"], one["on_since"]["reason"]) == (1, "declared")
    assert (one["seen_before"]["seq"], one["seen_after"]["seq"], one["there_after"]) == (1, 2, True)
    (claim,) = one["claims"]
    assert (claim["file"], claim["merge_request"]) == ("dnc-lists/main.yaml", "sales/dnc!17")
    assert claim["commit"] == project.git("rev-parse", "intake")


def test_the_record_behind_it_is_named(weeks):
    project, (_, second, *_) = weeks
    found = at(project, B, second)
    path = found["report"]["path"]
    data = project.git("show", f"dnc-audit:{path}") + "\n"
    assert sha256(data.encode()).hexdigest() == found["report"]["sha256"]
    assert found["chain"]["head"]["seq"] == 3
    assert found["chain"]["reports_walked"] == 3
    said = project.run("check", B, "--at", second.isoformat(), CI="").out
    assert f"report 1: {path}" in said
    assert f"SHA-256 {found['report']['sha256']}" in said
    assert "every link from the head, report 3, holds" in said


def test_between_two_looks_that_differ_nobody_knows(weeks):
    project, (_, second, third, _) = weeks
    gone = at(project, A, second, code=3)
    one = on(gone)
    assert (gone["protected"], one["left_live"], one["live"], one["there_after"]) == (None, True, None, False)
    said = project.run("check", A, "--at", second.isoformat(), CI="").out
    assert "not checked in between" in said
    assert "not known: left live, and not there when a run checked again" in said
    back = on(at(project, A, third, code=0))
    assert [(t["seq"], t["reason"]) for t in back["touches"]] == [(2, "restored"), (1, "declared")]
    assert back["on_since"]["seq"] == 1


def test_what_an_agent_added_is_live_and_in_no_file(weeks):
    project, (_, second, third, _) = weeks
    assert on(at(project, C, second, code=3))["live"] is None
    found = at(project, C, third, code=3)
    one = on(found)
    assert (found["listed"], one["unmanaged"], one["wanted"], one["live"]) == (False, True, False, True)


def test_what_came_off_says_which_run_took_it_off(weeks):
    project, (_, _, third, fourth) = weeks
    assert on(at(project, B, third, code=0))["live"] is True
    found = at(project, B, fourth, code=3)
    one = on(found)
    assert (found["listed"], one["wanted"], one["live"]) == (False, False, False)
    assert [(t["seq"], t["action"], t["reason"], t["outcome"]) for t in one["touches"]] == [
        (3, "delete", "released", "applied")
    ]
    assert "removed" in project.run("check", B, "--at", fourth.isoformat()).out


def test_it_tells_what_was_written_down_and_not_what_files_say_today(weeks):
    told, (_, second, third, _) = weeks
    project = told.clone("today")
    before = [at(project, number, moment) for number in (A, B) for moment in (second, third)]
    project.list(entry(A, reason="LOCAL"), entry(B, D), commit=False)
    project.commit(push=False)
    project.write("dnc-lists/broken.yaml", "listId: [")
    after = [at(project, number, moment) for number in (A, B) for moment in (second, third)]
    for old, new in zip(before, after, strict=True):
        assert {**old, "asked_at": ""} == {**new, "asked_at": ""}


def test_a_number_that_cxone_refused_was_not_live(project: Project):
    project.list(entry(A, B))
    project.sandbox.conduct.refused = {B: "NOT_NOW"}
    project.apply(code=8)
    moment = later(project, hours=1)
    one = on(at(project, B, moment, code=3))
    assert (one["wanted"], one["left_live"], one["live"]) == (True, False, False)
    assert one["why_not"].startswith("NOT_NOW")
    assert [t["outcome"] for t in one["touches"]] == ["rejected"]
    project.sandbox.conduct.refused = {}
    project.apply()
    assert on(at(project, B, moment, code=3))["live"] is False
    assert on(at(project, B, later(project, hours=1), code=0))["live"] is True


def test_what_was_live_at_first_sight_was_put_on_by_no_run(project: Project):
    project.agent("add", A)
    project.list(entry(A))
    project.apply()
    moment = later(project, hours=1)
    one = on(at(project, A, moment, code=0))
    assert (one["live"], one["on_since"], one["touches"]) == (True, None, [])
    assert "no run put it on" in project.run("check", A, "--at", moment.isoformat()).out


def test_a_moment_while_a_run_was_under_way(project: Project):
    project.list(entry(A))
    project.apply()
    project.list(entry(A, B))
    project.on_read[1] = lambda: project.clock.move(minutes=10)  # after the early write
    project.apply()
    started = datetime.fromisoformat(project.newest["started_at"])
    moment = started.replace(minute=started.minute + 5)
    found = at(project, B, moment, code=3)
    assert (found["report"]["seq"], found["under_way"]["seq"]) == (1, 2)
    assert on(found)["live"] is None
    assert on(at(project, A, moment, code=0))["seen_before"]["seq"] == 1  # the run read later
    assert "a run was under way" in project.run("check", A, "--at", moment.isoformat()).out


def test_only_plans_of_runs_that_sent_something_are_opened(project: Project, monkeypatch):
    project.list(entry(A))
    scheduled = {"CI_PIPELINE_SOURCE": "schedule"}
    project.apply(**scheduled)
    project.apply(**scheduled)
    project.list(entry(A, B))
    project.apply(**scheduled)
    project.apply(**scheduled)
    moment = later(project, hours=1)
    opened = []
    plan_of = report_walk.Ledger.plan_bytes
    monkeypatch.setattr(
        report_walk.Ledger,
        "plan_bytes",
        lambda self, one: opened.append(one.report.seq) or plan_of(self, one),
    )
    assert on(at(project, A, moment, code=0))["on_since"]["seq"] == 1
    assert opened == [4, 3, 1]


def test_before_the_first_report_nothing_is_known(weeks):
    project, (first, *_) = weeks
    found = at(project, A, first, code=3)
    assert (found["report"], found["protected"], found["first_report"]["seq"]) == (None, None, 1)
    said = project.run("check", A, "--at", first.isoformat()).out
    assert "the first report of production is of 2026-11-23T" in said


def test_without_any_report_it_says_so(project: Project):
    project.list(entry(A))
    done = project.run("check", A, "--at", "2026-11-01")
    assert (done.code, "there is no report of production" in done.out) == (3, True)


def test_a_day_is_its_first_moment_in_utc(weeks):
    project, _ = weeks
    assert (
        project.run("check", A, "--at", "2026-11-24", "--format", "json")
        .json["at"]
        .startswith("2026-11-24T00:00:00.000000Z")
    )


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("2026-11-24T10:00", 2, "has no zone"),
        ("yesterday", 2, "is no moment"),
        ("2026-13-01", 2, "is no moment"),
        ("0001-01-01T00:00+14:00", 2, "beyond the calendar"),
        ("2030-01-01", 4, "has not come yet"),
    ],
)
def test_moments_that_are_none(project: Project, text, code, said):
    done = project.run("check", A, "--at", text, "--format", "json")
    assert (done.code, said in done.err) == (code, True), done.err


def test_without_a_repository_nobody_can_tell(project: Project, tmp_path):
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "dnc.yaml").write_text(json.dumps(Project.TEMPLATE))
    configuration = str(tmp_path / "bare" / "dnc.yaml")
    done = project.run("--config", configuration, "check", A, "--at", "2026-11-01", "--format", "json")
    assert (done.code, done.json["errored"]) == (4, True)
    assert "no git repository" in done.err


def test_a_chain_that_does_not_hold_answers_nothing(weeks):
    told, (_, second, *_) = weeks
    project = told.clone("forged")
    project.git("branch", "-q", "dnc-audit", "origin/dnc-audit")
    names = project.git("ls-tree", "-r", "--name-only", "dnc-audit").splitlines()
    plan = min(name for name in names if name.endswith(".plan.json.gz"))
    project.git("switch", "-q", "dnc-audit")
    (project.folder / plan).write_bytes(b"another")
    project.git("commit", "-qam", "forged")
    project.git("switch", "-q", "main")
    done = project.run("check", A, "--at", second.isoformat())
    assert (done.code, "not the one that its report names" in done.err) == (4, True)


def test_the_page_for_counsel_stands_alone_and_masks(weeks):
    project, (_, _, third, _) = weeks
    page = project.folder.parent / "answer.html"
    done = project.run("check", A, "--at", third.isoformat(), "--report", f"html={page}", CI="")
    text = page.read_text(encoding="utf-8")
    assert done.code == 0, done.err
    assert (A in done.out, A in text, "+1 212 ••• ••01" in text) == (True, False, True)
    assert "At 2026-" in text
    assert "was listed, and live everywhere it should be" in text
    assert "@media print" in text
    assert not re.search(r"(src|href)=|url\(|@import", text)
    project.run("check", A, "--at", third.isoformat(), "--report", f"html={page}", "--whole-number")
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"\+1[0-9]{10}", text)) == {A}


def test_what_others_wrote_is_escaped_on_the_page(project: Project):
    project.list(entry(A), commit=False)
    project.git("add", "-A")
    project.git("-c", "user.name=<script>alert(1)</script>", "commit", "-qm", "x")
    project.git("push", "-q", "origin", "HEAD")
    project.apply()
    page = project.folder.parent / "answer.html"
    project.run("check", A, "--at", later(project, hours=1).isoformat(), "--report", f"html={page}")
    assert "<script>" not in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments", [("--report", "html=x.html"), ("--whole-number",), ("--at", "2026-11-01", "--live"),
                  ("--at", "2026-11-01", "--report", "pdf=x")]
)  # fmt: skip
def test_options_that_do_not_go_together(project: Project, arguments):
    assert project.run("check", A, *arguments).code == 2


def test_a_report_whose_revision_was_purged_tells_what_its_plan_says(project: Project):
    project.list(entry(B))
    project.apply()
    moment = later(project, hours=1)
    project.purge_history()
    fresh = project.clone("fresh")
    found = at(fresh, B, moment, code=3)
    assert "is not in this clone" in found["files_unread"]
    assert [(one["left_live"], one["live"], one["claims"]) for one in found["lists"]] == [(True, True, [])]
    assert "can't be read any more" in fresh.run("check", B, "--at", moment.isoformat()).out
    assert at(fresh, D, moment, code=3)["lists"] == []


def test_a_run_that_failed_saw_nothing_and_is_passed_over(project: Project):
    project.list(entry(A))
    project.apply()
    project.clock.move(hours=1)
    project.run("apply", CI_PIPELINE_SOURCE="schedule", CXONE_CLIENT_SECRET="wrong")
    found = at(project, A, later(project, hours=1), code=0)
    assert (found["report"]["seq"], [one["seq"] for one in found["failed"]]) == (1, [2])
    done = project.run("check", A, "--at", project.clock().isoformat())
    assert "report 2, 2026-11-23T13:00:" in done.out
    assert "is of no look into CXone (failed)" in done.out


def test_a_chain_that_was_continued_after_a_purge_answers_and_says_so(project: Project):
    project.list(entry(A))
    project.apply()
    project.list(entry(A, B))
    project.apply()
    moment = later(project, hours=1)
    old = head(project)
    after = purge(project, redact(names(project)[0]))
    assert after.run("check", A, "--at", moment.isoformat()).code == 4
    assert after.run("audit", "reanchor", f"{old}={head(after)}", *WHY).code == 0
    found = at(after, A, moment, code=0)
    assert (found["report"]["seq"], found["chain"]["purges"]) == (2, [3])
    assert on(found)["on_since"]["seq"] == 1
    assert (
        "report 3 continues the chain after a purge" in after.run("check", A, "--at", moment.isoformat()).out
    )


def answer_at(project: Project, number: str, moment: datetime) -> str:
    """Look up as JSON and as text, which begin with the same answer; give it."""
    found = at(project, number, moment)
    words = {"do-not-call": "DO NOT CALL", "not-listed": "NOT LISTED", "unknown": "UNKNOWN"}
    shown = project.run("check", number, "--at", moment.isoformat(), CI="").out
    assert shown.startswith(f"{words[found['answer']]}: {number} at 20"), shown
    assert bool(found["doubts"]) or found["answer"] != "unknown"
    assert ("not certain" in shown) == (found["answer"] == "unknown" and found["report"] is not None)
    return found["answer"]


def test_the_answer_for_each_moment(weeks):
    project, (first, second, third, fourth) = weeks
    told = {
        number: [answer_at(project, number, moment) for moment in (second, third, fourth)]
        for number in (A, B, C, D)
    }
    assert told == {
        A: ["do-not-call", "do-not-call", "do-not-call"],
        B: ["do-not-call", "do-not-call", "unknown"],  # the last read was 3 days old by then
        C: ["unknown", "do-not-call", "do-not-call"],  # an agent added it before the next look
        D: ["not-listed", "not-listed", "unknown"],
    }
    assert {answer_at(project, number, first) for number in (A, D)} == {"unknown"}


def test_what_came_off_is_not_listed_soon_after(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.clock.move(days=2)
    project.list(entry(B), releases=[release(A)])
    project.apply()
    assert answer_at(project, A, later(project, hours=1)) == "not-listed"
    assert answer_at(project, D, project.clock()) == "not-listed"


def test_what_was_merged_and_not_applied_by_then(project: Project):
    project.list(entry(B))
    project.apply()
    before = later(project, days=8)  # git's clock is the machine's
    project.list(entry(A, B, requestedOn="2026-11-25"))
    moment = later(project, hours=1)
    found = at(project, A, moment, code=3)
    assert (found["answer"], found["listed"]) == ("do-not-call", False)
    assert on(found)["pending"][0]["file"] == "dnc-lists/main.yaml"
    project.apply()
    assert answer_at(project, A, moment) == "do-not-call"
    assert answer_at(project, A, before) == "do-not-call"  # the person had asked
    shown = project.run("check", A, "--at", moment.isoformat(), CI="").out
    assert "was asked for by then, and no run had added it" in shown


def test_what_a_look_left_aside_is_in_doubt(project: Project):
    project.agent("add", A, list_id="corporate")
    project.list(entry(B))
    project.apply()
    moment = later(project, hours=1)
    assert answer_at(project, A, moment) == "unknown"
    assert "1 row on lists that no file names" in project.run("check", A, "--at", moment.isoformat()).out


def test_a_run_that_did_not_look_at_what_it_left_shows_no_absence(project: Project):
    project.list(entry(B))
    project.apply()
    project.list(entry(B, C))
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.READ, status=500, skip=1, times=None))
    project.run("apply")
    project.sandbox.faults.clear()
    assert answer_at(project, D, later(project, hours=1)) == "unknown"


def test_the_page_begins_with_the_answer(weeks):
    project, (_, _, third, fourth) = weeks
    for number, moment, answer in (
        (A, third, "DO NOT CALL"),
        (D, third, "NOT LISTED"),
        (D, fourth, "UNKNOWN"),
    ):
        page = project.folder.parent / "answer.html"
        project.run("check", number, "--at", moment.isoformat(), "--report", f"html={page}")
        assert f"<h1>{answer}: +1 212" in page.read_text(encoding="utf-8")
