"""A loosened limit takes effect in the run after the one that first saw it."""

from tests.support.project import Project, entry, release
from tests.support.sandbox import phone

MANY = [phone(n) for n in range(40)]


def _limit(project: Project, **safety: float) -> None:
    project.configure(lambda c: c.update(safety=safety))


def _releasing(project: Project, count: int) -> None:
    project.list(*map(entry, MANY[count:]), releases=[release(p) for p in MANY[:count]])


def _prepare(project: Project) -> None:
    project.tenant(removal="delete")
    _limit(project, maxRemovals=5, maxRemovalPercent=100)
    project.list(*map(entry, MANY))
    project.apply()
    project.clock.move(days=8)  # a chain that begins has the least budget


def test_a_raised_limit_and_its_use_in_one_change_wait_for_the_next_run(project: Project):
    _prepare(project)
    project.configure(
        lambda c: (
            c.update(safety={"maxRemovals": 30, "maxRemovalPercent": 100})
            or c["tenants"]["production"].update(removal="delete")
        )
    )
    _releasing(project, 8)
    first = project.apply(code=6)
    assert len(project.live()) == 40
    said = [f for f in first.json["findings"] if f["rule"] == "CONF-08"]
    assert [f["severity"] for f in said] == ["warning"]
    assert "maxRemovals 5 → 30" in said[0]["message"]
    safety = project.newest["safety"]
    assert (safety["max_removals"], safety["configured"]["max_removals"]) == (5, 30)
    second = project.apply()
    assert not [f for f in second.json["findings"] if f["rule"] == "CONF-08"]
    assert set(project.live()) == set(MANY[8:])
    assert project.newest["safety"]["max_removals"] == 30


def test_a_tightened_limit_holds_at_once(project: Project):
    _prepare(project)
    project.configure(
        lambda c: (
            c.update(safety={"maxRemovals": 0, "maxRemovalPercent": 100})
            or c["tenants"]["production"].update(removal="delete")
        )
    )
    _releasing(project, 1)
    assert project.apply(code=6).json["outcomes"] == {}
    assert len(project.live()) == 40
