"""Whether a branch's reports are signed by those whose signatures count."""

from collections.abc import Iterator

from reconciler.audit.port import GitPort
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


def unsigned_in(git: GitPort, tip: str, name: str, signers: bytes) -> Iterator[Finding]:
    """Find the commits whose signatures do not count, from the first signed one on; or that there is none."""
    began = False
    for sha, letter in git.signatures.of(tip, signers):
        began = began or letter != _NONE
        if began and letter != _GOOD:
            yield finding(
                f"{name}:{sha}", f"this commit {_SAID.get(letter, 'has a signature that cannot be checked')}"
            )
    if not began:
        yield finding(
            name, "audit.signers is set, and no report is signed: set DNC_SIGNING_KEY where apply runs"
        )
