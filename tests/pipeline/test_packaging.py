"""What a list repository takes from this one besides the component: hooks, and an image."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from reconciler.cli.app import application
from tests.support.project import ROOT, Project, entry, making
from tests.support.sandbox import phone

HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
_HADOLINT = Path(sys.executable).parent / "hadolint"


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_calls_a_command_that_takes_paths(hook):
    program, name = hook["entry"].split()
    command = get_command(application()).commands[name]
    assert program == "dnc"
    assert any(parameter.name == "paths" and parameter.nargs == -1 for parameter in command.params)
    assert hook["language"] == "python"
    assert "id" in hook
    assert "name" in hook


def test_a_hook_sees_the_lists_and_nothing_else():
    for hook in HOOKS:
        assert re.search(hook["files"], "dnc-lists/2026/intake.yaml")
        assert not re.search(hook["files"], "other/dnc-lists.yaml")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with making(tmp_path) as made:
        yield made


def test_the_hooks_run_as_pre_commit_runs_them(project: Project):
    project.list(entry(phone(1)), name="a")
    project.list(entry("+1212"), name="b", commit=False)
    for hook, code in (("dnc-validate", 4), ("dnc-fmt", 4)):
        (entry_point,) = (found["entry"] for found in HOOKS if found["id"] == hook)
        done = project.run(*entry_point.split()[1:], "dnc-lists/a.yaml", "dnc-lists/b.yaml")
        assert done.code == code, (hook, done.err)
        assert "dnc-lists/b.yaml:" in done.out + done.err


def test_the_image_is_small_not_roots_and_has_git():
    stages = re.findall(r"^FROM \S+", DOCKERFILE, re.MULTILINE)
    assert len(stages) == 2
    assert "git" in DOCKERFILE.rpartition("FROM ")[2]
    assert DOCKERFILE.index("USER 10001") > DOCKERFILE.rindex("RUN ")


def test_what_the_image_copies_is_there_and_let_through():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [
        word
        for line in re.findall(r"^COPY (?!--)(.*) \S+$", DOCKERFILE, re.MULTILINE)
        for word in line.split()
    ]
    assert copied
    for name in copied:
        assert (ROOT / name).exists(), name
        assert f"!{name}" in ignored, name


@pytest.mark.skipif(not _HADOLINT.exists(), reason="hadolint is installed on Linux x86_64 only")
def test_the_image_passes_hadolint():
    done = subprocess.run([_HADOLINT, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
