"""The repository around a project's folder: the one object that the use cases and the ledger are handed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from reconciler.core.model.errors import BrokenChain, RepositoryProblem
from reconciler.git import commits, history, remote, storage, trees
from reconciler.git.commits import Signatures
from reconciler.git.history import Change, Commit, Revision, Writers
from reconciler.git.remote import DEPTH_REMEDY, PushResult, Remote, Tags
from reconciler.git.runner import PLACE, Git, command_problem, decode_text
from reconciler.git.storage import Bundles
from reconciler.git.trees import PathFilter, TreeFile


class Repository:
    """A clone with a working tree. Every error is a RepositoryProblem.

    `root` is the clone's top folder; `prefix` is the project's folder in it ("" or ending in "/"). What the
    project reads (`files`, `read_tree_files`, `changed_files`, `introducing_commit`) is named from the
    project's folder; what the ledger reads and writes is named from the root.
    """

    def __init__(self, git: Git, root: Path, prefix: str) -> None:
        self.root = root
        self.prefix = prefix
        self._git = git
        name = remote.find(self._git)
        self._remote = Remote(self._git, name) if name else None
        self.tags = Tags(self._git, self._remote)
        self.signatures = Signatures(self._git)
        self.bundles = Bundles(self._git)

    @classmethod
    def discover(cls, folder: Path, *, is_hurried: Callable[[], bool] = lambda: False) -> "Repository | None":
        """Find the repository that a folder is in; None outside of one. For `is_hurried`, see `Git`."""
        git = Git(folder, is_hurried=is_hurried)
        output = git.locate()
        if output.code:
            if "not a git repository (or any" in output.err:
                return None
            raise command_problem("rev-parse", output)
        place = decode_text(output.out).removesuffix("\n").split("\n")
        if len(place) != len(PLACE):  # a folder's name has a line break in it
            place = [decode_text(git.locate(what).out).removesuffix("\n") for what in PLACE]
        root, common_folder, prefix = Path(place[0]), Path(place[1]), place[2]
        # Where a setting puts the working tree elsewhere, another repository may be found from there.
        return cls(git.within(root, common_folder if common_folder == root / ".git" else None), root, prefix)

    # What lies below .git.

    def own_folder(self) -> Path:
        """Name our own folder below .git, common to all worktrees: for locks and journals."""
        return self._git.common_folder / storage.FOLDER

    def check_writable(self) -> None:
        """RepositoryProblem where git could not take a commit: no right, no space, a read-only disk."""
        storage.demand_writable(self._git)

    # What a revision has.

    def head(self) -> str | None:
        """Name the commit that is checked out; None before the first one."""
        return history.resolve(self._git, "HEAD")

    def current_branch(self) -> str | None:
        """Name the branch that is checked out; None for a detached HEAD."""
        return history.branch_of_ref(self._git, "HEAD")

    def files(self, rev: str, is_wanted: PathFilter) -> list[TreeFile]:
        """List the project's wanted files in a commit or tree, symbolic links included."""
        listed = trees.tree_files(self._git, rev, *([self.prefix] if self.prefix else []))
        named = (TreeFile(file.path.removeprefix(self.prefix), file.sha, file.mode) for file in listed)
        return [file for file in named if is_wanted(file.path)]

    def read_blobs(self, shas: Sequence[str]) -> dict[str, bytes]:
        """Read blobs by their names, through one process."""
        return trees.read_blobs(self._git, shas)

    def read_tree_files(
        self, rev: str, is_wanted: PathFilter, at_hand: Mapping[str, bytes] | None = None
    ) -> dict[str, bytes]:
        """Read the project's wanted files of a commit or tree. A symbolic link among them is an error.

        What is `at_hand` already, by path, is read only where git's differs.
        """
        return trees.read_files(self._git, self.files(rev, is_wanted), at_hand or {})

    def changed_files(self, is_wanted: PathFilter, lying: Iterable[str]) -> list[str]:
        """List the wanted files that differ from HEAD's blobs; `lying` are those on the disk."""
        head = self.head()
        committed = self.files(head, is_wanted) if head else []
        return trees.list_changed_files(self.root / self.prefix, committed, lying, self.read_blobs)

    def describe(self, rev: str) -> Commit:
        """Read a commit's author, moment and message."""
        return history.describe(self._git, rev)

    def user_email(self) -> str | None:
        """Tell who git is configured for here (user.email); None if nobody."""
        values = [value for _, key, value in self._git.settings if key == "user.email"]
        return (values[-1].strip() or None) if values else None

    @property
    def is_shallow(self) -> bool:
        """Tell whether the clone lacks a part of the history."""
        return history.is_shallow(self._git)

    # History. In a shallow clone a "no" is believed only once the history is whole.

    def has_commit(self, sha: str) -> bool:
        """Tell whether this clone has the commit."""
        return history.resolve(self._git, sha) is not None

    def ensure_commit(self, sha: str) -> None:
        """Fetch a commit that this clone lacks, with its history; RepositoryProblem if it can't be had."""
        if self.has_commit(sha):
            return
        self._fetch_missing(sha)
        if self.has_commit(sha) or (self._remote and self._remote.fetch_commit(sha) and self.has_commit(sha)):
            return
        raise RepositoryProblem(
            f"the commit {sha[:12]} is not in this clone, and the remote does not give it",
            f"{DEPTH_REMEDY}; if history was rewritten, push the commit again under a branch of its own",
        )

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        """Tell whether `commit` contains `ancestor`; both must be here. Fetches history if it is cut."""
        if ancestor == commit:
            return True
        if history.is_descendant(self._git, ancestor, commit):
            return True
        if history.is_whole(self._git, commit):
            return False
        self._fetch_missing(commit)
        return history.is_descendant(self._git, ancestor, commit)

    def introducing_commit(self, path: str, needle: str, rev: str = "HEAD") -> Commit | None:
        """Find the newest commit that changed how often a text stands in a file of the project."""
        full = self.prefix + path
        sha = history.last_change_of(self._git, rev, full, needle)
        if sha in history.cut_commits(self._git):  # it only seems to have added everything
            self._fetch_missing(rev)
            sha = history.last_change_of(self._git, rev, full, needle)
        return history.describe(self._git, sha) if sha else None

    def merge_bringing(self, sha: str, head: str = "HEAD") -> Commit | None:
        """Find the merge that brought a commit to `head`'s own line; None for one that was made on it."""
        found = history.merge_bringing(self._git, sha, head)
        return history.describe(self._git, found) if found else None

    def revisions_of(self, path: str, *, limit: int = 1000) -> list[str]:
        """List the commits around each change of a file of the project, newest first."""
        return history.revisions_of(self._git, "HEAD", self.prefix + path, limit=limit)

    def list_file_revisions(self, path: str, *revs: str) -> list[Revision]:
        """List the commits that changed a file of the project, newest first, in whole history."""
        self._fetch_missing(*revs)
        return history.list_file_revisions(self._git, self.prefix + path, *revs)

    def replaced_paths(self, sha: str) -> tuple[str | None, list[str]]:
        """Name a commit's only parent, and the files of the project that the commit changed or took away."""
        parent, paths = history.replaced_paths(self._git, sha)
        return parent, [path.removeprefix(self.prefix) for path in paths if path.startswith(self.prefix)]

    @property
    def writers(self) -> Writers:
        """Who wrote commits and lines."""
        return Writers(self._git, self.prefix, self._fetch_missing)

    def merged_tree(self, onto: str) -> str:
        """Merge HEAD with `onto` as a server would, and return the tree; `origin/x` is fetched first."""
        base = self._merge_target(onto)
        head = self.head()
        if head is None:
            raise RepositoryProblem("there is no commit to merge", "commit first")
        return self.merge_of(base, head)

    def merge_of(self, base: str, head: str) -> str:
        """Merge two commits that are here, and return the tree; RepositoryProblem where they conflict."""
        self.merge_bases(base, head)
        return trees.merge_trees(self._git, base, head)

    def merge_bases(self, first: str, second: str) -> list[str]:
        """Name the best common ancestors of two commits that are here; fetches history if it is cut."""
        bases = trees.merge_bases(self._git, first, second)
        if bases and history.is_whole(self._git, first, second, *(f"^{sha}" for sha in bases)):
            return bases
        self._fetch_missing(first, second)
        return trees.merge_bases(self._git, first, second)

    # The remote.

    def remote(self) -> str | None:
        """Name the remote: origin, else the only one; None without any."""
        return self._remote.name if self._remote else None

    def default_branch_tip(self, hint: str | None = None, *, besides: str = "") -> tuple[str, str]:
        """Ask the remote for its default branch, and fetch that; (name, commit).

        `hint` (CI_DEFAULT_BRANCH) is tried when the remote's HEAD names no branch; `besides` (the audit
        branch) is never guessed.
        """
        origin = self._require_remote()
        name, sha = origin.default_branch(hint, besides)
        if self.has_commit(sha):
            return name, sha
        origin.fetch(name)
        return name, self.tracking_tip(name) or sha

    def remote_head(self) -> str | None:
        """Name the remote's default branch as this clone remembers it; nothing is asked."""
        if self._remote is None:
            return None
        prefix = self._remote.tracking("")
        name = history.branch_of_ref(self._git, f"{prefix}HEAD", prefix)
        return name or None

    def remote_default_branch(self) -> str | None:
        """Ask the remote which branch its HEAD names."""
        return self._require_remote().heads()[0]

    def tracking_tip(self, branch: str) -> str | None:
        """Tell where the remote's branch was when it was last fetched or pushed."""
        return history.resolve(self._git, self._require_remote().tracking(branch))

    def fetch_branch(self, branch: str, *, grows_only: bool = False) -> str | None:
        """Fetch a branch with its whole history; None when the remote answers but has none.

        `grows_only`: nobody may rewrite it or take it away, which is a BrokenChain.
        """
        origin = self._require_remote()
        if not origin.fetch(branch, grows_only=grows_only):
            if grows_only and self.tracking_tip(branch) is not None:
                raise BrokenChain(
                    f"the branch {branch} is gone from the remote {origin.name}",
                    f"restore it: git push {origin.name} {origin.tracking(branch)}:refs/heads/{branch}",
                    where=f"{origin.name}/{branch}",
                )
            return None
        tip = origin.tracking(branch)
        if grows_only and not history.is_whole(self._git, tip):
            self._fetch_missing(tip)
        return history.resolve(self._git, tip)

    def push_branch(
        self, branch: str, sha: str, *, skip_ci: bool = True, options: Sequence[str] = ()
    ) -> PushResult:
        """Push a commit as a branch, never by force; `outrun` when somebody else pushed first."""
        return self._require_remote().push(branch, sha, skip_ci=skip_ci, push_options=options)

    @property
    def takes_push_options(self) -> bool:
        """Tell whether the remote took the options of the last push."""
        return self._require_remote().takes_push_options

    def remote_tips(self) -> Mapping[str, str]:
        """Ask the remote for its branches and their tips; fetches nothing."""
        return self._require_remote().heads()[1]

    def demand_push(self, branch: str) -> None:
        """RepositoryProblem where the remote would not take a push of ours to a branch; sends nothing."""
        self._require_remote().demand_push(branch, self.head() or "HEAD")

    # What the ledger needs; named from the root.

    def branch_tip(self, branch: str) -> str | None:
        """Tell where a local branch is."""
        return history.resolve(self._git, f"refs/heads/{branch}")

    def checked_out_at(self, branch: str) -> str | None:
        """Name the folder in which a branch is checked out, in any worktree of this clone."""
        return self._git.run_line("for-each-ref", "--format=%(worktreepath)", f"refs/heads/{branch}") or None

    def listing(self, rev: str, *paths: str) -> dict[str, str]:
        """List regular files below the paths: path to blob."""
        return {file.path: file.sha for file in trees.tree_files(self._git, rev, *paths) if file.is_regular}

    def additions(self, rev: str, folder: str, *, limit: int, skip: int = 0) -> list[tuple[str, list[str]]]:
        """List commits that added files below a folder, newest first along the first parents."""
        return history.additions(self._git, rev, folder, limit=limit, skip=skip)

    def log_changes(
        self, rev: str, folder: str = "", *, beyond: str | None = None, last: int | None = None
    ) -> list[Change]:
        """List what every commit did below a folder, oldest first, merges against each parent."""
        return history.changes(self._git, rev, folder, excluded_rev=beyond, last=last)

    def commit_files(  # noqa: PLR0913  (a commit is made of these)
        self,
        files: Mapping[str, bytes],
        message: str,
        *,
        parent: str | None,
        committed_at: datetime,
        author: tuple[str, str] = commits.AUTHOR,
        further_parents: Sequence[str] = (),
        base_tree: str | None = None,
        sign: bool = False,
    ) -> str:
        """Build a commit that adds files, an orphan without parent; no ref, tree or index moves.

        `further_parents`: further parents; `base_tree`: the tree that files go into, else the parent's;
        `sign`: try to.
        """
        content = commits.CommitContent(message, parent, committed_at, author, further_parents)
        signer = self.signatures.commit if sign else None
        return commits.build_commit(self._git, files, content, base_tree=base_tree, sign=signer)

    def advance_branch(self, branch: str, to: str, *, was: str | None) -> bool:
        """Move a local branch from `was` to `to`; False when it is somewhere else by now."""
        return commits.move_ref(self._git, f"refs/heads/{branch}", to, was=was, message="dnc: audit report")

    def _require_remote(self) -> Remote:
        if self._remote is None:
            raise RepositoryProblem("the repository has no remote", "add one: git remote add origin URL")
        return self._remote

    def _fetch_missing(self, *revs: str) -> None:
        """Fetch what a shallow clone lacks; nothing where the clone is whole."""
        if not history.is_shallow(self._git):
            return
        self._require_remote().unshallow()
        present = [rev for rev in revs if self.has_commit(rev)]
        if present and not history.is_whole(self._git, *present):
            raise RepositoryProblem("history is missing, at the remote as well", DEPTH_REMEDY)

    def _merge_target(self, onto: str) -> str:
        name = self.remote()
        remote_branch = onto.removeprefix(f"{name}/")
        tip = (
            self.fetch_branch(remote_branch)
            if name and remote_branch != onto
            else history.resolve(self._git, onto)
        )
        if tip is None:
            raise RepositoryProblem(f"there is no {onto} to merge with", "name origin/BRANCH, or a commit")
        return tip
