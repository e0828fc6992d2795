"""`--numbers masked`: copies that leave the house, under a key (PRIV-04)."""

import json

import pytest

from tests.support.project import Project, entry
from tests.support.sandbox import phone

A, B = phone(1), phone(2)
KEY = "a-key-that-is-long-enough"


@pytest.fixture
def listed(project: Project) -> Project:
    project.list(entry(A))
    project.agent("add", B)
    return project


@pytest.mark.parametrize("command", ["plan", "drift"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_number_is_left_and_each_has_one_stand_in(listed: Project, command, form):
    options = (command, "--numbers", "masked", "--format", form)
    done = listed.run(*options, DNC_MASK_KEY=KEY, CI="")
    assert done.code == (3 if command == "drift" else 0), done.err
    assert "masked:" in done.out
    for number in (A, B):
        assert number.lstrip("+") not in done.out + done.err
    assert done.out.count("masked:") == listed.run(*options, DNC_MASK_KEY=KEY, CI="").out.count("masked:")
    assert done.out != listed.run(*options, DNC_MASK_KEY=KEY[::-1], CI="").out


@pytest.mark.parametrize("key", ["", "short"])
def test_without_a_key_it_is_an_error(listed: Project, key):
    done = listed.run("plan", "--numbers", "masked", DNC_MASK_KEY=key)
    assert done.code == 4
    assert "DNC_MASK_KEY" in done.err
    assert "PRIV-04" in done.err
    assert not done.out


def test_a_masked_plan_is_no_plan_to_apply(listed: Project):
    assert listed.run("plan", "--numbers", "masked", "-o", "plan.json", DNC_MASK_KEY=KEY).code == 0
    text = (listed.folder / "plan.json").read_text()
    assert A not in text
    assert json.loads(text)["numbers"] == "masked"
    done = listed.run("apply", "plan.json")
    assert done.code == 4
    assert "masked" in done.err
    assert A not in listed.live()
