"""How much memory a process and all its descendants hold, as Linux tells it below /proc."""

import os
import re
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_HIGHEST = re.compile(r"^VmHWM:\s+([0-9]+) kB$", re.MULTILINE)


def tree(pid: int) -> list[int]:
    """Name a process and its descendants; those that ended meanwhile are left out."""
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        try:
            threads = list(Path(f"/proc/{one}/task").iterdir())
            todo += [int(child) for thread in threads for child in (thread / "children").read_text().split()]
        except (OSError, ValueError):
            continue
    return found


def resident(pid: int) -> int:
    """Sum the resident memory of a process and its descendants, in bytes.

    Pages that processes share count for each of them, so a sum may be too high, never too low.
    """
    own, *others = (_statm(one) for one in tree(pid))
    # Until a child that was started by vfork runs its own program, its memory is its parent's very own, which
    # would count twice: it is as large to the page.
    return _PAGE * (own[1] + sum(held for size, held in others if size != own[0]))


def highest(pid: int) -> int:
    """Tell the most that one process ever held, in bytes; 0 once it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = _HIGHEST.search(status)
    return int(found[1]) * 1024 if found else 0


def _statm(pid: int) -> tuple[int, int]:
    """Give a process's size and what of it is resident, in pages; nothing once it is gone."""
    try:
        size, held, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    except (OSError, ValueError):
        return 0, 0
    return int(size), int(held)
