"""A bare origin with a commit, a clone of it, and a machine on which nobody is configured."""

import os
import shutil

import pytest

from tests.support.git import BARE, Clone, Origin, bare_origin


@pytest.fixture(autouse=True)
def _nobody(monkeypatch):
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    for name, value in BARE.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def _pattern(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pattern")
    made = bare_origin(folder / "origin.git").clone(folder / "clone")
    made.git("checkout", "-q", "-B", "main")
    made.commit({"dnc.yaml": "x: 1\n", "dnc-lists/a.yaml": "one\ntwo\nthree\n"})
    made.push("main")
    return folder


@pytest.fixture
def origin(_pattern, tmp_path) -> Origin:
    shutil.copytree(_pattern / "origin.git", tmp_path / "origin.git")
    return Origin(tmp_path / "origin.git")


@pytest.fixture
def clone(origin, _pattern, tmp_path) -> Clone:
    shutil.copytree(_pattern / "clone", tmp_path / "clone")
    config = tmp_path / "clone" / ".git" / "config"
    config.write_text(config.read_text().replace(str(_pattern), str(tmp_path)))
    return Clone(tmp_path / "clone")
