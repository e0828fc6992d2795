"""Beyond 200 pages the totals do instead of a full read, where nothing exposing waits."""

from dataclasses import replace

import pytest

from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Run, carry_out
from reconciler.core.apply.sender import Applier
from reconciler.core.model.entries import Key
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.planning.change import Action, BlockedBy
from reconciler.core.planning.guards import Circumstances
from reconciler.core.planning.inputs import PlanFacts
from reconciler.core.planning.plan import Plan, make_plan
from reconciler.core.planning.state import LastApplied
from tests.unit.apply.scripted import LIST, LOCAL, Scripted, phones
from tests.unit.planning.builders import DIALECT, TODAY, Ledger, claims

(ONE,) = phones(1)


def _large(provider: Scripted, entries: int) -> Run:
    setting = PlanFacts(claims(("a.yaml", LIST, ONE, LOCAL)), LastApplied(), DIALECT, Ledger(), TODAY)
    live = Live(entry_count=entries)

    def decide(
        live: Live, *, refused: frozenset[str], hold_back: BlockedBy | None, wrote: frozenset[Key]
    ) -> Plan:
        met = Circumstances(
            refused_phones=refused, general_block=hold_back, protective_sent=True, written_keys=wrote
        )
        return make_plan(setting, live, met)

    return carry_out(
        make_plan(setting, live),
        live,
        Applier(provider, chunk_size=500, concurrency=1),
        provider,
        decide=decide,
        may_expose=lambda: None,
        list_ids=frozenset({LIST}),
    )


STORED = {LIST: {ONE: LiveEntry(DIALECT.project(LOCAL), "1")}}


@pytest.mark.parametrize(
    ("entries", "total", "asked"),
    [
        (99_999, 100_000, ["read"]),
        (100_000, 100_001, ["total"]),
        (100_000, 100_000, ["total", "read"]),
    ],
)
def test_beyond_200_pages_the_totals_do(entries: int, total: int, asked: list[str]) -> None:
    provider = Scripted(on_read=lambda: Live(STORED, entry_count=total), on_total=lambda: total)
    run = _large(provider, entries)
    assert provider.asked == asked
    assert run.read_back == ("totals" if asked == ["total"] else "full")
    assert run.tally.results[Action.CREATE, LIST, ONE].outcome is Outcome.APPLIED
    assert run.not_live == frozenset()


def test_what_is_not_live_does_not_depend_on_totals_alone() -> None:
    provider = Scripted(on_read=lambda: Live(entry_count=100_000), on_total=lambda: 100_000)
    run = _large(provider, 100_000)
    assert run.not_live == {(LIST, ONE)}


def test_after_a_run_live_is_told_as_far_as_it_is_known() -> None:
    provider = Scripted(on_total=lambda: 100_001)
    run = _large(provider, 100_000)
    assert run.live_after == replace(run.live_before, lists=run.live_after.lists, entry_count=100_001)
    assert run.live_after.get((LIST, ONE)) is not None
