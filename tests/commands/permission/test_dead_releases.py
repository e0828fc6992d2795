"""A release that a run used before it was killed is used: the journal and the next reading tell."""

import pytest

from reconciler.audit.journal import Journal
from tests.support.project import Project, entry, release
from tests.support.sandbox import phone

A = phone(1)
REST = [phone(n) for n in range(20, 50)]
USED = release(A, on="2026-11-24")


def dies(project: Project, monkeypatch: pytest.MonkeyPatch, *, answered: bool) -> None:
    """Let a run die before its report, or before it could write an answer down."""

    def killed(*_: object, **__: object) -> None:
        raise SystemExit(137)

    with monkeypatch.context() as patched:
        patched.setattr("reconciler.use_cases.reconcile.apply._write_report", killed)
        if not answered:
            patched.setattr(Journal, "record_answer", lambda *_, **__: None)
        assert project.run("apply", "--yes").code == 137


@pytest.mark.parametrize("answered", [True, False])
def test_a_release_that_a_killed_run_used_never_works_again(project: Project, monkeypatch, answered):
    """The line came back before the next run, so that no report ever saw the number off."""
    project.list(entry(A), entry(*REST))
    project.apply()
    project.clock.move(days=2)
    project.list(entry(*REST), releases=[USED])
    dies(project, monkeypatch, answered=answered)
    assert A not in project.live()
    project.clock.move(hours=1)
    project.list(entry(A), entry(*REST))
    project.apply()
    assert A in project.live()
    assert project.newest["releases_used"] == {"dnc-list-01": 1}
    project.clock.move(days=1)
    project.list(entry(*REST), releases=[USED])
    project.apply(code=6)
    assert A in project.live()


def test_a_release_whose_removal_did_not_arrive_still_works(project: Project, monkeypatch):
    project.list(entry(A), entry(*REST))
    project.apply()
    project.clock.move(days=2)
    project.list(entry(*REST), releases=[USED])
    with monkeypatch.context() as patched:
        patched.setattr(
            "reconciler.core.apply.sender.Applier.remove",
            lambda self, changes, _: [self._provider._journal.record_send(
                "remove", [key], overwrites=(), exposing=[key], offset=None
            ) for change in changes for key in change.keys],
        )  # fmt: skip
        dies(project, patched, answered=True)
    assert A in project.live()
    project.apply()
    assert A not in project.live()
