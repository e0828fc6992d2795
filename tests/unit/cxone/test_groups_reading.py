"""Reading groups, whatever NICE leaves open about them."""

from datetime import date

import pytest

from reconciler.core.model.entries import ProjectedTerms
from reconciler.core.model.errors import CxoneUnreadable, InvalidInput
from reconciler.cxone.groups import group_read
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.unit.cxone.groups_world import LIST, national, number, world

QUIRKS = [
    {},
    {"array": "dncGroupRecords"},
    {"ids_as_text": True},
    {"phones_as_numbers": True},
    {"wrapping": "always"},
    {"wrapping": "never"},
    {"no_content": True},
    {"most_records": 2},
    {"most_records": 100, "refuses_more": True},
    {"totals": False},
    {"totals": False, "most_records": 2, "no_content": True},
    {"dates": "day"},
    {"dates": "american"},
    {"array": "dncGroupRecords", "ids_as_text": True, "phones_as_numbers": True, "wrapping": "never"},
]


@pytest.mark.parametrize("quirks", QUIRKS, ids=str)
def test_the_same_is_read_under_every_quirk(quirks):
    with world() as w:
        for name, value in quirks.items():
            setattr(w.quirks, name, value)
        assert w.read().lists == {}
        w.put(1, 2, 3, 4)
        w.put(5, expired="2026-12-25")
        live = w.read()
        assert (live.complete, live.entry_count, live.warnings) == (True, 5, ())
        assert {phone: entry.terms for phone, entry in live.lists[LIST].items()} == {
            **{number(n): ProjectedTerms() for n in (1, 2, 3, 4)},
            number(5): ProjectedTerms(end=date(2026, 12, 23)),
        }
        assert live.lists[LIST][number(1)].modified == "2026-11-23T12:00:00.000Z"
        assert w.provider.total() == (5 if quirks.get("totals", True) else 0)


def test_fewer_records_than_asked_for_are_read_to_the_end():
    with world() as w:
        w.sandbox.groups.store.load(w.group, [national(n) for n in range(950)], w.sandbox.now())
        w.quirks.most_records = 300
        live = w.read()
        assert (live.complete, len(live.lists[LIST])) == (True, 950)
        assert len(w.asked(ending="/records")) == 4


def test_a_tenant_that_refuses_large_pieces_is_asked_for_smaller_ones():
    with world() as w:
        w.sandbox.groups.store.load(w.group, [national(n) for n in range(250)], w.sandbox.now())
        w.quirks.most_records, w.quirks.refuses_more = 100, True
        assert len(w.read().lists[LIST]) == 250
        w.read()
        assert [asked.status for asked in w.asked(ending="/records")] == [400, *[200] * 6]


@pytest.mark.parametrize("shows_over", [True, False])
def test_a_record_that_is_over_is_not_live(shows_over):
    with world() as w:
        w.quirks.shows_over = shows_over
        w.put(1, expired="2026-11-01")
        w.put(2, expired="2026-11-24")
        w.put(3, expired="2026-11-25")
        live = w.read()
        # At 12:00 UTC it is the 23rd at UTC-12, so the last day of 2026-11-24 less two days is over.
        assert set(live.lists[LIST]) == {number(3)}
        assert live.complete


def test_a_number_twice_counts_with_its_longest_end():
    with world() as w:
        w.put(1, expired="2026-12-01")
        w.put(1)
        w.put(1, expired="2026-12-25")
        live = w.read()
        assert live.lists[LIST][number(1)].terms == ProjectedTerms()
        assert len(live.duplicate_ids[LIST, number(1)]) == 2


def test_what_is_no_number_is_left_alone():
    with world() as w:
        w.sandbox.groups.store.load(w.group, ["555", "unknown", national(1)], w.sandbox.now())
        live = w.read()
        assert [odd.text for odd in live.unreadable] == ["555", "unknown"]
        assert (live.complete, live.entry_count) == (True, 3)


def test_numbers_in_the_other_form_are_told():
    with world() as w:
        w.sandbox.groups.store.load(w.group, [f"1{national(1)}", national(2)], w.sandbox.now())
        live = w.read()
        assert set(live.lists[LIST]) == {number(1), number(2)}
        assert "1 of 2 records look like numbers in the other form" in live.warnings[0].message


def test_an_expiry_that_cannot_be_read_is_the_weakest_and_told():
    with world() as w:
        w.quirks.dates = "words"
        w.put(1, expired="2027-01-01")
        live = w.read()
        assert live.lists[LIST][number(1)].terms == ProjectedTerms(end=date.min)
        assert "the day after tomorrow" in live.warnings[0].message


def test_a_group_is_found_by_id_too():
    with world(list_ids={LIST: "2"}) as w:
        other = w.sandbox.groups.make("Company DNC")
        w.sandbox.groups.add_number(other, national(7))
        assert set(w.read().lists[LIST]) == {number(7)}


def test_groups_of_others_are_counted_only():
    with world() as w:
        other = w.sandbox.groups.make("Agents")
        w.sandbox.groups.add_number(other, national(7))
        w.sandbox.groups.add_number(other, national(8))
        w.put(1)
        live = w.read()
        assert (dict(live.foreign), live.entry_count, w.provider.total()) == ({"Agents": 2}, 3, 3)
        assert not w.asked(ending=f"/{other}/records")


@pytest.mark.parametrize(
    ("groups", "own", "said"),
    [
        ([("Other", {})], {LIST: "Nobody"}, "there is no DNC group Nobody; there is Other, dnc-1"),
        ([("dnc-1", {})], {}, "2 DNC groups have the name or id dnc-1: 1, 2"),
        ([("1", {})], {LIST: "1"}, "2 DNC groups have the name or id 1"),
        ([("Gone", {"removed": True})], {LIST: "Gone"}, "there is no DNC group Gone"),
    ],
)
def test_a_list_without_its_own_group_is_an_error_of_the_configuration(groups, own, said):
    with world(list_ids=own) as w:
        for name, told in groups:
            w.sandbox.groups.make(name, **told)
        with pytest.raises(InvalidInput, match=said):
            w.read()


def test_two_lists_may_not_be_one_group():
    said = "the lists a and b are both the DNC group dnc-1"
    with world(list_ids={"a": LIST, "b": "1"}) as w, pytest.raises(InvalidInput, match=said):
        w.provider.read(frozenset({"a", "b"}))


def test_the_built_in_cxone_gets_the_groups_that_it_lacks():
    with world(embedded=True, organisation="instance-1") as w:
        live = w.provider.read(frozenset({LIST, "dnc-2"}))
        assert (live.warnings, live.entry_count) == ((), 0)
        assert set(w.sandbox.groups.store.names().values()) == {LIST, "dnc-2"}
        assert w.provider.target.host == "embedded"
        assert w.provider.target.organisation == "instance-1"


def test_a_group_that_is_inactive_is_told():
    with world() as w:
        w.sandbox.groups.make("idle", active=False)
        said = [odd.message for odd in w.provider.read(frozenset({LIST, "idle"})).warnings]
        assert len(said) == 1
        assert "idle is inactive" in said[0]


def test_a_tenant_near_its_ceiling_is_told(monkeypatch):
    with world() as w:
        w.put(*range(10))
        assert w.read().ceiling == 1_000_000
        monkeypatch.setattr(group_read, "CEILING", 10)
        assert "10 records of the 10" in w.read().warnings[0].message


def test_records_that_come_while_reading_are_read_in_a_second_look():
    with world(page_size=100) as w:
        w.sandbox.groups.store.load(w.group, [national(n) for n in range(150)], w.sandbox.now())
        w.read()
        store, original = w.sandbox.groups.store, w.sandbox.groups.store.records

        def busy(group, skip, top, **more):
            if skip == 100 and not store.find(national(500)):
                store.load(w.group, [national(500)], w.sandbox.now())
            return original(group, skip, top, **more)

        store.records = busy
        live = w.read()
        assert (live.complete, live.entry_count) == (True, 151)


def test_a_reading_that_never_adds_up_is_the_union_of_two():
    with world(page_size=100) as w:
        w.sandbox.groups.store.load(w.group, [national(n) for n in range(3)], w.sandbox.now())
        store, original = w.sandbox.groups.store, w.sandbox.groups.store.records
        hidden = iter(["1", "2"])

        def shifting(group, skip, top, **more):
            found, total = original(group, skip, top, **more)
            gone = next(hidden) if skip == 0 else ""
            return [record for record in found if str(record.id) != gone], total

        store.records = shifting
        live = w.read()
        assert not live.complete
        assert live.entry_count == 3
        assert live.unseen == {(LIST, number(1))}
        assert set(live.lists[LIST]) == {number(n) for n in range(3)}


@pytest.mark.parametrize(
    "body",
    ["[]", '{"resultSet": []}', '{"resultSet": {"totalRecords": 3}}', '{"resultSet":{"dncRecords":[1]}}'],
)
def test_what_cannot_be_understood_is_no_empty_group(body):
    with world() as w:
        w.provider.target  # noqa: B018  (signs in)
        w.sandbox.plan(Fault(FaultAction.TEXT, on=RequestKind.READ, skip=1, status=200, body=body, times=8))
        with pytest.raises(CxoneUnreadable):
            w.read()
