"""Several files written as one: all of them, or none, whichever step fails."""

import os
from pathlib import Path

import pytest

from reconciler.core.model.errors import InvalidInput
from reconciler.use_cases.workspace.files import replace_files

BEFORE = {"a.yaml": b"a", "lists/b.yaml": b"b", "c.yaml": b"c"}
AFTER = {"a.yaml": b"A", "new/n.yaml": b"N", "lists/b.yaml": None, "c.yaml": b"C"}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def files(tmp_path):
    for name, data in BEFORE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_files_are_replaced_made_and_removed(files):
    (files / "a.yaml").chmod(0o640)
    replace_files(files, AFTER, BEFORE)
    assert tree(files) == {name: data for name, data in AFTER.items() if data is not None}
    assert (files / "a.yaml").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("error", [OSError(28, "no space"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", range(4))
def test_whichever_step_fails_all_is_as_before(files, monkeypatch, step, error):
    left, replace, unlink = [step], Path.replace, Path.unlink

    def fail(path, file):
        if path == file or file.name in {"a.yaml", "n.yaml", "c.yaml"}:
            left[0] -= 1
            if left[0] == -1:
                raise error

    def failing_replace(path, file):
        fail(path, file)
        return replace(path, file)

    def failing_unlink(path, missing_ok=False):
        if path.name == "b.yaml":
            fail(path, path)
        return unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "replace", failing_replace)
    monkeypatch.setattr(Path, "unlink", failing_unlink)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else InvalidInput):
        replace_files(files, AFTER, BEFORE)
    assert tree(files) == BEFORE


def test_what_does_not_fit_on_the_disk_changes_nothing(files, monkeypatch):
    full = [3]

    def fsync(_):
        full[0] -= 1
        if not full[0]:
            raise OSError(28, "no space")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(InvalidInput, match="no space"):
        replace_files(files, AFTER, BEFORE)
    assert tree(files) == BEFORE
