"""The chain of reports at one commit of the branch: read, continued, and found under earlier names."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.audit.breaks import Break, Record, explained, records_of
from reconciler.audit.report import Link, StoredReport, parse
from reconciler.audit.report_content import relink
from reconciler.audit.report_files import read_plan, report_of, sha256, tenant_folder, tenant_of, unpack_plan
from reconciler.core.model.errors import BrokenChain, RepositoryProblem
from reconciler.git.repository import Repository


@dataclass(frozen=True, slots=True)
class Unread:
    """A file named like a report that is none, and what is wrong with it."""

    path: str
    sha256: str
    error: BrokenChain


@dataclass(frozen=True, slots=True)
class Earlier:
    """Where a tenant's chain was before it got another name, branch or folder, and the report it ended with.

    `head` is that report's SHA-256, as `audit.continues` says it.
    """

    chain: "Chain"
    tenant: str
    head: str

    def end(self) -> StoredReport:
        """Give the report that the chain goes on from. BrokenChain where the newest there is another one."""
        newest = self.chain.newest(self.tenant)
        if newest is None or newest.sha256 != self.head:
            found = f"ends with {newest.sha256}" if newest else "has no report"
            raise BrokenChain(
                f"audit.continues names the head {self.head}, and the chain of {self.tenant} {found}",
                "write the head that `dnc audit verify` printed there, or restore the earlier branch",
                where=newest.path if newest else self.tenant,
            )
        return newest


_PAGE = 64  # reports that are read at once
_LOOKS = (1, 100, 1_000_000)  # how far back to look for a commit that added a report and not something else
OLD_IN_A_ROW = 3
# Nothing is known any more of what it said.
_PURGED_PLAN = (
    b'{"changes": [], "drift": [], "overwrites": [], "interrupted": [], "complete": false, '
    b'"live": {"entries": 0, "read_at": null}}'
)

_LOOKED_AT = 256  # commits that are looked through for reports that later ones removed, changed or hid

_WAY_OUT = "run `dnc audit verify`; restore the branch from a clone that still has it whole"


class Chain:
    """The reports that one commit of the audit branch holds. `tip` None: there are none.

    `earlier` says by tenant where its chain was before.
    """

    def __init__(
        self, git: Repository, tip: str | None, folder: str, earlier: Mapping[str, Earlier] | None = None
    ) -> None:
        self.tip = tip
        self._git = git
        self._folder = folder
        self._earlier = earlier or {}

    def at(self, tip: str | None) -> "Chain":
        """Give the reports that another commit holds."""
        return Chain(self._git, tip, self._folder, self._earlier)

    def hidden(self) -> BrokenChain | None:
        """Say which commit removed or changed a report, or is a merge without what one side has.

        Reports are read along the first parents, so such a merge hides the newer ones of the other side.
        """
        changes = self._git.log_changes(self.tip, self._folder, last=_LOOKED_AT) if self.tip else []
        for commit, status, path in reversed(changes):
            if status != "A" and tenant_of(path, self._folder):
                fact = f"the commit {commit} of the audit branch removes, hides or changes this report"
                return BrokenChain(fact, _WAY_OUT, where=path)
        return None

    def newest(self, tenant: str) -> StoredReport | None:
        """Find the report that history added last for the tenant, whatever its name and time say."""
        for _, added in self.added(tenant):
            if isinstance(added, Unread):
                raise added.error
            return added
        return None

    def added(self, tenant: str) -> Iterator[tuple[str, StoredReport | Unread]]:
        """Give every report of the tenant with the commit that added it, newest first, as it was added.

        What a later commit made of one is for `verify` to find. One that cannot be read is its error.
        """
        skip = 0
        for limit in _LOOKS if self.tip else ():
            page = self._git.additions(
                self.tip or "", tenant_folder(self._folder, tenant), limit=limit, skip=skip
            )
            for commit, paths in page:
                names = [path for path in paths if tenant_of(path, self._folder) == tenant]
                yield from ((commit, added) for added in self._as_added(commit, names))
            if len(page) < limit:
                break
            skip += limit
        if earlier := self._earlier.get(tenant):
            try:
                earlier.end()
            except BrokenChain as error:
                yield "", Unread(error.where, "", error)
                return
            yield from earlier.chain.added(earlier.tenant)

    def _as_added(self, commit: str, paths: list[str]) -> list[StoredReport | Unread]:
        """Read the reports of one commit, the last in the chain first; one that cannot be read before it."""
        errors: list[StoredReport | Unread] = []
        read = []
        blobs = self._git.listing(commit, *paths) if paths else {}
        data = self._git.read_blobs(list(blobs.values()))
        for path, blob in blobs.items():
            try:
                read.append(parse(data[blob], path))
            except BrokenChain as error:
                errors.append(Unread(path, sha256(data[blob]), error))
        return errors + sorted(read, key=lambda stored: stored.report.seq, reverse=True)

    def first(self, tenant: str) -> StoredReport | None:
        """Find the report with the lowest number in the chain; names begin with the moment, so it is near."""
        if tenant in self._earlier:
            return self._earlier[tenant].chain.first(self._earlier[tenant].tenant)
        if self.tip is None:
            return None
        names = self.names(tenant)
        for start in range(0, len(names), _PAGE):
            read = self._read(self.tip, names[start : start + _PAGE])
            if read and read[0].report.previous is None:
                return read[0]
        return None

    def reports(
        self, tenant: str, since: datetime | None = None, *, newest: StoredReport | None = None
    ) -> Iterator[StoredReport]:
        """Walk a tenant's chain, newest first, or from one report on; BrokenChain where it does not hold.

        With `since`, stop when reports are older. One clock that was set back must not hide what lies
        behind it, so it takes several old ones in a row.
        """
        stored = newest or self.newest(tenant)
        records: list[Record] = []
        names = sorted(self._git.listing(self.tip, tenant_folder(self._folder, tenant))) if self.tip else []
        read: dict[str, StoredReport] = {}
        old = 0
        while stored is not None and old < OLD_IN_A_ROW:
            if (home := self._home(stored)) is not self:
                yield from home.reports(stored.report.tenant, since, newest=stored)
                return
            if since is None or stored.report.finished_at >= since:
                old = 0
                yield stored
            else:
                old += 1
            if (record := Record.of(stored)) is not None:
                records.append(record)
            link = stored.report.previous
            if link is not None and link.path not in read:
                page = self._page(names, link.path, tenant)
                read = {before.path: before for before in self._read(self.tip or "", page, must=link.path)}
            stored = self._before(stored, link, read, records) if link else None

    def before(self, stored: StoredReport, records: list[Record]) -> StoredReport | None:
        """Give the report that one follows; None for the first. BrokenChain where it does not follow it."""
        home, link = self._home(stored), stored.report.previous
        if home is not self:
            return home.before(stored, records)
        if link is None:
            return None
        read = self._read(self.tip or "", self._page([], link.path, stored.report.tenant), must=link.path)
        return self._before(stored, link, {one.path: one for one in read}, records)

    def _before(
        self, stored: StoredReport, link: Link, read: Mapping[str, StoredReport], records: list[Record]
    ) -> StoredReport:
        """Give the report before one, or what a purge that is on record left of it. Raises BrokenChain."""
        before = read.get(link.path)
        earlier = self._earlier.get(stored.report.tenant)
        if before is None and earlier and link.sha256 == earlier.head:
            before = earlier.end()
        if before is None and any(broken.path == stored.path for r in records for broken in r.breaks):
            older = [path for path in self.names(stored.report.tenant) if path < stored.path]
            left = [one for one in self._read(self.tip or "", older) if one.report.seq < stored.report.seq]
            before = left[-1] if left else None
        if before is None:
            raise BrokenChain(f"the report before it, {link.path}, is gone", _WAY_OUT, where=stored.path)
        is_next = before.report.seq == stored.report.seq - 1 and before.path == link.path
        if is_next and before.sha256 == link.sha256:
            return before
        purged = [
            Break(stored.path, "report", before.path, link.sha256, before.sha256),
            Break(stored.path, "follows", "", link.path, before.path),
        ]
        if any(broken in record.breaks for broken in purged for record in records):
            return before
        raise BrokenChain(f"it is not what {stored.path} says of it", _WAY_OUT, where=before.path)

    def follows(self, tenant: str) -> int:
        """Give the number of the report that a tenant's chain here goes on from; 0 where it begins here."""
        return self._earlier[tenant].end().report.seq if tenant in self._earlier else 0

    def names(self, tenant: str) -> list[str]:
        """Name a tenant's reports, sorted."""
        listed = self._git.listing(self.tip, tenant_folder(self._folder, tenant)) if self.tip else ()
        return sorted(name for name in listed if tenant_of(name, self._folder) == tenant)

    def plan_of(self, stored: StoredReport) -> bytes:
        """Read the plan beside a report, as JSON; BrokenChain if it is not the one that was reported."""
        if (home := self._home(stored)) is not self:
            return home.plan_of(stored)
        blob = self._git.listing(self.tip, stored.plan_path).get(stored.plan_path) if self.tip else None
        packed = self._git.read_blobs([blob])[blob] if blob else b""
        if sha256(packed) == stored.report.plan_sha256:
            return unpack_plan(packed, stored.plan_path)
        there = sha256(packed) if blob else ""
        purged = Break(stored.plan_path, "plan", stored.path, stored.report.plan_sha256, there)
        records = records_of(self.reports(stored.report.tenant))
        if not explained(purged, {stored.path: stored.report.seq}, records):
            raise BrokenChain(
                "the plan is not the one that its report names", _WAY_OUT, where=stored.plan_path
            )
        return unpack_plan(packed, stored.plan_path) if blob else _PURGED_PLAN

    def plan(self, stored: StoredReport) -> dict[str, Any]:
        """Read the plan beside a report; BrokenChain if it is not what was reported, or no plan."""
        return read_plan(self.plan_of(stored), stored.plan_path)

    def _home(self, stored: StoredReport) -> "Chain":
        """Say which chain holds a report: this one, or one that this one goes on from."""
        for place in self._earlier.values():
            if place.tenant == stored.report.tenant and place.chain.has(stored):
                return place.chain
        return self

    def has(self, stored: StoredReport) -> bool:
        """Tell whether a report is one of these."""
        if self.tip is None or tenant_of(stored.path, self._folder) != stored.report.tenant:
            return False
        return stored.path in self._git.listing(self.tip, stored.path)

    def waiting(self, local: str, *, beyond: str | None) -> list[str]:
        """Name the reports that `local` adds beyond another tip, oldest first."""
        return [
            path
            for _, status, path in self._git.log_changes(local, beyond=beyond)
            if status == "A" and tenant_of(path, self._folder)
        ]

    def grafted(self, local: str, over: Callable[["Chain", str], list[Mapping[str, str]] | None]) -> "Chain":
        """Continue this chain with the reports that only `local` has: linked anew, otherwise unchanged.

        `over` says of a tenant what is passed over there: it may not be what it was.

        Builds commits and moves no branch; the same two tips give the same commits.
        """
        tip = self
        pending = self._pending(local)
        done = set(self._git.listing(self.tip, self._folder)) if self.tip and pending else set()
        for commit, paths in pending.items():
            for stored in self._read(commit, [path for path in paths if path not in done]):
                tip = tip._continued(commit, stored, over(tip, stored.report.tenant))
                done.add(stored.path)
        return tip

    def _continued(self, commit: str, stored: StoredReport, over: list[Mapping[str, str]] | None) -> "Chain":
        before = self.newest(stored.report.tenant)
        data = relink(
            stored.report,
            seq=before.report.seq + 1 if before else 1,
            previous=before.link if before else None,
            passed_over=over if "reanchor" not in stored.report.fields else None,
        )
        blobs = self._git.listing(commit, stored.plan_path)
        plan = self._git.read_blobs(list(blobs.values()))
        files = {stored.path: data} | {path: plan[blob] for path, blob in blobs.items()}
        was = self._git.describe(commit)
        made = self._git.commit_files(files, was.message, parent=self.tip, when=was.when, sign=True)
        return self.at(made)

    def _pending(self, local: str) -> Mapping[str, list[str]]:
        """Name the reports that only `local` has, by the commit that added them, oldest first."""
        found: dict[str, list[str]] = {}
        for commit, status, path in self._git.log_changes(local, beyond=self.tip):
            if tenant_of(path, self._folder):
                found.setdefault(commit, []).append(path)
            if status != "A" or not tenant_of(report_of(path), self._folder):
                raise RepositoryProblem(
                    f"the local audit branch and the remote's went apart, and the commit {commit[:12]} of the"
                    f" local one is no report: it changes {path}",
                    "push or drop that commit first",
                    where=path,
                )
        return found

    def _page(self, names: list[str], path: str, tenant: str) -> list[str]:
        """Choose which reports to read with this one: those whose names come right before it."""
        if tenant_of(path, self._folder) != tenant:
            return []
        end = bisect_right(names, path)
        near = names[max(0, end - 2 * _PAGE) : end]  # a report and its plan are two names
        return [path, *(name for name in near if tenant_of(name, self._folder) == tenant)]

    def _read(self, rev: str, paths: list[str], *, must: str = "") -> list[StoredReport]:
        """Read reports, in the order of the chain. BrokenChain where `must` is none; others are left out."""
        blobs = self._git.listing(rev, *paths) if paths else {}
        data = self._git.read_blobs(list(blobs.values()))
        found = []
        for path, blob in blobs.items():
            try:
                found.append(parse(data[blob], path))
            except BrokenChain:
                if path == must:
                    raise
        return sorted(found, key=lambda stored: stored.report.seq)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tenant's chain was, and the SHA-256 of its newest report there. Empty: as it is called now."""

    head: str
    branch: str = ""
    path: str = ""
    name: str = ""


def earlier(git: Repository, places: Mapping[str, Place], branch: str, folder: str) -> Mapping[str, Earlier]:
    """Find the chains that tenants' chains go on from. RepositoryProblem where the remote does not answer."""
    return {
        tenant: Earlier(
            Chain(git, tip_of(git, place.branch, branch), (place.path or folder).strip("/")),
            place.name or tenant,
            place.head,
        )
        for tenant, place in places.items()
    }


def tip_of(git: Repository, earlier: str, branch: str) -> str | None:
    """Find where an earlier branch ended: at the remote, or here where nothing was pushed.

    `branch` is the one of today, which was fetched before.
    """
    there = git.tracking_tip(branch) if git.remote() is not None else None
    if earlier and earlier != branch and git.remote() is not None:
        there = git.fetch_branch(earlier, grows_only=True)
    here = git.branch_tip(earlier or branch)
    return here if there is None or (here and git.is_ancestor(there, here)) else there
