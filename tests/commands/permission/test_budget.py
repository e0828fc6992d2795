"""The removal budget as people read it: wanted, used, left, and the command with the plan's number."""

import re

import pytest

from tests.support.project import LIST, Project, entry, release
from tests.support.sandbox import phone

TWENTY = [phone(n) for n in range(20)]
OTHER = phone(40)


@pytest.fixture
def held_back(project: Project) -> Project:
    """Six of twenty are released, and five is the most; another list may lose its one number."""
    project.list(entry(OTHER), name="second", list_id="second", commit=False)
    project.list(entry(*TWENTY))
    project.apply()
    project.list(releases=[release(OTHER)], name="second", list_id="second", commit=False)
    project.list(entry(*TWENTY[7:]), releases=[release(*TWENTY[:6])])
    return project


def command(text: str) -> list[str]:
    (found,) = set(re.findall(r"`dnc (apply --allow-removals \d+[^`]*)`", text))
    return found.split()


FIGURES = "6 to remove, 5 of 5 left for the last 7 days (0 used"


def test_the_plan_says_wanted_used_left_and_the_command(held_back: Project):
    files = {kind: held_back.folder.parent / f"plan.{kind}" for kind in ("markdown", "html")}
    reports = [word for kind, file in files.items() for word in ("--report", f"{kind}={file}")]
    document = held_back.plan(*reports, code=6).json
    assert document["budget"] == {
        "wanted": 7,
        "allowed": None,
        "command": "dnc apply --allow-removals 7",
        "lists": [
            {"list_id": LIST, "wanted": 6, "limit": 5, "limited_by": "young", "used": 0, "left": 5,
             "blocked": True},
            {"list_id": "second", "wanted": 1, "limit": 5, "limited_by": "young", "used": 0, "left": 5,
             "blocked": False},
        ],
    }  # fmt: skip
    for text in (
        held_back.run("plan").out,
        held_back.run("blocked").out,
        *(f.read_text() for f in files.values()),
    ):
        assert FIGURES in text
        assert "to remove all 7: " in text
        assert "dnc apply --allow-removals 7" in text


def test_the_command_is_ready_before_a_run_and_after_it(held_back: Project):
    assert command(held_back.run("plan").out) == ["apply", "--allow-removals", "7"]
    done = held_back.run("apply")
    assert done.code == 6
    assert OTHER not in held_back.live("second")  # so one less is left to remove
    assert FIGURES in done.out
    words = command(done.out)
    assert words == ["apply", "--allow-removals", "6"] == command(held_back.run("blocked").out)
    assert command(held_back.run("plan").out) == words
    assert held_back.run(*words).code == 0
    assert set(held_back.live()) == set(TWENTY[6:])


def test_a_tenant_that_was_named_is_named_in_the_command(held_back: Project):
    done = held_back.run("plan", "--tenant", "production")
    assert command(done.out) == ["apply", "--allow-removals", "7", "--tenant", "production"]


@pytest.mark.parametrize("wrong", ["0", "6", "8", "70"])
def test_a_wrong_number_is_told_with_what_would_match(held_back: Project, wrong):
    done = held_back.run("apply", "--allow-removals", wrong)
    assert done.code == 6
    told = f"--allow-removals {wrong} does not match: the plan removes 7"
    assert told in done.out
    assert told in done.err
    assert command(done.out) == ["apply", "--allow-removals", "7"]
    assert set(held_back.live()) == set(TWENTY)
    assert held_back.newest["kept"][0]["blocked_by"] == ["budget"]


def test_a_wrong_number_within_the_budget_is_told_as_such(project: Project):
    project.list(entry(*TWENTY))
    project.apply()
    project.list(entry(*TWENTY[2:]), releases=[release(*TWENTY[:2])])
    done = project.run("apply", "--allow-removals", "3")
    assert "--allow-removals 3 does not match: the plan removes 2" in done.out
    assert "or run it without --allow-removals" in done.out
    assert "over the removal budget" not in done.out
    project.apply()
    assert set(project.live()) == set(TWENTY[2:])


def test_a_number_where_nothing_is_to_be_removed_is_told(project: Project):
    project.list(entry(*TWENTY))
    done = project.run("apply", "--allow-removals", "2")
    assert done.code == 0
    assert "--allow-removals 2 does not match: the plan removes 0" in done.out


LIMITS = {
    "maxRemovals": ({"maxRemovals": 8, "maxRemovalPercent": 50}, 8, "maxRemovals", "safety.maxRemovals"),
    "percent": ({"maxRemovalPercent": 30}, 6, "maxRemovalPercent", "safety.maxRemovalPercent"),
    "least": ({}, 5, "least", "the minimum for a list"),
    "none": ({"maxRemovals": 0}, 0, "maxRemovals", "safety.maxRemovals"),
}


@pytest.mark.parametrize("name", LIMITS)
def test_what_sets_the_limit_is_said(project: Project, name):
    safety, limit, limited_by, word = LIMITS[name]
    project.configure(lambda c: c["safety"].update(safety))
    project.list(entry(*TWENTY))
    project.apply()
    project.clock.move(days=8)
    project.list(entry(*TWENTY[9:]), releases=[release(*TWENTY[:9])])
    (row,) = project.plan(code=6).json["budget"]["lists"]
    assert (row["limit"], row["limited_by"], row["left"]) == (limit, limited_by, limit)
    text = project.run("plan").out
    assert f"9 to remove, {limit} of {limit} left for the last 7 days (0 used; limit: {word})" in text
    assert ("or split it over several days" in text) == bool(limit)


def test_what_the_last_days_removed_is_used(project: Project):
    project.list(entry(*TWENTY))
    project.apply()
    project.list(entry(*TWENTY[4:]), releases=[release(*TWENTY[:4])])
    project.apply()
    project.clock.move(days=2)
    project.list(entry(*TWENTY[6:]), releases=[release(*TWENTY[:6], on="2026-11-25")])
    assert "2 to remove, 1 of 5 left for the last 7 days (4 used" in project.run("plan").out
