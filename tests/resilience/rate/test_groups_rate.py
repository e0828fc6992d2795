"""The pace of dialect `dnc-groups`: sign-in, discovery, groups, records and writes share one allowance."""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest

from reconciler.cxone.groups.provider import GroupsProvider
from tests.resilience.rate.paced import Paced, most_in_a_minute, numbers, pacing
from tests.support.groups_project import GroupsProject
from tests.support.project import entry

RATE = 100


class PacedGroups(Paced, GroupsProject):
    """A clone, and groups of the same time."""

    def _patches(self, environ: dict[str, str], arguments: tuple[str, ...]) -> Iterator[Any]:
        yield from super()._patches(environ, arguments)
        yield patch("reconciler.cxone.groups.provider.GroupsProvider", partial(_provider, self.time))


def _provider(time: Any, settings: Any, **more: Any) -> GroupsProvider:
    told = {**more, "stop": time, "monotonic": time.monotonic, "uniform": lambda low, _: low}
    return GroupsProvider(settings, **told)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Give an apply of 2,000 numbers in chunks of 10; three pages of records are there before."""
    folder = tmp_path_factory.mktemp("groups")
    settings = {"requestsPerMinute": RATE, "concurrency": 4, "chunkSize": 10, "pageSize": 100}
    with pacing(folder, kind=PacedGroups, **settings) as made:
        group = made.group()
        for phone in numbers(300, 5_000):
            made.sandbox.groups.add_number(group, phone[2:], None)
        made.list(entry(*numbers(2_000)))
        made.rest()
        yield made, made.apply()


def test_no_sliding_minute_has_more_than_allowed(project):
    made, _ = project
    moments = [asked.seconds for asked in made.log()]
    assert len(moments) > 2_000 / 10
    assert most_in_a_minute(moments) <= RATE
    assert all(asked.status < 400 for asked in made.log())
    assert moments[-1] - moments[0] <= 1.05 * len(moments) * 60 / RATE


def test_creates_take_full_chunks_and_the_cost_is_what_happens(project):
    made, done = project
    writes = made.sent()
    assert writes == math.ceil(2_000 / 10)
    planning = 2 + 1 + math.ceil(300 / 100)  # sign-in, discovery, the groups, their records
    assert done.json["cost"]["requests"] == pytest.approx(len(made.log()) - planning, rel=0.1)
