"""The reference is what the program and the schemas say, and every command explains itself."""

import json

import pytest

from script.referencing.__main__ import stale
from script.referencing.commands import leaves
from tests.docs.pages import ROOT
from tests.docs.test_commands import DNC

COMMANDS = dict(leaves(DNC))


def test_the_reference_is_up_to_date():
    assert not stale(), "run script/reference, and commit what it writes"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_of_itself(name):
    epilog = COMMANDS[name].epilog or ""
    calls = [line.strip() for line in epilog.splitlines() if line.startswith("  dnc")]
    assert calls
    assert all(f"{call} ".startswith(f"dnc {name}") for call in calls)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_explained(name):
    command = COMMANDS[name]
    assert (command.help or "").strip()
    assert [p.name for p in command.params if p.name != "help" and not p.help] == []


def _unexplained(node, place=""):
    """Name the keys of a schema that an editor could say nothing about."""
    for key, said in node.get("properties", {}).items():
        where = f"{place}.{key}"
        if "$ref" not in said and "description" not in said and isinstance(said, dict):
            yield where
        yield from _unexplained(said, where)
    if "items" in node:
        yield from _unexplained(node["items"], f"{place}[]")


@pytest.mark.parametrize("name", ["dnc-list", "dnc"])
def test_every_key_that_people_write_is_explained(name):
    schema = json.loads((ROOT / "schema" / f"{name}.schema.json").read_text())
    # Conditions speak of keys that are explained where they are defined.
    plain = {kind: said for kind, said in schema["$defs"].items() if "if" not in said or "type" in said}
    found = [*_unexplained(schema)]
    for kind in plain.keys() - {"embeddedTenant"}:
        found += _unexplained(plain[kind], kind)
    assert found == []
