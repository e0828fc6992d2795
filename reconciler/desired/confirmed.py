"""How many numbers a merge request adds to a list file, written into it."""

from reconciler.desired.content import SECTIONS
from reconciler.desired.sheet import Sheet
from reconciler.desired.spans import Leaf


def with_confirmed(path: str, data: bytes, count: int) -> bytes:
    """Give a list file that says it, in place of what it said; all else stays as people wrote it.

    Raises InvalidInput as `Sheet.read` does.
    """
    sheet = Sheet.read(path, data)
    text, root = sheet.original
    found = root.get("confirmed")
    if isinstance(found, Leaf):
        text = f"{text[: found.start]}{count}{text[found.end :]}"
    else:
        place = next(key.start for key, _ in root.pairs() if key.text in SECTIONS)
        said = f'"confirmed": {count}, ' if root.is_flow else f"confirmed: {count}\n"
        text = text[:place] + said + text[place:]
    return (sheet.mark + text).replace("\n", sheet.newline).encode()
