"""What the files said at another revision, of one number and of releases, and who had brought it there."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from reconciler.audit.ledger import Ledger
from reconciler.config.configuration import Tenant, matches
from reconciler.core.model.entries import DeclaredEntries, FileEntries, Key, Release, Terms
from reconciler.core.model.errors import RepositoryProblem
from reconciler.git.history import Commit
from reconciler.git.repository import Repository
from reconciler.lists.edit.changes import lines_of
from reconciler.lists.reader import Source, read_lists
from reconciler.lists.releases_holds import releases_in_file
from reconciler.use_cases.reconcile.report.authors import merge_request_in
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.opening import open_record
from reconciler.use_cases.workspace.project import Project
from reconciler.use_cases.workspace.tree import GitTree

Blob = tuple[str, str]
"""A path, and git's name of its content."""


@dataclass(frozen=True)
class ListFiles:
    """The files as each revision configured the tenant. Raises RepositoryProblem for one that is gone."""

    repository: Repository
    project: Project
    tenant: Tenant
    _blobs_by_revision: dict[str, frozenset[Blob]] = field(default_factory=dict)

    def blobs_at(self, revision: str) -> frozenset[Blob]:
        """Name the files of a revision."""
        if revision not in self._blobs_by_revision:
            self.repository.ensure_commit(revision)
            tenant = self.project.tenant_at(GitTree(self.repository, revision), self.tenant)
            files = self.repository.files(revision, lambda path: matches(tenant.lists, path))
            self._blobs_by_revision[revision] = frozenset(
                (file.path, file.sha) for file in files if file.is_regular
            )
        return self._blobs_by_revision[revision]

    def read(self, blobs: Iterable[Blob]) -> Mapping[Blob, bytes]:
        """Read their contents."""
        blobs = sorted(blobs)
        data = self.repository.read_blobs([sha for _, sha in blobs])
        return {blob: data[blob[1]] for blob in blobs}


def may_contain(data: bytes, word: bytes) -> bool:
    """Tell whether a file need be read for a word: it may be escaped there, or in another encoding."""
    return word in data or b"\\" in data or b"\0" in data


@dataclass(frozen=True, slots=True)
class ReportArchive:
    """The ledger, fetched, and the files beside it."""

    tenant: str
    ledger: Ledger
    files: ListFiles

    @property
    def is_empty(self) -> bool:
        """Tell whether the tenant has no report at all."""
        return self.ledger.newest(self.tenant) is None


def open_archive(ctx: CommandContext) -> ReportArchive:
    """Open both. Raises RepositoryProblem without a repository, or where its remote does not answer."""
    repository, project, ledger = open_record(ctx)
    ledger.refresh()
    tenant = project.tenant(ctx.options.tenant)
    return ReportArchive(tenant.name, ledger, ListFiles(repository, project, tenant))


@dataclass(frozen=True, slots=True)
class LineAtRevision:
    """One claim as it stood: where, on which terms, since which commit, brought by which merge request."""

    file: str
    line: int
    terms: Terms
    commit: Commit | None
    merge_request: str | None


@dataclass(frozen=True)
class FilesAtRevision:
    """A tenant's files at any revision, as far as they concern one number. Each content is read once."""

    repository: Repository
    project: Project
    tenant: Tenant
    number: str
    _tenants: dict[str, Tenant] = field(default_factory=dict)
    _named_data: dict[str, bytes | None] = field(default_factory=dict)
    _declared_entries: dict[tuple[str, str], DeclaredEntries] = field(default_factory=dict)

    def active_entries(self, revision: str, as_of: date) -> DeclaredEntries:
        """Give the number's claims that stood at a revision on a day, and the holds."""
        all_declarations = [self._read(path, sha) for path, sha in self._blobs(revision).items()]
        files = tuple(file for declared_entries in all_declarations for file in declared_entries.files)
        holds = tuple(hold for declared_entries in all_declarations for hold in declared_entries.holds)
        active = DeclaredEntries(files, holds=holds).active_on(as_of)
        return replace(active, files=tuple(file for file in active.files if file.numbers))

    def lines(self, revision: str, active: DeclaredEntries, list_id: str) -> Iterator[LineAtRevision]:
        """Give each claim of the number on a list, and where it comes from."""
        blobs = self._blobs(revision)
        for file in active.files:
            if file.list_id != list_id:
                continue
            data = self._named_data[blobs[file.path]] or b""
            commit = self.repository.introducing_commit(file.path, self.number, revision)
            yield LineAtRevision(
                file.path,
                lines_of(file.path, data, [self.number]).get(self.number, 0),
                file.numbers[self.number],
                commit,
                self._merge_request(commit, revision) if commit else None,
            )

    def _blobs(self, revision: str) -> Mapping[str, str]:
        """Name the files of a revision that may say something of the number."""
        self.repository.ensure_commit(revision)
        if revision not in self._tenants:
            tree = GitTree(self.repository, revision)
            self._tenants[revision] = self.project.tenant_at(tree, self.tenant)
        globs = self._tenants[revision].lists
        files = self.repository.files(revision, lambda path: matches(globs, path))
        blobs = {file.path: file.sha for file in files if file.is_regular}
        unread_blobs = [sha for sha in blobs.values() if sha not in self._named_data]
        for sha, data in self.repository.read_blobs(unread_blobs).items():
            self._named_data[sha] = data if self._may_name(data) else None
        return {path: sha for path, sha in blobs.items() if self._named_data[sha] is not None}

    def _may_name(self, data: bytes) -> bool:
        """Tell whether a file need be read: a number in it may be escaped, or in another encoding."""
        digits = self.number.removeprefix("+").encode()
        return digits in data or b"\\" in data or b"\0" in data or b"holds" in data

    def _read(self, path: str, sha: str) -> DeclaredEntries:
        if (path, sha) not in self._declared_entries:
            source = Source(path, self._named_data[sha] or b"")
            # Today's rules may refuse what was good then: what can be understood stood all the same.
            lists = read_lists([source], self.project.rules, as_of=date.min, latest=date.max)
            number_files = tuple(
                _only_number(file, self.number)
                for file in lists.declared_entries.files
                if self.number in file.numbers
            )
            self._declared_entries[path, sha] = DeclaredEntries(
                number_files, holds=lists.declared_entries.holds
            )
        return self._declared_entries[path, sha]

    def _merge_request(self, commit: Commit, revision: str) -> str | None:
        """Name the merge request of a commit, by the merge that brought it to the revision."""
        merge = self.repository.merge_bringing(commit.sha, revision)
        return merge_request_in(merge.message if merge else commit.message)


def _only_number(file: FileEntries, number: str) -> FileEntries:
    """Keep one number of a file that may have a million."""
    terms = file.numbers[number]
    return FileEntries(file.path, file.list_id, {number: terms}, frozenset({terms}))


@dataclass(frozen=True)
class ReleasesAtRevision:
    """A tenant's releases at any revision. `missing_revisions` names those that git no longer has."""

    files: ListFiles
    missing_revisions: set[str] = field(default_factory=set)
    _releases_by_blob: dict[Blob, tuple[Release, ...]] = field(default_factory=dict)
    _releases_by_revision: dict[str, Mapping[Key, tuple[Release, ...]]] = field(default_factory=dict)

    def of_number(self, revision: str, key: Key) -> tuple[Release, ...]:
        """Give the releases of a number on a list, the newest first; none where the revision is gone."""
        return self.by_number(revision).get(key, ())

    def by_number(self, revision: str) -> Mapping[Key, tuple[Release, ...]]:
        """Give every release of a revision, by list and number."""
        if revision not in self._releases_by_revision:
            self._releases_by_revision[revision] = self._read_releases(revision)
        return self._releases_by_revision[revision]

    def _read_releases(self, revision: str) -> Mapping[Key, tuple[Release, ...]]:
        try:
            blobs = self.files.blobs_at(revision)
        except RepositoryProblem:
            self.missing_revisions.add(revision)
            return {}
        for blob, data in self.files.read(blobs - self._releases_by_blob.keys()).items():
            self._releases_by_blob[blob] = (
                tuple(releases_in_file(blob[0], data)) if may_contain(data, b"releases") else ()
            )
        releases_by_number: dict[Key, list[Release]] = {}
        for blob in sorted(blobs):
            for release in self._releases_by_blob[blob]:
                releases_by_number.setdefault((release.list_id, release.phone), []).append(release)
        for number_releases in releases_by_number.values():
            number_releases.sort(key=lambda release: release.released_on, reverse=True)
        return {key: tuple(number_releases) for key, number_releases in releases_by_number.items()}
