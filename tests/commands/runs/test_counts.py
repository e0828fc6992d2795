"""A run that nothing has to be read for is verified by counts, in a few requests, and says so."""

from unittest.mock import patch

import pytest

from tests.support.lists import dated
from tests.support.project import LIST, Project, entry, release
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))
MANY = [phone(n) for n in range(100, 1700)]  # four pages


@pytest.fixture
def dear():
    """Make more than two pages dear to read: 10,000 rows take a test too long."""
    with patch("reconciler.use_cases.reconcile.early.counts.CHEAP_READ_REQUESTS", 2):
        yield


@pytest.fixture
def many(project: Project, dear) -> Project:
    project.list(entry(*MANY))
    project.apply()
    project.sandbox.requests.clear()
    return project


def kinds(project: Project) -> list[str]:
    return [request.kind.value for request in project.sandbox.requests.list_requests()]


def how(project: Project) -> str | None:
    return (project.newest["read_back"] or {}).get("how")


def test_one_new_opt_out_takes_a_handful_of_requests(many: Project):
    many.list(entry(*MANY, A))
    done = many.apply()
    assert kinds(many) == ["token", "read", "bulk", "read", "read", "read"]
    report = many.newest
    assert (report["status"], how(many), report["done"]) == ("complete", "counts", {"added": 1})
    assert report["counted"] == [{"list_id": LIST, "phones": [A]}]
    assert report["live"] == {"before": None, "after": None}
    assert (report["touched"], report["not_live"], report["restored"]) == (None, [], [])
    assert done.outcomes == {"applied": 1}
    assert many.plan().json["changes"] == []
    assert many.run("audit", "verify").code == 0


def test_what_was_counted_goes_again_until_a_reading_has_seen_it(many: Project):
    many.list(entry(*MANY, A))
    many.apply()
    many.list(entry(*MANY, A, B))
    many.sandbox.requests.clear()
    many.apply()
    assert [r.items for r in many.sandbox.requests.list_requests() if r.kind.value == "bulk"] == [1, 1]
    assert how(many) == "counts"
    assert sorted(many.newest["counted"][0]["phones"]) == [A, B]
    many.list(entry(*MANY, A, B, C))
    many.apply("--read", "full")
    assert how(many) == "full"
    assert "counted" not in many.newest
    many.sandbox.requests.clear()
    many.list(entry(*MANY, A, B, C, D))
    many.apply()
    assert [r.items for r in many.sandbox.requests.list_requests() if r.kind.value == "bulk"] == [1]


@pytest.mark.parametrize("wait", ["release", "dated", "schedule", "readBack", "moved"])
def test_what_needs_a_read_is_read(many: Project, wait: str):
    many.clock.move(hours=1)
    environ = {}
    if wait == "release":
        many.clock.move(days=1)
        many.list(entry(*MANY[1:], A), releases=[release(MANY[0], on="2026-11-24")])
    elif wait == "dated":
        many.list(entry(*MANY, A), dated(B))
    else:
        many.list(entry(*MANY, A))
    if wait == "schedule":
        environ = {"CI_PIPELINE_SOURCE": "schedule"}
    elif wait == "readBack":
        many.tenant(readBack="full")
    elif wait == "moved":
        many.clock.move(days=3)  # readings.maxAgeHours
    many.apply(**environ)
    assert how(many) == "full"
    assert A in many.live()
    assert (MANY[0] in many.live()) is (wait != "release")


def test_a_total_that_does_not_rise_enough_leads_to_the_full_read(many: Project):
    many.agent("add", A)
    many.list(entry(*MANY, A))
    many.apply()
    assert how(many) == "full"
    assert many.newest["others"] == {LIST: 1}


def test_what_waits_for_its_permission_still_waits_without_a_read(many: Project):
    many.list(entry(*MANY[1:]))
    many.apply(code=6)
    kept = many.newest["kept"]
    assert [row["phones"] for row in kept] == [[MANY[0]]]
    many.list(entry(*MANY[1:], A))
    many.apply()
    assert how(many) == "counts"
    assert many.newest["kept"] == kept
    many.clock.move(days=1)
    many.list(entry(*MANY[1:], A), releases=[release(MANY[0], on="2026-11-24")])
    many.apply()
    assert how(many) == "full"
    assert MANY[0] not in many.live()


def test_the_saved_reading_gets_what_was_written_and_keeps_its_age(many: Project):
    many.environ["DNC_READING_KEY"] = "k" * 32
    many.apply("--attest")
    many.clock.move(hours=2)
    many.list(entry(*MANY, A))
    many.apply()
    assert how(many) == "counts"
    planned = many.plan("--reading", "saved").json
    assert planned["live"]["from"] == "saved"
    assert planned["live"]["entries"] == len(MANY) + 1
    assert planned["live"]["read_at"] < many.newest["started_at"]
    assert planned["changes"] == []


def test_with_40_000_rows_it_is_as_few(project: Project):
    rows = [phone(n) for n in range(1000, 9000)] + [f"+1312{n}" for n in range(2000000, 2032000)]
    project.list(entry(*rows))
    project.apply()
    project.sandbox.requests.clear()
    project.list(entry(*rows, A))
    project.apply()
    asked = kinds(project)
    assert asked.index("bulk") < 5
    assert len(asked) <= 12
    assert how(project) == "counts"
    assert not project.plan().json["changes"]


def test_a_total_that_fell_is_read_and_what_others_removed_comes_back(many: Project):
    many.agent("remove", MANY[0])
    many.list(entry(*MANY, A))
    many.apply()
    assert how(many) == "full"
    assert {MANY[0], A} <= set(many.live())
    many.agent("remove", MANY[1])
    many.apply()
    assert MANY[1] in many.live()
