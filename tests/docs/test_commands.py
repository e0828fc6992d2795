"""What the pages say of the command line is what the command line has."""

import re

import pytest
from typer.main import get_command

from reconciler.cli.app import application
from reconciler.core.model import errors
from tests.docs.pages import PAGES, ROOT, commands, first_cells

CODES = ROOT / "docs" / "reference" / "exit-codes.md"
DNC = get_command(application())
# Short for --format json; the entry point reads it before any command does.
EVERYWHERE = {option for parameter in DNC.params for option in parameter.opts} | {"--json"}


def leaves(command, words=()):
    """Name every command that can be called."""
    below = getattr(command, "commands", None)
    if below is None:
        return {" ".join(words): command}
    itself = {" ".join(words): command} if words and command.invoke_without_command else {}
    return itself | {
        name: leaf for key, sub in below.items() for name, leaf in leaves(sub, (*words, key)).items()
    }


COMMANDS = leaves(DNC)
SAID = [(page, line) for page in PAGES for line in commands(page)]


@pytest.mark.parametrize(("page", "line"), SAID, ids=[f"{p.name}: {line}" for p, line in SAID])
def test_every_call_is_one_that_dnc_takes(page, line):
    words = line.split()[1:]
    name = next(
        (n for n in sorted(COMMANDS, key=len, reverse=True) if words[: len(n.split())] == n.split()), None
    )
    if name is None:
        assert not words or words[0] in EVERYWHERE or words in (["audit"], ["help"])
        return
    known = EVERYWHERE | {option for parameter in COMMANDS[name].params for option in parameter.opts}
    for word in words[len(name.split()) :]:
        option = word.partition("=")[0]
        if option.startswith("-"):
            assert option in known, f"{page.name}: dnc {name} has no {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_that_is_named_exists(page):
    known = EVERYWHERE | {o for leaf in COMMANDS.values() for p in leaf.params for o in p.opts}
    prose = re.findall(r"`(--[a-z][a-z0-9-]+)", page.read_text(encoding="utf-8"))
    assert set(prose) <= known


def codes():
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.DncError)]
    return {c.exit_code for c in classes}


def test_every_exit_code_has_a_row():
    rows = first_cells(CODES.read_text(encoding="utf-8"), "exit")
    assert rows == [str(code) for code in range(10)]
    assert codes() <= {int(row) for row in rows}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_exit_codes_are_listed_on_one_page(page):
    assert page == CODES or not re.search(r"^\| exit \|", page.read_text(encoding="utf-8"), re.MULTILINE)
