"""Taking a number off: looked up, expired, and looked up again."""

import pytest

from reconciler.core.model.provider import Verdict
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.unit.cxone.groups_world import LIST, national, number, world

KEY = (LIST, number(1))


def deletes(w):
    return [asked.status for asked in w.asked() if asked.kind is RequestKind.DELETE]


@pytest.mark.parametrize(
    "quirks",
    [{}, {"wrapping": "always"}, {"no_content": True}, {"bare_results": True}, {"ids_as_text": True}],
)
def test_a_number_is_expired(quirks):
    with world() as w:
        for name, value in quirks.items():
            setattr(w.quirks, name, value)
        w.put(1, 2)
        w.read()
        assert w.provider.remove(KEY, "1").verdict is Verdict.ANSWERED
        assert w.stored() == {national(1): ["2026-11-22"], national(2): [None]}
        assert set(w.read().lists[LIST]) == {number(2)}
        assert w.provider.remove(KEY, "1").verdict is Verdict.ANSWERED
        assert deletes(w) == [200]


def test_every_record_of_the_number_is_expired():
    with world() as w:
        w.put(1, 1)
        live = w.read()
        assert len(live.duplicate_ids[KEY]) == 1
        assert w.provider.remove(KEY, "2").verdict is Verdict.ANSWERED
        assert w.stored()[national(1)] == ["2026-11-22"] * 2


def test_only_the_record_of_this_group_counts():
    with world() as w:
        other = w.sandbox.groups.make("Agents")
        w.sandbox.groups.add_number(other, national(1))
        w.put(1)
        w.read()
        assert w.provider.remove(KEY, "1").verdict is Verdict.ANSWERED
        assert w.sandbox.groups.store.find(national(1), other)[0].expired is None


@pytest.mark.parametrize("how", ["touched", "added", "longer"])
def test_an_opt_out_since_the_read_keeps_the_number(how):
    with world() as w:
        w.put(1, expired="2027-01-01")
        w.read()
        w.time.seconds += 0 if how == "longer" else 60
        if how == "added":
            w.put(1, expired="2027-01-01")
        else:
            day = "2028-01-01" if how == "longer" else "2027-01-01"
            w.sandbox.groups.store.expire(w.group, national(1), day, w.sandbox.now())
        answer = w.provider.remove(KEY, "1")
        assert (answer.verdict, answer.cause.code) == (Verdict.REFUSED, "LATER_OPT_OUT")
        assert deletes(w) == []


def test_a_number_that_was_never_read_stays():
    with world() as w:
        w.put(1)
        assert w.provider.remove(KEY, "1").verdict is Verdict.REFUSED
        assert deletes(w) == []


def test_a_tenant_that_cannot_expire():
    with world() as w:
        w.quirks.deletes = False
        w.put(1)
        w.read()
        assert w.provider.remove(KEY, "1").verdict is Verdict.UNSUPPORTED


def test_a_tenant_that_says_so_and_does_nothing():
    with world() as w:
        w.quirks.expires = False
        w.put(1)
        w.read()
        answer = w.provider.remove(KEY, "1")
        assert answer.failures[number(1)].code == "NOT_EXPIRED"


def test_an_error_inside_200():
    with world() as w:
        w.quirks.fails[national(1)] = "record is locked"
        w.put(1)
        w.read()
        answer = w.provider.remove(KEY, "1")
        assert (answer.verdict, answer.failures[number(1)].message) == (Verdict.ANSWERED, "record is locked")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultAction.STATUS, on=RequestKind.DELETE, status=503),
        Fault(FaultAction.CUT, on=RequestKind.DELETE, stored=True),
        Fault(FaultAction.HALF_JSON, on=RequestKind.DELETE),
        Fault(FaultAction.STATUS, on=RequestKind.DELETE, status=404, stored=True),
        Fault(FaultAction.TEXT, on=RequestKind.DELETE, status=204, stored=True),
        Fault(FaultAction.TEXT, on=RequestKind.DELETE, status=200, body='{"recordResults": []}', stored=True),
        Fault(FaultAction.STATUS, on=RequestKind.READ, status=503),
    ],
    ids=lambda fault: f"{fault.on}-{fault.action}-{fault.status}",
)
def test_one_fault_is_settled_by_looking(fault):
    with world() as w:
        w.put(1)
        w.read()
        w.sandbox.plan(fault)
        answer = w.provider.remove(KEY, "1")
        assert (answer.verdict, answer.failures) == (Verdict.ANSWERED, {})
        assert w.stored()[national(1)] == ["2026-11-22"]


def test_what_nobody_can_look_up_stays_in_doubt():
    with world() as w:
        w.put(1, 2)
        w.read()
        w.provider.remove((LIST, number(2)), "2")
        w.sandbox.plan(Fault(FaultAction.STATUS, on=RequestKind.READ, skip=1, status=403))
        assert w.provider.remove(KEY, "1").verdict is Verdict.AMBIGUOUS


def test_a_refusal_is_one():
    with world() as w:
        w.put(1)
        w.read()
        w.sandbox.plan(Fault(FaultAction.STATUS, on=RequestKind.DELETE, status=400, times=3))
        assert w.provider.remove(KEY, "1").verdict is Verdict.REFUSED
