"""Names of lists that are taken for one another: what a typing error makes of a name."""

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import combinations

from reconciler.core.model.entries import is_list_id
from reconciler.core.model.finding import Finding, Severity
from reconciler.yaml_tree.nodes import unpack

RULE = "LIST-09"
_PARTS = re.compile(r"[0-9]+|[^0-9._-]+")
_WORD_LENGTH = 4  # letters; a shorter part is a label: dnc-us and dnc-uk, list-a and list-b are neighbours
# A list's own name: at the start of a line, or in the braces that the whole file stands in.
_LIST_ID = re.compile(
    rb"""^(?:\xef\xbb\xbf)?(?:\{\s*)?["']?listId["']?\s*:\s*["']?([A-Za-z0-9_][A-Za-z0-9._-]*)""",
    re.MULTILINE,
)
_LIST_ID_IN_BRACES = re.compile(rb"""["']?listId["']?\s*:\s*["']?([A-Za-z0-9_][A-Za-z0-9._-]*)""")


def nearest_name(name: str, names: Iterable[str]) -> str:
    """Give the name that may be meant; empty where none comes close."""
    by_folded_name = {other.casefold(): other for other in sorted(names, reverse=True)}
    near = get_close_matches(name.casefold(), by_folded_name, n=1)
    return by_folded_name[near[0]] if near else ""


def lookalike_name(name: str, names: Iterable[str]) -> str:
    """Give a name of which this one may be a typing error; empty where there is none."""
    return next((other for other in sorted(names) if is_lookalike(name, other)), "")


def is_lookalike(name: str, other: str) -> bool:
    """Tell whether one of two names may be a typing error of the other.

    They differ in case, in what stands between the parts, in zeros before a number, or in one letter of a
    word. Other numbers and short labels make neighbours: dnc-list-01 and dnc-list-02.
    """
    parts, other_parts = _parts(name), _parts(other)
    if name == other:
        return False
    if _words(parts) == _words(other_parts):
        return True
    pairs = [pair for pair in zip(parts, other_parts, strict=False) if pair[0] != pair[1]]
    if len(parts) != len(other_parts) or len(pairs) != 1:
        return False
    ((part, other_part),) = pairs
    is_number = part.isdecimal() or other_part.isdecimal()
    return not is_number and max(len(part), len(other_part)) >= _WORD_LENGTH and _is_one_off(part, other_part)


def list_id_of(data: bytes) -> str:
    """Find the name of the list in a file that is not parsed; empty where none can be found."""
    is_in_braces = data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    found = (_LIST_ID_IN_BRACES if is_in_braces else _LIST_ID).search(data)
    return found[1].decode() if found else ""


def lookalike_findings(
    list_ids: Mapping[str, str], marks: Mapping[str, int], meant: Iterable[str] = ()
) -> Iterator[Finding]:
    """Find two lists of which one may be a typing error of the other, each at its first file.

    `list_ids` is by file; `marks` are the places of the name in the files that were read. Names in `meant`
    are no errors.
    """
    first_files: dict[str, str] = {}
    for path in sorted(list_ids):
        if is_list_id(list_ids[path]):
            first_files.setdefault(list_ids[path], path)
    certain = frozenset(meant)
    for pair in _similar_pairs(first_files):
        if not certain.issuperset(pair) and is_lookalike(*pair):
            for name, other in (pair, pair[::-1]):
                path = first_files[name]
                if path in marks:
                    line, column = unpack(marks[path])
                    message = (
                        f"the list {name} looks like {other} ({first_files[other]}): if one of them is a "
                        "typing error, its calls may not be stopped; correct it, or write both names "
                        "below listIds in dnc.yaml if both are meant"
                    )
                    yield Finding(path, line, column, "/listId", RULE, Severity.WARNING, message)


def _similar_pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Give the pairs that may be alike, without comparing each name with each."""
    names_by_trait: dict[Hashable, list[str]] = {}
    for name in sorted(names):
        for trait in _traits(name):
            names_by_trait.setdefault(trait, []).append(name)
    return sorted({pair for alike in names_by_trait.values() for pair in combinations(alike, 2)})


def _traits(name: str) -> set[Hashable]:
    """Give what names have in common that are alike: all words, or all parts but one letter of one."""
    parts = _parts(name)
    traits: set[Hashable] = {tuple(_words(parts))}
    for place, part in enumerate(parts):
        if not part.isdecimal():
            forms = {part, *(part[:index] + part[index + 1 :] for index in range(len(part)))}
            traits |= {(place, parts[:place], form, parts[place + 1 :]) for form in forms}
    return traits


def _parts(name: str) -> tuple[str, ...]:
    """Cut a name into words and numbers, without case and without zeros before a number."""
    return tuple(
        str(int(part)) if part.isdecimal() and part.isascii() else part
        for part in _PARTS.findall(name.casefold())
    )


def _words(parts: tuple[str, ...]) -> list[str]:
    """Join words that follow each other: dnclist and dnc-list are one, dnc-1-1 and dnc-11 are two."""
    words: list[str] = []
    for part in parts:
        if words and not part.isdecimal() and not words[-1].isdecimal():
            words[-1] += part
        else:
            words.append(part)
    return words


def _is_one_off(word: str, other: str) -> bool:
    """Tell whether one letter was left out, added, changed, or two were swapped."""
    if len(word) > len(other):
        word, other = other, word
    start = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), len(word))
    rest, other_rest = word[start:], other[start:]
    if len(word) == len(other):
        return rest[1:] == other_rest[1:] or rest == other_rest[1::-1] + other_rest[2:]
    return rest == other_rest[1:]
