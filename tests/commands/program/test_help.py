"""Help that fits a terminal of 80 columns, and habits of other programs that work or say what is meant."""

import re

import pytest
from typer.main import get_command

from reconciler.cli.app import application
from reconciler.cli.help import Commands
from script.referencing.commands import leaves
from tests.support.project import Project, entry
from tests.support.sandbox import phone

DNC = get_command(application())
EVERY = dict(leaves(DNC))
A, B = phone(1), phone(2)


@pytest.mark.parametrize("name", EVERY)
def test_a_summary_fits_its_line_and_is_not_cut_off(name):
    summary = EVERY[name].get_short_help_str(64)
    assert 10 < len(summary) <= 64
    assert not summary.endswith("...")


def test_the_sections_name_every_command_once():
    named = [name for names in Commands.SECTIONS.values() for name in names]
    assert sorted(named) == sorted(DNC.commands)
    assert len(Commands.SECTIONS) == 6


def test_no_line_of_help_is_wider_than_the_terminal(project: Project):
    for name in ["", *EVERY]:
        done = project.run(*name.split(), "-h", COLUMNS="80")
        assert done.code == 0
        wide = [line for line in done.out.splitlines() if len(line) > 80]
        assert [line for line in wide if not re.search("[0-9a-f]{40}", line)] == [], (
            name
        )  # one word, to paste
        assert "<str>" not in done.out, name


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("remove", "dnc release"),
        ("delete", "dnc release"),
        ("diff", "dnc plan"),
        ("verify", "dnc audit verify"),
    ],
)
def test_another_programs_word_names_the_command_that_is_meant(project: Project, word, meant):
    done = project.run(word, "+12125550123")
    assert done.code == 2
    assert f"Did you mean '{meant}'?" in done.err
    assert "restore" not in done.err


def test_help_is_a_command_too(project: Project):
    assert project.run("help").out == project.run("--help").out
    assert project.run("help", "plan").out == project.run("plan", "-h").out
    assert project.run("help", "audit", "verify").out == project.run("audit", "verify", "--help").out


def test_short_forms(project: Project):
    project.list(entry(A))
    assert project.run("plan", "--json", "-t", "toy").json["tenant"] == "toy"
    assert project.run("--json", "-t", "toy", "plan").json["tenant"] == "toy"
    assert project.run("apply", "-y", CI="").code == 0
    assert set(project.live()) == {A}


def test_the_configuration_is_found_from_a_subfolder(project: Project):
    project.list(entry(A))
    top = project.folder
    project.folder = top / "dnc-lists"
    assert project.run("plan", "--json").json["summary"]["create"] == 1
    project.folder = top
    (top.parent / "dnc.yaml").write_bytes((top / "dnc.yaml").read_bytes())
    (top / "dnc.yaml").unlink()
    done = project.run("validate")
    assert done.code == 4  # above the working tree anybody's file may be
    assert "dnc init" in done.out
