"""The ledger: reports chained on a branch, delivered to the remote without ever rewriting it."""

import secrets
import time
from collections.abc import Callable, Container, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from reconciler.audit.breaks import Break
from reconciler.audit.chain import OLD_IN_A_ROW, Chain, PreviousChain, find_previous_chains
from reconciler.audit.json_shapes import bound_moment
from reconciler.audit.local_branch import LocalBranch
from reconciler.audit.report import Report, StoredReport, parse_report
from reconciler.audit.report_content import Content, build_report
from reconciler.audit.report_files import (
    pack_plan,
    plan_path,
    report_path,
    report_path_of,
    sha256,
    tenant_of_path,
)
from reconciler.audit.trust import ChainAssessment, Doubt, Excuse, Trust, assess_chain, settled_paths
from reconciler.audit.verification import Expectations, Verification, read_chain, verify_branches
from reconciler.core.model.errors import BrokenChain, NotDelivered, RepositoryProblem
from reconciler.git.repository import Repository

_FIRST_SECONDS = 0.1  # with jitter; it doubles up to the longest
_LONGEST_SECONDS = 3.0
_LOOKED_AT = 1_000  # reports back, for the last that read CXone back


class Pauses:
    """Waits after a try that failed; not at all for whoever is in a hurry."""

    def __init__(self, pause: Callable[[float], None]) -> None:
        self._pause = pause

    def wait(self, attempt: int, is_hurried: Callable[[], bool] = lambda: False) -> None:
        """Wait after a try, counted from 0."""
        if is_hurried():
            return
        longest = min(_FIRST_SECONDS * 2**attempt, _LONGEST_SECONDS)
        self._pause(longest * (0.5 + secrets.randbelow(1000) / 2000))


TRIES = 10  # pushes that lose the race; six at once all landed within it
_SILENT_TRIES = 3  # pushes that fail in another way: a moment's outage must not cost the report
ALL_TENANTS = ""  # a doubt about every tenant's reports


class Ledger:
    """The reports of every tenant, on one branch. `refresh` first: nothing is known before.

    `tip` is the commit that reports are read from and appended to: the branch as the remote has it, with the
    local reports that were not pushed yet on top, as far as this clone or a good signature vouches for them.

    With `continues_on_doubt`, what is in doubt is passed over and kept as `doubts`; without, it is a
    BrokenChain.
    """

    def __init__(  # noqa: PLR0913  (what each chain is read by)
        self,
        git: Repository,
        *,
        branch: str = "dnc-audit",
        folder: str = "audit",
        pause: Callable[[float], None] = time.sleep,
        trust: Trust | None = None,
        continues_on_doubt: bool = False,
    ) -> None:
        self.branch = branch
        self.continues_on_doubt = continues_on_doubt
        self._git = git
        self._folder = folder.strip("/")
        self._pauses = Pauses(pause)
        self._trust = trust or Trust()
        self._remote_tip: str | None = None
        self._known_remote_tip: str | None = None  # as far as this clone knew it when the tip was decided
        self._previous_chains: Mapping[str, PreviousChain] = {}
        self._chain = Chain(git, None, self._folder)
        self._branch = LocalBranch(git, branch, self._folder, self._trust.signers)
        self._assessments: dict[tuple[str, str | None], ChainAssessment] = {}
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
                self.add_doubt(ALL_TENANTS, error)
                self._remote_tip = self._git.tracking_tip(self.branch)
        try:
            self._previous_chains = find_previous_chains(
                self._git, self._trust.continues, self.branch, self._folder
            )
        except BrokenChain as error:
            self.add_doubt(ALL_TENANTS, error)
        self._chain = Chain(self._git, None, self._folder, self._previous_chains)
        self._update_tip()
        if self.continues_on_doubt and (hidden := self._chain.hiding_commit_error()):
            self.add_doubt(ALL_TENANTS, hidden)
        return self.tip

    def check_writable(self, at: datetime | None = None) -> None:
        """RepositoryProblem where a report could not be committed, of that moment if one is given.

        No report can have the moment, the repository takes nothing more, or somebody has the branch checked
        out that a report moves.
        """
        if at is not None and (problem := _clock_problem(at)):
            raise RepositoryProblem(f"{problem.fact}: nothing was sent", problem.fix)
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
        return self.assessment(tenant).newest if self.continues_on_doubt else self._chain.newest(tenant)

    def reports(self, tenant: str, since: datetime | None = None) -> Iterator[StoredReport]:
        """Walk a tenant's reports, newest first, back to `since`; BrokenChain where it does not hold.

        Where it goes on: as far as it holds, without those that are passed over.
        """
        if not self.continues_on_doubt:
            yield from self._chain.reports(tenant, since)
            return
        assessment, old_in_a_row = self.assessment(tenant), 0
        try:
            for stored in self._trusted_reports(tenant, assessment) if assessment.newest else ():
                old_in_a_row = 0 if since is None or stored.report.moment >= since else old_in_a_row + 1
                if old_in_a_row == OLD_IN_A_ROW:
                    return
                if not old_in_a_row:
                    yield stored
        except BrokenChain as error:
            self.add_doubt(tenant, error)

    def _trusted_reports(self, tenant: str, belief: ChainAssessment) -> Iterator[StoredReport]:
        """Walk the reports that are not passed over. BrokenChain where one contradicts the one before it."""
        passed_over, excuse = set(belief.passed_over or ()), Excuse()
        newer: StoredReport | None = None
        for stored in self._chain.reports(tenant, newest=belief.newest):
            passed_over |= settled_paths(stored)
            if stored.path in passed_over:
                continue
            if newer is not None and (
                contradiction := self._trust.contradiction(newer, stored, excuse.covers(newer))
            ):
                raise BrokenChain(contradiction, where=newer.path)
            if newer is not None:
                excuse.add(newer)
            yield stored
            newer = stored

    def contradicting_reports(self, tenant: str) -> dict[str, str]:
        """Name the reports that contradict the one before them, and are not passed over yet, with SHA-256."""
        assessment = self.assessment(tenant)
        passed_over, excuse = set(assessment.passed_over or ()), Excuse()
        candidates: list[tuple[StoredReport, bool]] = []
        for stored in self._chain.reports(tenant, newest=assessment.newest) if assessment.newest else ():
            passed_over |= settled_paths(stored)
            if stored.path not in passed_over:
                candidates.append((stored, excuse.covers(stored)))
                excuse.add(stored)
        contradicting: dict[str, str] = {}
        previous: StoredReport | None = None
        for stored, is_excused in reversed(candidates):
            if self._trust.contradiction(stored, previous, is_excused):
                contradicting[stored.path] = stored.sha256
            else:
                previous = stored
        return contradicting

    def doubts(self, tenant: str) -> tuple[Doubt, ...]:
        """Say why what is held of the tenant is in doubt, as far as it was found out by now."""
        doubts = dict.fromkeys(self.assessment(tenant).doubts)
        return tuple(doubts | {doubt: None for name, doubt in self._doubts if name in {tenant, ALL_TENANTS}})

    def plan(self, stored: StoredReport) -> Mapping[str, Any]:
        """Read the plan beside a report; where it goes on and it is in doubt, one that says nothing."""
        try:
            return self._chain.plan(stored)
        except BrokenChain as error:
            self.add_doubt(stored.report.tenant, error)
            return {"changes": (), "drift": (), "interrupted": ()}

    def add_doubt(self, tenant: str, error: BrokenChain) -> None:
        """Keep what is in doubt about a tenant's reports, or raise it where nothing goes on."""
        if not self.continues_on_doubt:
            raise error
        self._doubts[tenant, Doubt.of(error)] = None

    def assessment(self, tenant: str, at: Chain | None = None) -> ChainAssessment:
        """Say what of a tenant's chain may be believed, and what is in doubt."""
        at = at or self._chain
        if (tenant, at.tip) not in self._assessments:
            self._assessments[tenant, at.tip] = assess_chain(self._git, at, tenant, self._trust)
        return self._assessments[tenant, at.tip]

    def is_unchanged_since(self, tenant: str, *, since: str | None) -> bool:
        """Tell whether nothing but other tenants' reports was added since an earlier tip."""
        if self.tip == since:
            return True
        if self.tip is None:
            return False
        changes = self._git.log_changes(self.tip, beyond=since)
        owners = {tenant_of_path(report_path_of(path), self._folder) for _, _, path in changes}
        return bool(owners) and owners.isdisjoint({tenant, None})

    def plan_bytes(self, stored: StoredReport) -> bytes:
        """Read the plan beside a report, as JSON."""
        return self._chain.plan_bytes(stored)

    def append(self, content: Content, plan: bytes, *, at: datetime) -> StoredReport:
        """Chain a report and its plan (JSON), and commit both to the local branch; or NotDelivered."""
        packed = pack_plan(plan)
        unique = secrets.token_hex(4)
        path = report_path(self._folder, content["tenant"], at, content["revision"], unique)
        try:
            if problem := _clock_problem(at):
                raise problem
            for attempt in range(TRIES):
                self._update_tip()
                assessment = self.assessment(content["tenant"])
                replaced_heads = content.get("reanchor", {}).get("heads", True)
                previous = self._chain.newest(content["tenant"]) if replaced_heads else assessment.last
                data = build_report(
                    assessment.with_passed_over(content),
                    seq=previous.report.seq + 1 if previous else 1,
                    previous=previous.link if previous else None,
                    plan_sha256=sha256(packed),
                )
                stored = parse_report(data, path)  # what could not be read again would break the chain
                message = f"{content['tenant']}: {content['status']} at {content['revision'][:12]}\n\n{path}"
                files = {path: data, plan_path(path): packed}
                commit = self._git.commit_files(files, message, parent=self.tip, committed_at=at, sign=True)
                if self._branch.move(commit, self._known_remote_tip):
                    self._chain = self._chain.at(commit)
                    return stored
                self._pauses.wait(attempt)
        except (RepositoryProblem, BrokenChain) as error:
            raise NotDelivered(f"the report could not be committed: {error.fact}", error.fix) from error
        raise NotDelivered(
            f"the report could not be committed: {self.branch} moved {TRIES} times meanwhile",
            "end the other runs in this clone, and run again",
        )

    @property
    def has_remote(self) -> bool:
        """Tell whether there is somewhere to push to."""
        return self._git.remote() is not None

    def unpushed_reports(self) -> list[str]:
        """Name the reports that only this clone has, oldest first, as far as it knows the remote's."""
        if self._git.remote() is None:
            return []
        self._update_tip()
        local = self._branch.tip
        if local is None:
            return []
        return self._chain.unpushed_reports(self.tip or local, beyond=self._git.tracking_tip(self.branch))

    def unpushed_by_tenant(self) -> list[str]:
        """Name the tenant of each report that only this clone has."""
        return [tenant_of_path(path, self._folder) or "" for path in self.unpushed_reports()]

    def deliver(
        self, *, push: bool, is_hurried: Callable[[], bool] = lambda: False, next_step: str = ""
    ) -> None:
        """Push what only this clone has. NotDelivered when it did not arrive; the local branch keeps it.

        Once `is_hurried` there are no more pauses, and no second try but for a race that was lost.
        `next_step` is what to do once the cause is mended; else `dnc audit push`.
        """
        if not push or self._git.remote() is None:
            return
        silent_pushes = 0
        step = next_step or self._push_step
        for attempt in range(TRIES):
            try:
                if self._try_push():
                    return
                reason = f"others pushed first, {attempt + 1} times"
                self._pauses.wait(attempt, is_hurried)
                self.refresh()
            except BrokenChain as error:
                raise self._not_delivered(error.fact, f"{error.fix}; then {step}") from error
            except RepositoryProblem as error:
                reason = error.fact
                silent_pushes += 1
                if silent_pushes == _SILENT_TRIES or is_hurried():
                    fix = f"{error.fix}; then {step}" if error.fix else step
                    raise self._not_delivered(error.fact, fix) from error
                self._pauses.wait(attempt, is_hurried)
        raise self._not_delivered(reason, step)

    def read_chain(
        self, tenant: str, *, without: Container[str] = ()
    ) -> tuple[list[StoredReport], list[Break]]:
        """Read a tenant's whole chain, and the breaks in it that no record explains. Raises BrokenChain."""
        previous = self._previous_chains[tenant].last_report() if tenant in self._previous_chains else None
        return (
            read_chain(self._git, self.tip, self._folder, tenant, previous, without) if self.tip else ([], [])
        )

    def demand_vouched(self) -> None:
        """NotDelivered where the local branch has reports that nobody stands behind: they are not pushed."""
        if self._branch.unvouched:
            fix = f"show them to an auditor: git log {self.branch}; the next report moves them aside"
            raise NotDelivered(self._branch.doubt.fact, fix, where=self.branch)

    def demand_signed(self) -> None:
        """NotDelivered where there is a key, and the last report could not be signed with it."""
        if failure := self._git.signatures.failure:
            raise NotDelivered(
                f"the audit report is committed and not signed: {failure}",
                "repair the key; the next report is signed again, and `dnc audit verify` names this one",
                where=self.branch,
            )

    def verify(self, expected: Expectations | None = None, signers: bytes | None = None) -> Verification:
        """Check every chain and all history, of the local branch and the remote's.

        What is expected of it is expected of the remote's branch; of the local one where there is no other.
        `signers` are those whose signatures count, as ssh-keygen reads them.
        """
        continues = self._trust.continues
        return verify_branches(
            self._git, self.branch, self._folder, continues, expected or Expectations(), signers
        )

    def tenants(self) -> list[str]:
        """Name the tenants that have reports on the branch."""
        listed = self._git.listing(self.tip, self._folder) if self.tip else {}
        return sorted({tenant for path in listed if (tenant := tenant_of_path(path, self._folder))})

    def last_verified(self, tenant: str) -> Report | None:
        """Find the newest report whose run saw CXone as it left it; the last reports are looked at."""
        looked_at = islice(self.reports(tenant), _LOOKED_AT)
        return next((stored.report for stored in looked_at if stored.report.is_verified), None)

    def first(self, tenant: str) -> StoredReport | None:
        """Find the report that a tenant's chain starts with; None where it has none."""
        try:
            return self._chain.first(tenant)
        except BrokenChain as error:
            self.add_doubt(tenant, error)
            return None

    def _update_tip(self) -> None:
        """Decide the tip from the local branch as it is now and the remote's as it was last fetched."""
        remote = self._remote_tip
        self._known_remote_tip = remote or (self._git.tracking_tip(self.branch) if self.has_remote else None)
        local = self._branch.vouched_tip(self._known_remote_tip)
        if self._branch.unvouched:
            self._doubts[ALL_TENANTS, self._branch.doubt] = None
        if local is None or remote is None:
            self._chain = self._chain.at(local or remote)
        elif self._git.is_ancestor(remote, local):
            self._chain = self._chain.at(local)
        else:
            self._chain = self._chain.at(remote).graft(
                local, lambda at, tenant: self.assessment(tenant, at).passed_over_links
            )

    def _try_push(self) -> bool:
        self._update_tip()
        tip = self.tip
        if tip is None or tip == self._known_remote_tip:
            if tip is not None:
                self._branch.forget(tip)
            return True
        if not self._branch.move(tip, self._known_remote_tip):
            return False
        if self._git.push_branch(self.branch, tip, skip_ci=True) == "outrun":
            return False
        self._remote_tip = tip
        self._branch.forget(tip)
        return True

    @property
    def _push_step(self) -> str:
        return (
            f"run `dnc audit push` in this clone (`git push {self._git.remote()} {self.branch}` where nobody"
            " else pushed meanwhile), or let its next run push it"
        )

    def _not_delivered(self, reason: str, fix: str) -> NotDelivered:
        fact = (
            f"the audit report is not at the remote: {reason}; it is kept on the local branch {self.branch}"
        )
        return NotDelivered(fact, fix, where=self.branch)


def _clock_problem(at: datetime) -> RepositoryProblem | None:
    """Say what keeps a report of this moment from being read again; None where nothing does."""
    if bound_moment(at) == at:
        return None
    return RepositoryProblem(
        f"this machine's clock says {at:%Y-%m-%d}, and no report can be of that day",
        "set the clock, and let a time server keep it (NTP)",
    )
