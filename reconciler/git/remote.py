"""Speaks with the remote: branches, tags, fetching what is missing, pushing. Never by force."""

import re
import secrets
import time
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

from reconciler.core.model.errors import BrokenChain, RepositoryProblem
from reconciler.git import commits
from reconciler.git.runner import NETWORK_SECONDS, TOKEN, Git, GitOutput, error_line, known_problem

PushResult = Literal["pushed", "outrun"]

DEPTH_REMEDY = "set GIT_DEPTH: 0 for the job, or run: git fetch --unshallow"

_FETCH = ("fetch", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-recurse-submodules")

# Another process of this clone fetches at the same time.
_BUSY = re.compile(r"cannot lock ref|shallow\.lock|shallow file has changed")
_BUSY_TRIES = 8
_BUSY_SECONDS = 0.1

# What a server says to an account that may not push to a branch, as GitLab and others word it.
_NO_RIGHT = re.compile(
    r"not allowed to|protected branch|insufficient|permission|access denied", re.IGNORECASE
)

# The remote's branch moved between our fetch and our push. What a hook or a protected branch refuses is no
# race.
_OUTRUN = re.compile(
    r"non-fast-forward|fetch first|stale info|cannot lock ref|failed to update ref|incorrect old value"
    r"|reference already exists|failed to lock"
)


def find(git: Git) -> str | None:
    """Name the remote: origin, else the only one; None without any."""
    keys = (key.split(".", 1)[1].rpartition(".") for _, key, _ in git.settings if key.startswith("remote."))
    names = list(dict.fromkeys(name for name, _, _ in keys if name and not name.startswith(("-", "/"))))
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
        self.takes_push_options = True  # until a push says otherwise

    @cached_property
    def _url(self) -> str:
        """Where a token may be sent. Without one nobody needs to know: then it is the remote's name."""
        if not self._git.has_token:
            return self.name
        answer = self._git.run_unchecked("ls-remote", "--get-url", self.name)
        return answer.out.decode("utf-8", "replace").strip()

    def tracking(self, branch: str) -> str:
        """Name the local ref that remembers a branch of the remote."""
        return f"refs/remotes/{self.name}/{branch}"

    def heads(self) -> tuple[str | None, dict[str, str]]:
        """Ask for the branch that HEAD names (None: unborn or detached), and every branch's tip."""
        output = self._network("ls-remote", "--symref", "--end-of-options", self.name, "HEAD", "refs/heads/*")
        if output.code:
            raise self._no_answer(output)
        default = None
        tips = {}
        for line in output.out.decode("utf-8", "surrogateescape").splitlines():
            value, _, ref = line.partition("\t")
            if value.startswith("ref: refs/heads/"):
                default = value.removeprefix("ref: refs/heads/")
            elif ref.startswith("refs/heads/"):
                tips[ref.removeprefix("refs/heads/")] = value
        return (default if default in tips else None), tips

    def default_branch(self, hint: str | None, excluded: str) -> tuple[str, str]:
        """Find the default branch and its tip: HEAD, hint, main, master, or the only one but `excluded`."""
        default, tips = self.heads()
        others = [name for name in tips if name != excluded]
        only_branch = others[0] if len(others) == 1 else None
        for name in (default, hint, "main", "master", only_branch):
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
        output = self._fetch(f"{force}refs/heads/{branch}:{self.tracking(branch)}")
        if output.code == 0:
            return True
        if "couldn't find remote ref" in output.err:
            return False
        if "non-fast-forward" in output.err or "[rejected]" in output.err:
            raise self._rewritten_error(branch)
        raise self._no_answer(output)

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
        output = self._fetch(f"refs/heads/{default or next(iter(tips))}", "--unshallow")
        if output.code and "on a complete repository does not make sense" not in output.err:
            problem = self._no_answer(output)
            raise RepositoryProblem(f"{problem.fact}; history is missing in this shallow clone", DEPTH_REMEDY)

    def push(self, branch: str, sha: str, *, skip_ci: bool, push_options: Sequence[str] = ()) -> PushResult:
        """Push a commit as a branch; `outrun` when the branch is not an ancestor of it any more.

        `push_options` are push options; a remote that takes none gets the commit all the same.
        """
        all_options = [*(["ci.skip"] if skip_ci else []), *push_options]
        options = [f"--push-option={option}" for option in all_options] if self.takes_push_options else []
        output = self._push(*options, refspec=f"{sha}:refs/heads/{branch}")
        if output.code and options and "does not support push options" in output.err:
            self.takes_push_options = False
            return self.push(branch, sha, skip_ci=skip_ci, push_options=push_options)
        if output.code == 0:
            self._git.run("update-ref", self.tracking(branch), sha)
            return "pushed"
        rejected = [
            line for line in output.out.decode("utf-8", "replace").splitlines() if line.startswith("!\t")
        ]
        if any(_OUTRUN.search(line) for line in rejected):
            return "outrun"
        if rejected:
            refusal = rejected[0].rpartition("\t")[2]
            raise self._refused_error(branch, f"{refusal} ({error_line(output.err)})")
        raise self._no_answer(output)

    def tags(self, pattern: str) -> dict[str, str]:
        """Ask for the commits of the tags that fit a pattern."""
        output = self._network("ls-remote", "--tags", "--end-of-options", self.name, f"refs/tags/{pattern}")
        if output.code:
            raise self._no_answer(output)
        commits_by_tag = {}
        for line in output.out.decode("utf-8", "surrogateescape").splitlines():
            sha, _, ref = line.partition("\t")
            commits_by_tag[ref.removeprefix("refs/tags/").removesuffix("^{}")] = (
                sha  # a peeled one comes after its tag
            )
        return commits_by_tag

    def push_tag(self, name: str) -> None:
        """Push a tag; RepositoryProblem where the remote does not take it."""
        output = self._push(refspec=f"refs/tags/{name}")
        if output.code:
            rejected = any(line.startswith(b"!\t") for line in output.out.splitlines())
            raise (
                self._no_answer(output)
                if not rejected
                else RepositoryProblem(
                    f"the remote {self.name} refuses the tag {name} ({error_line(output.err)})",
                    "let whoever runs this create protected tags of that name",
                )
            )

    def demand_push(self, branch: str, sha: str) -> None:
        """Ask whether the remote lets us push, sending nothing; RepositoryProblem where it does not.

        Hooks and protected branches are not asked. A branch that has moved on is no obstacle.
        """
        output = self._push("--dry-run", refspec=f"{sha}:refs/heads/{branch}")
        if output.code and not any(line.startswith(b"!\t") for line in output.out.splitlines()):
            raise self._no_answer(output)

    def _push(self, *options: str, refspec: str) -> GitOutput:
        command = ("push", "--porcelain", "--no-verify", *options)
        return self._network(*command, "--end-of-options", self.name, refspec)

    def _fetch(self, refspec: str, *options: str) -> GitOutput:
        for _ in range(_BUSY_TRIES):
            output = self._network(*_FETCH, *options, "--end-of-options", self.name, refspec)
            if output.code == 0 or not _BUSY.search(output.err):
                break
            time.sleep(_BUSY_SECONDS * (0.5 + secrets.randbelow(1000) / 1000))
        return output

    def _network(self, *arguments: str) -> GitOutput:
        return self._git.run_unchecked(*arguments, seconds=NETWORK_SECONDS, url=self._url)

    def _no_answer(self, output: GitOutput) -> RepositoryProblem:
        return known_problem(output) or RepositoryProblem(
            f"the remote {self.name} does not answer: {error_line(output.err)}",
            f"check the network and `git remote get-url {self.name}`, then run again",
        )

    def _refused_error(self, branch: str, answer: str) -> RepositoryProblem:
        """Say which right is missing, or that a hook decided, and where it is given."""
        fact = f"the remote {self.name} refuses the push to {branch}: {answer}"
        fix = (
            f"allow {branch} to be pushed (in GitLab: Settings > Repository > Protected branches) by the "
            f"account of the token in {TOKEN}, which needs the scope write_repository, or by your own"
        )
        if _NO_RIGHT.search(answer):
            return RepositoryProblem(f"{fact}; the right to push to this branch is missing", fix)
        return RepositoryProblem(fact, f"look at the remote's hooks and push rules, or {fix}")

    def _rewritten_error(self, branch: str) -> BrokenChain:
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

    def find_tags(self, pattern: str) -> dict[str, str]:
        """Find the commits of the tags that fit, by `place: name`: one place may have moved its own."""
        form = "--format=%(refname:strip=2) %(objectname) %(*objectname)"
        listed = self._git.run_line("for-each-ref", form, f"refs/tags/{pattern}")
        rows = (row.split(" ") for row in listed.split("\n") if row)
        tags = {f"here: {name}": peeled or sha for name, sha, peeled in rows}
        if self._remote is not None:
            remote_tags = self._remote.tags(pattern)
            tags |= {f"{self._remote.name}: {name}": sha for name, sha in remote_tags.items()}
        return tags

    def create(self, name: str, sha: str) -> None:
        """Put a new tag on a commit, and push it where there is a remote, never by force.

        RepositoryProblem where there is one of that name, or the remote refuses it.
        """
        if not commits.move_ref(self._git, f"refs/tags/{name}", sha, was=None, message="dnc: anchor"):
            raise RepositoryProblem(f"there is a tag {name} already", "wait a second, and run it again")
        if self._remote is not None:
            self._remote.push_tag(name)
