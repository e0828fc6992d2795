"""Reports that are not what they should be: `verify` says so, what protects is sent, nothing comes off."""

import gzip
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.project import BRANCH, LIST, Project, dated, entry, release
from tests.support.sandbox import phone

A, B, C, NEW = phone(1), phone(2), phone(3), phone(9)
MANY = [phone(n) for n in range(20, 40)]
WHY = ("--reason", "A report that no run wrote", "--evidence", "INC-7")
TERMS = {"reasonCode": "CUSTOMER_REQUESTED", "expirationPolicy": "NEVER", "end": None, "requestedOn": None,
         "source": "dnc", "jurisdiction": None}  # fmt: skip


def row(**changed: Any) -> dict[str, Any]:
    """What a report says of a number that is kept, changed."""
    kept = {"list_id": LIST, "path": "dnc-lists/main.yaml", "since": None, "blocked_by": ["no-release"]}
    return {**kept, "phones": [A], "terms": {**TERMS, **changed.pop("terms", {})}, **changed}


@pytest.fixture
def applied(project: Project) -> Project:
    """Two reports; A is kept, because its line is gone."""
    project.list(entry(A), entry(B), entry(*MANY))
    project.apply()
    project.list(entry(B), entry(*MANY))
    project.apply(code=6)
    return project


def append(project: Project, change: Callable[[dict[str, Any]], object], *, name="mallory", plan=None) -> str:
    """Push one more report, right in number, link and plan but for what is changed; give its path."""
    clone = project.clone(name, "-b", BRANCH)
    names = [n for n in clone.git("ls-files").splitlines() if n.endswith(".json")]
    last = max(names, key=lambda n: json.loads((clone.folder / n).read_text())["seq"])
    raw = (clone.folder / last).read_bytes()
    report = json.loads(raw)
    packed = (clone.folder / last.replace(".json", ".plan.json.gz")).read_bytes() if plan is None else plan
    report |= {
        "seq": report["seq"] + 1,
        "previous": {"path": last, "sha256": hashlib.sha256(raw).hexdigest()},
        "plan_sha256": hashlib.sha256(packed).hexdigest(),
    }
    report.pop("passed_over", None)
    change(report)
    path = last.rsplit("-", 1)[0] + f"-{hashlib.sha256(name.encode()).hexdigest()[:8]}.json"
    (clone.folder / path).write_text(json.dumps(report, indent=2) + "\n")
    (clone.folder / path.replace(".json", ".plan.json.gz")).write_bytes(packed)
    clone.git("add", "-A")
    clone.git("commit", "-qm", "one more")
    clone.git("push", "-q", "origin", f"HEAD:{BRANCH}")
    return path


def verified(project: Project) -> tuple[int, str]:
    done = project.run("audit", "verify", "--format", "json")
    return done.code, " ".join(problem["message"] for problem in done.json["problems"])


def protects_and_exposes_nothing(project: Project) -> None:
    """A new number goes on, with exit 4; what was on stays; no report is chained on."""
    tip, before = project.tip(), set(project.live())
    project.list(entry(B), entry(NEW), entry(*MANY), releases=[release(A), release(MANY[0])])
    planned = project.run("plan", "--format", "json")
    assert planned.code in {0, 6}, planned.err
    assert any(f["rule"] == "AUDIT" and f["severity"] == "alarm" for f in planned.json["findings"])
    for command in (("drift",), ("status",), ("check", A)):
        said = project.run(*command)
        assert said.code in {0, 3, 6}, command
        assert "audit verify" in said.out + said.err, command
    done = project.apply(code=4)
    assert "nothing was removed" in done.err
    assert set(project.live()) == before | {NEW}
    assert project.tip() == tip
    assert done.json["report"] is None


ODD: dict[str, Callable[[dict[str, Any]], object]] = {
    "kept: a text": lambda r: r.update(kept="abc"),
    "kept: NEVER with an end": lambda r: r.update(kept=[row(terms={"end": "2020-01-01"})]),
    "seq: another": lambda r: r.update(seq=r["seq"] + 3),
    "previous: null": lambda r: r.update(previous=None),
    "previous: null, and seq 1": lambda r: r.update(previous=None, seq=1),
    "previous: another hash": lambda r: r["previous"].update(sha256="0" * 64),
    "revision: nowhere": lambda r: r.update(revision="0" * 40),
    "safety: empty": lambda r: r.update(safety={}),
}


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_a_report_that_is_not_one_holds_up_nothing_that_protects(applied: Project, odd):
    """S15: any one field stopped every protective change with exit 1 while `verify` was green."""
    append(applied, ODD[odd])
    code, said = verified(applied)
    if not odd.startswith("revision"):  # which only a clone of the lists can tell
        assert code == 4
        assert said
    protects_and_exposes_nothing(applied)


def test_verify_names_the_file_and_the_field(applied: Project):
    path = append(applied, ODD["kept: NEVER with an end"])
    done = applied.run("audit", "verify", "--format", "json")
    (problem,) = [p for p in done.json["problems"] if p["file"].startswith("origin/")]
    assert problem["file"] == f"origin/{BRANCH}:{path}"
    assert "kept[0].terms.end: the policy is NEVER, and there is an end" in problem["message"]


def test_an_earlier_revision_is_a_contradiction(project: Project):
    """A report whose revision is on another line than that of the one before is in doubt."""
    project.list(entry(A), entry(*MANY))
    project.apply()
    other = project.clone("elsewhere", "-b", "main")
    other.git("checkout", "-qb", "side")
    other.git("commit", "-q", "--allow-empty", "-m", "aside")
    other.git("push", "-q", "origin", "side")
    project.list(entry(A), entry(B), entry(*MANY))
    project.apply()
    append(project, lambda r: r.update(revision=other.git("rev-parse", "HEAD").strip()))
    protects_and_exposes_nothing(project)


def old(report: dict[str, Any]) -> None:
    """Say that the run was over in 2020."""
    report |= {"started_at": "2020-01-01T12:00:00Z", "finished_at": "2020-01-01T12:00:01Z",
               "as_of": "2020-01-01", "clock": {}, "write_window": None, "removed": {},
               "releases_used": {}, "kept": []}  # fmt: skip


@pytest.fixture
def used(project: Project) -> Project:
    """Four reports; the second used a release of A, which is claimed again."""
    for more in (
        {"entries": [entry(A, requestedOn="2026-11-20", evidence="CALL-1")]},
        {"releases": [release(A, on="2026-11-23")]},
        {},
        {"entries": [entry(A, requestedOn="2026-11-23", evidence="CALL-2")]},
    ):
        project.list(*more.get("entries", ()), entry(*MANY), releases=more.get("releases", ()))
        project.apply()
    assert A in project.live()
    project.clock.move(days=1)
    return project


def again(project: Project) -> None:
    """The release that was used stands in the files again, and the claim does not."""
    project.list(entry(NEW), entry(*MANY), releases=[release(A, on="2026-11-23")])


@pytest.mark.parametrize("count", [1, 3])
def test_a_report_that_is_older_than_the_one_before_is_a_contradiction(used: Project, count: int):
    """Three in a row hid what was behind them, such as a release that was used."""
    for n in range(count):
        append(used, old, name=f"mallory{n}")
    again(used)
    done = used.apply(code=4)
    assert "it says that it finished at 2020-01-01T12:00:01" in done.err
    assert {A, NEW} <= used.live().keys()


def test_an_auditor_passes_over_what_contradicts(used: Project):
    """It is found deep in the chain as well; the record names it, and the release stays used."""
    paths = [append(used, old, name=f"mallory{n}") for n in range(3)]
    again(used)
    used.apply(code=4)
    done = used.run("audit", "reanchor", *WHY)
    assert done.code == 0, done.err
    passed = [one["path"] for one in used.newest["reanchor"]["passed_over"]]
    assert set(passed) <= set(paths)
    assert verified(used) == (0, "")
    used.apply(code=6)
    assert {A, NEW} <= used.live().keys()


@pytest.mark.parametrize("count", [1, 2])
def test_a_fork_is_a_contradiction(used: Project, count: int):
    """A report that follows an early one hid what the reports between the two tell."""
    clone = used.clone("look", "-b", BRANCH)
    names = [n for n in clone.git("ls-files").splitlines() if n.endswith(".json")]
    seqs = {json.loads((clone.folder / n).read_text())["seq"]: n for n in names}
    first = seqs[1]
    sha = hashlib.sha256((clone.folder / first).read_bytes()).hexdigest()
    path = append(used, lambda r: r.update(seq=2, previous={"path": first, "sha256": sha}))
    if count > 1:
        sha = hashlib.sha256((used.clone("more", "-b", BRANCH).folder / path).read_bytes()).hexdigest()
        append(used, lambda r: r.update(seq=3, previous={"path": path, "sha256": sha}), name="again")
    again(used)
    done = used.apply(code=4)
    assert ("passes it by" if count > 1 else "the branch added") in done.err
    assert {A, NEW} <= used.live().keys()


def test_a_revision_that_nobody_has_is_in_doubt_behind_the_newest_too(applied: Project):
    """One report with such a revision, and one at a good revision after it."""
    head = applied.head
    append(applied, ODD["revision: nowhere"])
    append(applied, lambda r: r.update(revision=head), name="again")
    tip = applied.tip()
    applied.list(entry(B), entry(NEW), entry(*MANY), releases=[release(A)])
    done = applied.apply(code=4)
    assert "its revision 000000000000 is neither in this clone nor at the remote" in done.err
    assert {A, NEW} <= applied.live().keys()
    assert applied.tip() == tip


def test_held_is_that_of_the_newest_report_that_is_whole(applied: Project):
    """A is kept by the second report; two forged ones after it change nothing."""
    append(applied, ODD["kept: a text"])
    append(applied, ODD["previous: null"], name="again")
    planned = applied.plan()
    assert planned.json["held_revision"] == applied.reports(at=f"origin/{BRANCH}")[1]["revision"]
    protects_and_exposes_nothing(applied)
    assert A in applied.live()


def test_the_journal_keeps_what_no_report_tells(applied: Project):
    """Once the chain holds again, the next report tells of the run that could write none."""
    tip = applied.tip()
    append(applied, ODD["kept: a text"])
    protects_and_exposes_nothing(applied)
    applied.git("push", "-qf", "origin", f"{tip}:refs/heads/{BRANCH}")
    applied.git("fetch", "-qf", "origin", f"+{BRANCH}:refs/remotes/origin/{BRANCH}")
    applied.apply()
    assert [run["numbers"] for run in applied.newest["interrupted"]] == [1]
    assert applied.live().keys() & {A, NEW} == {NEW}  # the release goes now


@pytest.mark.parametrize("odd", ["kept: a text", "previous: null, and seq 1", "previous: another hash"])
def test_an_auditor_leaves_out_what_no_run_wrote(applied: Project, odd):
    path = append(applied, ODD[odd])
    protects_and_exposes_nothing(applied)
    done = applied.run("audit", "reanchor", *WHY)
    assert done.code == 0, done.err
    assert verified(applied) == (0, "")
    (remark,) = {
        r.partition(": ")[2] for r in applied.run("audit", "verify", "--format", "json").json["remarks"]
    }
    assert f"{path} is left out" in remark
    applied.apply()
    assert A not in applied.live()
    assert NEW in applied.live()
    assert verified(applied) == (0, "")
    assert applied.run("audit", "list").code == 0


def test_there_is_nothing_to_leave_out_of_a_chain_that_holds(applied: Project):
    done = applied.run("audit", "reanchor", *WHY)
    assert (done.code, "nothing is in doubt" in done.err) == (4, True)


def test_a_break_deep_in_the_chain_is_found_where_it_is_read(project: Project):
    """A lapse asks since when a number was held; the walk back meets the break, and the number stays."""
    project.list(dated(A, until="2026-11-26"), entry(*MANY))
    project.apply()
    for more in ((B,), (B, C)):
        project.list(dated(A, until="2026-11-26"), entry(*MANY), entry(*more))
        project.apply()
    other = project.clone("mallory", "-b", BRANCH)
    first = min(n for n in other.git("ls-files").splitlines() if n.endswith(".json"))
    report = json.loads((other.folder / first).read_text())
    (other.folder / first).write_text(json.dumps({**report, "tool_version": "x"}))
    other.git("commit", "-qam", "changed")
    other.git("push", "-q", "origin", BRANCH)
    project.clock.move(days=10)
    project.list(dated(A, until="2026-11-26"), entry(*MANY), entry(B, C), entry(NEW))
    project.apply(code=4)
    assert {A, NEW} <= project.live().keys()


@pytest.mark.parametrize(
    "plan",
    [b"no gzip", gzip.compress(b"{}", mtime=0), gzip.compress(b"[]", mtime=0), gzip.compress(b"{", mtime=0)],
)
def test_a_plan_that_is_none_ends_nothing(project: Project, plan):
    """S15: permission asks the plans who wrote a number last."""
    project.list(dated(A, until="2026-11-26"), entry(*MANY))
    project.apply()
    append(project, lambda r: None, plan=plan)
    project.clock.move(days=10)
    project.list(dated(A, until="2026-11-26"), entry(*MANY), entry(NEW))
    assert project.run("plan").code in {0, 6}
    assert project.run("apply").code in {0, 4, 6}
    assert NEW in project.live()
    for command in (
        ("audit", "list"),
        ("audit", "export"),
        ("audit", "summary"),
        ("check", A, "--at", "2026-11-24"),
    ):
        assert project.run(*command).code in {0, 3, 4}, command


def test_a_bomb_is_not_unpacked(applied: Project):
    """S19: 30 MB of nothing, packed into 30 kB."""
    append(applied, lambda r: r["summary"].update(create=1), plan=gzip.compress(bytes(30 * 1024 * 1024), 1))
    done = applied.run("audit", "export")
    assert (done.code, "no plan of this program is so" in done.err) == (4, True)
