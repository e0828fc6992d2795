"""The chain of reports at one commit of the branch: read, continued, and found under earlier names."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.audit.breaks import Break, ReanchorRecord, find_records, is_explained
from reconciler.audit.report import StoredReport, parse_report
from reconciler.audit.report_content import relink
from reconciler.audit.report_files import (
    parse_plan,
    report_path_of,
    sha256,
    tenant_folder,
    tenant_of_path,
    unpack_plan,
)
from reconciler.audit.report_rows import Link
from reconciler.core.model.errors import BrokenChain, RepositoryProblem
from reconciler.git.repository import Repository


@dataclass(frozen=True, slots=True)
class UnreadableReport:
    """A file named like a report that is none, and what is wrong with it."""

    path: str
    sha256: str
    error: BrokenChain


@dataclass(frozen=True, slots=True)
class PreviousChain:
    """Where a tenant's chain was before it got another name, branch or folder, and the report it ended with.

    `head` is that report's SHA-256, as `audit.continues` says it.
    """

    chain: "Chain"
    tenant: str
    head: str

    def last_report(self) -> StoredReport:
        """Give the report that the chain goes on from. BrokenChain where the newest there is another one."""
        newest = self.chain.newest(self.tenant)
        if newest is None or newest.sha256 != self.head:
            actual = f"ends with {newest.sha256}" if newest else "has no report"
            raise BrokenChain(
                f"audit.continues names the head {self.head}, and the chain of {self.tenant} {actual}",
                "write the head that `dnc audit verify` printed there, or restore the earlier branch",
                where=newest.path if newest else self.tenant,
            )
        return newest


_PAGE = 64  # reports that are read at once
_LOOKS = (8, 100, 1_000_000)  # how far back to look for a commit that added a report and not something else
OLD_IN_A_ROW = 3
# Nothing is known any more of what it said.
_PURGED_PLAN = (
    b'{"changes": [], "drift": [], "overwrites": [], "interrupted": [], "complete": false, '
    b'"live": {"entries": 0, "read_at": null}}'
)

_MAX_COMMITS = 256  # commits that are looked through for reports that later ones removed, changed or hid

_FIX = "run `dnc audit verify`; restore the branch from a clone that still has it whole"


class Chain:
    """The reports that one commit of the audit branch holds. `tip` None: there are none.

    `earlier` says by tenant where its chain was before.
    """

    def __init__(
        self,
        git: Repository,
        tip: str | None,
        folder: str,
        earlier: Mapping[str, PreviousChain] | None = None,
    ) -> None:
        self.tip = tip
        self._git = git
        self._folder = folder
        self._previous_chains = earlier or {}

    def at(self, tip: str | None) -> "Chain":
        """Give the reports that another commit holds."""
        return Chain(self._git, tip, self._folder, self._previous_chains)

    def hiding_commit_error(self) -> BrokenChain | None:
        """Say which commit removed or changed a report, or is a merge without what one side has.

        Reports are read along the first parents, so such a merge hides the newer ones of the other side.
        """
        changes = self._git.log_changes(self.tip, self._folder, last=_MAX_COMMITS) if self.tip else []
        for commit, status, path in reversed(changes):
            if status != "A" and tenant_of_path(path, self._folder):
                fact = f"the commit {commit} of the audit branch removes, hides or changes this report"
                return BrokenChain(fact, _FIX, where=path)
        return None

    def newest(self, tenant: str) -> StoredReport | None:
        """Find the report that history added last for the tenant, whatever its name and time say."""
        for _, report in self.added_reports(tenant):
            if isinstance(report, UnreadableReport):
                raise report.error
            return report
        return None

    def added_reports(self, tenant: str) -> Iterator[tuple[str, StoredReport | UnreadableReport]]:
        """Give every report of the tenant with the commit that added it, newest first, as it was added.

        What a later commit made of one is for `verify` to find. One that cannot be read is its error.
        """
        skip = 0
        for limit in _LOOKS if self.tip else ():
            page = self._git.additions(
                self.tip or "", tenant_folder(self._folder, tenant), limit=limit, skip=skip
            )
            for commit, paths in page:
                report_paths = [path for path in paths if tenant_of_path(path, self._folder) == tenant]
                yield from ((commit, report) for report in self._read_added(commit, report_paths))
            if len(page) < limit:
                break
            skip += limit
        if previous_chain := self._previous_chains.get(tenant):
            try:
                previous_chain.last_report()
            except BrokenChain as error:
                yield "", UnreadableReport(error.where, "", error)
                return
            yield from previous_chain.chain.added_reports(previous_chain.tenant)

    def _read_added(self, commit: str, paths: list[str]) -> list[StoredReport | UnreadableReport]:
        """Read the reports of one commit, the last in the chain first; one that cannot be read before it."""
        errors: list[StoredReport | UnreadableReport] = []
        reports = []
        blobs = self._git.listing(commit, *paths) if paths else {}
        data = self._git.read_blobs(list(blobs.values()))
        for path, blob in blobs.items():
            try:
                reports.append(parse_report(data[blob], path))
            except BrokenChain as error:
                errors.append(UnreadableReport(path, sha256(data[blob]), error))
        return errors + sorted(reports, key=lambda stored: stored.report.seq, reverse=True)

    def first(self, tenant: str) -> StoredReport | None:
        """Find the report with the lowest number in the chain; names begin with the moment, so it is near."""
        if tenant in self._previous_chains:
            return self._previous_chains[tenant].chain.first(self._previous_chains[tenant].tenant)
        if self.tip is None:
            return None
        names = self.report_paths(tenant)
        for start in range(0, len(names), _PAGE):
            reports = self._read(self.tip, names[start : start + _PAGE])
            if reports and reports[0].report.previous is None:
                return reports[0]
        return None

    def reports(
        self, tenant: str, since: datetime | None = None, *, newest: StoredReport | None = None
    ) -> Iterator[StoredReport]:
        """Walk a tenant's chain, newest first, or from one report on; BrokenChain where it does not hold.

        With `since`, stop when reports are older. One clock that was set back must not hide what lies
        behind it, so it takes several old ones in a row.
        """
        stored = newest or self.newest(tenant)
        records: list[ReanchorRecord] = []
        names = sorted(self._git.listing(self.tip, tenant_folder(self._folder, tenant))) if self.tip else []
        reports_by_path: dict[str, StoredReport] = {}
        old_in_a_row = 0
        while stored is not None and old_in_a_row < OLD_IN_A_ROW:
            if (holding_chain := self._holding_chain(stored)) is not self:
                yield from holding_chain.reports(stored.report.tenant, since, newest=stored)
                return
            if since is None or stored.report.finished_at >= since:
                old_in_a_row = 0
                yield stored
            else:
                old_in_a_row += 1
            if (record := ReanchorRecord.of(stored)) is not None:
                records.append(record)
            link = stored.report.previous
            if link is not None and link.path not in reports_by_path:
                paths = self._page(names, link.path, tenant)
                reports_by_path = {
                    report.path: report for report in self._read(self.tip or "", paths, must=link.path)
                }
            stored = self._resolve_previous(stored, link, reports_by_path, records) if link else None

    def previous_report(self, stored: StoredReport, records: list[ReanchorRecord]) -> StoredReport | None:
        """Give the report that one follows; None for the first. BrokenChain where it does not follow it."""
        home, link = self._holding_chain(stored), stored.report.previous
        if home is not self:
            return home.previous_report(stored, records)
        if link is None:
            return None
        reports = self._read(self.tip or "", self._page([], link.path, stored.report.tenant), must=link.path)
        return self._resolve_previous(stored, link, {report.path: report for report in reports}, records)

    def _resolve_previous(
        self,
        stored: StoredReport,
        link: Link,
        reports_by_path: Mapping[str, StoredReport],
        records: list[ReanchorRecord],
    ) -> StoredReport:
        """Give the report before one, or what a purge that is on record left of it. Raises BrokenChain."""
        previous = reports_by_path.get(link.path)
        previous_chain = self._previous_chains.get(stored.report.tenant)
        if previous is None and previous_chain and link.sha256 == previous_chain.head:
            previous = previous_chain.last_report()
        if previous is None and any(
            chain_break.path == stored.path for r in records for chain_break in r.breaks
        ):
            older = [path for path in self.report_paths(stored.report.tenant) if path < stored.path]
            remaining = [
                report
                for report in self._read(self.tip or "", older)
                if report.report.seq < stored.report.seq
            ]
            previous = remaining[-1] if remaining else None
        if previous is None:
            raise BrokenChain(f"the report before it, {link.path}, is gone", _FIX, where=stored.path)
        is_next = previous.report.seq == stored.report.seq - 1 and previous.path == link.path
        if is_next and previous.sha256 == link.sha256:
            return previous
        possible_breaks = [
            Break(stored.path, "report", previous.path, link.sha256, previous.sha256),
            Break(stored.path, "follows", "", link.path, previous.path),
        ]
        if any(chain_break in record.breaks for chain_break in possible_breaks for record in records):
            return previous
        raise BrokenChain(f"it is not what {stored.path} says of it", _FIX, where=previous.path)

    def continued_from(self, tenant: str) -> int:
        """Give the number of the report that a tenant's chain here goes on from; 0 where it begins here."""
        return (
            self._previous_chains[tenant].last_report().report.seq if tenant in self._previous_chains else 0
        )

    def report_paths(self, tenant: str) -> list[str]:
        """Name a tenant's reports, sorted."""
        listed = self._git.listing(self.tip, tenant_folder(self._folder, tenant)) if self.tip else ()
        return sorted(name for name in listed if tenant_of_path(name, self._folder) == tenant)

    def plan_bytes(self, stored: StoredReport) -> bytes:
        """Read the plan beside a report, as JSON; BrokenChain if it is not the one that was reported."""
        if (holding_chain := self._holding_chain(stored)) is not self:
            return holding_chain.plan_bytes(stored)
        blob = self._git.listing(self.tip, stored.plan_path).get(stored.plan_path) if self.tip else None
        packed = self._git.read_blobs([blob])[blob] if blob else b""
        if sha256(packed) == stored.report.plan_sha256:
            return unpack_plan(packed, stored.plan_path)
        actual_sha256 = sha256(packed) if blob else ""
        purge_break = Break(stored.plan_path, "plan", stored.path, stored.report.plan_sha256, actual_sha256)
        records = find_records(self.reports(stored.report.tenant))
        if not is_explained(purge_break, {stored.path: stored.report.seq}, records):
            raise BrokenChain("the plan is not the one that its report names", _FIX, where=stored.plan_path)
        return unpack_plan(packed, stored.plan_path) if blob else _PURGED_PLAN

    def plan(self, stored: StoredReport) -> dict[str, Any]:
        """Read the plan beside a report; BrokenChain if it is not what was reported, or no plan."""
        return parse_plan(self.plan_bytes(stored), stored.plan_path)

    def _holding_chain(self, stored: StoredReport) -> "Chain":
        """Say which chain holds a report: this one, or one that this one goes on from."""
        for place in self._previous_chains.values():
            if place.tenant == stored.report.tenant and place.chain.has_report(stored):
                return place.chain
        return self

    def has_report(self, stored: StoredReport) -> bool:
        """Tell whether a report is one of these."""
        if self.tip is None or tenant_of_path(stored.path, self._folder) != stored.report.tenant:
            return False
        return stored.path in self._git.listing(self.tip, stored.path)

    def unpushed_reports(self, local: str, *, beyond: str | None) -> list[str]:
        """Name the reports that `local` adds beyond another tip, oldest first."""
        return [
            path
            for _, status, path in self._git.log_changes(local, beyond=beyond)
            if status == "A" and tenant_of_path(path, self._folder)
        ]

    def graft(
        self, local: str, passed_over: Callable[["Chain", str], list[Mapping[str, str]] | None]
    ) -> "Chain":
        """Continue this chain with the reports that only `local` has: linked anew, otherwise unchanged.

        `passed_over` says of a tenant what is passed over there: it may not be what it was.

        Builds commits and moves no branch; the same two tips give the same commits.
        """
        tip = self
        pending = self._pending(local)
        known_paths = set(self._git.listing(self.tip, self._folder)) if self.tip and pending else set()
        for commit, paths in pending.items():
            for stored in self._read(commit, [path for path in paths if path not in known_paths]):
                tip = tip._with_relinked(commit, stored, passed_over(tip, stored.report.tenant))
                known_paths.add(stored.path)
        return tip

    def _with_relinked(
        self, commit: str, stored: StoredReport, passed_over: list[Mapping[str, str]] | None
    ) -> "Chain":
        previous = self.newest(stored.report.tenant)
        data = relink(
            stored.report,
            seq=previous.report.seq + 1 if previous else 1,
            previous=previous.link if previous else None,
            passed_over=passed_over if "reanchor" not in stored.report.fields else None,
        )
        blobs = self._git.listing(commit, stored.plan_path)
        plan = self._git.read_blobs(list(blobs.values()))
        files = {stored.path: data} | {path: plan[blob] for path, blob in blobs.items()}
        was = self._git.describe(commit)
        commit_id = self._git.commit_files(
            files, was.message, parent=self.tip, committed_at=was.when, sign=True
        )
        return self.at(commit_id)

    def _pending(self, local: str) -> Mapping[str, list[str]]:
        """Name the reports that only `local` has, by the commit that added them, oldest first."""
        paths_by_commit: dict[str, list[str]] = {}
        for commit, status, path in self._git.log_changes(local, beyond=self.tip):
            if tenant_of_path(path, self._folder):
                paths_by_commit.setdefault(commit, []).append(path)
            if status != "A" or not tenant_of_path(report_path_of(path), self._folder):
                raise RepositoryProblem(
                    f"the local audit branch and the remote's went apart, and the commit {commit[:12]} of the"
                    f" local one is no report: it changes {path}",
                    "push or drop that commit first",
                    where=path,
                )
        return paths_by_commit

    def _page(self, names: list[str], path: str, tenant: str) -> list[str]:
        """Choose which reports to read with this one: those whose names come right before it."""
        if tenant_of_path(path, self._folder) != tenant:
            return []
        end = bisect_right(names, path)
        near = names[max(0, end - 2 * _PAGE) : end]  # a report and its plan are two names
        return [path, *(name for name in near if tenant_of_path(name, self._folder) == tenant)]

    def _read(self, rev: str, paths: list[str], *, must: str = "") -> list[StoredReport]:
        """Read reports, in the order of the chain. BrokenChain where `must` is none; others are left out."""
        blobs = self._git.listing(rev, *paths) if paths else {}
        data = self._git.read_blobs(list(blobs.values()))
        reports = []
        for path, blob in blobs.items():
            try:
                reports.append(parse_report(data[blob], path))
            except BrokenChain:
                if path == must:
                    raise
        return sorted(reports, key=lambda stored: stored.report.seq)


@dataclass(frozen=True, slots=True)
class PreviousLocation:
    """Where a tenant's chain was, and the SHA-256 of its newest report there. Empty: as it is called now."""

    head: str
    branch: str = ""
    path: str = ""
    name: str = ""


def find_previous_chains(
    git: Repository, places: Mapping[str, PreviousLocation], branch: str, folder: str
) -> Mapping[str, PreviousChain]:
    """Find the chains that tenants' chains go on from. RepositoryProblem where the remote does not answer."""
    return {
        tenant: PreviousChain(
            Chain(git, previous_tip(git, place.branch, branch), (place.path or folder).strip("/")),
            place.name or tenant,
            place.head,
        )
        for tenant, place in places.items()
    }


def previous_tip(git: Repository, earlier: str, branch: str) -> str | None:
    """Find where an earlier branch ended: at the remote, or here where nothing was pushed.

    `branch` is the one of today, which was fetched before.
    """
    remote_tip = git.tracking_tip(branch) if git.remote() is not None else None
    if earlier and earlier != branch and git.remote() is not None:
        remote_tip = git.fetch_branch(earlier, grows_only=True)
    local_tip = git.branch_tip(earlier or branch)
    return (
        local_tip
        if remote_tip is None or (local_tip and git.is_ancestor(remote_tip, local_tip))
        else remote_tip
    )
