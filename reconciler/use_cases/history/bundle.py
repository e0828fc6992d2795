"""`dnc audit bundle`: what the audit branch got in a month, as one file for write-once storage."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from reconciler import __version__
from reconciler.audit.report import StoredReport, parse
from reconciler.audit.report_files import tenant_of
from reconciler.core.model.errors import InvalidInput, RepositoryProblem
from reconciler.git.repository import Repository
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.opening import open_record


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month: it begins with its first moment, and ends with that of the next."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def begins(self) -> datetime:
        """Give its first moment."""
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def ends(self) -> datetime:
        """Give the first moment after it."""
        return datetime(self.year + self.number // 12, self.number % 12 + 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bundled:
    """The bundle's bytes, and what its manifest says of them. `over`: the month has ended."""

    data: bytes
    branch: str
    month: Month
    over: bool
    manifest: Mapping[str, Any]
    repository: Repository

    def verify(self, file: str) -> None:
        """Let git verify it as it was written. Raises RepositoryProblem."""
        self.repository.bundles.verify(file)

    def said_of(self, name: str) -> dict[str, Any]:
        """Write the manifest of a file of that name."""
        tip, branch = self.manifest["tip"], self.branch
        newest = [one["newest"] for one in self.manifest["tenants"]]
        return {
            **self.manifest,
            "bundle": {"file": name, "bytes": len(self.data), "sha256": sha256(self.data).hexdigest()},
            "verify": [
                f"sha256sum {name}",
                "git init -q --bare check.git",
                *(["# fetch the bundles of the months before first"] if self.manifest["requires"] else []),
                f"git -C check.git fetch ../{name} {branch}:{branch}",
                f"git -C check.git rev-parse {branch}  # {tip}",
                *(f"git -C check.git show {tip}:{r['path']} | sha256sum  # {r['sha256']}" for r in newest),
            ],
        }


def bundle_month(ctx: CommandContext, month: Month) -> Bundled:
    """Bundle what the branch got in a month.

    Raises InvalidInput for one that has not begun or brought nothing, RepositoryProblem while reports wait to
    be pushed: they may still get another place in the chain.
    """
    now = ctx.clock()
    if month.begins > now:
        raise InvalidInput(f"{month} has not begun yet", "name a month that has", where="--month")
    repository, project, ledger = open_record(ctx)
    ledger.refresh()
    if ledger.has_remote and (waiting := ledger.waiting()):
        raise RepositoryProblem(
            f"{len(waiting)} report{'s' * (len(waiting) > 1)} of this clone are not at the remote yet",
            "run `dnc audit push` first: what a bundle holds may not move any more",
        )
    tip = repository.bundles.last_before(ledger.tip, month.ends) if ledger.tip else None
    base = repository.bundles.last_before(ledger.tip, month.begins) if ledger.tip else None
    if tip is None or tip == base:
        raise InvalidInput(f"no report was committed in {month}", "name another month", where="--month")
    folder = project.configuration.audit.path
    manifest = {
        "format_version": "1.0",
        "tool_version": __version__,
        "git_version": repository.bundles.made_by,
        "branch": ledger.branch,
        "month": str(month),
        "over": month.ends <= now,
        "tip": tip,
        "requires": base,
        "commits": repository.bundles.commits(tip, base),
        "tenants": [_tenant_json(*one) for one in _reports(repository, folder, tip, base)],
    }
    data = repository.bundles.make(ledger.branch, tip, base)
    return Bundled(data, ledger.branch, month, month.ends <= now, manifest, repository)


def _reports(
    repository: Repository, folder: str, tip: str, base: str | None
) -> Iterator[tuple[str, list[StoredReport]]]:
    """Give the reports that the month brought, by tenant, in the order of their chain."""
    added = {path for _, status, path in repository.log_changes(tip, folder, beyond=base) if status == "A"}
    owners = {path: tenant for path in added if (tenant := tenant_of(path, folder))}
    blobs = repository.listing(tip, *owners) if owners else {}
    data = repository.read_blobs(list(blobs.values()))
    found: dict[str, list[StoredReport]] = {}
    for path, blob in blobs.items():
        found.setdefault(owners[path], []).append(parse(data[blob], path))
    for tenant, reports in sorted(found.items()):
        yield tenant, sorted(reports, key=lambda stored: stored.report.seq)


def _tenant_json(tenant: str, reports: list[StoredReport]) -> dict[str, Any]:
    first, newest = reports[0].report.seq, reports[-1]
    return {
        "tenant": tenant,
        "reports": len(reports),
        "first_seq": first,
        "newest": {"seq": newest.report.seq, "path": newest.path, "sha256": newest.sha256},
    }
