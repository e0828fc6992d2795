"""Before the first write: is this how the tenant stores numbers?"""

import pytest

from reconciler.core.model.errors import CxoneRefused
from reconciler.core.model.provider import Verdict
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.unit.cxone.groups_world import LIST, national, number, world, writes


def load(w, *numbers, prefix=""):
    w.sandbox.groups.store.load(w.group, [prefix + national(n) for n in numbers], w.sandbox.now())


def searches(w):
    return len(w.asked(ending="/search"))


@pytest.mark.parametrize(("form", "prefix"), [("national", ""), ("international", "1")])
def test_the_right_form_is_looked_up_once(form, prefix):
    with world(number_form=form) as w:
        load(w, 1, 2, prefix=prefix)
        w.read()
        for n in (3, 4):
            assert w.provider.upsert(writes(n)).verdict is Verdict.ANSWERED
        assert searches(w) == 1
        assert set(w.stored()) == {prefix + national(n) for n in range(1, 5)}


@pytest.mark.parametrize(
    ("form", "prefix", "right"), [("national", "1", "international"), ("international", "", "national")]
)
def test_the_wrong_form_stops_the_run_before_anything_is_written(form, prefix, right):
    with world(number_form=form) as w:
        load(w, 1, 2, 3, prefix=prefix)
        w.read()
        for _ in range(2):
            with pytest.raises(CxoneRefused) as met:
                w.provider.upsert(writes(9))
            assert f"`numberForm: {right}`" in met.value.fix
        with pytest.raises(CxoneRefused):
            w.provider.remove((LIST, number(1)), "1")
        assert len(w.stored()) == 3


def test_a_number_that_is_found_in_the_other_form_only_stops_the_run():
    # It was shown without its country code, and is kept with it.
    with world() as w:
        load(w, 1)
        w.read()
        w.sandbox.groups.store.expire(w.group, national(1), "2026-01-01", w.sandbox.now())
        w.quirks.shows_over = False
        load(w, 1, prefix="1")
        with pytest.raises(CxoneRefused, match="found in the other form only"):
            w.provider.upsert(writes(2))


def test_in_an_empty_group_the_first_number_written_is_looked_up():
    with world() as w:
        w.read()
        assert w.provider.upsert(writes(1, 2)).verdict is Verdict.ANSWERED
        assert w.provider.upsert(writes(3)).verdict is Verdict.ANSWERED
        assert searches(w) == 1


def test_in_an_empty_group_the_wrong_form_ends_it_after_the_first_chunk():
    with world() as w:
        w.quirks.form, w.quirks.exact_search = "international", True
        w.read()
        answer = w.provider.upsert(writes(1))
        assert (answer.verdict, answer.cause.code) == (Verdict.AMBIGUOUS, "NUMBER_FORM")
        with pytest.raises(CxoneRefused, match="numberForm"):
            w.provider.upsert(writes(2))
        assert len(w.stored()) == 1


@pytest.mark.parametrize("missing", [True, False])
def test_a_tenant_that_finds_nothing_is_written_to_all_the_same(missing):
    with world() as w:
        load(w, 1)
        w.read()
        if missing:
            w.sandbox.groups.store.expire(w.group, national(1), "2026-01-01", w.sandbox.now())
            w.quirks.shows_over = False
        else:
            w.quirks.searches = False
        assert w.provider.upsert(writes(2)).verdict is Verdict.ANSWERED


def test_a_search_that_is_refused_as_no_number_finds_nothing():
    with world() as w:
        load(w, 1)
        w.read()
        w.sandbox.plan(Fault(FaultAction.STATUS, on=RequestKind.READ, status=400, times=2))
        assert w.provider.upsert(writes(2)).verdict is Verdict.ANSWERED


@pytest.mark.parametrize("quirk", ["no_content", "ids_as_text"])
def test_a_search_under_quirks(quirk):
    with world() as w:
        setattr(w.quirks, quirk, True)
        w.quirks.wrapping = "always"
        w.read()
        assert w.provider.upsert(writes(1)).verdict is Verdict.ANSWERED
        assert number(1) in w.read().lists[LIST]


@pytest.mark.parametrize("status", [404, 405, 415, 500])
def test_a_tenant_without_a_search_is_written_to_all_the_same(status):
    with world() as w:
        load(w, 1)
        w.read()
        w.sandbox.plan(Fault(FaultAction.STATUS, on=RequestKind.READ, status=status, times=None))
        assert w.provider.upsert(writes(2)).verdict is Verdict.ANSWERED
