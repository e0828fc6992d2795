"""What `git push` does between two small repositories on one disk, without the six processes that it starts.

Most tests commit and push before they begin, and what they prove is not git's push.
"""

import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path


def push_loose(clone: Path, origin: Path) -> bool:
    """Push the branch that is checked out; False, and nothing done, wherever there is more to it.

    Nothing may be packed or cut, no hook may be asked, the origin must be where the clone last saw it, and
    the branch must go on from there.
    """
    own = clone / ".git"
    head = read(own / "HEAD") or ""
    branch = head.removeprefix("ref: ")
    new = read(own / branch)
    if not head.startswith("ref: refs/heads/") or new is None or not _is_plain(own, origin):
        return False
    tracking = own / branch.replace("refs/heads/", "refs/remotes/origin/")
    old = read(origin / branch)
    if old != read(tracking) or (old is not None and old not in _line(own, new)):
        return False
    for name in _loose(own):
        if not (origin / "objects" / name).exists():
            (origin / "objects" / name).parent.mkdir(exist_ok=True)
            shutil.copy(own / "objects" / name, origin / "objects" / name)
    for ref in (origin / branch, tracking):
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(f"{new}\n")
    return True


def head_of(clone: Path) -> str | None:
    """Name the commit that is checked out; None where git must be asked."""
    head = read(clone / ".git" / "HEAD") or ""
    return read(clone / ".git" / head.removeprefix("ref: ")) if head.startswith("ref: ") else head or None


def read(file: Path) -> str | None:
    """Read a ref."""
    try:
        return file.read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _is_plain(own: Path, origin: Path) -> bool:
    odd = ("packed-refs", "shallow", "objects/info/alternates")
    hooks = (hook for hook in origin.glob("hooks/*") if hook.suffix != ".sample")
    return (
        f"url = file://{origin}\n" in (read(own / "config") or "") + "\n"
        and not any((place / name).exists() for place in (own, origin) for name in odd)
        and not any(own.glob("objects/pack/*.pack"))
        and not any(hooks)
    )


def _line(own: Path, commit: str | None) -> Iterator[str]:
    """Name a commit and its first parents."""
    while commit is not None:
        yield commit
        file = own / "objects" / commit[:2] / commit[2:]
        if not file.exists():
            return
        header, _, _ = zlib.decompress(file.read_bytes()).partition(b"\n\n")
        parents = [line[7:].decode() for line in header.split(b"\n") if line.startswith(b"parent ")]
        commit = parents[0] if parents else None


def _loose(own: Path) -> Iterator[str]:
    for folder in own.glob("objects/??"):
        yield from (f"{folder.name}/{file.name}" for file in folder.iterdir())
