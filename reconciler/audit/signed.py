"""Whether a branch's reports are signed by those whose signatures count."""

from collections.abc import Iterable, Iterator, Mapping

from reconciler.audit.breaks import Record
from reconciler.audit.port import GitPort
from reconciler.audit.report import report_of
from reconciler.audit.verify import finding
from reconciler.model.finding import Finding

_GOOD, _NONE = "G", "N"
_SAID = {
    _NONE: "is not signed, and reports before it are",
    "U": "is signed by a key that is not among audit.signers",
    "B": "has a signature that does not fit it",
    "X": "has a signature that has expired",
    "Y": "is signed by a key that had expired",
    "R": "is signed by a key that was revoked",
}


def unsigned_in(
    git: GitPort, tip: str, name: str, signers: bytes, records: Iterable[Record] = ()
) -> Iterator[Finding]:
    """Find the commits whose signatures do not count, from the first signed one on; or that there is none.

    A record with a good signature settles the reports that it passes over.
    """
    letters = git.signatures.of(tip, signers)
    began = [place for place, (_, letter) in enumerate(letters) if letter != _NONE]
    bad = [(sha, letter) for sha, letter in letters[began[0] :] if letter != _GOOD] if began else []
    settled = _settled(git, tip, dict(letters), tuple(records)) if bad else frozenset()
    for sha, letter in bad:
        if sha not in settled:
            yield finding(
                f"{name}:{sha}", f"this commit {_SAID.get(letter, 'has a signature that cannot be checked')}"
            )
    if not began:
        yield finding(
            name, "audit.signers is set, and no report is signed: set DNC_SIGNING_KEY where apply runs"
        )


def _settled(
    git: GitPort, tip: str, letters: Mapping[str, str], records: tuple[Record, ...]
) -> frozenset[str]:
    """Name the commits that only add reports which good records pass over, or leave out."""
    added: dict[str, set[str]] = {}
    for commit, status, path in git.log_changes(tip) if records else ():
        added.setdefault(commit, set()).add(report_of(path) if status == "A" else "")
    good = {path for commit, paths in added.items() if letters.get(commit) == _GOOD for path in paths}
    links = (one.passed_over | one.left_out for one in records if one.stored.path in good)
    said = {path for some in links for path, _ in some}
    return frozenset(commit for commit, paths in added.items() if paths <= said)
