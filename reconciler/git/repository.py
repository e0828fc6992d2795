"""The repository around a project's folder: the one object that the use cases and the ledger are handed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from reconciler.core.model.errors import BrokenChain, RepositoryProblem
from reconciler.git import commits, history, remote, storage, trees
from reconciler.git.commits import Signatures
from reconciler.git.history import Change, Commit, Revision, Writers
from reconciler.git.remote import DEPTH_REMEDY, Pushed, Remote, Tags
from reconciler.git.runner import Git, problem, text
from reconciler.git.storage import Bundles
from reconciler.git.trees import TreeFile, Wanted


class Repository:
    """A clone with a working tree. Every error is a RepositoryProblem.

    `root` is the clone's top folder; `prefix` is the project's folder in it ("" or ending in "/"). What the
    project reads (`files`, `read_tree_files`, `differing`, `introducing_commit`) is named from the project's
    folder; what the ledger reads and writes is named from the root.
    """

    def __init__(self, git: Git, root: Path, prefix: str) -> None:
        self.root = root
        self.prefix = prefix
        self._git = git.within(root)
        name = remote.find(self._git)
        self._remote = Remote(self._git, name) if name else None
        self.tags = Tags(self._git, self._remote)
        self.signatures = Signatures(self._git)
        self.bundles = Bundles(self._git)

    @classmethod
    def discover(cls, folder: Path, *, hurried: Callable[[], bool] = lambda: False) -> "Repository | None":
        """Find the repository that a folder is in; None outside of one. For `hurried`, see `Git`."""
        git = Git(folder, hurried=hurried)
        said = git.ask("rev-parse", "--show-toplevel")
        if said.code:
            if "not a git repository (or any" in said.err:
                return None
            raise problem("rev-parse", said)
        return cls(git, Path(text(said.out).removesuffix("\n")), git.line("rev-parse", "--show-prefix"))

    # What lies below .git.

    def own_folder(self) -> Path:
        """Name our own folder below .git, common to all worktrees: for locks and journals."""
        return storage.common_folder(self._git) / storage.FOLDER

    def check_writable(self) -> None:
        """RepositoryProblem where git could not take a commit: no right, no space, a read-only disk."""
        storage.demand_writable(self._git)

    # What a revision has.

    def head(self) -> str | None:
        """Name the commit that is checked out; None before the first one."""
        return history.resolve(self._git, "HEAD")

    def files(self, rev: str, wanted: Wanted) -> list[TreeFile]:
        """List the project's wanted files in a commit or tree, symbolic links included."""
        listed = trees.tree_files(self._git, rev, *([self.prefix] if self.prefix else []))
        named = (TreeFile(file.path.removeprefix(self.prefix), file.sha, file.mode) for file in listed)
        return [file for file in named if wanted(file.path)]

    def read_blobs(self, shas: Sequence[str]) -> dict[str, bytes]:
        """Read blobs by their names, through one process."""
        return trees.read_blobs(self._git, shas)

    def read_tree_files(
        self, rev: str, wanted: Wanted, at_hand: Mapping[str, bytes] | None = None
    ) -> dict[str, bytes]:
        """Read the project's wanted files of a commit or tree. A symbolic link among them is an error.

        What is `at_hand` already, by path, is read only where git's differs.
        """
        return trees.read_files(self._git, self.files(rev, wanted), at_hand or {})

    def differing(self, wanted: Wanted, lying: Iterable[str]) -> list[str]:
        """List the wanted files that differ from HEAD's blobs; `lying` are those on the disk."""
        committed = self.files("HEAD", wanted) if self.head() else []
        return trees.differing(self.root / self.prefix, committed, lying, self.read_blobs)

    def describe(self, rev: str) -> Commit:
        """Read a commit's author, moment and message."""
        return history.describe(self._git, rev)

    def user(self) -> str | None:
        """Tell who git is configured for here (user.email); None if nobody."""
        return text(self._git.ask("config", "--get", "user.email").out).strip() or None

    # History. In a shallow clone a "no" is believed only once the history is whole.

    def has_commit(self, sha: str) -> bool:
        """Tell whether this clone has the commit."""
        return history.resolve(self._git, sha) is not None

    def ensure_commit(self, sha: str) -> None:
        """Fetch a commit that this clone lacks, with its history; RepositoryProblem if it can't be had."""
        if self.has_commit(sha):
            return
        self._complete(sha)
        if self.has_commit(sha) or (self._remote and self._remote.fetch_commit(sha) and self.has_commit(sha)):
            return
        raise RepositoryProblem(
            f"the commit {sha[:12]} is not in this clone, and the remote does not give it",
            f"{DEPTH_REMEDY}; if history was rewritten, push the commit again under a branch of its own",
        )

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        """Tell whether `commit` contains `ancestor`; both must be here. Fetches history if it is cut."""
        if history.descends(self._git, ancestor, commit):
            return True
        if history.is_whole(self._git, commit):
            return False
        self._complete(commit)
        return history.descends(self._git, ancestor, commit)

    def introducing_commit(self, path: str, needle: str, rev: str = "HEAD") -> Commit | None:
        """Find the newest commit that changed how often a text stands in a file of the project."""
        full = self.prefix + path
        sha = history.last_change_of(self._git, rev, full, needle)
        if sha in history.cut_commits(self._git):  # it only seems to have added everything
            self._complete(rev)
            sha = history.last_change_of(self._git, rev, full, needle)
        return history.describe(self._git, sha) if sha else None

    def merge_bringing(self, sha: str, head: str = "HEAD") -> Commit | None:
        """Find the merge that brought a commit to `head`'s own line; None for one that was made on it."""
        found = history.merge_bringing(self._git, sha, head)
        return history.describe(self._git, found) if found else None

    def revisions_of(self, path: str, *, limit: int = 1000) -> list[str]:
        """List the commits around each change of a file of the project, newest first."""
        return history.revisions_of(self._git, "HEAD", self.prefix + path, limit=limit)

    def lives_of(self, path: str, *revs: str) -> list[Revision]:
        """List the commits that changed a file of the project, newest first, in whole history."""
        self._complete(*revs)
        return history.lives_of(self._git, self.prefix + path, *revs)

    @property
    def writers(self) -> Writers:
        """Who wrote commits and lines."""
        return Writers(self._git, self.prefix, self._complete)

    def merged_tree(self, onto: str) -> str:
        """Merge HEAD with `onto` as a server would, and return the tree; `origin/x` is fetched first."""
        base = self._target(onto)
        head = self.head()
        if head is None:
            raise RepositoryProblem("there is no commit to merge", "commit first")
        return self.merge_of(base, head)

    def merge_of(self, base: str, head: str) -> str:
        """Merge two commits that are here, and return the tree; RepositoryProblem where they conflict."""
        self.merge_bases(base, head)
        return trees.merge_trees(self._git, base, head)

    def merge_bases(self, one: str, other: str) -> list[str]:
        """Name the best common ancestors of two commits that are here; fetches history if it is cut."""
        bases = trees.merge_bases(self._git, one, other)
        if bases and history.is_whole(self._git, one, other, *(f"^{sha}" for sha in bases)):
            return bases
        self._complete(one, other)
        return trees.merge_bases(self._git, one, other)

    # The remote.

    def remote(self) -> str | None:
        """Name the remote: origin, else the only one; None without any."""
        return self._remote.name if self._remote else None

    def default_branch_tip(self, hint: str | None = None, *, besides: str = "") -> tuple[str, str]:
        """Ask the remote for its default branch, and fetch that; (name, commit).

        `hint` (CI_DEFAULT_BRANCH) is tried when the remote's HEAD names no branch; `besides` (the audit
        branch) is never guessed.
        """
        there = self._there()
        name, sha = there.default_branch(hint, besides)
        if self.has_commit(sha):
            return name, sha
        there.fetch(name)
        return name, self.tracking_tip(name) or sha

    def tracking_tip(self, branch: str) -> str | None:
        """Tell where the remote's branch was when it was last fetched or pushed."""
        return history.resolve(self._git, self._there().tracking(branch))

    def fetch_branch(self, branch: str, *, grows_only: bool = False) -> str | None:
        """Fetch a branch with its whole history; None when the remote answers but has none.

        `grows_only`: nobody may rewrite it or take it away, which is a BrokenChain.
        """
        there = self._there()
        before = self.tracking_tip(branch)
        if not there.fetch(branch, grows_only=grows_only):
            if grows_only and before is not None:
                raise BrokenChain(
                    f"the branch {branch} is gone from the remote {there.name}",
                    f"restore it: git push {there.name} {there.tracking(branch)}:refs/heads/{branch}",
                    where=f"{there.name}/{branch}",
                )
            return None
        tip = there.tracking(branch)
        if grows_only and not history.is_whole(self._git, tip):
            self._complete(tip)
        return history.resolve(self._git, tip)

    def push_branch(
        self, branch: str, sha: str, *, skip_ci: bool = True, options: Sequence[str] = ()
    ) -> Pushed:
        """Push a commit as a branch, never by force; `outrun` when somebody else pushed first."""
        return self._there().push(branch, sha, skip_ci=skip_ci, asked=options)

    @property
    def takes_push_options(self) -> bool:
        """Tell whether the remote took the options of the last push."""
        return self._there().takes_options

    def remote_tips(self) -> Mapping[str, str]:
        """Ask the remote for its branches and their tips; fetches nothing."""
        return self._there().heads()[1]

    def demand_push(self, branch: str) -> None:
        """RepositoryProblem where the remote would not take a push of ours to a branch; sends nothing."""
        self._there().demand_push(branch, self.head() or "HEAD")

    # What the ledger needs; named from the root.

    def branch_tip(self, branch: str) -> str | None:
        """Tell where a local branch is."""
        return history.resolve(self._git, f"refs/heads/{branch}")

    def checked_out_at(self, branch: str) -> str | None:
        """Name the folder in which a branch is checked out, in any worktree of this clone."""
        return self._git.line("for-each-ref", "--format=%(worktreepath)", f"refs/heads/{branch}") or None

    def listing(self, rev: str, *paths: str) -> dict[str, str]:
        """List regular files below the paths: path to blob."""
        return {file.path: file.sha for file in trees.tree_files(self._git, rev, *paths) if file.regular}

    def additions(self, rev: str, folder: str, *, limit: int, skip: int = 0) -> list[tuple[str, list[str]]]:
        """List commits that added files below a folder, newest first along the first parents."""
        return history.additions(self._git, rev, folder, limit=limit, skip=skip)

    def log_changes(
        self, rev: str, folder: str = "", *, beyond: str | None = None, last: int | None = None
    ) -> list[Change]:
        """List what every commit did below a folder, oldest first, merges against each parent."""
        return history.changes(self._git, rev, folder, beyond=beyond, last=last)

    def commit_files(  # noqa: PLR0913  (a commit is made of these)
        self,
        files: Mapping[str, bytes],
        message: str,
        *,
        parent: str | None,
        when: datetime,
        author: tuple[str, str] = commits.AUTHOR,
        merged: Sequence[str] = (),
        onto: str | None = None,
        sign: bool = False,
    ) -> str:
        """Build a commit that adds files, an orphan without parent; no ref, tree or index moves.

        `merged`: further parents; `onto`: the tree that files go into, else the parent's; `sign`: try to.
        """
        made = commits.Made(message, parent, when, author, merged)
        signed = self.signatures.commit if sign else None
        return commits.build(self._git, files, made, onto=onto, signed=signed)

    def advance_branch(self, branch: str, to: str, *, was: str | None) -> bool:
        """Move a local branch from `was` to `to`; False when it is somewhere else by now."""
        return commits.move_ref(self._git, f"refs/heads/{branch}", to, was=was, why="dnc: audit report")

    def _there(self) -> Remote:
        if self._remote is None:
            raise RepositoryProblem("the repository has no remote", "add one: git remote add origin URL")
        return self._remote

    def _complete(self, *revs: str) -> None:
        """Fetch what a shallow clone lacks; nothing where the clone is whole."""
        if not history.is_shallow(self._git):
            return
        self._there().unshallow()
        here = [rev for rev in revs if self.has_commit(rev)]
        if here and not history.is_whole(self._git, *here):
            raise RepositoryProblem("history is missing, at the remote as well", DEPTH_REMEDY)

    def _target(self, onto: str) -> str:
        name = self.remote()
        theirs = onto.removeprefix(f"{name}/")
        tip = self.fetch_branch(theirs) if name and theirs != onto else history.resolve(self._git, onto)
        if tip is None:
            raise RepositoryProblem(f"there is no {onto} to merge with", "name origin/BRANCH, or a commit")
        return tip
