"""The second reader: physical lines, digits, and nothing else. It knows neither columns nor quotes."""

import re
from collections.abc import Iterator, Sequence

from reconciler.lists.scrub.listed import ListedNumbers, Listings
from reconciler.lists.scrub.readings import has_unusual, plain_text
from reconciler.lists.scrub.rows import MAX_GAP

_LINE_END = re.compile(r"\r\n|\r|\n")
_MARK = "\x1e"  # between texts: nothing that is plain has it
_BETWEEN = rf"[^0-9\r\n{_MARK}]"
_WITHIN = rf"[^0-9,;|\t\r\n{_MARK}]"  # without what may part cells
# Where seven digits or more stand so close together that they may be one number.
_CLOSE = re.compile(rf"[0-9](?:{_BETWEEN}{{0,{MAX_GAP}}}+[0-9]){{6,}}+")
# The same, more quickly found: within a cell, or in cells beside each other none of which has ten digits.
_PART = rf"[0-9](?:{_WITHIN}{{0,{MAX_GAP}}}+[0-9]){{0,8}}+(?![0-9])"
_CANDIDATE = re.compile(
    rf"[0-9](?:{_WITHIN}{{0,{MAX_GAP}}}+[0-9]){{6,}}+|(?<![0-9]){_PART}(?:{_BETWEEN}{{1,{MAX_GAP}}}+{_PART})+"
)
_CANDIDATE_OR_MARK = re.compile(f"{_CANDIDATE.pattern}|{_MARK}")


def listings_in_lines(listed: ListedNumbers, text: str) -> Iterator[Listings]:
    """Give the lists that have a number whose digits stand in a line, for each line that has any."""
    for line in _LINE_END.split(text):
        plain = plain_text(line)
        for match in _CLOSE.finditer(plain):
            start = max(0, match.start() - MAX_GAP)  # a + may stand before it
            if found := listed.find_in_line(plain[start : match.end()], MAX_GAP):
                yield found
                break


def suspect_texts(listed: ListedNumbers, texts: Sequence[str]) -> set[int]:
    """Give the places of the texts, each one line or more, that may have a listed number in a line.

    All are looked at together: of those that are left out it is certain that they have none.
    """
    joined = "".join(texts)
    if has_unusual(joined):
        texts = [plain_text(text) for text in texts]
        joined = "".join(texts)
    hits = listed.possible(_CANDIDATE.findall(joined))
    suspects: set[int] = set()
    place = 0
    for candidate in _CANDIDATE_OR_MARK.findall(_MARK.join(texts)) if hits else ():
        if candidate == _MARK:
            place += 1
        elif candidate in hits:
            suspects.add(place)
    return suspects
