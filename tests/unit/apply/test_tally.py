"""The chunks in their order, and the results by action, list and number."""

import pytest

from reconciler.core.apply.outcomes import Outcome, Result, Tally
from reconciler.core.apply.sender import Queue
from reconciler.core.model.provider import Failure
from reconciler.core.planning.change import Action

ONE, TWO = "+12025550101", "+12025550102"
WHY = Failure("400", "no")


def test_what_is_tried_again_goes_first_and_what_is_in_doubt_last():
    cut = iter([["a"], ["b"], ["c"]])
    queue = Queue(cut)
    assert queue.take() == ["a"]
    queue.put_last(["x"], ["y"])
    queue.put_first(["1"], ["2"])
    assert next(cut) == ["b"]  # cut when it is needed, not before
    assert list(queue) == [["1"], ["2"], ["c"], ["x"], ["y"]]
    assert not queue


def test_nothing_to_send_is_an_empty_queue():
    queue = Queue(iter([]))
    assert not queue
    with pytest.raises(IndexError):
        queue.take()


def test_results_are_a_mapping_that_counts():
    tally = Tally()
    tally.settle((Action.CREATE, "a", ONE), Outcome.UNKNOWN, WHY)
    tally.settle((Action.CREATE, "a", ONE), Outcome.APPLIED)
    tally.settle((Action.DELETE, "a", ONE), Outcome.REJECTED, WHY)
    tally.settle((Action.CREATE, "b", TWO), Outcome.APPLIED)
    assert tally.results == {
        (Action.CREATE, "a", ONE): Result(Outcome.APPLIED),
        (Action.DELETE, "a", ONE): Result(Outcome.REJECTED, WHY),
        (Action.CREATE, "b", TWO): Result(Outcome.APPLIED),
    }
    assert {o: n for o, n in tally.results.counts.items() if n} == {Outcome.APPLIED: 2, Outcome.REJECTED: 1}
    assert list(tally.with_outcome(Outcome.REJECTED)) == [(Action.DELETE, "a", ONE)]
    assert list(tally.with_outcome(Outcome.UNKNOWN)) == []
    assert (Action.UPDATE, "a", ONE) not in tally.results
    assert (Action.CREATE, "c", ONE) not in tally.results
    assert tally.results.for_list(Action.CREATE, "c") == {}
    del tally.results[Action.DELETE, "a", ONE]
    assert not list(tally.with_outcome(Outcome.REJECTED))
