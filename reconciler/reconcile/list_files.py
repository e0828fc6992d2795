"""A tenant's list files at any revision, by path and content: what is the same there is read once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.desired.configuration import Tenant, matches
from reconciler.reconcile.project import Project
from reconciler.reconcile.tree import GitTree
from reconciler.repository.repository import Repository

Blob = tuple[str, str]
"""A path, and git's name of its content."""


@dataclass(frozen=True)
class ListFiles:
    """The files as each revision configured the tenant. Raises RepositoryProblem for one that is gone."""

    repository: Repository
    project: Project
    tenant: Tenant
    _at: dict[str, frozenset[Blob]] = field(default_factory=dict)

    def at(self, revision: str) -> frozenset[Blob]:
        """Name the files of a revision."""
        if revision not in self._at:
            self.repository.ensure_commit(revision)
            tenant = self.project.tenant_at(GitTree(self.repository, revision), self.tenant)
            files = self.repository.files(revision, lambda path: matches(tenant.lists, path))
            self._at[revision] = frozenset((file.path, file.sha) for file in files if file.regular)
        return self._at[revision]

    def read(self, blobs: Iterable[Blob]) -> Mapping[Blob, bytes]:
        """Read their contents."""
        blobs = sorted(blobs)
        data = self.repository.read_blobs([sha for _, sha in blobs])
        return {blob: data[blob[1]] for blob in blobs}


def may_say(data: bytes, word: bytes) -> bool:
    """Tell whether a file need be read for a word: it may be escaped there, or in another encoding."""
    return word in data or b"\\" in data or b"\0" in data
