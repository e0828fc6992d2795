"""The ledger: reports chained on a branch, delivered to the remote without ever rewriting it."""

import secrets
import time
from collections.abc import Callable, Container, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from reconciler.audit.breaks import Break
from reconciler.audit.chain import OLD_IN_A_ROW, Chain, Earlier, earlier
from reconciler.audit.local_branch import LocalBranch
from reconciler.audit.report import Report, StoredReport, parse
from reconciler.audit.report_content import Content, build
from reconciler.audit.report_files import pack_plan, plan_path, report_of, report_path, sha256, tenant_of
from reconciler.audit.trust import Belief, Doubt, Excuse, Trust, believe, named_in
from reconciler.audit.verification import Expected, Verification, chain_of, examined
from reconciler.core.model.errors import BrokenChain, NotDelivered, RepositoryProblem
from reconciler.git.repository import Repository

_FIRST_SECONDS = 0.1  # with jitter; it doubles up to the longest
_LONGEST_SECONDS = 3.0
_LOOKED_AT = 1_000  # reports back, for the last that read CXone back


class Pauses:
    """Waits after a try that failed; not at all for whoever is in a hurry."""

    def __init__(self, pause: Callable[[float], None]) -> None:
        self._pause = pause

    def wait(self, attempt: int, hurried: Callable[[], bool] = lambda: False) -> None:
        """Wait after a try, counted from 0."""
        if hurried():
            return
        longest = min(_FIRST_SECONDS * 2**attempt, _LONGEST_SECONDS)
        self._pause(longest * (0.5 + secrets.randbelow(1000) / 2000))


TRIES = 10  # pushes that lose the race; six at once all landed within it
_SILENT_TRIES = 3  # pushes that fail in another way: a moment's outage must not cost the report
ALL = ""  # a doubt about every tenant's reports


class Ledger:
    """The reports of every tenant, on one branch. `refresh` first: nothing is known before.

    `tip` is the commit that reports are read from and appended to: the branch as the remote has it, with the
    local reports that were not pushed yet on top, as far as this clone or a good signature vouches for them.

    With `goes_on`, what is in doubt is passed over and kept as `doubts`; without, it is a BrokenChain.
    """

    def __init__(  # noqa: PLR0913  (what each chain is read by)
        self,
        git: Repository,
        *,
        branch: str = "dnc-audit",
        folder: str = "audit",
        pause: Callable[[float], None] = time.sleep,
        trust: Trust | None = None,
        goes_on: bool = False,
    ) -> None:
        self.branch = branch
        self.goes_on = goes_on
        self._git = git
        self._folder = folder.strip("/")
        self._pauses = Pauses(pause)
        self._trust = trust or Trust()
        self._remote_tip: str | None = None
        self._earlier: Mapping[str, Earlier] = {}
        self._chain = Chain(git, None, self._folder)
        self._branch = LocalBranch(git, branch, self._folder, self._trust.signers)
        self._believed: dict[tuple[str, str | None], Belief] = {}
        self._doubts: dict[tuple[str, Doubt], None] = {}

    @property
    def tip(self) -> str | None:
        """The commit that reports are read from; None on a first run."""
        return self._chain.tip

    def refresh(self) -> str | None:
        """Fetch the branch and find the tip; None on a first run.

        RepositoryProblem when the remote does not answer, BrokenChain when its branch was rewritten.
        """
        if self._git.remote() is not None:
            try:
                self._remote_tip = self._git.fetch_branch(self.branch, grows_only=True)
            except BrokenChain as error:
                self.doubt(ALL, error)
                self._remote_tip = self._git.tracking_tip(self.branch)
        try:
            self._earlier = earlier(self._git, self._trust.continues, self.branch, self._folder)
        except BrokenChain as error:
            self.doubt(ALL, error)
        self._chain = Chain(self._git, None, self._folder, self._earlier)
        self._settle()
        if self.goes_on and (hidden := self._chain.hidden()):
            self.doubt(ALL, hidden)
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
        """Find the report that history added last for the tenant; None on its first run.

        Where it goes on: the last that is whole, links, and has a good signature if signatures count.
        """
        return self.belief(tenant).newest if self.goes_on else self._chain.newest(tenant)

    def reports(self, tenant: str, since: datetime | None = None) -> Iterator[StoredReport]:
        """Walk a tenant's reports, newest first, back to `since`; BrokenChain where it does not hold.

        Where it goes on: as far as it holds, without those that are passed over.
        """
        if not self.goes_on:
            yield from self._chain.reports(tenant, since)
            return
        belief, old = self.belief(tenant), 0
        try:
            for stored in self._judged(tenant, belief) if belief.newest else ():
                old = 0 if since is None or stored.report.moment >= since else old + 1
                if old == OLD_IN_A_ROW:
                    return
                if not old:
                    yield stored
        except BrokenChain as error:
            self.doubt(tenant, error)

    def _judged(self, tenant: str, belief: Belief) -> Iterator[StoredReport]:
        """Walk the reports that are not passed over. BrokenChain where one contradicts the one before it."""
        over, excuse = set(belief.passed_over or ()), Excuse()
        newer: StoredReport | None = None
        for stored in self._chain.reports(tenant, newest=belief.newest):
            over |= named_in(stored)
            if stored.path in over:
                continue
            if newer is not None and (why := self._trust.strays(newer, stored, excuse.covers(newer))):
                raise BrokenChain(why, where=newer.path)
            if newer is not None:
                excuse.add(newer)
            yield stored
            newer = stored

    def contradicting(self, tenant: str) -> dict[str, str]:
        """Name the reports that contradict the one before them, and are not passed over yet, with SHA-256."""
        belief = self.belief(tenant)
        over, excuse = set(belief.passed_over or ()), Excuse()
        asked: list[tuple[StoredReport, bool]] = []
        for stored in self._chain.reports(tenant, newest=belief.newest) if belief.newest else ():
            over |= named_in(stored)
            if stored.path not in over:
                asked.append((stored, excuse.covers(stored)))
                excuse.add(stored)
        found: dict[str, str] = {}
        before: StoredReport | None = None
        for stored, excused in reversed(asked):
            if self._trust.strays(stored, before, excused):
                found[stored.path] = stored.sha256
            else:
                before = stored
        return found

    def doubts(self, tenant: str) -> tuple[Doubt, ...]:
        """Say why what is held of the tenant is in doubt, as far as it was found out by now."""
        found = dict.fromkeys(self.belief(tenant).doubts)
        return tuple(found | {doubt: None for name, doubt in self._doubts if name in {tenant, ALL}})

    def plan(self, stored: StoredReport) -> Mapping[str, Any]:
        """Read the plan beside a report; where it goes on and it is in doubt, one that says nothing."""
        try:
            return self._chain.plan(stored)
        except BrokenChain as error:
            self.doubt(stored.report.tenant, error)
            return {"changes": (), "drift": (), "interrupted": ()}

    def doubt(self, tenant: str, error: BrokenChain) -> None:
        """Keep what is in doubt about a tenant's reports, or raise it where nothing goes on."""
        if not self.goes_on:
            raise error
        self._doubts[tenant, Doubt.of(error)] = None

    def belief(self, tenant: str, at: Chain | None = None) -> Belief:
        """Say what of a tenant's chain may be believed, and what is in doubt."""
        at = at or self._chain
        if (tenant, at.tip) not in self._believed:
            self._believed[tenant, at.tip] = believe(self._git, at, tenant, self._trust)
        return self._believed[tenant, at.tip]

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
                belief = self.belief(content["tenant"])
                purged = content.get("reanchor", {}).get("heads", True)
                before = self._chain.newest(content["tenant"]) if purged else belief.last
                data = build(
                    belief.said_in(content),
                    seq=before.report.seq + 1 if before else 1,
                    previous=before.link if before else None,
                    plan_sha256=sha256(packed),
                )
                stored = parse(data, path)  # what could not be read again would break the chain
                message = f"{content['tenant']}: {content['status']} at {content['revision'][:12]}\n\n{path}"
                files = {path: data, plan_path(path): packed}
                made = self._git.commit_files(files, message, parent=self.tip, when=at, sign=True)
                if self._branch.move(made, self._known):
                    self._chain = self._chain.at(made)
                    return stored
                self._pauses.wait(attempt)
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
        self._settle()
        return self._chain.waiting(self.tip or local, beyond=self._git.tracking_tip(self.branch))

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
                self._pauses.wait(attempt, hurried)
                self.refresh()
            except BrokenChain as error:
                raise self._kept(error.fact) from error
            except RepositoryProblem as error:
                why = error.fact
                silences += 1
                if silences == _SILENT_TRIES or hurried():
                    raise self._kept(error.fact) from error
                self._pauses.wait(attempt, hurried)
        raise self._kept(why)

    def whole(self, tenant: str, *, without: Container[str] = ()) -> tuple[list[StoredReport], list[Break]]:
        """Read a tenant's whole chain, and the breaks in it that no record explains. Raises BrokenChain."""
        before = self._earlier[tenant].end() if tenant in self._earlier else None
        return chain_of(self._git, self.tip, self._folder, tenant, before, without) if self.tip else ([], [])

    def demand_vouched(self) -> None:
        """NotDelivered where the local branch has reports that nobody stands behind: they are not pushed."""
        if self._branch.foreign:
            way_out = f"show them to an auditor: git log {self.branch}; the next report moves them aside"
            raise NotDelivered(self._branch.doubt.fact, way_out, where=self.branch)

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
        continues = self._trust.continues
        return examined(self._git, self.branch, self._folder, continues, expected or Expected(), signers)

    def tenants(self) -> list[str]:
        """Name the tenants that have reports on the branch."""
        listed = self._git.listing(self.tip, self._folder) if self.tip else {}
        return sorted({tenant for path in listed if (tenant := tenant_of(path, self._folder))})

    def last_verified(self, tenant: str) -> Report | None:
        """Find the newest report whose run saw CXone as it left it; the last reports are looked at."""
        looked_at = islice(self.reports(tenant), _LOOKED_AT)
        return next((stored.report for stored in looked_at if stored.report.is_verified), None)

    def first(self, tenant: str) -> StoredReport | None:
        """Find the report that a tenant's chain starts with; None where it has none."""
        try:
            return self._chain.first(tenant)
        except BrokenChain as error:
            self.doubt(tenant, error)
            return None

    @property
    def _known(self) -> str | None:
        """Give the remote's tip, as far as this clone knows it."""
        return self._remote_tip or (self._git.tracking_tip(self.branch) if self.has_remote else None)

    def _settle(self) -> None:
        """Decide the tip from the local branch as it is now and the remote's as it was last fetched."""
        remote = self._remote_tip
        local = self._branch.vouched(self._known)
        if self._branch.foreign:
            self._doubts[ALL, self._branch.doubt] = None
        if local is None or remote is None:
            self._chain = self._chain.at(local or remote)
        elif self._git.is_ancestor(remote, local):
            self._chain = self._chain.at(local)
        else:
            self._chain = self._chain.at(remote).grafted(
                local, lambda at, tenant: self.belief(tenant, at).links
            )

    def _pushed(self) -> bool:
        self._settle()
        tip = self.tip
        if tip is None or tip == self._known:
            if tip is not None:
                self._branch.forget(tip)
            return True
        if not self._branch.move(tip, self._known):
            return False
        if self._git.push_branch(self.branch, tip, skip_ci=True) == "outrun":
            return False
        self._remote_tip = tip
        self._branch.forget(tip)
        return True

    def _kept(self, why: str) -> NotDelivered:
        return NotDelivered(
            f"the audit report is not at the remote: {why}; it is kept on the local branch {self.branch}",
            f"run `dnc audit push` in this clone (`git push {self._git.remote()} {self.branch}` where nobody"
            " else pushed meanwhile), or let its next run push it",
            where=self.branch,
        )
