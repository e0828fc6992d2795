"""Which files are lists: globs over paths from the repository's root.

`*` and `?` stay within a folder, a component `**` goes over any number of them. As in a shell, a wildcard
does not match a leading dot: hidden files are no lists unless a glob names the dot.
"""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import lru_cache

_FOLDERS = r"(?:(?!\.)[^/]+/)*"
_WILDCARD = re.compile(r"[*?]")
_LIKE = 0.6  # how much two names of a folder have in common of which one may be a typing error of the other
# Left behind by editors and file systems; not even a typing error makes one of them a list.
_EDITOR_PREFIXES = (".#", "._")


def matches(globs: Iterable[str], path: str) -> bool:
    """Tell whether one of the globs reaches the path (relative, with `/`)."""
    return any(_path_pattern(glob).fullmatch(path) for glob in globs)


def may_lead_to(globs: Iterable[str], folder_path: str) -> bool:
    """Tell whether one of the globs may reach a file below a folder (relative, ending in `/`)."""
    return any(_folder_pattern(glob).fullmatch(folder_path) for glob in globs)


def glob_problem(glob: str) -> str:
    """Say why a glob cannot be used, and the way out; empty for a good one."""
    parts = glob.split("/")
    if glob.startswith("/") or ".." in parts:
        return "leaves the repository: write a path from its root"
    if "\\" in glob or "." in parts or "" in parts or not glob.isprintable():
        return "is no path from the repository's root: write one such as dnc-lists/**/*.yaml"
    return ""


def list_folder(glob: str) -> str:
    """Give the list folder of a glob: what comes before its first wildcard; empty is the root."""
    parts = glob.split("/")[:-1]
    first_wildcard = next((place for place, part in enumerate(parts) if _WILDCARD.search(part)), len(parts))
    return "".join(f"{part}/" for part in parts[:first_wildcard])


def is_yaml(path: str) -> bool:
    """Tell whether the name is a YAML file's."""
    name = path.rpartition("/")[2]
    return name.lower().endswith((".yaml", ".yml")) and not name.startswith(_EDITOR_PREFIXES)


def similar_glob(glob: str, paths: Iterable[str]) -> str:
    """Give the glob that may be meant by one that reaches nothing; empty where no file lies near.

    It is the same with another name of a folder or ending, or reaches deeper into the same folder.
    """
    folder = list_folder(glob)
    files = sorted(paths)
    deeper = next((path for path in files if folder and path.startswith(folder)), "")
    if deeper:
        return f"{folder}**/*{_ending(deeper)}"
    parts = glob.split("/")
    best, best_likeness = "", 0.0
    for candidate in sorted({candidate for path in files for candidate in _globs_of(path)}):
        pairs = list(zip(parts, candidate.split("/"), strict=False))
        if len(pairs) == len(parts) == candidate.count("/") + 1:
            likeness = min(
                SequenceMatcher(None, part.lower(), other.lower()).ratio() for part, other in pairs
            )
            if likeness >= _LIKE and likeness > best_likeness:
                best, best_likeness = candidate, likeness
    return best


def _globs_of(path: str) -> list[str]:
    """Give the usual globs that reach a file."""
    *folders, _ = path.split("/")
    names = ["".join(f"{part}/" for part in folders[:count]) for count in range(len(folders) + 1)]
    return [f"{names[-1]}*{_ending(path)}", *(f"{name}**/*{_ending(path)}" for name in names)]


def _ending(path: str) -> str:
    return f".{path.rpartition('.')[2]}"


@lru_cache(maxsize=256)
def _path_pattern(glob: str) -> re.Pattern[str]:
    *folders, name = glob.split("/")
    pattern = "".join(_FOLDERS if part == "**" else _component_pattern(part) + "/" for part in folders)
    return re.compile(pattern + (_FOLDERS if name == "**" else "") + _component_pattern(name))


@lru_cache(maxsize=256)
def _folder_pattern(glob: str) -> re.Pattern[str]:
    *folders, name = glob.split("/")
    pattern = _FOLDERS if name == "**" else ""
    for part in reversed(folders):
        pattern = f"(?:{_FOLDERS if part == '**' else _component_pattern(part) + '/'}{pattern})?"
    return re.compile(pattern)


def _component_pattern(part: str) -> str:
    visible = r"(?!\.)" if part.startswith(("*", "?")) else ""
    pieces = re.split(r"(\*+|\?)", part)
    return visible + "".join(
        "[^/]" if piece == "?" else "[^/]*" if piece.startswith("*") else re.escape(piece) for piece in pieces
    )
