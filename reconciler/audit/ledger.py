"""The ledger: reports chained on a branch, delivered to the remote without ever rewriting it."""

import secrets
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from reconciler.audit.breaks import Break
from reconciler.audit.chain import Chain
from reconciler.audit.expected import Expected, judge
from reconciler.audit.port import GitPort
from reconciler.audit.report import (
    Content,
    StoredReport,
    build,
    pack_plan,
    parse,
    plan_path,
    report_of,
    report_path,
    sha256,
    tenant_of,
)
from reconciler.audit.signed import unsigned_in
from reconciler.audit.verify import Verification, chain_of, finding_of, verify_branch
from reconciler.model.errors import BrokenChain, NotDelivered, RepositoryProblem

TRIES = 10  # pushes that lose the race; six at once all landed within it
_SILENT_TRIES = 3  # pushes that fail in another way: a moment's outage must not cost the report
_PAUSE_SECONDS = 0.1  # the first pause, with jitter; it doubles up to _LONGEST_PAUSE_SECONDS
_LONGEST_PAUSE_SECONDS = 3.0


class Ledger:
    """The reports of every tenant, on one branch. `refresh` first: nothing is known before.

    `tip` is the commit that reports are read from and appended to: the branch as the remote has it, with the
    local reports that were not pushed yet on top.
    """

    def __init__(
        self,
        git: GitPort,
        *,
        branch: str = "dnc-audit",
        folder: str = "audit",
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.branch = branch
        self._git = git
        self._folder = folder.strip("/")
        self._pause = pause
        self._remote_tip: str | None = None
        self._local: str | None = None
        self._chain = Chain(git, None, self._folder)

    @property
    def tip(self) -> str | None:
        """The commit that reports are read from; None on a first run."""
        return self._chain.tip

    def refresh(self) -> str | None:
        """Fetch the branch and find the tip; None on a first run.

        RepositoryProblem when the remote does not answer, BrokenChain when its branch was rewritten.
        """
        if self._git.remote() is not None:
            self._remote_tip = self._git.fetch_branch(self.branch, grows_only=True)
        self._settle()
        return self.tip

    def check_writable(self) -> None:
        """RepositoryProblem where a report could not be committed.

        The repository takes nothing more, or somebody has the branch checked out that a report moves.
        """
        self._git.check_writable()
        place = self._git.checked_out_at(self.branch)
        if place is not None:
            raise RepositoryProblem(
                f"the audit branch {self.branch} is checked out at {place}, and a report moves it",
                "check out another branch there, or name another audit.branch in dnc.yaml",
            )

    def newest(self, tenant: str) -> StoredReport | None:
        """Find the report that history added last for the tenant; None on its first run."""
        return self._chain.newest(tenant)

    def reports(self, tenant: str, since: datetime | None = None) -> Iterator[StoredReport]:
        """Walk a tenant's reports, newest first, back to `since`; BrokenChain where it does not hold."""
        return self._chain.reports(tenant, since)

    def untouched(self, tenant: str, *, since: str | None) -> bool:
        """Tell whether nothing but other tenants' reports was added since an earlier tip."""
        if self.tip == since:
            return True
        if self.tip is None:
            return False
        added = self._git.log_changes(self.tip, beyond=since)
        owners = {tenant_of(report_of(path), self._folder) for _, _, path in added}
        return bool(owners) and owners.isdisjoint({tenant, None})

    def plan_of(self, stored: StoredReport) -> bytes:
        """Read the plan beside a report, as JSON."""
        return self._chain.plan_of(stored)

    def append(self, content: Content, plan: bytes, *, at: datetime) -> StoredReport:
        """Chain a report and its plan (JSON), and commit both to the local branch; or NotDelivered."""
        packed = pack_plan(plan)
        unique = secrets.token_hex(4)
        path = report_path(self._folder, content["tenant"], at, content["revision"], unique)
        try:
            for attempt in range(TRIES):
                self._settle()
                before = self.newest(content["tenant"])
                data = build(
                    content,
                    seq=before.report.seq + 1 if before else 1,
                    previous=before.link if before else None,
                    plan_sha256=sha256(packed),
                )
                message = f"{content['tenant']}: {content['status']} at {content['revision'][:12]}\n\n{path}"
                files = {path: data, plan_path(path): packed}
                made = self._git.commit_files(files, message, parent=self.tip, when=at, sign=True)
                if self._move(made):
                    self._local, self._chain = made, Chain(self._git, made, self._folder)
                    return parse(data, path)
                self._wait(attempt)
        except (RepositoryProblem, BrokenChain) as error:
            raise NotDelivered(f"the report could not be committed: {error.fact}", error.way_out) from error
        raise NotDelivered(
            f"the report could not be committed: {self.branch} moved {TRIES} times meanwhile",
            "end the other runs in this clone, and run again",
        )

    @property
    def has_remote(self) -> bool:
        """Tell whether there is somewhere to push to."""
        return self._git.remote() is not None

    def waiting(self) -> list[str]:
        """Name the reports that only this clone has, oldest first, as far as it knows the remote's."""
        local = self._git.branch_tip(self.branch)
        if local is None or self._git.remote() is None:
            return []
        return self._chain.waiting(local, beyond=self._git.tracking_tip(self.branch))

    def deliver(self, *, push: bool, hurried: Callable[[], bool] = lambda: False) -> None:
        """Push what only this clone has. NotDelivered when it did not arrive; the local branch keeps it.

        Once `hurried` there are no more pauses, and no second try but for a race that was lost.
        """
        if not push or self._git.remote() is None:
            return
        silences = 0
        for attempt in range(TRIES):
            try:
                if self._pushed():
                    return
                why = f"others pushed first, {attempt + 1} times"
                self._wait(attempt, hurried)
                self.refresh()
            except BrokenChain as error:
                raise self._kept(error.fact) from error
            except RepositoryProblem as error:
                why = error.fact
                silences += 1
                if silences == _SILENT_TRIES or hurried():
                    raise self._kept(error.fact) from error
                self._wait(attempt, hurried)
        raise self._kept(why)

    def whole(self, tenant: str) -> tuple[list[StoredReport], list[Break]]:
        """Read a tenant's whole chain, and the breaks in it that no record explains. Raises BrokenChain."""
        return chain_of(self._git, self.tip, self._folder, tenant) if self.tip else ([], [])

    def demand_signed(self) -> None:
        """NotDelivered where there is a key, and the last report could not be signed with it."""
        if why := self._git.signatures.failure:
            raise NotDelivered(
                f"the audit report is committed and not signed: {why}",
                "repair the key; the next report is signed again, and `dnc audit verify` names this one",
                where=self.branch,
            )

    def verify(self, expected: Expected | None = None, signers: bytes | None = None) -> Verification:
        """Check every chain and all history, of the local branch and the remote's.

        What is expected of it is expected of the remote's branch; of the local one where there is no other.
        `signers` are those whose signatures count, as ssh-keygen reads them.
        """
        known = Verification()
        tips: dict[str, str | None] = {}
        remote = self._git.remote()
        if remote is not None:
            name = f"{remote}/{self.branch}"
            try:
                tips[name] = self._git.fetch_branch(self.branch, grows_only=True)
            except BrokenChain as error:
                known = Verification((finding_of(error, name),))
                tips[name] = self._git.tracking_tip(self.branch)
        tips[self.branch] = self._git.branch_tip(self.branch)
        judged = next((name for name, tip in tips.items() if tip is not None), self.branch)
        for name, tip in tips.items():
            if tip is not None:
                known += verify_branch(self._git, tip, self._folder, name)
                if signers is not None:
                    known += Verification(tuple(unsigned_in(self._git, tip, name, signers)))
        heads = tuple(head for head in known.heads if head.branch == judged)
        return known + judge(self._git, expected or Expected(), heads, judged, tips[judged])

    def first(self, tenant: str) -> StoredReport | None:
        """Find the report that a tenant's chain starts with; None where it has none."""
        return self._chain.first(tenant)

    def _settle(self) -> None:
        """Decide the tip from the local branch as it is now and the remote's as it was last fetched."""
        local, remote = self._git.branch_tip(self.branch), self._remote_tip
        self._local = local
        if local is None or remote is None:
            self._chain = Chain(self._git, local or remote, self._folder)
        elif self._git.is_ancestor(remote, local):
            self._chain = Chain(self._git, local, self._folder)
        else:
            self._chain = Chain(self._git, remote, self._folder).grafted(local)

    def _move(self, to: str) -> bool:
        """Move the local branch from where `_settle` saw it."""
        return to == self._local or self._git.advance_branch(self.branch, to, was=self._local)

    def _pushed(self) -> bool:
        self._settle()
        tip = self.tip
        if tip is None or tip == self._remote_tip:
            return True
        if not self._move(tip):
            return False
        if self._git.push_branch(self.branch, tip, skip_ci=True) == "outrun":
            return False
        self._remote_tip = tip
        return True

    def _wait(self, attempt: int, hurried: Callable[[], bool] = lambda: False) -> None:
        if hurried():
            return
        longest = min(_PAUSE_SECONDS * 2**attempt, _LONGEST_PAUSE_SECONDS)
        self._pause(longest * (0.5 + secrets.randbelow(1000) / 2000))

    def _kept(self, why: str) -> NotDelivered:
        return NotDelivered(
            f"the audit report is not at the remote: {why}; it is kept on the local branch {self.branch}",
            f"run `dnc audit push` in this clone (`git push {self._git.remote()} {self.branch}` where nobody"
            " else pushed meanwhile), or let its next run push it",
            where=self.branch,
        )
