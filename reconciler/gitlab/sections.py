"""A note that several tenants' jobs share: each has its own section, and edits no other."""

import re
from collections.abc import Callable, Iterable, Mapping

from reconciler.gitlab.notes import MARKER

LARGEST_NOTE = 59_000  # characters; GitLab takes a million, and is slow long before
ALL = "-all-"  # the section of all tenants together; they have names of their own
Render = Callable[[int], str]
"""Gives a tenant's section in at most so many characters."""

_SECTION = re.compile(
    r"^<!-- dnc:tenant ([a-z0-9-]+) -->\n(.*?)^<!-- dnc:end \1 -->$", re.MULTILINE | re.DOTALL
)
_FRAME = len("<!-- dnc:tenant  -->\n\n<!-- dnc:end  -->\n\n")


def sections(body: str) -> dict[str, str]:
    """Take a note apart: tenant to section."""
    return {tenant: text.rstrip("\n") for tenant, text in _SECTION.findall(body)}


def gathered(bodies: Iterable[str]) -> dict[str, str]:
    """Put together what several notes say; where two speak of one tenant, the later one."""
    found: dict[str, str] = {}
    for body in bodies:
        found |= sections(body)
    return found


def note(parts: Mapping[str, str]) -> str:
    """Write the note: one section for each tenant, in order of name."""
    told = [
        f"<!-- dnc:tenant {name} -->\n{text}\n<!-- dnc:end {name} -->\n"
        for name, text in sorted(parts.items())
    ]
    return "\n".join([MARKER, *told])


def room(others: Mapping[str, str], tenant: str) -> int:
    """Tell how many characters the other tenants leave."""
    return max(0, LARGEST_NOTE - len(note(others)) - _FRAME - 2 * len(tenant))
