"""`dnc check` begins with one of three answers, and NOT LISTED is never said in doubt."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.audit.journal import Journal
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.commands.record.test_doubtful_chain import append
from tests.support.project import LIST, Project, dated, entry, release
from tests.support.result import Result

OTHER = "dnc-list-02"
A, B, C = "+12125550101", "+12125550102", "+12125550103"
SCHEDULED = {"CI_PIPELINE_SOURCE": "schedule"}
WORDS = {"do-not-call": "DO NOT CALL", "not-listed": "NOT LISTED", "unknown": "UNKNOWN"}
DO_NOT_CALL, NOT_LISTED, UNKNOWN = WORDS


def both(project: Project, number: str, *arguments: str, **environ: str) -> tuple[dict[str, Any], Result]:
    """Look up as JSON and as text, which say the same; give both."""
    found = project.run("check", number, "--format", "json", *arguments, **environ)
    shown = project.run("check", number, *arguments, **{"CI": "", **environ})
    assert found.code == shown.code
    assert shown.out.startswith(f"{WORDS[found.json['answer']]}: {number} "), shown.out
    return found.json, shown


def nothing(_: Project) -> None:
    """No list, no run."""


def applied(project: Project) -> None:
    project.list(entry(B))
    project.apply()


def listed(project: Project) -> None:
    project.list(entry(A))
    project.apply()


def not_applied(project: Project) -> None:
    applied(project)
    project.list(entry(A, B))


def not_committed(project: Project) -> None:
    applied(project)
    project.list(entry(A, B), commit=False)


def unmanaged(project: Project) -> None:
    applied(project)
    project.agent("add", A)
    project.apply(**SCHEDULED)


def unmanaged_and_failed_since(project: Project) -> None:
    unmanaged(project)
    project.run("apply", **SCHEDULED, CXONE_CLIENT_SECRET="wrong")
    assert project.newest["status"] == "failed"


def unmanaged_long_ago(project: Project) -> None:
    unmanaged(project)
    project.clock.move(days=9)


def unmanaged_and_not_verified_since(project: Project) -> None:
    """The newest run saw it, and its read-back failed."""
    applied(project)
    project.agent("add", A)
    project.list(entry(B), entry(C, reason="LOCAL"))
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.READ, status=500, skip=1, times=None))
    project.run("apply")
    project.sandbox.faults.clear()
    assert project.newest["read_back"]["how"] == "failed"


def adopted_and_not_applied(project: Project) -> None:
    unmanaged(project)
    project.list(entry(A, B))


def seen_by_drift(project: Project) -> None:
    """No report has it: `drift` saw it, and leaves none."""
    applied(project)
    project.agent("add", A)
    assert A in project.run("drift", CI="").out


def not_stored(project: Project) -> None:
    project.sandbox.conduct.refused = {A: "INVALID_PHONE"}
    project.list(entry(A, B))
    project.apply(code=8)


def not_stored_and_line_deleted(project: Project) -> None:
    not_stored(project)
    project.list(entry(B))


def sent_and_not_seen(project: Project) -> None:
    """CXone took it, and the read-back failed."""
    applied(project)
    project.list(entry(A, B))
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.READ, status=500, skip=1, times=None))
    project.run("apply")
    project.sandbox.faults.clear()
    assert A in project.live()


def in_doubt(project: Project) -> None:
    project.list(entry(A, B))
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.BULK, status=500, times=None))
    project.apply(code=8)
    project.sandbox.faults.clear()


def removed(project: Project) -> None:
    project.list(entry(A, B))
    project.apply()
    project.clock.move(days=2)
    project.list(entry(B), releases=[release(A, evidence="FORM-77")])
    project.apply()
    assert A not in project.live()


def removed_and_added_by_an_agent(project: Project) -> None:
    removed(project)
    project.agent("add", A)
    project.apply(**SCHEDULED)


def removed_from_one_list(project: Project) -> None:
    project.list(entry(A), name="second", list_id=OTHER)
    removed(project)
    assert A in project.live(OTHER)


def removal_failed(project: Project) -> None:
    project.list(entry(A, B))
    project.apply()
    project.clock.move(days=2)
    project.list(entry(B), releases=[release(A)])
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.DELETE, status=500, times=None))
    project.run("apply")
    project.sandbox.faults.clear()


def removal_by_hand(project: Project) -> None:
    project.tenant(removal="none")
    project.list(entry(A, B))
    project.apply()
    project.clock.move(days=2)
    project.list(entry(B), releases=[release(A)])
    project.apply()
    assert A in project.live()


def released_and_not_applied(project: Project) -> None:
    project.list(entry(A, B))
    project.apply()
    project.clock.move(hours=2)
    project.list(entry(B), releases=[release(A)])


def kept(project: Project) -> None:
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B))
    project.apply(code=6)


def deleted_and_not_applied(project: Project) -> None:
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B))


def lapsed_and_not_removed(project: Project) -> None:
    project.list(dated(A, until="2026-11-24"), entry(B))
    project.apply()
    project.clock.move(days=3)


def lapsed_and_removed(project: Project) -> None:
    lapsed_and_not_removed(project)
    project.apply()
    assert A not in project.live()


def over_before_it_was_live(project: Project) -> None:
    project.list(dated(A, until="2026-10-31"), entry(B))
    project.apply()


def over_and_never_applied(project: Project) -> None:
    project.list(dated(A, until="2026-10-31"))


def over_and_added_by_an_agent(project: Project) -> None:
    over_before_it_was_live(project)
    project.agent("add", A)
    project.apply(**SCHEDULED)


def held(project: Project) -> None:
    """A hold names it, and no list has it."""
    applied(project)
    hold = f'holds: [{{matter: CASE-7, from: 2026-11-01, phones: ["{A}"]}}]'
    project.write("dnc-lists/holds.yaml", f"listId: {LIST}\n{hold}\n")
    project.commit()


def everything_held(project: Project) -> None:
    """A hold of everything says nothing of a number that is on no list."""
    applied(project)
    hold = "holds: [{matter: CASE-7, from: 2026-11-01, all: true}]"
    project.write("dnc-lists/holds.yaml", f"listId: {LIST}\n{hold}\n")
    project.commit()
    project.apply()


def old(project: Project) -> None:
    applied(project)
    project.clock.move(hours=27)


def young_enough(project: Project) -> None:
    applied(project)
    project.clock.move(hours=25)


def broken_file(project: Project) -> None:
    applied(project)
    project.write("dnc-lists/broken.yaml", "listId: [")


def broken_file_with_its_digits(project: Project) -> None:
    applied(project)
    project.write("dnc-lists/broken.yaml", "listId: [\n  (212) 555-0101\n")


def bad_number_in_a_file(project: Project) -> None:
    applied(project)
    project.list({**entry(), "phones": ["212.555.0101"]}, name="bad", list_id=OTHER, commit=False)


def impossible_year(project: Project) -> None:
    """A typing error: 1926 for 2026. By its words the term is over."""
    applied(project)
    odd = entry(A, policy="RELATIVE", retention="P5Y", requestedOn="1926-11-20")
    project.list(odd, name="odd", list_id=OTHER, commit=False)


def unreached_file(project: Project) -> None:
    applied(project)
    project.write("dnc-lists/misnamed.yml", f'listId: x\nentries: [{{phone: "{A}"}}]\n')


def merged_and_not_pulled(project: Project) -> None:
    applied(project)
    project.clone("colleague").list(entry(A), name="more")


def committed_and_deleted_here(project: Project) -> None:
    not_applied(project)
    project.list(entry(B), commit=False)


def foreign_rows(project: Project) -> None:
    project.agent("add", C, list_id="corporate")
    applied(project)


def on_a_foreign_list(project: Project) -> None:
    project.agent("add", A, list_id="corporate")
    applied(project)


def unreadable_rows(project: Project) -> None:
    project.agent("add", "212-555-0199")
    applied(project)


def an_unreadable_row_of_it(project: Project) -> None:
    project.agent("add", "(212) 555-0101")
    applied(project)


def killed_after_writing(project: Project) -> None:
    project.list(entry(A, B))
    killed(project)
    project.list(entry(B))


def killed(project: Project) -> None:
    def die(*_: object, **__: object) -> None:
        raise SystemExit(137)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("reconciler.use_cases.reconcile.apply._write_report", die)
        assert project.run("apply", "--yes").code == 137


def killed_while_removing(project: Project) -> None:
    released_and_not_applied(project)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Journal, "record_answer", lambda *_, **__: None)
        killed(project)
    assert A not in project.live()


def forged(project: Project) -> None:
    applied(project)
    append(project, lambda report: report.update(status="no status"))


def another_cxone(project: Project) -> None:
    applied(project)
    project.environ["CXONE_ORG_ID"] = "another"


def another_tenant(project: Project) -> None:
    project.configure(
        lambda c: c["tenants"].update(
            production={**c["tenants"]["production"], "lists": ["dnc-lists/*.yaml"]},
            toy={**c["tenants"]["toy"], "lists": ["toys/*.yaml"]},
        )
    )
    applied(project)
    project.list(entry(A), name="../toys/main")


@dataclass(frozen=True)
class Case:
    """How it came to be; the answers by the record and by CXone; their exit codes; words of the first."""

    build: Callable[[Project], None]
    answer: str
    live: str
    codes: tuple[int, int] = (3, 3)
    words: tuple[str, ...] = ()


CASES = [
    Case(nothing, UNKNOWN, NOT_LISTED, words=("there is no report yet", "fix: ask CXone")),
    Case(applied, NOT_LISTED, NOT_LISTED, words=("CXone was not asked now",)),
    Case(listed, DO_NOT_CALL, DO_NOT_CALL, (0, 0), ("live everywhere it should be",)),
    Case(not_applied, DO_NOT_CALL, DO_NOT_CALL, words=("NOT live", "never confirmed live")),
    Case(not_committed, DO_NOT_CALL, DO_NOT_CALL, words=("not committed yet",)),
    Case(unmanaged, DO_NOT_CALL, DO_NOT_CALL, words=("in no file, though live", "an agent or a script")),
    Case(unmanaged_and_failed_since, DO_NOT_CALL, DO_NOT_CALL, words=("in no file, though live",)),
    Case(unmanaged_long_ago, DO_NOT_CALL, DO_NOT_CALL, words=("in no file, though live",)),
    Case(unmanaged_and_not_verified_since, DO_NOT_CALL, DO_NOT_CALL, words=("though live",)),
    Case(adopted_and_not_applied, DO_NOT_CALL, DO_NOT_CALL, (3, 0), ("was seen live", "not applied yet")),
    Case(seen_by_drift, DO_NOT_CALL, DO_NOT_CALL, words=("in no file, though live",)),
    Case(not_stored, DO_NOT_CALL, DO_NOT_CALL, words=("NOT live", "INVALID_PHONE")),
    Case(not_stored_and_line_deleted, DO_NOT_CALL, DO_NOT_CALL, words=("INVALID_PHONE",)),
    Case(
        sent_and_not_seen, DO_NOT_CALL, DO_NOT_CALL, (0, 0), ("no run has seen it there yet", "CXone took it")
    ),
    Case(in_doubt, DO_NOT_CALL, DO_NOT_CALL, words=("NOT live",)),
    Case(removed, NOT_LISTED, NOT_LISTED, words=("removed by report 2, CONSENT_GIVEN, FORM-77, by Ann",)),
    Case(
        removed_and_added_by_an_agent, DO_NOT_CALL, DO_NOT_CALL, words=("though live", "removed by report 2")
    ),
    Case(removed_from_one_list, DO_NOT_CALL, DO_NOT_CALL, (0, 0), (f"{OTHER}: live", f"{LIST}: not live")),
    Case(removal_failed, DO_NOT_CALL, DO_NOT_CALL, (0, 3), ("in no list file",)),
    Case(removal_by_hand, DO_NOT_CALL, DO_NOT_CALL, (0, 3), ("by hand",)),
    Case(released_and_not_applied, DO_NOT_CALL, DO_NOT_CALL, (0, 3), ("the next run decides",)),
    Case(kept, DO_NOT_CALL, DO_NOT_CALL, (0, 0), ("in no list file, and CXone keeps it",)),
    Case(deleted_and_not_applied, DO_NOT_CALL, DO_NOT_CALL, (0, 0), ("no run has removed it",)),
    Case(lapsed_and_not_removed, DO_NOT_CALL, DO_NOT_CALL, (0, 3), ("it ended on 2026-11-24",)),
    Case(lapsed_and_removed, NOT_LISTED, NOT_LISTED, words=("it ended on 2026-11-24", "removed by report 2")),
    Case(over_before_it_was_live, NOT_LISTED, NOT_LISTED, words=("its term is over", "never confirmed live")),
    Case(over_and_never_applied, UNKNOWN, NOT_LISTED, words=("its term is over",)),
    Case(over_and_added_by_an_agent, DO_NOT_CALL, DO_NOT_CALL, words=("term is over, though live",)),
    Case(held, DO_NOT_CALL, DO_NOT_CALL, words=("a hold names it", "CASE-7")),
    Case(everything_held, NOT_LISTED, NOT_LISTED),
    Case(old, UNKNOWN, NOT_LISTED, words=("27 hours old", "readings.maxAgeHours")),
    Case(young_enough, NOT_LISTED, NOT_LISTED),
    Case(broken_file, UNKNOWN, UNKNOWN, (3, 3), ("dnc-lists/broken.yaml has errors",)),
    Case(broken_file_with_its_digits, DO_NOT_CALL, DO_NOT_CALL, (3, 3), ("dnc-lists/broken.yaml",)),
    Case(bad_number_in_a_file, DO_NOT_CALL, DO_NOT_CALL, (3, 3), ("dnc-lists/bad.yaml",)),
    Case(impossible_year, DO_NOT_CALL, DO_NOT_CALL, (3, 3), ("dnc-lists/odd.yaml", "its term is over")),
    Case(unreached_file, DO_NOT_CALL, DO_NOT_CALL, (3, 3), ("dnc-lists/misnamed.yml",)),
    Case(merged_and_not_pulled, DO_NOT_CALL, DO_NOT_CALL, words=("dnc-lists/more.yaml of origin/main",)),
    Case(committed_and_deleted_here, DO_NOT_CALL, DO_NOT_CALL, words=("dnc-lists/main.yaml of HEAD",)),
    Case(foreign_rows, UNKNOWN, NOT_LISTED, words=("1 row on lists that no file names",)),
    Case(on_a_foreign_list, UNKNOWN, DO_NOT_CALL, words=("1 row on lists that no file names",)),
    Case(unreadable_rows, UNKNOWN, NOT_LISTED, words=("1 row whose phone is no E.164 number",)),
    Case(an_unreadable_row_of_it, UNKNOWN, DO_NOT_CALL, words=("1 row whose phone is no E.164 number",)),
    Case(
        killed_after_writing, DO_NOT_CALL, DO_NOT_CALL, words=("a run that left no report may have added it",)
    ),
    Case(killed_while_removing, DO_NOT_CALL, NOT_LISTED, (0, 3), ("in no list file",)),
    Case(forged, UNKNOWN, UNKNOWN),
    Case(another_cxone, UNKNOWN, NOT_LISTED, words=("of another CXone",)),
    Case(another_tenant, DO_NOT_CALL, DO_NOT_CALL, words=(f"{LIST} of tenant toy: toys/main.yaml",)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.build.__name__)
def test_the_answer_comes_first_and_is_protective(project: Project, case: Case):
    case.build(project)
    found, shown = both(project, A)
    assert found["answer"] == case.answer, (found, shown)
    for words in case.words:
        assert words in shown.out
    if case.answer == NOT_LISTED:
        assert found["doubts"] == []
    if case.answer == UNKNOWN:
        assert found["doubts"]
    with_live, shown_live = both(project, A, "--live")
    assert with_live["answer"] == case.live, (with_live, shown_live)
    assert (shown.code, shown_live.code) == case.codes
    for document, text in ((found, shown), (with_live, shown_live)):
        is_listed = any(one["claims"] for one in document["lists"])
        assert ("is listed" in text.out) == is_listed, text.out


def test_an_entry_that_was_never_live_was_never_confirmed(project: Project):
    """C05"""
    over_before_it_was_live(project)
    for arguments in ((), ("--live",)):
        found, shown = both(project, A, *arguments)
        (one,) = found["lists"]
        assert (one["last_confirmed_live"], one["live"], one["wanted"]) == (None, False, False)
        (line,) = one["expired"]
        assert (line["file"], line["terms"]["end"]) == ("dnc-lists/main.yaml", "2026-10-31")
        assert "dnc-lists/main.yaml:" in shown.out
        assert "last confirmed" not in shown.out
