"""Lists in flow form, `[a, b]` and `{a: b}`, rewritten line by line, one number a line.

Level by level: the file, its sections, their entries, their numbers. Everything deeper keeps its form.
"""

from collections.abc import Iterator

from reconciler.lists.edit.items import SECTIONS, indent_comments, parse_comments, with_trailing_comment
from reconciler.yaml_tree.spans import Branch, Leaf, Part, read_spans

# A replacement of the text between two places.
Edit = tuple[int, int, str]


def expand_flow_lists(text: str, root: Branch, *, whole: bool) -> tuple[str, Branch]:
    """Give the text with its lists opened, and its tree; both as they were where there is nothing to open.

    Without `whole`, entries keep their form.
    """
    while edits := list(_edits(text, root, whole=whole)):
        for start, end, lines in reversed(edits):
            text = text[:start] + lines + text[end:]
        tree = read_spans(text)
        if isinstance(tree, Branch):
            root = tree
    return text, root


def column_of(text: str, place: int) -> int:
    """Tell the column of a place."""
    return place - (text.rfind("\n", 0, place) + 1)


def _edits(text: str, root: Branch, *, whole: bool) -> Iterator[Edit]:
    """Find what is to be opened next: of two that stand in each other, the outer one only."""
    if root.is_flow:
        lines = _expanded_lines(text, root, 0)
        yield root.start, root.end, "\n".join(lines)
        return
    for key, section in root.pairs():
        if key.text not in SECTIONS or not isinstance(section, Branch):
            continue
        if section.is_flow:
            yield from _expand_below_key(text, key, section)
            continue
        for entry in section.parts if whole else ():
            if isinstance(entry, Branch):
                yield from _entry_edits(text, entry)


def _entry_edits(text: str, entry: Branch) -> Iterator[Edit]:
    if entry.is_flow:
        column = column_of(text, entry.start)
        lines = _expanded_lines(text, entry, column)
        if lines[0].lstrip().startswith("#"):  # a comment may follow the dash, but not its space only
            yield entry.start, entry.end, "\n".join((lines[0].lstrip(), *lines[1:]))
        else:
            yield entry.start, entry.end, "\n".join(lines).lstrip()
        return
    for key, value in entry.pairs():
        if key.text == "phones" and isinstance(value, Branch) and value.is_flow:
            yield from _expand_below_key(text, key, value)


def _expand_below_key(text: str, key: Leaf, value: Branch) -> Iterator[Edit]:
    """Open a sequence below its key; a comment behind the bracket goes behind the key."""
    if not value.parts:
        return
    end = text.find("\n", value.end)
    end = len(text) if end < 0 else end
    comments = [
        *parse_comments(text[key.end : value.start]).texts,
        *parse_comments(text[value.end : end]).texts,
    ]
    first_line = with_trailing_comment(":", comments[0] if comments else "")
    column = column_of(text, key.start) + 2
    lines = [first_line, *indent_comments(column, comments[1:]), *_expanded_lines(text, value, column)]
    yield key.end, end, "\n".join(lines)


def _expanded_lines(text: str, branch: Branch, column: int) -> list[str]:
    """Write a flow mapping's pairs or a flow sequence's items one below the other."""
    places = (
        [(key.start, value.end, _pair_text(text, key, value)) for key, value in branch.pairs()]
        if branch.keys
        else []
    )
    places = places or [(item.start, item.end, f"- {_value_text(text, item)}") for item in branch.parts]
    lines: list[str] = []
    position = branch.start + 1
    for start, end, line in places:
        _add_comments(lines, text[position:start], column)
        lines.append(" " * column + line)
        position = end
    _add_comments(lines, text[position : branch.end - 1], column)
    return lines


def _add_comments(lines: list[str], gap: str, column: int) -> None:
    """Add the comments of a gap: behind the line before, and as lines of their own."""
    comments = parse_comments(gap)
    if comments.trailing and lines:
        lines[-1] = with_trailing_comment(lines[-1], comments.trailing)
        lines += indent_comments(column, [text for _, text in comments.on_own_lines])
    else:
        lines += indent_comments(column, comments.texts)


def _pair_text(text: str, key: Leaf, value: Part) -> str:
    return f"{text[key.start : key.end]}: {_value_text(text, value)}"


def _value_text(text: str, part: Part) -> str:
    """Give a value as written, on one line where it may be: lines in brackets may be indented too little."""
    value_text = text[part.start : part.end]
    return value_text if "#" in value_text else " ".join(line.strip() for line in value_text.split("\n"))
