"""A tenant, a branch or a folder that was renamed: with `audit.continues` the chain goes on."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.commands.record.test_doubtful_chain import verified
from tests.support.project import BRANCH, Project, dated, entry
from tests.support.sandbox import phone

A, B = phone(1), phone(2)
MANY = [phone(n) for n in range(20, 40)]
CHANGES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "path": ({"path": "records"}, {"path": "audit"}),
    "branch": ({"branch": "other"}, {"branch": BRANCH}),
    "name": ({}, {"name": "production"}),
}


def renamed(project: Project, what: str, head: str | None) -> str:
    """Rename one of the three; give the tenant's name."""
    audit, was = CHANGES[what]
    name = "live" if what == "name" else "production"

    def change(configuration: dict[str, Any]) -> None:
        tenants = configuration["tenants"]
        tenants[name] = tenants.pop("production")
        configuration["defaultTenant"] = name
        continues = {"continues": {name: {**was, "head": head}}} if head else {}
        configuration["audit"] = {**audit, **continues}

    project.configure(change)
    return name


def head(project: Project) -> str:
    return str(project.run("audit", "verify", "--format", "json").json["heads"][0]["sha256"])


@pytest.mark.parametrize("what", CHANGES)
def test_a_renamed_chain_goes_on(project: Project, what: str):
    """S12: first held began anew, and a lapse took off what an agent had touched since."""
    project.list(dated(A, until="2026-12-10"), entry(*MANY))
    project.apply()
    project.clock.move(days=1)
    project.agent("modify", A, policy="ABSOLUTE", modified=project.clock())
    project.apply()
    was = head(project)
    name = renamed(project, what, was)
    assert project.plan().json["chain_head"]["sha256"] == was
    project.apply()
    assert verified(project) == (0, "")
    project.clock.move(days=30)
    project.apply(code=6)
    assert A in project.live()
    assert project.run("audit", "list", "--tenant", name, "--format", "json").code == 0
    seqs = [one["seq"] for one in project.run("audit", "list", "--format", "json").json["reports"]]
    assert seqs == sorted(seqs, reverse=True)
    assert seqs[-1] == 1
    assert project.run("audit", "export").code == 0


@pytest.mark.parametrize("what", ["branch", "name"])
def test_another_head_is_a_broken_chain(project: Project, what: str):
    project.list(entry(A), entry(*MANY))
    project.apply()
    renamed(project, what, "0" * 64)
    project.list(entry(B), entry(*MANY))
    done = project.run("plan", "--format", "json")
    assert any("audit.continues names the head" in f["message"] for f in done.json["findings"])
    assert "audit.continues names the head" in project.apply(code=4).err
    assert {A, B} <= project.live().keys()
    assert verified(project)[0] in {0, 4}  # there is no report yet in the new place


def test_a_pinned_first_report_stays_the_first(project: Project):
    project.list(entry(A), entry(*MANY))
    project.apply()
    first = str(project.run("audit", "verify", "--format", "json").json["heads"][0]["first"])
    was = head(project)
    settings: Callable[[dict[str, Any]], object] = lambda c: c.update(  # noqa: E731
        audit={
            "path": "records",
            "genesis": first,
            "continues": {"production": {"path": "audit", "head": was}},
        }
    )
    project.configure(settings)
    project.apply()
    assert verified(project) == (0, "")
    assert not any("nothing is removed" in f["message"] for f in project.plan().json["findings"])
