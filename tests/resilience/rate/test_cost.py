"""What a plan says that it costs is what it costs, to a tenth."""

import pytest

from reconciler.sandbox.faults import RequestKind
from tests.resilience.rate.paced import Paced, numbers, pacing
from tests.support.project import dated, entry, release


def cost(project: Paced) -> tuple[dict[str, float], int, float]:
    """Apply, and give what the plan said, and the requests and seconds that came after the planning."""
    project.rest()
    said = project.plan().json["cost"]
    pages = sum(asked.kind is RequestKind.READ for asked in project.log())
    project.rest()
    project.apply()
    log = [asked for asked in project.log() if asked.kind is not RequestKind.TOKEN]
    after = log[pages:]
    return said, len(after), after[-1].seconds - log[pages - 1].seconds


def creates(project: Paced) -> None:
    project.list(entry(*numbers(2_000)))


def creates_into_a_large_cxone(project: Paced) -> None:
    project.others(100_001)
    project.list(entry(*numbers(2_000)))


def updates(project: Paced) -> None:
    for phone in numbers(1_000):
        project.agent("add", phone, "UNKNOWN")
    project.list(entry(*numbers(1_000)))


def creates_and_deletes(project: Paced) -> None:
    gone = numbers(60)
    project.list(entry(*numbers(3_000)), dated(*numbers(10, 9_000)))
    project.apply("--yes")
    project.time.wait(9 * 86_400)  # a chain that begins has the least budget
    project.list(
        entry(*numbers(2_940, 60), *numbers(1_000, 4_000)),
        dated(*numbers(10, 9_000)),
        releases=[release(*gone, on="2026-11-25")],
    )


CASES = [creates, creates_into_a_large_cxone, updates, creates_and_deletes]


@pytest.fixture(params=CASES, ids=lambda case: case.__name__)
def project(request, tmp_path):
    settings = {"requestsPerMinute": 100, "concurrency": 4, "chunkSize": 20, "removal": "delete"}
    with pacing(tmp_path, **settings) as made:
        made.configure(
            lambda c: (
                c["tenants"]["production"].update(settings),
                c["safety"].update(maxRemovals=500, maxRemovalPercent=100),
            )
        )
        request.param(made)
        yield made


def test_the_cost_is_what_happens(project):
    said, requests, seconds = cost(project)
    assert requests >= 50
    assert said["requests"] == pytest.approx(requests, rel=0.1)
    assert said["seconds"] == pytest.approx(seconds, rel=0.1)


@pytest.mark.parametrize(("at_once", "chunk", "others"), [(4, 300, 0), (32, 20, 20_000)])
def test_the_cost_of_a_run_that_is_short_beside_its_burst(tmp_path, at_once, chunk, others):
    with pacing(tmp_path, requestsPerMinute=200, concurrency=at_once, chunkSize=chunk) as project:
        project.others(others)
        project.list(entry(*numbers(1_000)))
        said, requests, seconds = cost(project)
        assert said["requests"] == requests
        assert said["seconds"] == pytest.approx(seconds, rel=0.1)


def test_nothing_to_do_costs_nothing(tmp_path):
    with pacing(tmp_path, requestsPerMinute=100) as project:
        project.list(entry(*numbers(700)))
        project.apply()
        project.rest()
        said = project.plan().json["cost"]
        planning = len(project.log())
        project.rest()
        project.apply()
        assert said == {"requests": 0, "seconds": 0.0}
        assert len(project.log()) == planning
