"""What an apply did, for reading and for machines."""

from collections import Counter
from typing import Any

from reconciler.cli.render.masking import Shown
from reconciler.cli.render.messages import BLOCKED, count, way_out
from reconciler.cli.render.plan_text import head_line
from reconciler.core.model.finding import finding_json
from reconciler.use_cases.reconcile.apply import Applied
from reconciler.use_cases.reconcile.report.content import failures


def applied_json(done: Applied) -> dict[str, Any]:
    """Say what was planned and what became of it; the report on the audit branch has every number."""
    prepared, run = done.prepared, done.run
    told = (*prepared.findings, *(done.problem.findings if done.problem else ()))
    return {
        **prepared.document,
        "status": done.status,
        "exit_code": done.exit_code,
        "outcomes": dict(_outcomes(done)),
        "failures": failures(run),
        "not_live": [list(key) for key in sorted(run.not_live)],
        "kept": [list(key) for key in sorted(run.kept)],
        "report": {"path": done.report.path, "sha256": done.report.sha256} if done.report else None,
        "chain_head": done.head,
        "findings": [finding_json(f) for f in told],
    }


def _outcomes(done: Applied) -> Counter[str]:
    return Counter({outcome.value: n for outcome, n in done.run.tally.results.counts.items() if n})


def applied_text(done: Applied, shown: Shown) -> str:
    """Say what was done, and what is not protected."""
    run = done.run
    outcomes = _outcomes(done)
    told = ", ".join(f"{number:,} {outcome}" for outcome, number in sorted(outcomes.items()))
    lines = [f"{done.prepared.inputs.tenant.name}: {done.status}" + (f": {told}" if told else "")]
    if run.read_back != "none":
        entries = (
            f"{count(run.after.entries, 'row')} live"
            if run.read_back != "failed"
            else "CXone could not be read"
        )
        lines.append(f"read back ({run.read_back}): {entries}, {run.missing:,} missing")
    lines += _failures(done, shown)
    lines += _blocked(done, shown)
    lines += _removal_note(done)
    lines.append(f"report: {done.report.path}" if done.report else f"no report: {_why_none(done)}")
    lines.append(head_line(done.head))
    return "\n".join(lines)


def _why_none(done: Applied) -> str:
    return "the chain of reports is broken" if done.broken else "nothing was attempted, nothing changed"


def _failures(done: Applied, shown: Shown) -> list[str]:
    failed = failures(done.run)
    kinds: dict[tuple[str, str, str, str], list[str]] = {}
    for f in failed:
        kinds.setdefault((f["outcome"], f["list_id"], f["code"], f["message"]), []).append(f["phone"])
    return [
        f"! {count(len(phones))} {outcome} on {list_id}: {code} {message}: {shown.sample(phones)}"
        for (outcome, list_id, code, message), phones in kinds.items()
    ]


def _removal_note(done: Applied) -> list[str]:
    """Say what taking a number off did not do, where one came off or waits for people."""
    note = done.prepared.state.provider.dialect.removal_note
    run = done.run
    exposed = any(
        key in run.tally.results and run.tally.results[key].outcome.value != "not-attempted"
        for key in run.plan.exposing
    )
    return [f"note: {note}"] if note and (exposed or any(c.by_hand for c in run.final.changes)) else []


def _blocked(done: Applied, shown: Shown) -> list[str]:
    kept: dict[tuple[str, str], list[str]] = {}
    for change in done.run.final.changes:
        if change.exposing and change.blocked_by and not change.by_hand:
            kept.setdefault((change.blocked_by[0].value, change.list_id), []).extend(change.phones)
    return [
        f"stays on {list_id}: {count(len(phones))}: {why}: {BLOCKED[why]}. "
        f"Way out: {way_out(why, list_id, sorted(phones), shown)}"
        for (why, list_id), phones in kept.items()
    ]
