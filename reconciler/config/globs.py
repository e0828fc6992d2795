"""Which files are lists: globs over paths from the repository's root.

`*` and `?` stay within a folder, a component `**` goes over any number of them. As in a shell, a wildcard
does not match a leading dot: hidden files are no lists unless a glob names the dot.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

_FOLDERS = r"(?:(?!\.)[^/]+/)*"
_WILD = re.compile(r"[*?]")
# Left behind by editors and file systems; not even a typing error makes one of them a list.
_DEBRIS = (".#", "._")


def matches(globs: Iterable[str], path: str) -> bool:
    """Tell whether one of the globs reaches the path (relative, with `/`)."""
    return any(_compiled(glob).fullmatch(path) for glob in globs)


def leads_to(globs: Iterable[str], below: str) -> bool:
    """Tell whether one of the globs may reach a file below a folder (relative, ending in `/`)."""
    return any(_leading(glob).fullmatch(below) for glob in globs)


def problem(glob: str) -> str:
    """Say why a glob cannot be used, and the way out; empty for a good one."""
    parts = glob.split("/")
    if glob.startswith("/") or ".." in parts:
        return "leaves the repository: write a path from its root"
    if "\\" in glob or "." in parts or "" in parts or not glob.isprintable():
        return "is no path from the repository's root: write one such as dnc-lists/**/*.yaml"
    return ""


def folder(glob: str) -> str:
    """Give the list folder of a glob: what comes before its first wildcard; empty is the root."""
    parts = glob.split("/")[:-1]
    wild = next((place for place, part in enumerate(parts) if _WILD.search(part)), len(parts))
    return "".join(f"{part}/" for part in parts[:wild])


def is_yaml(path: str) -> bool:
    """Tell whether the name is a YAML file's."""
    name = path.rpartition("/")[2]
    return name.lower().endswith((".yaml", ".yml")) and not name.startswith(_DEBRIS)


@lru_cache(maxsize=256)
def _compiled(glob: str) -> re.Pattern[str]:
    *folders, name = glob.split("/")
    written = "".join(_FOLDERS if part == "**" else _component(part) + "/" for part in folders)
    return re.compile(written + (_FOLDERS if name == "**" else "") + _component(name))


@lru_cache(maxsize=256)
def _leading(glob: str) -> re.Pattern[str]:
    *folders, name = glob.split("/")
    written = _FOLDERS if name == "**" else ""
    for part in reversed(folders):
        written = f"(?:{_FOLDERS if part == '**' else _component(part) + '/'}{written})?"
    return re.compile(written)


def _component(part: str) -> str:
    visible = r"(?!\.)" if part.startswith(("*", "?")) else ""
    pieces = re.split(r"(\*+|\?)", part)
    return visible + "".join(
        "[^/]" if piece == "?" else "[^/]*" if piece.startswith("*") else re.escape(piece) for piece in pieces
    )
