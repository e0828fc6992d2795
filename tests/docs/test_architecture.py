"""ARCHITECTURE.md names the packages and files that there are."""

import re
import tomllib

import pytest

from tests.docs.pages import ROOT

PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
CODE = ROOT / "reconciler"


def packages(folder):
    return {path.parent.name for path in folder.glob("*/__init__.py")}


def test_every_package_has_a_paragraph():
    inner = {f"{top}/{name}" for top in ("use_cases", "core") for name in packages(CODE / top)}
    assert set(re.findall(r"^(?:- )?\*\*`([\w/]+)`\*\*:", PAGE, re.MULTILINE)) == packages(CODE) | inner


def test_the_layers_are_those_of_the_contract():
    """Row by row, from the top."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    rows = re.findall(r"subgraph L\d .*\n(.*)\n", PAGE)
    drawn = [set(re.findall(r"\b(\w+)\b", re.sub(r"\[.*\]", "", row))) for row in rows]
    assert drawn == [set(layer.split(" | ")) for layer in contract["layers"]]


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([\w./-]+(?:/|\.\w+))`", PAGE))))
def test_every_file_that_is_named_exists(path):
    assert (ROOT / path).exists() or (CODE / path).exists()
