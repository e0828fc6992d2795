"""Large files are read by processes side by side: with the same result, whatever becomes of these."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from reconciler.lists.reader import Lists
from reconciler.use_cases.workspace import project as project_module
from reconciler.use_cases.workspace.context import Today
from reconciler.use_cases.workspace.project import Project
from reconciler.use_cases.workspace.tree import WorkingTree
from tests.support.sandbox import phone

PATIENCE = 20  # seconds that a machine may take
TODAY = Today.at(datetime(2026, 11, 23, 12, tzinfo=UTC))
DNC = """
import sys
from reconciler.cli.main import main
from reconciler.use_cases.workspace import project
project.LARGE_BYTES = 1
project._processor_count = lambda: 2
sys.argv = ["dnc", "validate"]
main()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three lists, one with an error and one with a rule of the repository's own that it breaks."""
    (tmp_path / "dnc.yaml").write_text(
        "defaultTenant: a\ntenants:\n  a:\n    dialect: entries\n    baseUrl: http://localhost:1\n"
        "    clientId: a\n    clientSecret: ${A}\n    orgId: a\n"
    )
    rules = tmp_path / "schema" / "regulations"
    rules.mkdir(parents=True)
    (rules / "own.json").write_text(
        '{"title": "Ours", "allOf": [{"id": "OWN-01", "statement": "A rule.", "meaning": "One.",'
        '"basis": "policy", "severity": "warning", "confidence": "H", "effectiveFrom": "2026-01-01",'
        '"adoptedBy": "us", "adoptedOn": "2026-11-23", "reviewDue": "2027-11-23", "jurisdiction": null,'
        '"example": {"passes": {}, "fails": {}}, "properties": {"source": {"const": "desk"}}}]}'
    )
    lists = tmp_path / "dnc-lists"
    lists.mkdir()
    for place, source in enumerate(("desk", "desk", "shop")):
        numbers = [phone(n) for n in range(place, 9, 2)]
        entries = "".join(
            f'  - phone: "{number}"\n    reasonCode: LOCAL\n    expirationPolicy: NEVER\n'
            f"    source: {source}\n"
            for number in (*numbers, *numbers[:place])
        )
        (lists / f"{place}.yaml").write_text(f"listId: list-{place}\nentries:\n{entries}")
    return tmp_path


@pytest.fixture
def project(folder: Path) -> Project:
    return Project.read(WorkingTree(folder), "dnc.yaml")


@pytest.fixture
def here(project: Project, monkeypatch: pytest.MonkeyPatch) -> Lists:
    """What one process reads; from then on every file is large, and there are two processors."""
    read = read_by(project)
    assert {finding.rule for finding in read.findings} >= {"LIST-03", "OWN-01"}
    monkeypatch.setattr(project_module, "LARGE_BYTES", 1)
    monkeypatch.setattr(project_module, "_processor_count", lambda: 2)
    return read


def read_by(project: Project) -> Lists:
    return project.read_lists(project.sources(project.tenant(None)), TODAY)


def test_they_read_what_one_process_reads(project: Project, here: Lists, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(project_module, "read_one_file", None)  # here nobody reads
    assert read_by(project) == here


def test_one_processor_reads_by_itself(project: Project, here: Lists, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(project_module, "_processor_count", lambda: 1)
    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", None)
    assert read_by(project) == here


def test_files_are_read_here_where_no_process_can_be_had(
    project: Project, here: Lists, monkeypatch: pytest.MonkeyPatch
):
    def refused(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", refused)
    assert read_by(project) == here


def test_files_are_read_here_where_their_process_dies(
    project: Project, here: Lists, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(project_module, "_start_worker", partial(os._exit, 3))
    assert read_by(project) == here


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are counted in /proc")
def test_none_is_left_where_the_one_that_began_them_is_killed(folder: Path):
    began = subprocess.Popen([sys.executable, "-c", DNC], cwd=folder, stderr=subprocess.DEVNULL)
    try:
        children = waited(lambda: list(children_of(began.pid)), began)
        began.send_signal(signal.SIGSTOP)  # it must not end them itself
    finally:
        began.kill()
        began.wait()
    waited(lambda: not any(map(is_there, children)))


def waited(look, process=None):
    until = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < until
        assert process is None or process.poll() is None
        time.sleep(0.005)
    return found


def children_of(pid: int) -> Iterator[int]:
    for place in Path("/proc").glob("[0-9]*"):
        try:
            facts = (place / "stat").read_text().rpartition(")")[2].split()
            if int(facts[1]) == pid and b"spawn_main" in (place / "cmdline").read_bytes():
                yield int(place.name)
        except OSError:  # gone since
            continue


def is_there(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
