"""The verdict on the record, and what was verified: of each chain, of each tenant, and of all."""

from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.audit.verification import ChainHead
from reconciler.cli.render.messages import not_at_remote_text
from reconciler.core.model.errors import DncError
from reconciler.core.model.finding import count_text, finding_to_json
from reconciler.use_cases.history.record_verdict import ChainCopies, TenantVerdict, Verdict
from reconciler.use_cases.history.verify import VerifyResult


def verify_json(result: VerifyResult) -> dict[str, Any]:
    """Say what was found, and the verdict."""
    verification = result.verification
    return {
        "verified": result.exit_code == 0,
        "exit_code": result.exit_code,
        **verdict_json(result.verdict, verdict_sentence(result)),
        "tenants": [_tenant_json(one, result) for one in result.tenants],
        "chains": [str(head) for head in verification.heads],
        "heads": [
            {
                "branch": head.branch,
                "tenant": head.tenant,
                "reports": head.reports,
                "sha256": head.sha256,
                "first": head.first,
                "finished_at": head.finished_at.isoformat(),
            }
            for head in verification.heads
        ],
        "remarks": list(verification.remarks),
        "warnings": [" ".join(_pin_warning(result))] if result.unpinned else [],
        "problems": [finding_to_json(problem) for problem in (*verification.problems, *verification.stale)],
    }


def verdict_json(verdict: Verdict, sentence: str) -> dict[str, str]:
    """Say the verdict, in a word and in a sentence."""
    return {"verdict": verdict.value, "verdict_text": sentence}


def _tenant_json(one: TenantVerdict, result: VerifyResult) -> dict[str, Any]:
    return {
        "tenant": one.tenant,
        "verdict": one.verdict.value,
        "reports": one.copies.reports,
        "not_at_remote": one.copies.not_at_remote if one.copies.remote else None,
        "not_here": one.copies.not_here if one.copies.remote else None,
        "pinned": one.tenant in result.genesis,
    }


def verify_text(result: VerifyResult) -> str:
    """Show each chain, where it starts, what must be seen although it is in order, and tenant by tenant."""
    return "\n".join(
        [
            *_verify_lines(result),
            *(f"! {remark}" for remark in result.verification.remarks),
            *(_pin_warning(result) if result.unpinned else ()),
            *(_tenant_lines(result) if len(result.tenants) > 1 else ()),
        ]
    )


def _verify_lines(result: VerifyResult) -> Iterator[str]:
    for head in result.verification.heads:
        yield str(head)
        yield f"  starts with {head.first} ({_pin_text(head, result)})"


def _pin_text(head: ChainHead, result: VerifyResult) -> str:
    if head.tenant not in result.genesis:
        return "not pinned"
    return "audit.genesis pins it" if result.genesis[head.tenant] == head.first else "not what is pinned"


def _pin_warning(result: VerifyResult) -> Sequence[str]:
    """Say which chains nothing pins, and the line that does."""
    pins = sorted({**result.genesis, **result.unpinned}.items())
    line = f"genesis: {{{', '.join(f'{tenant}: {sha256}' for tenant, sha256 in pins)}}}"
    names = ", ".join(sorted(result.unpinned))
    action = "Add this line to dnc.yaml"
    if result.has_audit_settings:
        action = "Add this line below audit: in dnc.yaml"
    if result.genesis:
        action = "Replace genesis below audit: in dnc.yaml by"
    fact = f"the first report of {names} is not pinned: a record that was written anew would pass"
    return (
        f"warning: {fact}. {action}:",
        f"  {line}" if result.has_audit_settings else f"audit: {{{line}}}",
    )


def _tenant_lines(result: VerifyResult) -> Iterator[str]:
    for one in result.tenants:
        yield f"{one.tenant}: {one.verdict}: {_tenant_sentence(one, result)}"


def _tenant_sentence(one: TenantVerdict, result: VerifyResult) -> str:
    copies = one.copies
    match one.verdict:
        case Verdict.NOTHING:
            return f"no report, {_places_text(copies.remote)}"
        case Verdict.FAILED:
            return (
                count_text(len(one.problems), "problem") if one.problems else "the newest report is too old"
            )
        case Verdict.OK if copies.head is None:
            return f"no report under this name yet; it continues {count_text(copies.continued, 'report')}."
        case Verdict.OK:
            reports = count_text(copies.reports, "report")
            return f"{reports}, unbroken, nothing changed or removed. {copies_text([copies], result.branch)}"


def _places_text(remote: str) -> str:
    return f"here or at {remote}" if remote else "in this clone, which has no remote"


def copies_text(chains: Sequence[ChainCopies], branch: str) -> str:
    """Say where the reports of verified chains are, and whether this clone and the remote agree."""
    remote = chains[0].remote
    if not remote:
        return "They are in this clone only, which has no remote."
    not_at_remote = sum(copies.not_at_remote for copies in chains)
    not_here = sum(copies.not_here for copies in chains)
    if not_at_remote:
        return f"{not_at_remote_text(not_at_remote)}."
    if all(copies.local is None for copies in chains):
        return f"They are at {remote}; this clone has no branch {branch} to compare with."
    if not_here:
        return f"They are at {remote}; this clone's {branch} lacks {count_text(not_here, 'report')}."
    if all(copies.is_agreed for copies in chains):
        return f"This clone and {remote} agree."
    return f"They are at {remote}."


def verdict_sentence(result: VerifyResult) -> str:
    """Say the verdict on the whole record in one sentence, with the fix."""
    match result.verdict:
        case Verdict.OK:
            return _passed_text(result)
        case Verdict.NOTHING:
            return _nothing_text(result)
        case Verdict.FAILED:
            return _failed_text(result)


def unverified_sentence(error: DncError) -> str:
    """Say that nothing was verified, and what stopped it."""
    place = f"{error.where}: " if error.where else ""
    return f"nothing was verified: {place}{error.fact}"


def _passed_text(result: VerifyResult) -> str:
    passed = [one for one in result.tenants if one.verdict is Verdict.OK]
    missing = [one.tenant for one in result.tenants if one.verdict is Verdict.NOTHING]
    rest = f" No report of {', '.join(missing)} yet." if missing else ""
    if len(passed) == 1:
        return f"{passed[0].tenant}: {_tenant_sentence(passed[0], result)}{rest}"
    chains = [one.copies for one in passed if one.copies.head is not None]
    names = f"{len(passed)} tenants ({', '.join(one.tenant for one in passed)})"
    reports = count_text(sum(copies.reports for copies in chains), "report")
    where = f" {copies_text(chains, result.branch)}" if chains else ""
    return f"{names}: {reports}, unbroken, nothing changed or removed.{where}{rest}"


def _nothing_text(result: VerifyResult) -> str:
    missing = ", ".join(one.tenant for one in result.tenants if one.verdict is Verdict.NOTHING)
    passed = ", ".join(one.tenant for one in result.tenants if one.verdict is Verdict.OK)
    return (
        f"no report of {missing}, {_places_text(result.verification.remote)}."
        f"{f' OK: {passed}.' if passed else ''} If there was one before, it was removed: restore the branch "
        f"{result.branch} from a clone or a bundle that has it. Otherwise dnc apply writes the first."
    )


def _failed_text(result: VerifyResult) -> str:
    verification = result.verification
    names = ", ".join(one.tenant for one in result.tenants if one.verdict is Verdict.FAILED)
    if not verification.problems:
        return f"the newest report of {names} is too old: no run has left one since; look at the schedule"
    first = verification.problems[0]
    problems = count_text(len(verification.problems), "problem")
    return (
        f"{f'{names}: ' if names else ''}{problems} in the record, the first: {first.file}: {first.message}. "
        f"Show it to an auditor before the branch is changed {result.branch}."
    )
