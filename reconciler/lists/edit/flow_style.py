"""Lists in flow form, `[a, b]` and `{a: b}`, rewritten line by line, one number a line.

Level by level: the file, its sections, their entries, their numbers. Everything deeper keeps its form.
"""

from collections.abc import Iterator

from reconciler.lists.edit.items import SECTIONS, behind, indented, remarks
from reconciler.yaml_tree.spans import Branch, Leaf, Part, read_spans

# A replacement of the text between two places.
Edit = tuple[int, int, str]


def opened(text: str, root: Branch, *, whole: bool) -> tuple[str, Branch]:
    """Give the text with its lists opened, and its tree; both as they were where there is nothing to open.

    Without `whole`, entries keep their form.
    """
    while edits := list(_edits(text, root, whole=whole)):
        for start, end, lines in reversed(edits):
            text = text[:start] + lines + text[end:]
        read = read_spans(text)
        if isinstance(read, Branch):
            root = read
    return text, root


def column_of(text: str, place: int) -> int:
    """Tell the column of a place."""
    return place - (text.rfind("\n", 0, place) + 1)


def _edits(text: str, root: Branch, *, whole: bool) -> Iterator[Edit]:
    """Find what is to be opened next: of two that stand in each other, the outer one only."""
    if root.is_flow:
        lines = _lines(text, root, 0)
        yield root.start, root.end, "\n".join(lines)
        return
    for key, section in root.pairs():
        if key.text not in SECTIONS or not isinstance(section, Branch):
            continue
        if section.is_flow:
            yield from _below(text, key, section)
            continue
        for entry in section.parts if whole else ():
            if isinstance(entry, Branch):
                yield from _entry_edits(text, entry)


def _entry_edits(text: str, entry: Branch) -> Iterator[Edit]:
    if entry.is_flow:
        column = column_of(text, entry.start)
        lines = _lines(text, entry, column)
        if lines[0].lstrip().startswith("#"):  # a comment may follow the dash, but not its space only
            yield entry.start, entry.end, "\n".join((lines[0].lstrip(), *lines[1:]))
        else:
            yield entry.start, entry.end, "\n".join(lines).lstrip()
        return
    for key, value in entry.pairs():
        if key.text == "phones" and isinstance(value, Branch) and value.is_flow:
            yield from _below(text, key, value)


def _below(text: str, key: Leaf, value: Branch) -> Iterator[Edit]:
    """Open a sequence below its key; a comment behind the bracket goes behind the key."""
    if not value.parts:
        return
    end = text.find("\n", value.end)
    end = len(text) if end < 0 else end
    said = [*remarks(text[key.end : value.start]).all, *remarks(text[value.end : end]).all]
    first = behind(":", said[0] if said else "")
    column = column_of(text, key.start) + 2
    lines = [first, *indented(column, said[1:]), *_lines(text, value, column)]
    yield key.end, end, "\n".join(lines)


def _lines(text: str, branch: Branch, column: int) -> list[str]:
    """Write a flow mapping's pairs or a flow sequence's items one below the other."""
    places = [(k.start, v.end, _pair(text, k, v)) for k, v in branch.pairs()] if branch.keys else []
    places = places or [(item.start, item.end, f"- {_written(text, item)}") for item in branch.parts]
    lines: list[str] = []
    at = branch.start + 1
    for start, end, written in places:
        _add(lines, text[at:start], column)
        lines.append(" " * column + written)
        at = end
    _add(lines, text[at : branch.end - 1], column)
    return lines


def _add(lines: list[str], gap: str, column: int) -> None:
    """Add the comments of a gap: behind the line before, and as lines of their own."""
    found = remarks(gap)
    if found.behind and lines:
        lines[-1] = behind(lines[-1], found.behind)
        lines += indented(column, [text for _, text in found.own])
    else:
        lines += indented(column, found.all)


def _pair(text: str, key: Leaf, value: Part) -> str:
    return f"{text[key.start : key.end]}: {_written(text, value)}"


def _written(text: str, part: Part) -> str:
    """Give a value as written, on one line where it may be: lines in brackets may be indented too little."""
    written = text[part.start : part.end]
    return written if "#" in written else " ".join(line.strip() for line in written.split("\n"))
