"""Who brought a release into history: the commits since which it stands as it does."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.core.model.entries import Release
from reconciler.core.model.errors import DncError
from reconciler.git.history import Revision
from reconciler.git.repository import Repository
from reconciler.git.trees import is_named
from reconciler.lists.releases_holds import readable_releases

MAX_READ_BYTES = 128 * 1024 * 1024  # of one plan: a file of many releases with a long history takes too long
MAX_PARSED_BYTES = 8 * 1024 * 1024  # about 8 s
_READ_AHEAD_BYTES = 8 * 1024 * 1024
_MAX_MOVES = 5  # from file to file
_FEW_REFERENCES = 32  # that are looked for as text before a file is parsed

NOT_COMMITTED = "it is not committed yet"

Facts = tuple[str, str, str, str, str | None]
"""What a release says but for its number: list, day, reason, evidence, and where the number moved."""

_Releases = dict[Facts, set[str]]
"""Numbers by what their releases say: a million may have one release, and are handled as sets then."""


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """The commits that brought a release, newest first. `unknown` says why there are none."""

    commits: tuple[Revision, ...] = ()
    unknown: str = ""


_Origins = dict[Facts, dict[str, Origin]]


class _TooLargeError(Exception):
    """The history of a file is too large to look through."""


def facts_of(release: Release) -> Facts:
    """Give what a release says but for its number."""
    day, reason = release.released_on.isoformat(), release.reason.value
    return (release.list_id, day, reason, release.evidence, release.to)


@dataclass
class ReleaseOrigins:
    """Looks origins up for one plan, file by file.

    `revs` are the commits whose history counts, `sources` the list files as they are planned, by path.
    """

    repository: Repository | None
    revs: Sequence[str]
    sources: Mapping[str, bytes]
    _known: dict[str, _Origins] = field(default_factory=dict)
    _parsed: dict[tuple[str, str], _Releases | None] = field(default_factory=dict)
    _read_bytes: int = 0
    _parsed_bytes: int = 0

    def look_up(self, releases: Iterable[Release]) -> None:
        """Find the origins of releases: of all of a file at once, which is read once then."""
        by_path: dict[str, _Releases] = {}
        for release in releases:
            facts = facts_of(release)
            if release.phone not in self._known.get(release.path, {}).get(facts, {}):
                by_path.setdefault(release.path, {}).setdefault(facts, set()).add(release.phone)
        for path, wanted in by_path.items():
            known = self._known.setdefault(path, {})
            for facts, origins in self._origins(path, wanted).items():
                known.setdefault(facts, {}).update(origins)

    def origin(self, release: Release) -> Origin:
        """Give the origin of a release that was looked up."""
        return self._known[release.path][facts_of(release)][release.phone]

    def _origins(self, path: str, wanted: _Releases) -> _Origins:
        if self.repository is None:
            return _unknown_origins(wanted, "there is no repository")
        try:
            found = self._walk(_FileWalk(self.repository, path, self.revs), wanted, moves=0)
        except DncError as problem:
            return _unknown_origins(wanted, problem.fact)
        except _TooLargeError:
            return _unknown_origins(wanted, f"the history of {path} is too large to look through")
        origins = _unknown_origins(wanted, NOT_COMMITTED)
        for facts, by_phone in found.items():
            origins[facts].update(by_phone)
        return origins

    def _walk(self, walk: "_FileWalk", wanted: _Releases, *, moves: int) -> _Origins:
        """Walk back from where releases stand now to the commits whose parents lack them."""
        is_planned = moves == 0
        standing = {tip.sha: self._among(walk, tip, wanted, is_planned=is_planned) or {} for tip in walk.tips}
        origins: _Origins = {}
        for revision in walk.revisions:
            releases = new = standing.pop(revision.sha, {})
            hiding: list[Revision] = []
            for parent in walk.parents(revision) if releases else ():
                before = self._among(walk, parent, releases, is_planned=is_planned)
                if before is None:
                    hiding.append(parent)
                else:
                    _add(standing.setdefault(parent.sha, {}), before)
                    new = _without(new, before)
            for parent in hiding:  # nobody can tell what it had: the releases may have been there before
                _add(standing.setdefault(parent.sha, {}), new)
            if hiding or not new:
                continue
            if self._is_unreadable(walk, revision):
                fact = f"{walk.path} cannot be read as {revision.sha[:12]} has it"
                _join(origins, new, Origin(unknown=fact))
                continue
            for part, origin in self._before_moves(walk, revision, new, moves):
                _join(origins, part, origin)
        return origins

    def _before_moves(
        self, walk: "_FileWalk", revision: Revision, new: _Releases, moves: int
    ) -> Iterator[tuple[_Releases, Origin]]:
        """Give who brought the releases: a commit that only moved some from another file did not."""
        parent, paths = walk.repository.replaced_paths(revision.sha) if moves < _MAX_MOVES else (None, [])
        for path in paths if parent else ():
            if path == walk.path or not path.endswith((".yaml", ".yml")):
                continue
            earlier = self._walk(_FileWalk(walk.repository, path, [parent or ""]), new, moves=moves + 1)
            for part, origin in _by_origin(earlier):
                if origin.commits:
                    yield part, origin
                    new = _without(new, part)
        yield new, Origin((revision,))

    def _among(
        self, walk: "_FileWalk", revision: Revision, wanted: _Releases, *, is_planned: bool
    ) -> _Releases | None:
        """Tell which releases a revision of a file has; None where that cannot be read.

        `is_planned`: they are wanted because the file as it is planned has them.
        """
        if revision.blob is None or not wanted:
            return {}
        if is_planned and self._is_as_planned(walk, revision):
            return wanted
        if (walk.path, revision.blob) not in self._parsed:
            data = self._data(walk, revision)
            references = {reference for *_, reference, _ in wanted}
            is_plain = len(references) <= _FEW_REFERENCES and b"\\" not in data
            if is_plain and not any(reference.encode() in data for reference in references):
                return {}  # without an escape a reference stands in a file as it is
            self._parsed_bytes += len(data)
            if self._parsed_bytes > MAX_PARSED_BYTES:
                raise _TooLargeError
            self._parsed[walk.path, revision.blob] = _parse(walk.path, data)
        releases = self._parsed[walk.path, revision.blob]
        if releases is None:
            return None
        both = {facts: phones & releases[facts] for facts, phones in wanted.items() if facts in releases}
        return {facts: phones for facts, phones in both.items() if phones}

    def _is_as_planned(self, walk: "_FileWalk", revision: Revision) -> bool:
        planned = self.sources.get(walk.path)
        if planned is None or revision.blob is None or revision.size != len(planned):
            return False
        return is_named(planned, revision.blob)

    def _is_unreadable(self, walk: "_FileWalk", revision: Revision) -> bool:
        return self._parsed.get((walk.path, revision.blob or ""), {}) is None

    def _data(self, walk: "_FileWalk", revision: Revision) -> bytes:
        """Read a file as a revision has it, and some before it in the same go."""
        if revision.blob not in walk.blobs:
            walk.blobs = walk.repository.read_blobs(walk.next_blobs(revision))
            self._read_bytes += sum(map(len, walk.blobs.values()))
            if self._read_bytes > MAX_READ_BYTES:
                raise _TooLargeError
        return walk.blobs[revision.blob or ""]


class _FileWalk:
    """The revisions of one file, and what was read of it last."""

    def __init__(self, repository: Repository, path: str, revs: Sequence[str]) -> None:
        self.repository = repository
        self.path = path
        self.revisions = repository.list_file_revisions(path, *revs) if revs else []
        self.blobs: dict[str, bytes] = {}
        self._by_sha = {revision.sha: revision for revision in self.revisions}
        self._places = {revision.sha: place for place, revision in enumerate(self.revisions)}

    @property
    def tips(self) -> list[Revision]:
        """The revisions that nothing in the history came after."""
        earlier = {parent for revision in self.revisions for parent in revision.parents}
        return [revision for revision in self.revisions if revision.sha not in earlier]

    def parents(self, revision: Revision) -> list[Revision]:
        """Give what a revision was made from."""
        return [self._by_sha[sha] for sha in revision.parents if sha in self._by_sha]

    def next_blobs(self, revision: Revision) -> list[str]:
        """Name a revision's blob, and those of the revisions before it that are few bytes together."""
        names, size = [revision.blob or ""], revision.size
        for earlier in self.revisions[self._places[revision.sha] + 1 :]:
            size += earlier.size
            if size > _READ_AHEAD_BYTES:
                break
            if earlier.blob:
                names.append(earlier.blob)
        return names


def _parse(path: str, data: bytes) -> _Releases | None:
    found = readable_releases(path, data)
    if found is None:
        return None
    releases: _Releases = {}
    for release in found:
        releases.setdefault(facts_of(release), set()).add(release.phone)
    return releases


def _unknown_origins(wanted: _Releases, why: str) -> _Origins:
    unknown = Origin(unknown=why)
    return {facts: dict.fromkeys(phones, unknown) for facts, phones in wanted.items()}


def _without(releases: _Releases, others: _Releases) -> _Releases:
    rest = {
        facts: phones - others[facts] if facts in others else phones for facts, phones in releases.items()
    }
    return {facts: phones for facts, phones in rest.items() if phones}


def _add(releases: _Releases, others: _Releases) -> None:
    for facts, phones in others.items():
        releases[facts] = releases[facts] | phones if facts in releases else phones


def _join(origins: _Origins, releases: _Releases, origin: Origin) -> None:
    """Take an origin in; a release that two lines of history brought has both."""
    for facts, phones in releases.items():
        known = origins.setdefault(facts, {})
        for phone in phones & known.keys():
            commits = dict.fromkeys((*known[phone].commits, *origin.commits))
            known[phone] = Origin(tuple(commits), "" if commits else known[phone].unknown)
        known.update(dict.fromkeys(phones - known.keys(), origin))


def _by_origin(origins: _Origins) -> Iterator[tuple[_Releases, Origin]]:
    parts: dict[Origin, _Releases] = {}
    for facts, by_phone in origins.items():
        for phone, origin in by_phone.items():
            parts.setdefault(origin, {}).setdefault(facts, set()).add(phone)
    yield from ((part, origin) for origin, part in parts.items())
