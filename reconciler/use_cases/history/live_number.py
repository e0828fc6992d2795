"""One number in CXone, as it is read now: its entries on every list, and what today's plan says of them."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from reconciler.core.model.entries import ProjectedTerms
from reconciler.core.model.errors import DncError
from reconciler.core.model.live import Live
from reconciler.core.planning.change import DriftKind
from reconciler.core.planning.state import Retained
from reconciler.rules.numbering import national_digits
from reconciler.use_cases.history.number_record import unlisted_row_doubts
from reconciler.use_cases.reconcile.last_applied import Past
from reconciler.use_cases.reconcile.prepared_plan import PlanRequest, PreparedPlan, prepare_plan
from reconciler.use_cases.workspace.context import CommandContext

_NO_DIGIT = re.compile("[^0-9]+")
_MARKS = frozenset("\ufffd…")  # in the name of a list as a read shows it, where it is not all of that name
_FEW_DIGITS = 5  # of a row that is no number: fewer say nothing


@dataclass(frozen=True, slots=True)
class LiveNumber:
    """What CXone has of the number, list by list, and what the plan of now says of it.

    `weaker`: lists whose entry the next run makes stronger. `retained`: why a list keeps it without a line.
    `removals_due`: lists that the next run removes it from. `unmanaged`: lists that have it, and no file
    names it for them. `doubts` say why it may be on a list that none of these names.
    """

    read_at: str
    entries: Mapping[str, ProjectedTerms] = field(default_factory=dict)
    weaker: frozenset[str] = frozenset()
    retained: Mapping[str, Retained] = field(default_factory=dict)
    removals_due: frozenset[str] = frozenset()
    unmanaged: frozenset[str] = frozenset()
    doubts: tuple[str, ...] = ()

    @property
    def list_ids(self) -> set[str]:
        """Name every list that any of this is about."""
        return {*self.entries, *self.weaker, *self.retained, *self.removals_due, *self.unmanaged}


@contextmanager
def open_live_number(ctx: CommandContext, number: str) -> Iterator[tuple[Past, LiveNumber]]:
    """Read CXone and plan; give the tenant's past and what CXone has of the number."""
    with prepare_plan(ctx, PlanRequest(is_strict=False)) as prepared:
        yield prepared.state.last_applied, _live_number(prepared, number)


def _live_number(prepared: PreparedPlan, number: str) -> LiveNumber:
    plan, live = prepared.plan, prepared.state.live
    exposing = [change for change in plan.changes if change.is_exposing and number in change.phones]
    unmanaged = {
        drift.list_id for drift in plan.drift if drift.kind is DriftKind.UNMANAGED and number in drift.phones
    }
    entries = dict(_entries(live, number))
    doubts = list(_read_doubts(live, number))
    if not entries and live.foreign:
        others, left = _read_foreign_lists(prepared, number)
        entries |= others
        unmanaged |= others.keys()
        doubts += unlisted_row_doubts(left, 0, "this read")
    elif live.foreign:
        doubts += unlisted_row_doubts(sum(live.foreign.values()), 0, "this read")
    return LiveNumber(
        read_at=live.read_at,
        entries=entries,
        weaker=frozenset(
            change.list_id for change in plan.changes if not change.is_exposing and number in change.phones
        ),
        retained={
            list_id: retained
            for (list_id, phone), retained in plan.target_state.retained.items()
            if phone == number
        },
        removals_due=frozenset(
            change.list_id for change in exposing if change.is_allowed and not change.after
        ),
        unmanaged=frozenset(unmanaged | set(_unreadable_lists(live, number))),
        doubts=tuple(doubts),
    )


def _entries(live: Live, number: str) -> Iterator[tuple[str, ProjectedTerms]]:
    for list_id in live.lists:
        if (entry := live.get((list_id, number))) is not None:
            yield list_id, entry.terms


def _read_doubts(live: Live, number: str) -> Iterator[str]:
    if not live.complete:
        yield "CXone changed during both reads, so a number that neither saw may be there"
    for row in live.unreadable:
        digits = _NO_DIGIT.sub("", row.text)
        if len(digits) >= _FEW_DIGITS and number.endswith(digits):
            yield f"a row of {row.list_id} in CXone is no E.164 number, and may be this one without its start"


def _unreadable_lists(live: Live, number: str) -> Iterator[str]:
    """Name the lists with a row that is no E.164 number and has the national digits of this one."""
    national = national_digits(number)
    for row in live.unreadable:
        if national in _NO_DIGIT.sub("", row.text):
            yield row.list_id


def _read_foreign_lists(prepared: PreparedPlan, number: str) -> tuple[Mapping[str, ProjectedTerms], int]:
    """Read the lists that no file names, too; give the number's entries, and count the rows not looked at."""
    live, tenant = prepared.state.live, prepared.inputs.tenant
    # A marked or shortened name is not the list's own, and one that listIds has is another list.
    readable = {name for name in live.foreign if _MARKS.isdisjoint(name) and tenant.own_list_id(name) == name}
    try:
        further = prepared.state.provider.read(frozenset(readable)) if readable else Live()
    except DncError:
        return {}, sum(live.foreign.values())
    left = sum(count for name, count in live.foreign.items() if name not in readable)
    return dict(_entries(further, number)), left if further.complete else sum(live.foreign.values())
