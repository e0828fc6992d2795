"""The releases that stood in the files at other revisions: what permitted what came off."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.desired.releases import releases_in
from reconciler.model.claims import Key, Release
from reconciler.model.errors import RepositoryProblem
from reconciler.reconcile.list_files import Blob, ListFiles, may_say


@dataclass(frozen=True)
class ReleasesThen:
    """A tenant's releases at any revision. `gone` names the revisions that this repository no longer has."""

    files: ListFiles
    gone: set[str] = field(default_factory=set)
    _read: dict[Blob, tuple[Release, ...]] = field(default_factory=dict)
    _at: dict[str, Mapping[Key, tuple[Release, ...]]] = field(default_factory=dict)

    def of(self, revision: str, key: Key) -> tuple[Release, ...]:
        """Give the releases of a number on a list, the newest first; none where the revision is gone."""
        return self.at(revision).get(key, ())

    def at(self, revision: str) -> Mapping[Key, tuple[Release, ...]]:
        """Give every release of a revision, by list and number."""
        if revision not in self._at:
            self._at[revision] = self._all(revision)
        return self._at[revision]

    def _all(self, revision: str) -> Mapping[Key, tuple[Release, ...]]:
        try:
            blobs = self.files.at(revision)
        except RepositoryProblem:
            self.gone.add(revision)
            return {}
        for blob, data in self.files.read(blobs - self._read.keys()).items():
            self._read[blob] = tuple(releases_in(blob[0], data)) if may_say(data, b"releases") else ()
        found: dict[Key, list[Release]] = {}
        for blob in sorted(blobs):
            for release in self._read[blob]:
                found.setdefault((release.list_id, release.phone), []).append(release)
        for some in found.values():
            some.sort(key=lambda release: release.released_on, reverse=True)
        return {key: tuple(some) for key, some in found.items()}
