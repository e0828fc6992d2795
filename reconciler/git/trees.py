"""Reads trees: a revision's files and bytes, what a merge would give, and how files on the disk differ."""

import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha1, sha256
from pathlib import Path

from reconciler.core.model.errors import RepositoryProblem
from reconciler.git.object_reader import Unanswered
from reconciler.git.remembered import is_object_name
from reconciler.git.runner import Git, command_problem, decode_text, encode_text, error_line
from reconciler.git.storage import no_temporary_files

PathFilter = Callable[[str], bool]

_REGULAR = frozenset({"100644", "100755"})
_SHA_256 = 64  # digits of such a name
_FEW = 16  # blobs that are asked for one by one
_USAGE = 129  # git's exit code for an option that it does not know


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file of a tree: its path, the blob's name, and git's mode."""

    path: str
    sha: str
    mode: str

    @property
    def is_regular(self) -> bool:
        """Tell a file from a symbolic link or a submodule."""
        return self.mode in _REGULAR


def tree_files(git: Git, rev: str, *paths: str) -> list[TreeFile]:
    """List every file of a commit or tree below the paths (all by default), named from the root."""
    run = git.run_once if is_object_name(rev) else git.run
    listed = run("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", rev, *paths)
    files = []
    for record in listed.split(b"\0")[:-1]:
        facts, _, path = record.partition(b"\t")
        mode, _, sha = facts.decode().split(" ")
        files.append(TreeFile(decode_text(path), sha, mode))
    return files


def read_blobs(git: Git, shas: Iterable[str]) -> dict[str, bytes]:
    """Read blobs by name, all through one process."""
    blobs = {name: git.remembered.get(name) for name in shas}
    names = [name for name, data in blobs.items() if data is None]
    known = {name: data for name, data in blobs.items() if data is not None}
    return known | _read_blobs(git, names) if names else known


def _read_blobs(git: Git, names: Sequence[str]) -> dict[str, bytes]:
    if len(names) <= _FEW:
        with suppress(Unanswered):
            blobs = {name: git.objects.read_blob(name) for name in names}
            for name, data in blobs.items():
                git.remembered.add(name, data)
            return blobs
    out = memoryview(
        git.run("cat-file", "--batch", "--buffer", stdin="".join(f"{n}\n" for n in names).encode())
    )
    blobs = {}
    start = 0
    for name in names:
        end = start + bytes(out[start : start + 200]).index(b"\n")
        header = bytes(out[start:end]).decode().split(" ")
        if len(header) != 3:  # noqa: PLR2004  ("NAME missing")
            raise RepositoryProblem(
                f"the object {name} is not in this clone", "fetch again, or set GIT_DEPTH: 0 for the job"
            )
        size = int(header[2])
        blobs[name] = bytes(out[end + 1 : end + 1 + size])
        git.remembered.add(name, blobs[name])
        start = end + 1 + size + 1
    return blobs


def read_files(git: Git, files: Sequence[TreeFile], at_hand: Mapping[str, bytes]) -> dict[str, bytes]:
    """Read the files' bytes by path. A symbolic link or a submodule is an error: it shows elsewhere.

    What is at hand under the same path and has the same name as a blob is not read again.
    """
    odd = [file.path for file in files if not file.is_regular]
    if odd:
        others = f", as {', '.join(odd[1:])}" if odd[1:] else ""
        raise RepositoryProblem(
            f"not followed, being a symbolic link or a submodule{others}",
            "commit the file itself in its place",
            where=odd[0],
        )
    known_blobs = {
        f.sha: at_hand[f.path] for f in files if f.path in at_hand and is_named(at_hand[f.path], f.sha)
    }
    blobs = known_blobs | read_blobs(git, (file.sha for file in files if file.sha not in known_blobs))
    return {file.path: blobs[file.sha] for file in files}


def is_named(data: bytes, sha: str) -> bool:
    """Tell whether git gives these bytes that name, in a repository of either kind of hash."""
    digest = sha256() if len(sha) == _SHA_256 else sha1(usedforsecurity=False)
    digest.update(b"blob %d\0" % len(data))
    digest.update(data)
    return digest.hexdigest() == sha


def merge_bases(git: Git, first: str, second: str) -> list[str]:
    """Name the best common ancestors that this clone can see."""
    output = git.run_unchecked("merge-base", "--all", "--end-of-options", first, second)
    if output.code > 1:
        raise command_problem("merge-base", output)
    return output.out.decode().split()


def merge_trees(git: Git, base: str, head: str) -> str:
    """Merge two commits without a working tree, as a server would; return the tree.

    No attribute counts, so no merge driver runs, and what `merge=union` would join is a conflict.
    """
    options = ("--write-tree", "--name-only", "--no-messages", "-z", "--end-of-options")
    with _bare_repository(git) as environment:
        output = git.run_unchecked("merge-tree", *options, base, head, environment=environment)
    if output.code == 0:
        return output.out.rstrip(b"\0\n").decode()
    if output.code == 1:
        names = [decode_text(name) for name in output.out.split(b"\0")[1:] if name]
        raise RepositoryProblem(
            f"HEAD conflicts with the target branch in {', '.join(names)}",
            "merge or rebase onto the target branch, resolve the conflict, and push",
            where=names[0] if names else "",
        )
    if output.code == _USAGE:
        raise RepositoryProblem(
            f"{git.run_line('version')} can't compute a merge without a working tree",
            "install git 2.38 or later",
        )
    if "unrelated histories" in output.err:
        raise RepositoryProblem(
            "HEAD and the target branch have no common history",
            "set GIT_DEPTH: 0 for the job; if the histories really are unrelated, rebase the branch",
        )
    raise RepositoryProblem(
        f"the merge with the target branch can't be computed: {error_line(output.err)}",
        "set GIT_DEPTH: 0 for the job",
    )


@contextmanager
def _bare_repository(git: Git) -> Iterator[Mapping[str, str]]:
    """Make a repository of the same objects without configuration, attributes, index and working tree."""
    try:
        with tempfile.TemporaryDirectory(prefix="dnc-merge-") as folder:
            bare = Path(folder)
            for name in ("objects", "refs"):
                (bare / name).mkdir()
            (bare / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
            (bare / "config").write_text(_configuration(git), encoding="utf-8", errors="surrogateescape")
            cut = Path(_path(git, "shallow"))
            if cut.exists():
                (bare / "shallow").write_bytes(cut.read_bytes())
            yield {"GIT_DIR": folder, "GIT_OBJECT_DIRECTORY": _path(git, "objects")}
    except OSError as error:
        raise no_temporary_files("a merge", error) from error


def _path(git: Git, name: str) -> str:
    return git.run_line("rev-parse", "--path-format=absolute", "--git-path", name)


def _configuration(git: Git) -> str:
    """Say how objects are named, and in a partial clone where the missing ones are."""
    lines = ["[core]", "repositoryFormatVersion = 1", "bare = true", "[extensions]"]
    lines.append(f"objectFormat = {git.run_line('rev-parse', '--show-object-format')}")
    promisors = git.run_unchecked(
        "config", "-z", "--name-only", "--get-regexp", r"^remote\..*\.promisor$"
    ).out
    for key in decode_text(promisors).split("\0")[:-1]:
        name = key.removeprefix("remote.").removesuffix(".promisor")
        url = git.run_line("ls-remote", "--get-url", "--end-of-options", name)
        lines += [f"[remote {_quoted(name)}]", "promisor = true", f"url = {_quoted(url)}"]
    return "".join(f"{line}\n" for line in lines)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_LINK = "120000"
_SUBMODULE = "160000"


def list_changed_files(
    folder: Path,
    committed: Iterable[TreeFile],
    present_paths: Iterable[str],
    read: Callable[[list[str]], Mapping[str, bytes]],
) -> list[str]:
    """List what is changed, missing or new in `folder`. `present_paths` is what is there; `read` reads blobs.

    A file that differs from its blob in CRLF for LF alone is no difference: `core.autocrlf` makes such ones,
    they say the same, and what is applied is the blob.
    """
    committed_files = {file.path: file for file in committed if file.mode != _SUBMODULE}
    present = frozenset(present_paths)
    data = {path: _data(folder / path) for path in present & committed_files.keys()}
    unlike_paths = {
        path
        for path, file_data in data.items()
        if file_data is None or not _is_same_file(file_data, committed_files[path])
    }
    blobs = read([committed_files[path].sha for path in unlike_paths])
    changed = (path for path in unlike_paths if not _same_lines(data[path], blobs[committed_files[path].sha]))
    return sorted({*(present ^ committed_files.keys()), *changed})


_Data = tuple[bytes, bool]
"""What a file has, or where a link leads; and whether it is a link."""


def _data(file: Path) -> _Data | None:
    """Read a file; None for what can be none of git's, or cannot be read."""
    try:
        mode = file.lstat().st_mode
        if stat.S_ISLNK(mode):
            return encode_text(os.readlink(file)), True  # noqa: PTH115  (the text of the link as it is)
        return (file.read_bytes(), False) if stat.S_ISREG(mode) else None
    except OSError:
        return None


def _is_same_file(file_data: _Data, file: TreeFile) -> bool:
    data, link = file_data
    return link == (file.mode == _LINK) and is_named(data, file.sha)


def _same_lines(file_data: _Data | None, blob: bytes) -> bool:
    if file_data is None or file_data[1]:
        return False
    return file_data[0].replace(b"\r\n", b"\n") == blob.replace(b"\r\n", b"\n")
