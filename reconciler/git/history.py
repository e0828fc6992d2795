"""Reads history: ancestry (also where a clone is shallow), what commits changed, and who wrote it."""

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reconciler.core.model.errors import RepositoryProblem
from reconciler.git.object_reader import Unanswered
from reconciler.git.remembered import is_object_name
from reconciler.git.runner import Git, command_problem, decode_text, encode_text

_COMMIT_LINE = re.compile(rb"\x01([0-9a-f]{40,64})\0\n?")

Change = tuple[str, str, str]
"""(commit, status letter, path): what one commit did to one file, against one of its parents."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit's name, author, moment (UTC) and whole message."""

    sha: str
    author: str
    when: datetime
    message: str


def is_shallow(git: Git) -> bool:
    """Tell whether history was cut when this was cloned."""
    return _cut_list(git).exists()


def _cut_list(git: Git) -> Path:
    """Name git's list of where history is cut (gitrepository-layout); only a shallow clone has one."""
    return git.common_folder / "shallow"


def resolve(git: Git, name: str) -> str | None:
    """Find the commit that a name stands for; None if there is none."""
    question = _question(name)
    known = git.remembered.get(question)
    if known is not None:
        return known.decode()
    sha = _find_commit(git, question)
    if sha is None:
        return None  # a fetch may bring it yet
    git.remembered.add(_question(sha), sha.encode())
    return sha


def _find_commit(git: Git, question: Sequence[str]) -> str | None:
    with suppress(Unanswered):
        return git.objects.find_object(question[-1])
    output = git.run_unchecked(*question)
    return output.out.decode().strip() if output.code == 0 else None


def _question(name: str) -> tuple[str, ...]:
    return ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")


def branch_of_ref(git: Git, ref: str, prefix: str = "refs/heads/") -> str | None:
    """Name the branch that a symbolic ref leads to; None where it is none."""
    output = git.run_unchecked("symbolic-ref", "--quiet", ref)
    target = decode_text(output.out).strip()
    return target.removeprefix(prefix) if output.code == 0 and target.startswith(prefix) else None


def cut_commits(git: Git) -> frozenset[str]:
    """Name the commits whose parents a shallow clone does not have."""
    try:
        return frozenset(_cut_list(git).read_text(encoding="ascii").split())
    except FileNotFoundError:
        return frozenset()


def is_whole(git: Git, *revs: str) -> bool:
    """Tell whether the history of `revs` (`^x` leaves out x's) is all here."""
    cut = cut_commits(git)
    return not cut or cut.isdisjoint(git.run("rev-list", "--end-of-options", *revs, "--").decode().split())


def is_descendant(git: Git, ancestor: str, commit: str) -> bool:
    """Tell whether this clone can see that `commit` contains `ancestor`."""
    question = ("merge-base", "--is-ancestor", "--end-of-options", ancestor, commit)
    if git.remembered.get(question) is not None:
        return True
    output = git.run_unchecked(*question)
    if output.code > 1:
        raise command_problem("merge-base", output)
    if output.code == 0 and is_object_name(ancestor) and is_object_name(commit):
        git.remembered.add(question, output.out)  # history that a fetch brings makes it no less so
    return output.code == 0


def additions(git: Git, rev: str, folder: str, *, limit: int, skip: int = 0) -> list[tuple[str, list[str]]]:
    """List the commits that added files below the folder, newest first along the first parents."""
    out = git.run(
        "log", "--first-parent", "--diff-merges=first-parent", "--diff-filter=A", "--no-renames",
        "--name-only", "-z", "--format=%x01%H", f"--max-count={limit}", f"--skip={skip}",
        "--end-of-options", rev, "--", folder,
    )  # fmt: skip
    _, *parts = _COMMIT_LINE.split(out)
    return [
        (sha.decode(), [decode_text(name) for name in names.split(b"\0") if name])
        for sha, names in zip(parts[::2], parts[1::2], strict=True)
    ]


def changes(
    git: Git, rev: str, folder: str, *, excluded_rev: str | None = None, last: int | None = None
) -> list[Change]:
    """List what every commit of a history did below the folder, oldest first; a merge against each parent.

    No history is simplified away: a merge that drops what one side had is seen as a removal. `last` bounds
    how many commits are looked at where none is a merge, the newest first.
    """
    if rev == excluded_rev:
        return []
    question = ("changes", rev, folder, excluded_rev, last)
    out = git.remembered.get(question)
    if out is None:
        out = _list_changes(git, rev, folder, excluded_rev, last)
        if is_object_name(rev) and is_object_name(excluded_rev or rev) and not is_shallow(git):
            git.remembered.add(question, out)
    file_changes = []
    commit = ""
    fields = iter(out.split(b"\0")[:-1])
    for field in fields:
        if len(field) == 1:
            file_changes.append((commit, field.decode(), decode_text(next(fields))))
        else:
            commit = field.decode()
    return file_changes


def _list_changes(git: Git, rev: str, folder: str, excluded_rev: str | None, last: int | None) -> bytes:
    excluded = [f"^{excluded_rev}"] if excluded_rev else []
    options = ("--reverse", "--topo-order", "--parents", "--end-of-options")
    lines = git.run("rev-list", *options, rev, *excluded, "--").splitlines()
    if last and not any(line.count(b" ") > 1 for line in lines):
        lines = lines[-last:]
    if not lines:
        return b""
    commits = b"".join(line.partition(b" ")[0] + b"\n" for line in lines)
    return git.run(
        "diff-tree", "--stdin", "-m", "--root", "-r", "-z", "--no-renames", "--name-status",
        *(["--", folder] if folder else []),
        stdin=commits,
    )  # fmt: skip


def describe(git: Git, rev: str) -> Commit:
    """Read who made a commit, when, and its message."""
    out = git.run(
        "show", "--no-patch", "--format=%H%x00%an <%ae>%x00%ct%x00%B", "--end-of-options", rev, "--"
    )
    sha, author, seconds, message = decode_text(out).split("\0", 3)
    return Commit(sha, author, datetime.fromtimestamp(int(seconds), UTC), message.strip("\n"))


def last_change_of(git: Git, rev: str, path: str, needle: str) -> str | None:
    """Find the newest commit that changed how often a text stands in a file."""
    out = git.run_line(
        "log", "--max-count=1", "--no-renames", "--no-textconv", "--no-ext-diff", "--format=%H",
        f"-S{needle}", "--end-of-options", rev, "--", path,
    )  # fmt: skip
    return out or None


def merge_bringing(git: Git, sha: str, head: str) -> str | None:
    """Find the merge that brought a commit to the first-parent line of `head`; None for one made on it."""
    if not is_descendant(git, sha, head):
        return None
    line = git.run("rev-list", "--first-parent", "--end-of-options", f"{sha}..{head}", "--").decode().split()
    after = set(
        git.run("rev-list", "--ancestry-path", "--end-of-options", f"{sha}..{head}", "--").decode().split()
    )
    merges = [commit for commit in line if commit in after]
    if not merges:
        return None
    on_line = resolve(git, f"{merges[-1]}^1")
    return None if on_line == sha or on_line is None else merges[-1]


def revisions_of(git: Git, rev: str, path: str, *, limit: int) -> list[str]:
    """List the commits that changed a file, newest first, and after each of them its parents."""
    options = (f"--max-count={limit}", "--no-renames", "--format=%H %P", "--end-of-options")
    out = git.run_line("log", *options, rev, "--", path)
    return list(dict.fromkeys(out.split()))


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit that changed a file: its parents among those commits, who wrote it (as git says), the blob.

    `blob` is None where the commit has no such file; `size` is its length in bytes.
    """

    sha: str
    parents: tuple[str, ...]
    name: str
    mail: str
    blob: str | None
    size: int = 0


def list_file_revisions(git: Git, path: str, *revs: str) -> list[Revision]:
    """List every commit that changed a file, merges that changed it themselves included.

    The newest is first, and no commit is before one that it is a parent of.
    """
    out = git.run(
        "log", "--simplify-merges", "--parents", "--no-renames", "-z", "--format=%H%x01%P%x01%an%x01%ae",
        "--end-of-options", *revs, "--", path,
    )  # fmt: skip
    rows = [decode_text(record).strip("\n").split("\x01") for record in out.split(b"\0") if record]
    blobs = _blobs_at(git, path, [sha for sha, *_ in rows])
    return [
        Revision(sha, tuple(parents.split()), name, mail, *blobs.get(sha, (None, 0)))
        for sha, parents, name, mail in rows
    ]


def _blobs_at(git: Git, path: str, shas: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Name the blob that each of these commits has at a path, with its length; none where it has none."""
    if "\n" in path:  # one line each is what git is asked with below
        listed = {sha: git.run("ls-tree", "-z", "-l", "--full-tree", sha, "--", path) for sha in shas}
        fields = {sha: line.split(b"\t")[0].split() for sha, line in listed.items() if line}
        blobs_listed = {sha: (name, size) for sha, (_, kind, name, size) in fields.items() if kind == b"blob"}
        return {sha: (name.decode(), int(size)) for sha, (name, size) in blobs_listed.items()}
    asked = b"".join(b"%s:%s\n" % (sha.encode(), encode_text(path)) for sha in shas)
    out = git.run("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", stdin=asked)
    blobs: dict[str, tuple[str, int]] = {}
    for sha, line in zip(shas, out.split(b"\n"), strict=False):
        name, _, kind_and_size = line.partition(b" ")
        kind, _, size = kind_and_size.partition(b" ")
        if kind == b"blob" and size.isdigit():  # else "COMMIT:PATH missing"
            blobs[sha] = (name.decode(), int(size))
    return blobs


def replaced_paths(git: Git, sha: str) -> tuple[str | None, list[str]]:
    """Name a commit's parent, and the files of it that the commit changed or took away.

    There is no parent where it has none, or several.
    """
    line = git.run_line("rev-list", "--parents", "--max-count=1", "--end-of-options", sha, "--")
    _, *parents = line.split()
    if len(parents) != 1:
        return None, []
    out = git.run(
        "diff-tree", "-r", "-z", "--no-renames", "--name-only", "--diff-filter=DM",
        "--end-of-options", parents[0], sha, "--",
    )  # fmt: skip
    return parents[0], [decode_text(name) for name in out.split(b"\0") if name]


# Commit, line in that commit, line as `rev` has it. What stands in the line itself begins with a tab.
_BLAME_LINE = re.compile(rb"^([0-9a-f]{40,64}) ([0-9]+) ([0-9]+)(?: [0-9]+)?$", re.MULTILINE)


class Writers:
    """Asks the history of a project; `complete` fetches what a shallow clone lacks of it."""

    def __init__(self, git: Git, prefix: str, complete: Callable[..., None]) -> None:
        self._git = git
        self._prefix = prefix
        self._complete = complete

    def commits_since(self, rev: str | None, *, limit: int) -> tuple[int, list[Commit]]:
        """Count the commits that HEAD has and `rev` has not, and read the newest of them."""
        self._complete("HEAD")
        selection = ("--end-of-options", "HEAD", *([f"^{rev}"] if rev else []), "--")
        form = "--format=%H%x01%an <%ae>%x01%ct%x01%B"
        commits = []
        for record in decode_text(self._git.run("log", "-z", form, f"--max-count={limit}", *selection)).split(
            "\0"
        ):
            if record:
                sha, author, seconds, message = record.strip("\n").split("\x01", 3)
                when = datetime.fromtimestamp(int(seconds), UTC)
                commits.append(Commit(sha, author, when, message.strip("\n")))
        if len(commits) < limit:
            return len(commits), commits
        return int(self._git.run_line("rev-list", "--count", *selection)), commits

    def commits_of_lines(self, rev: str, path: str, lines: Iterable[int]) -> dict[int, str]:
        """Name the commit that wrote each of these lines, as `rev` has the file; moved lines keep theirs."""
        self._complete(rev)
        line_options = [part for line in sorted(set(lines)) for part in ("-L", f"{line},{line}")]
        commit = resolve(self._git, rev)  # `git blame` knows no --end-of-options
        if commit is None:
            raise RepositoryProblem(f"there is no commit {rev}", "name a commit of this clone")
        options = ("--porcelain", "--no-textconv", "-w", "-M", *line_options)
        out = self._git.run("blame", *options, commit, "--", self._prefix + path)
        return {int(match[3]): match[1].decode() for match in _BLAME_LINE.finditer(out)}
