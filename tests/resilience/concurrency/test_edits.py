"""Edits of one clone at once, each a process of its own: no number is lost, and no lock stays."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from tests.support.project import ROOT, Project, entry
from tests.support.sandbox import phone
from tests.support.victim import end, start

NUMBERS = [phone(n) for n in range(4)]
TERMS = ("--list", "dnc-list-01", "--reason", "LOCAL", "--policy", "NEVER", "--source", "crm")

# The lock, as a long import holds it, until the process is ended.
_HOLDER = """
import time
from reconciler.use_cases.edits.edit_lock import hold_edit_lock
from reconciler.use_cases.workspace.context import CommandContext
with hold_edit_lock(CommandContext(), "dnc import"):
    print("held", flush=True)
    time.sleep(600)
"""

# A command that is killed as it replaces its file number AT.
_KILLED = """
import os, sys
from pathlib import Path
from reconciler.cli.main import main
replace, left = Path.replace, [int(sys.argv.pop(1))]
def dying(new_file, file):
    left[0] -= 1
    if not left[0]:
        os._exit(9)
    return replace(new_file, file)
Path.replace = dying
main()
"""


def python(project: Project, program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=project.folder,
        env={**project.environment(), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def holding(project: Project) -> Iterator[subprocess.Popen[str]]:
    process = python(project, _HOLDER)
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def numbers_in(project: Project) -> set[str]:
    text = "".join(file.read_text() for file in (project.folder / "dnc-lists").rglob("*.yaml"))
    return set(re.findall(r"\+1[0-9]{10}", text))


def leftovers(project: Project) -> list[Path]:
    return list(project.folder.rglob(".dnc-*.tmp"))


def test_four_adds_at_once_leave_four_numbers(project: Project):
    """All four have begun, and wait, before the first may go on."""
    project.write("dnc-lists/dnc-list-01.yaml", "listId: dnc-list-01\nentries: []\n")
    (project.folder / ".dnc").mkdir(exist_ok=True)
    with FileLock(project.folder / ".dnc/edits.lock"):
        adds = [start(project, "add", number, *TERMS) for number in NUMBERS]
        for process in adds:
            assert "an edit of the list files is under way here already" in process.stderr.readline()
    ended = [end(process) for process in adds]
    assert [done.code for done in ended] == [0] * 4, [done.err for done in ended]
    assert numbers_in(project) == set(NUMBERS)
    assert project.run("validate").code == 0
    assert leftovers(project) == []


def test_four_adds_that_make_the_file_leave_four_numbers(project: Project):
    """Nothing holds them up: they start as the machine lets them."""
    adds = [start(project, "add", number, *TERMS) for number in NUMBERS]
    assert [end(process).code for process in adds] == [0] * 4
    assert numbers_in(project) == set(NUMBERS)


def test_whoever_waits_says_for_whom_and_goes_on_when_that_is_killed(project: Project):
    project.list(entry(NUMBERS[0]))
    with holding(project) as holder:
        waiting, killed, interrupted = (start(project, "add", number, *TERMS) for number in NUMBERS[1:])
        says = f"under way here already (dnc import, process {holder.pid}, since 20"
        for process in (waiting, killed, interrupted):
            assert says in process.stderr.readline()
        killed.kill()
        killed.communicate()
        interrupted.send_signal(signal.SIGINT)
        _, err = interrupted.communicate(timeout=30)
        assert (interrupted.returncode, err) == (130, "")
        assert waiting.poll() is None
    assert end(waiting).code == 0
    assert numbers_in(project) == {NUMBERS[0], NUMBERS[1]}
    assert project.run("add", NUMBERS[2], *TERMS).code == 0  # nothing had to be removed by hand


def test_a_release_that_is_killed_between_its_files_takes_no_number_off(project: Project):
    project.list(entry(*NUMBERS[:2]))
    project.apply()
    why = ("--list", "dnc-list-01", "--reason", "CONSENT_GIVEN", "--evidence", "F-1")
    assert end(python(project, _KILLED, "2", "release", NUMBERS[0], *why)).code == 9
    file = project.folder / "dnc-lists/releases/dnc-list-01.yaml"
    assert NUMBERS[0] in file.read_text()
    entries = "".join(path.read_text() for path in (project.folder / "dnc-lists").glob("*.yaml"))
    assert NUMBERS[0] in entries
    assert leftovers(project) != []
    assert project.run("validate").code == 0  # what is not whole is no list
    assert project.run("add", NUMBERS[3], *TERMS).code == 0
    assert leftovers(project) == []
