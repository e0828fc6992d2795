"""What a tenant is like, found out without writing."""

from datetime import date

import pytest

from tests.unit.cxone.groups_world import LIST, national, number, world

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
        w.sandbox.groups.make("idle", active=False)
        w.put(1)
        found = w.provider.probe(LISTS | {"idle"})
        assert found.search is False
        assert "idle is inactive" in found.warnings[0].message


@pytest.mark.parametrize(
    ("quirks", "found"),
    [
        ({}, {"in_body": False, "page_size": None, "is_ordered": True, "expired_beside": 0}),
        ({"search": "wants-body"}, {"search": True, "in_body": True}),
        ({"search": "wants-query"}, {"search": True, "in_body": False}),
        ({"search": "blind"}, {"search": False}),
        ({"most_records": 100}, {"page_size": 100}),
        ({"order_by": "refused"}, {"is_ordered": False}),
        ({"shift_hours": -10}, {"shifts": (-10,), "shown_days": {0: 1}}),
        ({"shift_hours": 5}, {"shifts": (5,), "shown_days": {0: 1}}),
        ({"shift_hours": -10, "dates": "day"}, {"shifts": (), "shown_days": {-1: 1}}),
        (
            {"text_values": True, "omits_empty": True, "wrapping": "never"},
            {"search": True, "records": 122, "oddities": ("counts as text",), "adds_up": True},
        ),
        ({"array": "dncGroupRecords"}, {"oddities": ("records under dncGroupRecords",)}),
        ({"totals": False}, {"oddities": ("no total",)}),
        ({"unlisted_groups": 1}, {"oddities": (), "adds_up": False}),
        ({"reads_skills": False}, {"search": True}),
    ],
    ids=str,
)
def test_what_a_read_can_find_is_found(quirks, found):
    with world() as w:
        w.sandbox.groups.store.load(w.group, [national(n) for n in range(120)], w.sandbox.now())
        w.put(120, expired="2027-01-02")
        w.put(121)
        for name, value in quirks.items():
            setattr(w.quirks, name, value)
        ends = {(LIST, number(120)): date(2026, 12, 31), (LIST, number(999)): date(2026, 12, 31)}
        probe = w.provider.probe(LISTS, ends)
        assert {name: getattr(probe, name) for name in found} == found
        assert {asked.method for asked in w.asked(ending="/records")} == {"GET"}


def test_what_is_left_out_where_it_is_empty_is_found():
    with world() as w:
        w.quirks.omits_empty = True
        assert w.provider.probe(LISTS).oddities == ("empty arrays left out",)


def test_an_expiry_that_added_a_record_is_seen():
    with world() as w:
        w.put(1, 2, 3)
        w.put(2, expired="2026-11-01")
        w.put(3, expired="2026-11-01")
        w.time.seconds += 60
        w.put(3)
        assert w.provider.probe(LISTS).expired_beside == 1
