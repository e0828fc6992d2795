"""A full disk, or a folder that can't be written: said before the first write to CXone, not after."""

import errno
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from types import SimpleNamespace

import pytest

from reconciler.audit.journal import Journal
from tests.support.project import ROOT, Project, entry, release
from tests.support.sandbox import phone
from tests.support.victim import journal_of, today

MANY = [phone(n) for n in range(12)]


def refused(project: Project, told: str) -> None:
    done = project.apply(code=4)
    assert told in done.err
    assert "fix:" in done.err
    assert project.asked("bulk") == 0
    assert project.live() == {}
    assert project.tip() == ""


def test_a_folder_for_the_journal_that_is_none(project: Project):
    project.list(entry(*MANY))
    (project.folder / ".git/dnc").write_text("in the way")
    refused(project, "cannot be written")


def test_a_journal_that_cannot_be_read(project: Project):
    project.list(entry(*MANY))
    journal_of(project).mkdir(parents=True)
    refused(project, "journal cannot be kept")


@pytest.mark.parametrize("folder", ["objects", "refs/heads", "temporary"])
@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC, errno.EROFS])
def test_git_could_not_keep_the_report(project: Project, monkeypatch, folder, number):
    project.list(entry(*MANY))
    real = tempfile.NamedTemporaryFile
    bad = tempfile.gettempdir() if folder == "temporary" else str(project.folder / ".git" / folder)

    def trying(*arguments, dir=None, **options):  # noqa: A002  (the library's name)
        if str(dir) == bad:
            raise OSError(number, os.strerror(number))
        return real(*arguments, dir=dir, **options)

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", trying)
    refused(project, os.strerror(number))


def test_too_little_space_is_free(project: Project, monkeypatch):
    project.list(entry(*MANY))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3_000_000))
    refused(project, "3.0 MB are free, and this run needs 4.2 MB")


def test_a_real_limit_of_the_system(project: Project):
    """A quota by any other name: the system lets this process write no file of that size."""
    project.list(entry(*MANY))
    done = subprocess.run(
        [sys.executable, "-m", "reconciler.cli.main", "apply"],
        cwd=project.folder,
        env={**project.environment(), "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert "journal cannot be kept: File too large" in done.stderr
    assert project.asked("bulk") == 0
    project.apply()
    assert set(project.live()) == set(MANY)


def test_a_disk_that_fills_up_on_the_way(project: Project, monkeypatch):
    """What can't be written down is not sent; the rest is the next run's."""
    project.tenant(chunkSize=3, concurrency=1)
    project.list(entry(*MANY))
    real, records = Journal._add, []

    def add(journal, record):
        records.append(record)
        if len(records) > 3:  # the run, one chunk and its answer
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(journal, record)

    monkeypatch.setattr(Journal, "_add", add)
    done = project.apply(code=8)
    assert done.outcomes == {"applied": 3, "not-attempted": 9}
    assert set(project.live()) == set(MANY[:3])
    assert project.newest["status"] == "partial"
    monkeypatch.undo()
    project.apply()
    assert set(project.live()) == set(MANY)


def test_a_report_that_cannot_be_committed(project: Project):
    """The journal stands in for it, until a report can."""
    project.configure(lambda c: c.update(safety={"maxRemovals": 500, "maxRemovalPercent": 100}))
    project.list(entry(*MANY))
    lock = project.folder / ".git/refs/heads/dnc-audit.lock"
    project.on_read[2] = lambda: lock.write_text("")  # a git that died left it behind
    done = project.apply(code=9)
    assert done.json["report"] is None
    assert set(project.live()) == set(MANY)
    assert journal_of(project).exists()
    project.on_read.clear()
    lock.unlink()
    project.apply()
    (report,) = project.reports()
    (run,) = report["interrupted"]
    assert (run["numbers"], run["chunks"]["unanswered"]) == (12, 0)
    project.list(entry(*MANY[4:]), releases=[release(*MANY[:4], on=today())])
    project.apply()
    assert set(project.live()) == set(MANY[4:])


def test_nothing_is_left_behind(project: Project):
    project.list(entry(*MANY))
    project.apply()
    project.apply()
    kept = {path.name for path in (project.folder / ".git/dnc").rglob("*") if path.is_file()}
    assert kept == {"production.lock"}
