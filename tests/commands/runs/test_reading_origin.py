"""Who wrote the saved reading (S4): known with the key; else CXone is read, or the plan says so."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cxone.saved_read import load, save
from tests.support.gitlab_api import serving
from tests.support.project import LIST, MERGE_REQUEST, Project, entry, merge_request, release
from tests.support.result import Result
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(3))
KEY = "0123456789abcdef"
UNCHECKED = "the origin of the saved reading cannot be checked"


@pytest.fixture
def branch(project: Project, monkeypatch) -> Project:
    """A merge request that releases A; somebody has taken A out of the reading that apply kept."""
    monkeypatch.setattr("reconciler.use_cases.reconcile.live_read.CHEAP_READ_REQUESTS", 0)
    project.list(entry(A, B, C))
    project.apply()
    forge(project)
    project.git("switch", "-qc", "work")
    project.list(entry(B, C), releases=[release(A)])
    return project


def reading(project: Project) -> Path:
    return project.folder / ".dnc" / "production.reading"


def forge(project: Project) -> None:
    """Take A out of the reading, as whoever can write the cache can."""
    stamp, live = load(reading(project))
    lists = {LIST: {number: live.lists[LIST][number] for number in (B, C)}}
    save(reading(project), stamp, replace(live, lists=lists, entry_count=2))


def tells_the_truth(done: Result) -> bool:
    """Tell whether the plan says that A comes off."""
    return done.counts().get("delete") == 1 and "from" not in done.json["live"]


@pytest.mark.parametrize("key", ["", KEY, "short"])
def test_a_forged_reading_is_not_used_by_itself(branch: Project, key: str):
    """S4."""
    done = merge_request(branch, DNC_READING_KEY=key)
    assert tells_the_truth(done)
    assert "; reading CXone instead" in done.err
    assert "DNC_READING_KEY" in done.err


def test_with_the_key_it_is_refused_also_where_it_was_asked_for(branch: Project):
    done = branch.run("plan", "--reading", "saved", **MERGE_REQUEST, DNC_READING_KEY=KEY)
    assert (done.code, "was not kept with this DNC_READING_KEY" in done.err) == (4, True)


def test_where_it_was_asked_for_without_a_key_every_form_says_so(branch: Project):
    branch.list(entry(A, B, C, phone(4)))
    pages = [f"--report={kind}={kind}" for kind in ("markdown", "html")]
    with serving() as api:
        api.merge_request["sha"] = branch.head
        done = branch.run("plan", "--reading", "saved", *pages, "--note", "--auto-merge", **api.environ())
        assert done.code == 0, done.err
        assert not api.merge_request["merge_when_pipeline_succeeds"]
        texts = [
            done.out,
            api.bodies[0],
            *((branch.folder / kind).read_text() for kind in ("markdown", "html")),
        ]
    for text in texts:
        assert UNCHECKED in text
        assert "never merged automatically" in text


def test_what_was_kept_with_the_key_is_used_with_it(branch: Project):
    branch.git("switch", "-q", "main")
    for call in ("apply", "drift"):
        reading(branch).unlink()
        branch.run(call, DNC_READING_KEY=KEY)
        done = branch.plan("--onto", "origin/main", DNC_READING_KEY=KEY)
        assert (done.json["live"]["from"], UNCHECKED in done.out) == ("saved", False)
        assert "from" not in merge_request(branch, DNC_READING_KEY=KEY[::-1]).json["live"]
        assert "from" not in merge_request(branch).json["live"]


def group_may_write(file: Path) -> None:
    file.chmod(0o660)


def others_may_read(file: Path) -> None:
    file.chmod(0o604)


@pytest.mark.parametrize("change", [group_may_write, others_may_read])
def test_on_a_machine_of_ones_own_the_file_must_be_its_owners(
    branch: Project, change: Callable[[Path], None]
):
    done = branch.plan("--reading", "saved", CI="")
    assert (done.json["live"]["from"], UNCHECKED in done.out) == ("saved", False)
    change(reading(branch))
    done = branch.run("plan", "--reading", "saved", CI="")
    assert (done.code, "is not yours alone" in done.err) == (4, True)


def test_a_key_that_is_too_short_keeps_nothing(branch: Project):
    branch.git("switch", "-q", "main")
    reading(branch).unlink()
    done = branch.run("drift", DNC_READING_KEY="short")
    assert "DNC_READING_KEY is too short" in done.err
    assert not reading(branch).exists()
