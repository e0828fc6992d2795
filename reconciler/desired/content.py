"""What a list file says, comments included, whatever the order and the form: editing must not change it."""

from collections import Counter
from collections.abc import Iterator

from reconciler.desired.remarks import remarks
from reconciler.desired.spans import Branch, Leaf, Part, gaps, plain, read_spans

SECTIONS = ("entries", "releases")


def content_of(data: bytes) -> object:
    """Tell what a file says, to be compared."""
    text = data.decode("utf-8-sig").replace("\r\n", "\n")
    return content(text, read_spans(text))


def content(text: str, root: Part) -> object:
    """Tell what a text says: every number with what is said of it, the other keys, and every comment."""
    between = (gap for gap in gaps(text, root, 0, len(text)) if "#" in gap)
    comments = Counter(comment for gap in between for comment in remarks(gap).all)
    sections: dict[str, Counter[object]] = {}
    rest: dict[str, object] = {}
    for key, value in root.pairs() if isinstance(root, Branch) else ():
        if key.text in SECTIONS and isinstance(value, Branch):
            sections[key.text] = Counter(said for item in value.parts for said in _said(item))
        else:
            rest[key.text] = plain(value)
    return comments, sections, rest


def _said(item: Part) -> Iterator[object]:
    """Give each number of an entry or a release, with what is said of it."""
    terms: list[tuple[str, str]] = []
    numbers: list[object] = []
    for key, value in item.pairs() if isinstance(item, Branch) else ():
        if key.text == "phones" and isinstance(value, Branch):
            numbers += (plain(number) for number in value.parts)
        elif key.text == "phone":
            numbers.append(plain(value))
        else:
            terms.append((key.text, value.text if isinstance(value, Leaf) else repr(plain(value))))
    shared = tuple(sorted(terms))
    return ((number, shared) for number in numbers)
