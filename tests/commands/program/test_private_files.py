"""Files with whole numbers: for their owner only, and nothing in them that a spreadsheet runs (S18, S23)."""

import csv
import stat
from pathlib import Path

import pytest

from reconciler.use_cases.workspace.files import harmless_cell
from tests.support.project import Project, entry
from tests.support.sandbox import phone

EVIL = ["=HYPERLINK(1)", "@SUM(1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "\n1", "\uff1d1"]
TOLD = ["+12005550101", "+1 (200) 555-0101", "CALL-1", "2026-11-23", "", "a; -b", "1;+12005550102"]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def cells(path: Path) -> list[str]:
    with path.open(newline="") as file:
        return [cell for row in csv.reader(file) for cell in row]


@pytest.mark.parametrize("text", EVIL)
def test_a_cell_is_no_formula(text):
    assert harmless_cell(text) == f"'{text}"


SPLIT = {"a;=1": "a;'=1", "a\r=1": "a\r'=1", "\n@1": "'\n'@1", "a;-1;\uff0b1": "a;'-1;'\uff0b1"}


@pytest.mark.parametrize(("text", "cell"), SPLIT.items())
def test_nor_is_what_is_one_where_semicolons_part_cells(text, cell):
    assert harmless_cell(text) == cell


@pytest.mark.parametrize("text", TOLD)
def test_what_is_none_stays_as_it_is(text):
    assert harmless_cell(text) == text


@pytest.mark.parametrize("there", [False, True])
def test_what_pull_can_not_take_is_harmless_and_its_owners(project: Project, there):
    """S18."""
    project.list(entry(phone(1)))
    for text in EVIL[:4]:
        project.agent("add", text)
    file = project.folder / "unreadable.csv"
    if there:
        file.write_text("old")
        file.chmod(0o644)
    assert project.run("pull", "--all-lists").code == 0
    assert {f"'{text}" for text in EVIL[:4]} <= set(cells(file))
    assert mode(file) == 0o600


def test_rows_that_import_refused_are_harmless_and_their_owners(project: Project):
    """S18."""
    project.list(entry(phone(1)))
    project.write("table.csv", "phone,evidence\n=cmd|calc!A0,@SUM(1)\n-1,+cmd\n")
    terms = ("--reason", "LOCAL", "--policy", "NEVER", "--source", "crm")
    assert project.run("import", "table.csv", "--list", "dnc-list-01", *terms).code == 8
    (file,) = project.folder.glob("*.rejects.csv")
    assert {"'=cmd|calc!A0", "'@SUM(1)", "'-1", "'+cmd"} <= set(cells(file))
    assert mode(file) == 0o600


def test_folders_between_runs_are_their_owners_also_those_of_before(project: Project):
    """S23."""
    git, state = project.folder / ".git/dnc", project.folder / ".dnc"
    (git / "of/before").mkdir(parents=True)
    (git / "of/before/production.journal").write_text("")
    (git / "of/before/production.journal").unlink()
    (git / "old.lock").write_text("")
    state.mkdir(mode=0o755)
    (state / "old.sqlite").write_text("")
    for path in (git, git / "of", git / "of/before", state):
        path.chmod(0o755)
    project.list(entry(phone(1)))
    project.apply()
    assert project.run("plan", "--tenant", "toy").code == 0
    for top in (git, state):
        for path in (top, *top.rglob("*")):
            assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_a_folder_that_is_not_ours_stops_nothing(project: Project, monkeypatch):
    """S23: where rights cannot be changed they stay as they are."""

    def refuse(*_: object) -> None:
        raise PermissionError

    (project.folder / ".git/dnc").mkdir(mode=0o755)
    monkeypatch.setattr(Path, "chmod", refuse)
    project.list(entry(phone(1)))
    project.apply()
