"""Reads the working tree: which files differ from the commit."""

import os

from reconciler.repository.git import Git, raw, text
from reconciler.repository.trees import Wanted


def differing(git: Git, prefix: str, wanted: Wanted) -> list[str]:
    """List the wanted files that differ from HEAD: changed, staged, deleted, untracked or ignored.

    Names are relative to `prefix`, the project's folder ("" or ending in "/").
    """
    said = git.run(
        "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignored=traditional",
        *(["--", prefix] if prefix else []),
    )  # fmt: skip
    paths: set[str] = set()
    for record in said.split(b"\0")[:-1]:
        path = text(record[3:])
        paths.update(_below(git, path) if path.endswith("/") else [path])
    names = (path.removeprefix(prefix) for path in paths if path.startswith(prefix))
    return sorted(name for name in names if wanted(name))


def _below(git: Git, folder: str) -> list[str]:
    """List the files of a folder that git shows as one: another repository inside of this one."""
    top = os.fsencode(git.folder) + b"/"
    found = []
    for place, folders, files in os.walk(top + raw(folder)):
        folders[:] = [name for name in folders if name != b".git"]
        found += [text(os.path.join(place, name).removeprefix(top)) for name in files]  # noqa: PTH118  (bytes)
    return found
