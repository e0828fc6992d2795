"""A situation for each guard and each outcome of a removal, and what every output is to say of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox.entries.agent import Act, Deed
from reconciler.sandbox.entries.entry import Entry
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.project import LIST, Project, entry, release
from tests.support.sandbox import phone

A, B = (phone(n) for n in range(2))
C, D = phone(40), phone(41)
TWENTY = [phone(n) for n in range(20)]
Blocks = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Situation:
    """What is done before a plan, before drift and before the apply; and what stays, why.

    `planned` is what the plan keeps, by number; `kept` what the run keeps, None: the same. `codes` are the
    exit codes of plan and apply.
    """

    prepare: Callable[[Project], object]
    planned: Blocks
    kept: Blocks | None = None
    before_drift: Callable[[Project], object] = lambda _: None
    before_apply: Callable[[Project], object] = lambda _: None
    codes: tuple[int, int] = (6, 6)
    by_hand: tuple[str, ...] = ()
    not_removed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def blocked(self) -> Blocks:
        return self.planned if self.kept is None else self.kept


def applied(project: Project, *numbers: str, days: int = 0) -> None:
    project.list(entry(*numbers))
    project.apply()
    project.clock.move(days=days)


def released(project: Project, *numbers: str, rest: tuple[str, ...], days: int = 0, **terms: Any) -> None:
    applied(project, *numbers, *rest, days=days)
    project.list(*([entry(*rest)] if rest else []), releases=[release(*numbers, **terms)])


def vanished(project: Project) -> None:
    applied(project, A, B)
    project.list(entry(B))


def asked_later(project: Project) -> None:
    applied(project, A, B, days=2)
    project.agent("modify", A)
    project.list(entry(B), releases=[release(A)])


def over_budget(project: Project) -> None:
    released(project, *TWENTY[:6], rest=tuple(TWENTY[6:]))


def over_budget_and_more(project: Project) -> None:
    """One list is over its budget, another is not, and one number has no release."""
    project.list(entry(C), name="second", list_id="second", commit=False)
    applied(project, *TWENTY)
    project.list(releases=[release(C)], name="second", list_id="second", commit=False)
    project.list(entry(*TWENTY[7:]), releases=[release(*TWENTY[:6])])


def emptied(project: Project) -> None:
    project.configure(lambda c: c["safety"].update(maxRemovalPercent=100))
    released(project, *TWENTY[:10], rest=(), days=8)


def gone_while_read(project: Project) -> None:
    """Two reads do not add up, and the latest lacks A. Nobody has modified it: its time is as it was."""
    mine = next((e for e in project.sandbox.entries() if e.phone == A), None)
    if mine is None:
        released(project, A, rest=(B,))
        mine = next(e for e in project.sandbox.entries() if e.phone == A)
        project.agents_entry = mine
    gone = Act(Deed.REMOVE, Entry(A, "", "", LIST))
    wrong = Fault(FaultAction.WRONG_TOTAL, RequestKind.READ)
    project.sandbox.plan(wrong, Fault(FaultAction.WRONG_TOTAL, RequestKind.READ, acts=(gone,)))


def back_and_gone_again(project: Project) -> None:
    project.agent("add", A, modified=project.agents_entry.modified)
    gone_while_read(project)


def unreadable(project: Project) -> None:
    """CXone cannot be read, and something new is sent all the same."""
    project.list(entry(D), name="new")
    fault = Fault(FaultAction.STATUS, RequestKind.READ, status=500, times=None)
    project.sandbox.plan(fault)


def refused_elsewhere(project: Project) -> None:
    applied(project, A, B)
    project.sandbox.conduct.refused = {A: "INVALID_PHONE"}
    project.list(entry(A), name="second", list_id="second", commit=False)
    project.list(entry(B), releases=[release(A)])


def cannot_remove(project: Project) -> None:
    released(project, A, rest=(B,))
    project.sandbox.conduct.deletes = False


def by_hand(project: Project) -> None:
    project.tenant(removal="none")
    released(project, A, rest=(B,))


def newer_revision(project: Project) -> None:
    def meanwhile() -> None:
        other = project.clone("other")
        other.list(entry(A, B), name="main")

    project.on_read[2] = meanwhile


def on_hold(project: Project) -> None:
    released(project, A, rest=(B,))
    hold = 'listId: dnc-list-01\nholds:\n  - matter: CASE-7\n    from: 2026-11-01\n    phones: ["{}"]\n'
    project.write("dnc-lists/holds.yaml", hold.format(A))
    project.commit()


def unapproved(project: Project) -> None:
    project.configure(lambda c: c["safety"].update(approvals=1))
    released(project, A, rest=(B,))


def pinned_elsewhere(project: Project) -> None:
    released(project, A, rest=(B,))
    project.configure(lambda c: c.setdefault("audit", {}).update(genesis={"production": "0" * 64}))


def broken_file_merged(project: Project) -> None:
    project.write("dnc-lists/broken.yaml", "listId: dnc-list-01\nentries: {}\n")
    project.commit()


def never_removed(project: Project) -> None:
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.DELETE, status=500, times=None))


def of(reason: str, *numbers: str) -> Blocks:
    return dict.fromkeys(numbers, (reason,))


SITUATIONS = {
    "no-release": Situation(vanished, of("no-release", A)),
    "release-does-not-fit": Situation(
        lambda p: released(p, A, rest=(B,), reason="REGISTRY_REMOVED"), of("release-does-not-fit", A)
    ),
    "later-opt-out": Situation(asked_later, of("later-opt-out", A)),
    "budget": Situation(over_budget, of("budget", *TWENTY[:6])),
    "budget, beside others": Situation(
        over_budget_and_more,
        {**of("budget", *TWENTY[:6]), **of("no-release", TWENTY[6])},
        removed=(C,),
    ),
    "budget, another number": Situation(
        over_budget, of("budget", *TWENTY[:6]), arguments=("--allow-removals", "7")
    ),
    "would-empty-list": Situation(emptied, of("would-empty-list", *TWENTY[:10])),
    "incomplete-read": Situation(
        gone_while_read,
        of("incomplete-read", A),
        before_drift=back_and_gone_again,
        before_apply=back_and_gone_again,
    ),
    "incomplete-read, nothing read": Situation(
        lambda p: released(p, A, rest=(B,)),
        {},
        of("incomplete-read", A),
        before_apply=unreadable,
        codes=(0, 8),
    ),
    "refused-elsewhere": Situation(refused_elsewhere, {}, of("refused-elsewhere", A), codes=(0, 8)),
    "unsupported, by hand": Situation(by_hand, {}, by_hand=(A,), codes=(0, 0)),
    "unsupported, found out": Situation(cannot_remove, {}, of("unsupported", A), codes=(0, 6)),
    "superseded": Situation(
        lambda p: released(p, A, rest=(B,)),
        {},
        of("superseded", A),
        before_apply=newer_revision,
        codes=(0, 6),
    ),
    "hold": Situation(on_hold, of("hold", A)),
    "approval": Situation(unapproved, of("approval", A)),
    "other-chain": Situation(pinned_elsewhere, of("other-chain", A)),
    "invalid-files": Situation(
        lambda p: released(p, A, rest=(B,)),
        {},
        of("invalid-files", A),
        before_apply=broken_file_merged,
        codes=(0, 8),
    ),
    "its removal fails": Situation(
        lambda p: released(p, A, rest=(B,)),
        {},
        {},
        before_apply=never_removed,
        codes=(0, 8),
        not_removed=(A,),
    ),
    "removed": Situation(lambda p: released(p, A, rest=(B,)), {}, codes=(0, 0), removed=(A,)),
}
