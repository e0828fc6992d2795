"""Who wrote what: the commits of a range, and the commit of each line of a file."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from reconciler.model.errors import RepositoryProblem
from reconciler.repository.git import Git, text
from reconciler.repository.history import Commit, resolve

# Commit, line in that commit, line as `rev` has it. What stands in the line itself begins with a tab.
_BLAMED = re.compile(rb"^([0-9a-f]{40,64}) ([0-9]+) ([0-9]+)(?: [0-9]+)?$", re.MULTILINE)


class Writers:
    """Asks the history of a project; `complete` fetches what a shallow clone lacks of it."""

    def __init__(self, git: Git, prefix: str, complete: Callable[..., None]) -> None:
        self._git = git
        self._prefix = prefix
        self._complete = complete

    def since(self, rev: str | None, *, limit: int) -> tuple[int, list[Commit]]:
        """Count the commits that HEAD has and `rev` has not, and read the newest of them."""
        self._complete("HEAD")
        wanted = ("--end-of-options", "HEAD", *([f"^{rev}"] if rev else []), "--")
        count = int(self._git.line("rev-list", "--count", *wanted))
        form = "--format=%H%x01%an <%ae>%x01%ct%x01%B"
        found = []
        for record in text(self._git.run("log", "-z", form, f"--max-count={limit}", *wanted)).split("\0"):
            if record:
                sha, author, seconds, message = record.strip("\n").split("\x01", 3)
                when = datetime.fromtimestamp(int(seconds), UTC)
                found.append(Commit(sha, author, when, message.strip("\n")))
        return count, found

    def of_lines(self, rev: str, path: str, lines: Iterable[int]) -> dict[int, str]:
        """Name the commit that wrote each of these lines, as `rev` has the file; moved lines keep theirs."""
        self._complete(rev)
        wanted = [part for line in sorted(set(lines)) for part in ("-L", f"{line},{line}")]
        commit = resolve(self._git, rev)  # `git blame` knows no --end-of-options
        if commit is None:
            raise RepositoryProblem(f"there is no commit {rev}", "name a commit of this clone")
        options = ("--porcelain", "--no-textconv", "-w", "-M", *wanted)
        out = self._git.run("blame", *options, commit, "--", self._prefix + path)
        return {int(found[3]): found[1].decode() for found in _BLAMED.finditer(out)}
