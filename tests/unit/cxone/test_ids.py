"""Distinct ids are counted, however many there are."""

import pytest

from reconciler.cxone.read_pass import IdCounter


@pytest.mark.parametrize("count", [0, 1, 3, 65_536, 65_537, 200_000])
def test_each_id_counts_once(count):
    ids = IdCounter()
    ids.update(f"e-{n}" for n in range(count))
    assert len(ids) == count
    ids.update(f"e-{n}" for n in range(count // 2))
    assert len(ids) == count
    ids.add("one more")
    assert len(ids) == count + 1


def test_those_of_two_looks_count_together():
    one, other = IdCounter(), IdCounter()
    one.update(["a", "b"])
    other.update(["b", "c"])
    one.join(other)
    assert (len(one), len(other)) == (3, 2)
