"""Compares files on the disk with those of a commit, byte by byte: no index, attribute or filter counts."""

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from reconciler.repository.git import raw
from reconciler.repository.trees import TreeFile, is_named

_LINK = "120000"
_SUBMODULE = "160000"


def differing(
    folder: Path,
    committed: Iterable[TreeFile],
    lying: Iterable[str],
    read: Callable[[list[str]], Mapping[str, bytes]],
) -> list[str]:
    """List what is changed, missing or additional in `folder`. `lying` is what is there; `read` reads blobs.

    A file that differs from its blob in CRLF for LF alone is no difference: `core.autocrlf` makes such ones,
    they say the same, and what is applied is the blob.
    """
    there = {file.path: file for file in committed if file.mode != _SUBMODULE}
    here = frozenset(lying)
    data = {path: _data(folder / path) for path in here & there.keys()}
    unlike = {path for path, found in data.items() if found is None or not _is(found, there[path])}
    blobs = read([there[path].sha for path in unlike])
    changed = (path for path in unlike if not _same_lines(data[path], blobs[there[path].sha]))
    return sorted({*(here ^ there.keys()), *changed})


_Data = tuple[bytes, bool]
"""What a file has, or where a link leads; and whether it is a link."""


def _data(file: Path) -> _Data | None:
    """Read a file; None for what can be none of git's, or cannot be read."""
    try:
        mode = file.lstat().st_mode
        if stat.S_ISLNK(mode):
            return raw(os.readlink(file)), True  # noqa: PTH115  (the text of the link as it is)
        return (file.read_bytes(), False) if stat.S_ISREG(mode) else None
    except OSError:
        return None


def _is(found: _Data, file: TreeFile) -> bool:
    data, link = found
    return link == (file.mode == _LINK) and is_named(data, file.sha)


def _same_lines(found: _Data | None, blob: bytes) -> bool:
    if found is None or found[1]:
        return False
    return found[0].replace(b"\r\n", b"\n") == blob.replace(b"\r\n", b"\n")
