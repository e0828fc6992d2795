"""Edits one after another: every command that writes list files takes the lock, and writes all or nothing."""

import json
import re
from contextlib import contextmanager

import pytest
from filelock import FileLock

from reconciler.use_cases.edits import edit_lock
from reconciler.use_cases.edits.edit_lock import is_portable, write_list_files
from reconciler.use_cases.workspace.context import CommandContext
from tests.commands.editing.conftest import HEAD
from tests.support.project import ROOT

ADD = ("add", "2125550124", "--list", "dnc-list-01", "--reason", "LOCAL", "--policy", "NEVER")
TERMS = "    reasonCode: LOCAL\n    expirationPolicy: NEVER\n"
UNSORTED = "".join(f'  - phone: "+1212555010{digit}"\n{TERMS}' for digit in (2, 1))
IMPORT = ("import", "table.csv", "--list", "dnc-list-01", "--reason", "NATIONAL", "--policy", "NEVER")
EDITS = {
    "add": ADD,
    "confirm": ("confirm", "2"),
    "fmt": ("fmt",),
    "import_table": (*IMPORT, "--source", "registry"),
    "pull": ("pull",),
    "registry_snapshot": (*IMPORT, "--source", "registry", "--snapshot", "--retrieved-at", "2026-11-20"),
    "release": ("release", "2125550101", "--reason", "CONSENT_GIVEN", "--evidence", "FORM-1"),
    "restore": ("restore", "--list", "dnc-list-01"),
    "undo": ("undo", "20261123-1a2b3c4d"),
}


@contextmanager
def held(folder, command="dnc import"):
    """Hold the lock as another process would."""
    lock = folder.path / ".dnc/edits.lock"
    lock.parent.mkdir(exist_ok=True)
    holder = {"pid": 4711, "since": "2026-11-23T10:00:00Z", "command": command}
    lock.with_suffix(".holder").write_text(json.dumps(holder))
    with FileLock(lock):
        yield


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(edit_lock, "WAIT_SECONDS", 0.01)


@pytest.mark.parametrize("module", EDITS)
def test_every_edit_takes_the_lock(folder, impatient, module):
    folder.entries("a", UNSORTED)
    folder.write("table.csv", "phone\n2125550103\n")
    before = folder.files()
    with held(folder):
        done = folder.dnc(*EDITS[module])
    assert done.code == 4, done.err
    says = "an edit of the list files is under way here already"
    assert f"{says} (dnc import, process 4711, since 2026-11-23T10:00:00Z): waiting 0.01 s" in done.err
    assert f"{says}: dnc import, process 4711, since 2026-11-23T10:00:00Z\n  fix: " in done.err
    assert folder.files() == before


def test_the_table_above_has_every_edit():
    sources = {path.stem: path.read_text() for path in (ROOT / "reconciler/use_cases").rglob("*.py")}
    takes = re.compile(r"^@edit\(|hold_edit_lock\(ctx, \"", re.MULTILINE)
    takers = {name for name, text in sources.items() if takes.search(text)}
    assert takers == set(EDITS)
    writers = {name for name, text in sources.items() if re.search(r"\b(write_file|replace_files)\b", text)}
    assert writers == {"files", "edit_lock", "init"}  # init overwrites no file


def test_a_write_without_the_lock_is_a_fault_of_the_program(tmp_path):
    with pytest.raises(RuntimeError, match="under the lock"):
        write_list_files(CommandContext(), {"a.yaml": b""}, ())


@pytest.mark.parametrize("arguments", [("fmt", "--check"), ("validate",)])
def test_what_only_reads_waits_for_nobody(folder, impatient, arguments):
    folder.entries("a", UNSORTED)
    with held(folder):
        assert "under way" not in folder.dnc(*arguments).err


def test_where_there_is_no_project_nothing_of_ours_is_left(folder):
    (folder.path / "dnc.yaml").unlink()
    assert "no dnc.yaml in this folder" in folder.dnc(*ADD).err
    assert list(folder.path.iterdir()) == []


def test_the_lock_is_out_of_gits_sight_and_its_owners(folder):
    assert folder.dnc(*ADD).code == 0
    state = folder.path / ".dnc"
    assert {file.name for file in state.iterdir()} == {".gitignore", "edits.lock"}
    assert (state / ".gitignore").read_text() == "*\n"
    assert (state / "edits.lock").stat().st_mode & 0o77 == 0


def test_a_file_that_an_editor_saved_meanwhile_is_not_overwritten(folder, monkeypatch):
    folder.entries("a", UNSORTED)
    monkeypatch.setattr(
        "reconciler.use_cases.edits.add.write_list_files",
        lambda *args: (folder.entries("a", UNSORTED + "# saved\n"), write_list_files(*args)),
    )
    done = folder.dnc(*ADD)
    assert done.code == 4
    assert (
        "dnc-lists/a.yaml: this file was changed by another program meanwhile: nothing was written"
        in done.err
    )
    assert folder.read("dnc-lists/a.yaml").endswith("# saved\n")


def test_a_file_that_appeared_meanwhile_is_not_overwritten(folder, monkeypatch):
    monkeypatch.setattr(
        "reconciler.use_cases.edits.add.write_list_files",
        lambda *args: (folder.write("dnc-lists/dnc-list-01.yaml", "mine"), write_list_files(*args)),
    )
    assert folder.dnc(*ADD).code == 4
    assert folder.read("dnc-lists/dnc-list-01.yaml") == "mine"


RESERVED = ["CON", "nul", "Aux", "PRN.yaml", "com1.yaml", "LPT9.x.yaml", "com\u00b9", "CONIN$"]
UNFIT = ["a.", "a ", "a:b", "a?", "a\\b", "a\tb"]
LIKE = ["console.yaml", "com.yaml", "com10.yaml", "nul-0001.yaml", "a.con.yaml", ".dnc"]


@pytest.mark.parametrize("name", RESERVED + UNFIT)
def test_a_name_that_windows_cannot_have(name):
    assert not is_portable(name)


@pytest.mark.parametrize("name", LIKE)
def test_a_name_that_only_looks_like_one(name):
    assert is_portable(name)


@pytest.mark.parametrize("list_id", ["CON", "nul", "Com1", "aux", "prn.x"])
def test_no_new_file_gets_a_name_that_windows_reserves(folder, list_id):
    new = ("add", "2125550124", "--list", list_id, "--new-list", *ADD[4:])
    done = folder.dnc(*new)
    assert done.code == 4
    says = f"no clone on Windows could check out the name {list_id}.yaml"
    assert f"dnc-lists/{list_id}.yaml: {says}" in done.err
    assert "fix: name another file (--file FILE)" in done.err
    assert "dnc-lists" not in str(folder.files())
    assert folder.dnc(*new, "--file", "dnc-lists/others.yaml").code == 0


def test_a_file_that_is_there_under_such_a_name_is_still_edited(folder):
    folder.write("dnc-lists/con.yaml", f"{HEAD}entries:\n{UNSORTED}")
    assert folder.dnc(*ADD).code == 0
    assert "5550124" in folder.read("dnc-lists/con.yaml")
