"""What a tenant is like, found out without writing."""

import pytest

from tests.unit.cxone.groups_world import LIST, national, world

LISTS = frozenset({LIST})


@pytest.mark.parametrize("form", ["national", "international"])
@pytest.mark.parametrize(("prefix", "right"), [("", "national"), ("1", "international")])
def test_the_right_form_is_found_whatever_is_set(form, prefix, right):
    with world(number_form=form) as w:
        phones = [prefix + national(n) for n in range(30)]
        w.sandbox.groups.store.load(w.group, phones, w.sandbox.now())
        found = w.provider.probe(LISTS)
        assert (found.records, found.number_form) == (30, right)
        assert found.search is (True if form == right else None)
        assert {asked.method for asked in w.asked(ending="/records")} == {"GET"}


def test_an_empty_group_tells_nothing():
    with world() as w:
        found = w.provider.probe(LISTS)
        assert (found.records, found.number_form, found.search, found.warnings) == (0, None, None, ())


def test_a_search_that_is_not_allowed():
    with world() as w:
        w.quirks.searches = False
        w.quirks.scrubs = False
        w.sandbox.groups.make("idle")
        w.put(1)
        found = w.provider.probe(LISTS | {"idle"})
        assert found.search is False
        assert "no scrubbed skill" in found.warnings[0].message
