"""Speaks with the remote: branches, tags, fetching what is missing, pushing. Never by force."""

import re
import secrets
import time
from collections.abc import Sequence
from typing import Literal

from reconciler.core.model.errors import BrokenChain, RepositoryProblem
from reconciler.git import commits
from reconciler.git.runner import NETWORK_SECONDS, Git, Said, known, reason

Pushed = Literal["pushed", "outrun"]

DEPTH_REMEDY = "set GIT_DEPTH: 0 for the job, or run: git fetch --unshallow"

_FETCH = ("fetch", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-recurse-submodules")

# Another process of this clone fetches at the same time.
_BUSY = re.compile(r"cannot lock ref|shallow\.lock|shallow file has changed")
_BUSY_TRIES = 8
_BUSY_SECONDS = 0.1

# The remote's branch moved between our fetch and our push. What a hook or a protected branch refuses is no
# race.
_OUTRUN = re.compile(
    r"non-fast-forward|fetch first|stale info|cannot lock ref|failed to update ref|incorrect old value"
    r"|reference already exists|failed to lock"
)


def find(git: Git) -> str | None:
    """Name the remote: origin, else the only one; None without any."""
    names = [name for name in git.line("remote").split("\n") if name and not name.startswith("-")]
    if not names:
        return None
    if "origin" in names:
        return "origin"
    if len(names) > 1:
        raise RepositoryProblem(
            f"there are {len(names)} remotes and none is named origin: {', '.join(names)}",
            "rename the one that the pipelines run on: git remote rename NAME origin",
        )
    return names[0]


class Remote:
    """One remote by its name. Every call may take NETWORK_SECONDS; silence is a RepositoryProblem."""

    def __init__(self, git: Git, name: str) -> None:
        self.name = name
        self._git = git
        self._url = git.ask("ls-remote", "--get-url", name).out.decode("utf-8", "replace").strip()
        self.takes_options = True  # until a push says otherwise

    def tracking(self, branch: str) -> str:
        """Name the local ref that remembers a branch of the remote."""
        return f"refs/remotes/{self.name}/{branch}"

    def heads(self) -> tuple[str | None, dict[str, str]]:
        """Ask for the branch that HEAD names (None: unborn or detached), and every branch's tip."""
        said = self._network("ls-remote", "--symref", "--end-of-options", self.name, "HEAD", "refs/heads/*")
        if said.code:
            raise self._silent(said)
        default = None
        tips = {}
        for line in said.out.decode("utf-8", "surrogateescape").splitlines():
            value, _, ref = line.partition("\t")
            if value.startswith("ref: refs/heads/"):
                default = value.removeprefix("ref: refs/heads/")
            elif ref.startswith("refs/heads/"):
                tips[ref.removeprefix("refs/heads/")] = value
        return (default if default in tips else None), tips

    def default_branch(self, hint: str | None, besides: str) -> tuple[str, str]:
        """Find the default branch and its tip: HEAD, hint, main, master, or the only one but `besides`."""
        default, tips = self.heads()
        others = [name for name in tips if name != besides]
        only = others[0] if len(others) == 1 else None
        for name in (default, hint, "main", "master", only):
            if name is not None and name in tips:
                return name, tips[name]
        fact = (
            "has no branch yet"
            if not others
            else f"does not say which of {len(others)} branches is its default"
        )
        raise RepositoryProblem(
            f"the remote {self.name} {fact}", "push the default branch, and make the remote's HEAD name it"
        )

    def fetch(self, branch: str, *, grows_only: bool = False) -> bool:
        """Fetch a branch into its tracking ref; False when the remote answers but has none.

        `grows_only` is for a branch that nobody may rewrite: BrokenChain if the new tip lacks the old one.
        """
        force = "" if grows_only else "+"
        said = self._fetch(f"{force}refs/heads/{branch}:{self.tracking(branch)}")
        if said.code == 0:
            return True
        if "couldn't find remote ref" in said.err:
            return False
        if "non-fast-forward" in said.err or "[rejected]" in said.err:
            raise self._rewritten(branch)
        raise self._silent(said)

    def fetch_commit(self, sha: str) -> bool:
        """Try to fetch one commit that no branch need contain; False if the remote does not give it."""
        return self._fetch(sha).code == 0

    def unshallow(self) -> None:
        """Fetch all the history that a shallow clone lacks."""
        default, tips = self.heads()
        if not tips:
            raise RepositoryProblem(
                f"the remote {self.name} has no branch to fetch history from", DEPTH_REMEDY
            )
        # With --unshallow the server completes every cut commit, whichever branch is asked for.
        said = self._fetch(f"refs/heads/{default or next(iter(tips))}", "--unshallow")
        if said.code and "on a complete repository does not make sense" not in said.err:
            problem = self._silent(said)
            raise RepositoryProblem(f"{problem.fact}; history is missing in this shallow clone", DEPTH_REMEDY)

    def push(self, branch: str, sha: str, *, skip_ci: bool, asked: Sequence[str] = ()) -> Pushed:
        """Push a commit as a branch; `outrun` when the branch is not an ancestor of it any more.

        `asked` are push options; a remote that takes none gets the commit all the same.
        """
        wanted = [*(["ci.skip"] if skip_ci else []), *asked]
        options = [f"--push-option={option}" for option in wanted] if self.takes_options else []
        said = self._push(*options, what=f"{sha}:refs/heads/{branch}")
        if said.code and options and "does not support push options" in said.err:
            self.takes_options = False
            return self.push(branch, sha, skip_ci=skip_ci, asked=asked)
        if said.code == 0:
            self._git.run("update-ref", self.tracking(branch), sha)
            return "pushed"
        rejected = [
            line for line in said.out.decode("utf-8", "replace").splitlines() if line.startswith("!\t")
        ]
        if any(_OUTRUN.search(line) for line in rejected):
            return "outrun"
        if rejected:
            why = rejected[0].rpartition("\t")[2]
            raise RepositoryProblem(
                f"the remote {self.name} refuses the push to {branch}: {why} ({reason(said.err)})",
                f"let the pipeline's token push to {branch}: as a protected branch, allow it there",
            )
        raise self._silent(said)

    def tags(self, pattern: str) -> dict[str, str]:
        """Ask for the commits of the tags that fit a pattern."""
        said = self._network("ls-remote", "--tags", "--end-of-options", self.name, f"refs/tags/{pattern}")
        if said.code:
            raise self._silent(said)
        found = {}
        for line in said.out.decode("utf-8", "surrogateescape").splitlines():
            sha, _, ref = line.partition("\t")
            found[ref.removeprefix("refs/tags/").removesuffix("^{}")] = (
                sha  # a peeled one comes after its tag
            )
        return found

    def push_tag(self, name: str) -> None:
        """Push a tag; RepositoryProblem where the remote does not take it."""
        said = self._push(what=f"refs/tags/{name}")
        if said.code:
            rejected = any(line.startswith(b"!\t") for line in said.out.splitlines())
            raise (
                self._silent(said)
                if not rejected
                else RepositoryProblem(
                    f"the remote {self.name} refuses the tag {name} ({reason(said.err)})",
                    "let whoever runs this create protected tags of that name",
                )
            )

    def demand_push(self, branch: str, sha: str) -> None:
        """Ask whether the remote lets us push, sending nothing; RepositoryProblem where it does not.

        Hooks and protected branches are not asked. A branch that has moved on is no obstacle.
        """
        said = self._push("--dry-run", what=f"{sha}:refs/heads/{branch}")
        if said.code and not any(line.startswith(b"!\t") for line in said.out.splitlines()):
            raise self._silent(said)

    def _push(self, *options: str, what: str) -> Said:
        command = ("push", "--porcelain", "--no-verify", *options)
        return self._network(*command, "--end-of-options", self.name, what)

    def _fetch(self, what: str, *options: str) -> Said:
        for _ in range(_BUSY_TRIES):
            said = self._network(*_FETCH, *options, "--end-of-options", self.name, what)
            if said.code == 0 or not _BUSY.search(said.err):
                break
            time.sleep(_BUSY_SECONDS * (0.5 + secrets.randbelow(1000) / 1000))
        return said

    def _network(self, *arguments: str) -> Said:
        return self._git.ask(*arguments, seconds=NETWORK_SECONDS, url=self._url)

    def _silent(self, said: Said) -> RepositoryProblem:
        return known(said) or RepositoryProblem(
            f"the remote {self.name} does not answer: {reason(said.err)}",
            f"check the network and `git remote get-url {self.name}`, then run again",
        )

    def _rewritten(self, branch: str) -> BrokenChain:
        tracking = self.tracking(branch)
        return BrokenChain(
            f"the branch {branch} of the remote {self.name} was rewritten: it lost commits that are here",
            f"restore it from this clone: git push --force {self.name} {tracking}:refs/heads/{branch};"
            f" or, if it was meant: git fetch --force {self.name} {branch}:{tracking}",
            where=f"{self.name}/{branch}",
        )


class Tags:
    """The tags of a clone, and of its remote where there is one."""

    def __init__(self, git: Git, remote: Remote | None) -> None:
        self._git = git
        self._remote = remote

    def found(self, pattern: str) -> dict[str, str]:
        """Find the commits of the tags that fit, by `place: name`: one place may have moved its own."""
        form = "--format=%(refname:strip=2) %(objectname) %(*objectname)"
        listed = self._git.line("for-each-ref", form, f"refs/tags/{pattern}")
        rows = (row.split(" ") for row in listed.split("\n") if row)
        tags = {f"here: {name}": peeled or sha for name, sha, peeled in rows}
        if self._remote is not None:
            there = self._remote.tags(pattern)
            tags |= {f"{self._remote.name}: {name}": sha for name, sha in there.items()}
        return tags

    def put(self, name: str, sha: str) -> None:
        """Put a new tag on a commit, and push it where there is a remote, never by force.

        RepositoryProblem where there is one of that name, or the remote refuses it.
        """
        if not commits.move_ref(self._git, f"refs/tags/{name}", sha, was=None, why="dnc: anchor"):
            raise RepositoryProblem(f"there is a tag {name} already", "wait a second, and run it again")
        if self._remote is not None:
            self._remote.push_tag(name)
