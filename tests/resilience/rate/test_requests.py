"""No request that is not needed: what a run asks of CXone, counted there."""

import math

import pytest

from reconciler.sandbox.faults import RequestKind
from tests.resilience.rate.paced import numbers, pacing
from tests.support.project import dated, entry


@pytest.fixture
def project(tmp_path):
    with pacing(tmp_path, requestsPerMinute=200, removal="none") as made:
        yield made


def kinds(project) -> dict[str, int]:
    found = [asked.kind.value for asked in project.log()]
    return {kind: found.count(kind) for kind in dict.fromkeys(found)}


@pytest.mark.parametrize("count", [1, 500, 501])
def test_in_sync_everything_is_read_once_and_nothing_else(project, count):
    project.list(entry(*numbers(count)))
    project.apply()
    for command in ("plan", "apply", "drift"):
        project.rest()
        done = project.run(command)
        assert done.code == 0, done.err
        assert kinds(project) == {"token": 1, "read": math.ceil(count / 500)}
        assert [asked.items for asked in project.log() if asked.kind is RequestKind.READ] == [
            min(500, count - first) for first in range(0, count, 500)
        ]


def test_an_empty_cxone_is_one_page(project):
    project.list(entry(*numbers(1)))
    project.rest()
    project.plan()
    assert kinds(project) == {"token": 1, "read": 1}


@pytest.mark.parametrize("count", [1, 500, 501, 1500])
def test_creates_take_full_chunks(project, count):
    project.list(entry(*numbers(count)))
    project.rest()
    project.apply()
    assert kinds(project)["bulk"] == math.ceil(count / 500)
    assert sum(asked.items for asked in project.log() if asked.kind is RequestKind.BULK) == count
    assert kinds(project)["read"] == 1 + math.ceil(count / 500)


def test_creates_and_updates_of_many_lists_and_terms_share_chunks(project):
    weak = numbers(330)
    for phone in weak:
        project.agent("add", phone, "UNKNOWN")
    for place, first in enumerate(range(1000, 1700, 70)):
        new = numbers(70, first)
        project.list(entry(*new[:35]), dated(*new[35:]), name=f"l{place}", list_id=f"l{place}", commit=False)
    project.list(entry(*weak))
    assert project.plan().counts() == {"create": 700, "update": 330}
    project.rest()
    project.apply()
    assert kinds(project)["bulk"] == math.ceil(1030 / 500)


def test_beyond_two_hundred_pages_the_read_back_is_one_request(project):
    project.others(100_001)
    project.list(entry(*numbers(501)))
    project.rest()
    project.apply()
    assert kinds(project) == {"token": 1, "read": 201 + 1, "bulk": 2}


def test_a_plan_writes_nothing(project):
    project.list(entry(*numbers(700)))
    project.rest()
    project.plan()
    assert kinds(project) == {"token": 1, "read": 1}
