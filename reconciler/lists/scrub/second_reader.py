"""The second reader: physical lines, digits, and nothing else. It knows neither columns nor quotes."""

import re
from collections.abc import Iterator

from reconciler.lists.scrub.listed import ListedNumbers, Listings
from reconciler.lists.scrub.readings import plain_text
from reconciler.lists.scrub.rows import MAX_GAP

LINE_END = re.compile(r"\r\n|\r|\n")
# Where seven digits or more stand so close together that they may be one number.
_CANDIDATE = re.compile(rf"[0-9](?:[^0-9]{{0,{MAX_GAP}}}[0-9]){{6,}}")


def listings_in_line(listed: ListedNumbers, line: str) -> Listings:
    """Give the lists that have a number whose digits stand somewhere in a line."""
    plain = line if line.isascii() else plain_text(line)
    for match in _CANDIDATE.finditer(plain):
        start = max(0, match.start() - MAX_GAP)  # a + may stand before it
        if found := listed.find_in_line(plain[start : match.end()], MAX_GAP):
            return found
    return ()


def listings_in_lines(listed: ListedNumbers, text: str) -> Iterator[Listings]:
    """Give them for each line of a text that has any."""
    for line in LINE_END.split(text):
        if found := listings_in_line(listed, line):
            yield found
