"""Reading skills and the groups that have them, and adding one, whatever NICE leaves open about them."""

import pytest

from reconciler.core.model.errors import CxoneRefused, CxoneUnreadable
from reconciler.core.model.provider import Verdict
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from reconciler.sandbox.groups.skills import Skill
from tests.unit.cxone.groups_world import LIST, world

LISTS = frozenset({LIST})
QUIRKS = [
    {},
    {"ids_as_text": True},
    {"wrapping": "always"},
    {"no_content": True},
    {"text_values": True, "omits_empty": True},
    {"most_records": 2},
]


def add(w, *names, **facts):
    store = w.sandbox.groups.store.skills
    return [store.add(Skill(0, name, **facts)) for name in names]


@pytest.mark.parametrize("quirks", QUIRKS, ids=str)
def test_the_same_is_read_under_every_quirk(quirks):
    with world() as w:
        other = w.sandbox.groups.make("other")
        for name, value in quirks.items():
            setattr(w.quirks, name, value)
        w.put(1)
        (manual,) = add(w, "Desk", strategy="Manual", running=False)
        (inbound,) = add(w, "Service", strategy="", outbound=False)
        (chat,) = add(w, "Chat", media=3)
        w.sandbox.groups.store.skills.assign(other, manual, "contributing")
        w.read()
        found = w.provider.read_skills(LISTS)
        skills = {skill.name: skill for skill in found.skills}
        assert [skill.id for skill in found.skills] == ["1", str(manual), str(inbound), str(chat)]
        assert [name for name, skill in skills.items() if skill.can_call] == ["Outbound", "Desk"]
        assert (skills["Outbound"].is_running, skills["Desk"].is_running) == (True, False)
        assert (skills["Outbound"].can_be_stopped, skills["Desk"].can_be_stopped) == (True, False)
        assert [(one.list_id, one.group, one.scrubbed) for one in found.groups] == [(LIST, LIST, {"1"})]
        assert [(one.name, one.records, one.contributing) for one in found.unmapped] == [
            ("other", 0, ("Desk",))
        ]


def test_many_skills_are_read_page_by_page():
    with world() as w:
        add(w, *(f"Skill {n}" for n in range(250)))
        assert len(w.provider.read_skills(LISTS).skills) == 251
        assert len(w.asked(ending="/v30.0/skills")) == 3


def test_fewer_skills_than_are_counted_are_no_reading(monkeypatch):
    with world() as w:
        add(w, "One", "Two")
        store = w.sandbox.groups.store.skills
        monkeypatch.setattr(store, "all_skills", lambda: [Skill(1, "One")] * 3)
        with pytest.raises(CxoneUnreadable, match="1 of the 3 skills that CXone counts"):
            w.provider.read_skills(LISTS)


def test_a_user_who_may_not_see_skills():
    with world() as w:
        w.quirks.reads_skills = False
        with pytest.raises(CxoneRefused, match="the user may not see skills"):
            w.provider.read_skills(LISTS)


def test_an_assignment_is_looked_at_afterwards():
    with world() as w:
        (winback,) = add(w, "Winback")
        (desk,) = add(w, "Desk", strategy="Manual")
        assert w.provider.assign_skill(LIST, str(winback)).verdict is Verdict.ANSWERED
        refused = w.provider.assign_skill(LIST, str(desk))
        assert (refused.verdict, refused.cause.code) == (Verdict.REFUSED, "400")
        assert w.provider.read_skills(LISTS).groups[0].scrubbed == {"1", str(winback)}


def test_a_success_that_stored_nothing_is_refused(monkeypatch):
    with world() as w:
        (winback,) = add(w, "Winback")
        monkeypatch.setattr(w.sandbox.groups.store.skills, "assign", lambda *_: None)
        answer = w.provider.assign_skill(LIST, str(winback))
        assert (answer.verdict, answer.cause.code) == (Verdict.REFUSED, "NOT_STORED")


@pytest.mark.parametrize("is_stored", [True, False])
def test_an_answer_that_was_lost_is_settled_by_the_look(is_stored):
    with world() as w:
        (winback,) = add(w, "Winback")
        w.provider.read_skills(LISTS)
        lost = Fault(FaultAction.STATUS, on=RequestKind.BULK, times=None, stored=is_stored)
        w.sandbox.plan(lost)
        answer = w.provider.assign_skill(LIST, str(winback))
        assert answer.verdict is (Verdict.ANSWERED if is_stored else Verdict.REFUSED)


def test_a_look_that_fails_leaves_it_in_doubt():
    with world() as w:
        (winback,) = add(w, "Winback")
        w.provider.read_skills(LISTS)
        w.quirks.reads_skills = False
        assert w.provider.assign_skill(LIST, str(winback)).verdict is Verdict.AMBIGUOUS
