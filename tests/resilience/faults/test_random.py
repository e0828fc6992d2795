"""Several faults at once, anywhere. Hypothesis prints the seed and the blob that repeat a failure."""

from dataclasses import replace

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.sandbox.entries.agent import Act, Deed
from reconciler.sandbox.entries.entry import Entry
from reconciler.sandbox.faults import RequestKind
from tests.resilience.faults.cases import FAULTS, LIES
from tests.resilience.faults.wired import number, put_right, set_up, untold, wired

_NAMES = sorted(set(FAULTS) - {*LIES, "time-out, stored"})
# Somebody else's entries come and go while pages are read.
_MOVES = st.lists(
    st.builds(
        lambda deed, n: Act(deed, Entry(number(1_000 + n), "NATIONAL", "NEVER", "agents")),
        st.sampled_from([Deed.ADD, Deed.REMOVE]),
        st.integers(0, 1_200),
    ),
    max_size=3,
)
_FAULTS = st.lists(
    st.builds(
        lambda name, kind, skip, times, acts: replace(
            FAULTS[name], on=kind, skip=skip, times=times, acts=tuple(acts)
        ),
        st.sampled_from(_NAMES),
        st.sampled_from([*RequestKind, None]),
        st.integers(0, 8),
        st.sampled_from([1, 1, 2, 3, 9, None]),
        _MOVES,
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(faults=_FAULTS, chunk_size=st.integers(1, 20), concurrency=st.integers(1, 4))
@example(  # stored, with a count that does not add up, and from then on turned away
    faults=[
        replace(FAULTS["429"], on=RequestKind.BULK, skip=1, times=None),
        replace(FAULTS["short count"], on=RequestKind.BULK),
    ],
    chunk_size=2,
    concurrency=1,
)
def test_whatever_comes_together_nothing_is_lost(faults, chunk_size, concurrency):
    with wired(chunk_size=chunk_size, concurrency=concurrency) as made:
        stood = {key: terms for key, terms in set_up(made).items() if key[0] != "agents"}
        before = made.stored
        made.sandbox.plan(*faults)
        ended = made.apply()
        ours = {key: terms for key, terms in before.items() if key[0] != "agents"}
        told = untold(made, ended, stood, ours)
        # What others did to their own lists is no write of ours.
        mine = {key: terms for key, terms in made.stored.items() if key[0] != "agents"}
        assert [w for w in told if w != "something was written" or mine != ours] == []
        assert put_right(made, stood) == []
    assert made.seen.leaked == []
