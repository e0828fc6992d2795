"""`dnc audit bundle`: what the audit branch got in a month, as one file for write-once storage."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from reconciler import __version__
from reconciler.audit.report import StoredReport, parse_report
from reconciler.audit.report_files import tenant_of_path
from reconciler.core.model.errors import InvalidInput, RepositoryProblem
from reconciler.core.model.finding import count_text
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
    def start(self) -> datetime:
        """Give its first moment."""
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """Give the first moment after it."""
        return datetime(self.year + self.number // 12, self.number % 12 + 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MonthBundle:
    """The bundle's bytes, and what its manifest says of them. `is_complete`: the month has ended."""

    data: bytes
    branch: str
    month: Month
    is_complete: bool
    manifest: Mapping[str, Any]
    repository: Repository

    def verify(self, file: str) -> None:
        """Let git verify it as it was written. Raises RepositoryProblem."""
        self.repository.bundles.verify(file)

    def manifest_for(self, name: str) -> dict[str, Any]:
        """Write the manifest of a file of that name."""
        tip, branch = self.manifest["tip"], self.branch
        newest = [tenant_row["newest"] for tenant_row in self.manifest["tenants"]]
        return {
            **self.manifest,
            "bundle": {"file": name, "bytes": len(self.data), "sha256": sha256(self.data).hexdigest()},
            "verify": [
                f"sha256sum {name}",
                "git init -q --bare check.git",
                *(["# fetch the bundles of the months before first"] if self.manifest["requires"] else []),
                f"git -C check.git fetch ../{name} {branch}:{branch}",
                f"git -C check.git rev-parse {branch}  # {tip}",
                *(
                    f"git -C check.git show {tip}:{report_row['path']} | sha256sum  # {report_row['sha256']}"
                    for report_row in newest
                ),
            ],
        }


def bundle_month(ctx: CommandContext, month: Month) -> MonthBundle:
    """Bundle what the branch got in a month.

    Raises InvalidInput for one that has not begun or brought nothing, RepositoryProblem while reports wait to
    be pushed: they may still get another place in the chain.
    """
    now = ctx.clock()
    if month.start > now:
        raise InvalidInput(f"{month} has not begun yet", "name a month that has", where="--month")
    repository, project, ledger = open_record(ctx)
    ledger.refresh()
    if ledger.has_remote and (waiting := ledger.unpushed_reports()):
        raise RepositoryProblem(
            f"not at the remote yet: {count_text(len(waiting), 'report')} of this clone",
            "run `dnc audit push` first: what a bundle holds may not move any more",
        )
    tip = repository.bundles.last_before(ledger.tip, month.end) if ledger.tip else None
    base = repository.bundles.last_before(ledger.tip, month.start) if ledger.tip else None
    if tip is None or tip == base:
        raise InvalidInput(f"no report was committed in {month}", "name another month", where="--month")
    folder = project.configuration.audit.path
    manifest = {
        "format_version": "1.0",
        "tool_version": __version__,
        "git_version": repository.bundles.git_version,
        "branch": ledger.branch,
        "month": str(month),
        "over": month.end <= now,
        "tip": tip,
        "requires": base,
        "commits": repository.bundles.commits(tip, base),
        "tenants": [
            _tenant_json(*tenant_reports)
            for tenant_reports in _reports_by_tenant(repository, folder, tip, base)
        ],
    }
    data = repository.bundles.make(ledger.branch, tip, base)
    return MonthBundle(data, ledger.branch, month, month.end <= now, manifest, repository)


def _reports_by_tenant(
    repository: Repository, folder: str, tip: str, base: str | None
) -> Iterator[tuple[str, list[StoredReport]]]:
    """Give the reports that the month brought, by tenant, in the order of their chain."""
    added_paths = {
        path for _, status, path in repository.log_changes(tip, folder, beyond=base) if status == "A"
    }
    owners = {path: tenant for path in added_paths if (tenant := tenant_of_path(path, folder))}
    blobs = repository.listing(tip, *owners) if owners else {}
    data = repository.read_blobs(list(blobs.values()))
    reports_by_tenant: dict[str, list[StoredReport]] = {}
    for path, blob in blobs.items():
        reports_by_tenant.setdefault(owners[path], []).append(parse_report(data[blob], path))
    for tenant, reports in sorted(reports_by_tenant.items()):
        yield tenant, sorted(reports, key=lambda stored: stored.report.seq)


def _tenant_json(tenant: str, reports: list[StoredReport]) -> dict[str, Any]:
    first_seq, newest = reports[0].report.seq, reports[-1]
    return {
        "tenant": tenant,
        "reports": len(reports),
        "first_seq": first_seq,
        "newest": {"seq": newest.report.seq, "path": newest.path, "sha256": newest.sha256},
    }
