"""script/soak itself: what its oracle asks for, and that it would see what it is there to see."""

from datetime import UTC, date, datetime

import pytest

from reconciler.sandbox.entries.agent import Deed
from script.soaking.oracle import Claim, Files, Oracle, Owed, Release
from script.soaking.story import Broken, Story, play
from tests.support.project import making

KEY = ("dnc-list-01", "+12125550105")
LIVE = {KEY: "v1"}
TODAY = date(2026, 11, 23)
NEVER, DATED = Claim("CUSTOMER_REQUESTED"), Claim("COMPANY_POLICY", date(2026, 11, 20))
FORM = Release("FORM-1", TODAY)
GONE, RELEASED = Files(), Files({}, {KEY: (FORM,)})
BEFORE = datetime(2026, 11, 22, 9, 59, tzinfo=UTC)  # the 23rd begins at 10:00 UTC, at UTC+14
HELD = datetime(2026, 11, 20, tzinfo=UTC)
AFTER = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def oracle(*runs, touched=None, version=None, added=False) -> Oracle:
    made = Oracle()
    if touched is not None:
        made.touched(KEY, touched, version=version, added=added)
    for files, sure in runs:
        made.attempted(files, date(2026, 11, 19), LIVE, HELD, sure=sure)
    return made


def claimed(claim: Claim, *releases: Release) -> Files:
    return Files({KEY: claim}, {KEY: releases})


@pytest.mark.parametrize(
    ("made", "files", "owed"),
    [
        (oracle(), claimed(NEVER), Owed.ON),
        (oracle(), GONE, Owed.EITHER),
        (oracle(touched=BEFORE, added=True), GONE, Owed.ON),
        (oracle(touched=BEFORE), GONE, Owed.EITHER),
        (oracle((claimed(NEVER), True), touched=BEFORE, added=True), RELEASED, Owed.EITHER),
        (oracle((claimed(NEVER), True)), GONE, Owed.ON),
        (oracle((claimed(NEVER), False)), GONE, Owed.EITHER),
        (oracle((claimed(NEVER), True)), RELEASED, Owed.OFF),
        (oracle((claimed(NEVER), True)), Files({}, {KEY: (Release("F", TODAY, fits=False),)}), Owed.ON),
        (oracle((claimed(NEVER), True), touched=BEFORE), RELEASED, Owed.OFF),
        (oracle((claimed(NEVER), True), touched=AFTER), RELEASED, Owed.EITHER),
        (oracle((claimed(NEVER), True), touched=AFTER, version="v1"), RELEASED, Owed.ON),
        (oracle((claimed(NEVER), True), touched=AFTER, version="v0"), RELEASED, Owed.EITHER),
        (oracle((claimed(DATED), True), touched=AFTER, version="v1"), GONE, Owed.ON),
        (oracle((claimed(NEVER, FORM), True)), RELEASED, Owed.ON),
        (oracle((claimed(NEVER), True), (claimed(NEVER, FORM), False)), RELEASED, Owed.EITHER),
        (oracle((claimed(DATED), True)), claimed(DATED), Owed.OFF),
        (oracle((claimed(DATED), True)), GONE, Owed.OFF),
        (oracle((claimed(DATED), True), (claimed(NEVER), False)), GONE, Owed.EITHER),
        (oracle((claimed(DATED), True), touched=AFTER), GONE, Owed.EITHER),
    ],
)
def test_what_the_oracle_asks_for(made: Oracle, files: Files, owed: Owed):
    assert made.owed(KEY, files, TODAY, LIVE) is owed


def test_what_surely_came_off_starts_anew():
    made = oracle((claimed(NEVER), True))
    made.attempted(RELEASED, TODAY, {}, HELD, sure=True)
    assert made.owed(KEY, GONE, TODAY, {}) is Owed.EITHER


def test_whoever_comes_off_is_seen_at_once(tmp_path):
    with making(tmp_path) as project:
        told = Story(project, 1)
        told.edit({KEY: NEVER, ("dnc-list-02", KEY[1]): NEVER}, {})
        told.run("clean")
        gone = next(e for e in project.sandbox.entries() if e.list_id == KEY[0])
        project.sandbox.act(Deed.REMOVE, gone)
        told.watch()
        assert told.exposed == [f"{KEY} came off, and is owed"]
        with pytest.raises(Broken, match="is owed on, and not live"):
            told.compare({Owed.ON})


def test_a_history_of_every_kind_of_run(monkeypatch):
    kinds = iter(["clean", "faulted", "killed", "race", "stale"])
    run = Story.run
    monkeypatch.setattr(Story, "run", lambda self, _: run(self, next(kinds)))
    figures, wrong = play(7, 5)
    assert wrong == ""
    assert figures["applies"] == 7
    assert {"kills", "races", "stale runs", "faults"} <= set(figures)
