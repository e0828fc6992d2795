"""All that `dnc audit verify` looks at: branches, where chains were before, signatures, what is expected."""

from collections.abc import Mapping

from reconciler.audit.earlier import Earlier
from reconciler.audit.expected import Expected, judge
from reconciler.audit.places import Place, earlier, tip_of
from reconciler.audit.port import GitPort
from reconciler.audit.signed import unsigned_in
from reconciler.audit.verify import Verification, finding_of, verify_branch
from reconciler.model.errors import BrokenChain


def examined(  # noqa: PLR0913, PLR0917  (where the chains are, and what is known of them)
    git: GitPort,
    branch: str,
    folder: str,
    continues: Mapping[str, Place],
    expected: Expected,
    signers: bytes | None,
) -> Verification:
    """Check every chain and all history, of the local branch and the remote's."""
    known = Verification()
    tips: dict[str, str | None] = {}
    remote = git.remote()
    if remote is not None:
        name = f"{remote}/{branch}"
        try:
            tips[name] = git.fetch_branch(branch, grows_only=True)
        except BrokenChain as error:
            known = Verification((finding_of(error, name),))
            tips[name] = git.tracking_tip(branch)
    tips[branch] = git.branch_tip(branch)
    judged = next((name for name, tip in tips.items() if tip is not None), branch)
    try:
        before = earlier(git, continues, branch, folder)
        known += _before(git, branch, folder, continues)
    except BrokenChain as error:
        known += Verification((finding_of(error, branch),))
        before = {}
    for name, tip in tips.items():
        if tip is not None:
            known += _examined(git, tip, folder, name, before, signers)
    heads = tuple(head for head in known.heads if head.branch == judged)
    return known + judge(git, expected, heads, judged, tips[judged])


def _examined(  # noqa: PLR0913, PLR0917  (one branch of several)
    git: GitPort,
    tip: str,
    folder: str,
    name: str,
    before: Mapping[str, Earlier],
    signers: bytes | None,
) -> Verification:
    found = verify_branch(git, tip, folder, name, before)
    if signers is None:
        return found
    records = [record for head in found.heads for record in head.records]
    return found + Verification(tuple(unsigned_in(git, tip, name, signers, records)))


def _before(git: GitPort, branch: str, folder: str, continues: Mapping[str, Place]) -> Verification:
    """Check where chains were before, where that is not looked at anyway."""
    found = Verification()
    places = {(one.branch or branch, (one.path or folder).strip("/")) for one in continues.values()}
    for was, path in sorted(places - {(branch, folder)}):
        tip = tip_of(git, was, branch)
        if tip is not None:
            found += verify_branch(git, tip, path, f"{was}:{path}")
    return found
