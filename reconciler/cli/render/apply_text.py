"""What an apply did, for reading and for machines."""

from collections import Counter
from typing import Any

from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.messages import BLOCK_TEXTS, count_text, fix_text
from reconciler.cli.render.plan_text import newest_report_line
from reconciler.core.model.errors import RewrittenHistory
from reconciler.core.model.finding import finding_to_json
from reconciler.use_cases.reconcile.apply import ApplyResult
from reconciler.use_cases.reconcile.report.authorizations import reviewed_plan_json
from reconciler.use_cases.reconcile.report.content import failures


def apply_result_json(result: ApplyResult) -> dict[str, Any]:
    """Say what was planned and what became of it; the report on the audit branch has every number."""
    prepared, run = result.prepared, result.run
    all_findings = (*prepared.findings, *(result.problem.findings if result.problem else ()))
    return {
        **reviewed_plan_json(prepared),
        "status": result.status,
        "exit_code": result.exit_code,
        "outcomes": dict(_outcomes(result)),
        "failures": failures(run),
        "not_live": [list(key) for key in sorted(run.not_live)],
        "kept": [list(key) for key in sorted(run.retained)],
        "report": {"path": result.report.path, "sha256": result.report.sha256} if result.report else None,
        "chain_head": result.head,
        "findings": [finding_to_json(finding) for finding in all_findings],
    }


def _outcomes(result: ApplyResult) -> Counter[str]:
    return Counter(
        {
            outcome.value: outcome_count
            for outcome, outcome_count in result.run.tally.results.counts.items()
            if outcome_count
        }
    )


def apply_result_text(result: ApplyResult, number_format: NumberFormat) -> str:
    """Say what was done, and what is not protected."""
    run = result.run
    outcomes = _outcomes(result)
    outcomes_text = ", ".join(f"{number:,} {outcome}" for outcome, number in sorted(outcomes.items()))
    lines = [
        f"{result.prepared.inputs.tenant.name}: {result.status}"
        + (f": {outcomes_text}" if outcomes_text else "")
    ]
    if run.read_back != "none":
        entries = (
            f"{count_text(run.live_after.entry_count, 'row')} live"
            if run.read_back != "failed"
            else "CXone could not be read"
        )
        lines.append(f"read back ({run.read_back}): {entries}, {run.missing:,} missing")
    lines += _failure_lines(result, number_format)
    lines += _blocked_lines(result, number_format)
    lines += _removal_lines(result)
    lines.append(
        f"report: {result.report.path}" if result.report else f"no report: {_no_report_reason(result)}"
    )
    lines.append(newest_report_line(result.head))
    return "\n".join(lines)


def _no_report_reason(result: ApplyResult) -> str:
    if isinstance(result.chain_problem, RewrittenHistory):
        return "history was rewritten, and nobody has accepted that yet"
    return (
        "the chain of reports is broken" if result.chain_problem else "nothing was attempted, nothing changed"
    )


def _failure_lines(result: ApplyResult, number_format: NumberFormat) -> list[str]:
    failed_rows = failures(result.run)
    kinds: dict[tuple[str, str, str, str], list[str]] = {}
    for failure in failed_rows:
        kinds.setdefault(
            (failure["outcome"], failure["list_id"], failure["code"], failure["message"]), []
        ).append(failure["phone"])
    return [
        f"! {count_text(len(phones))} {outcome} on {list_id}: {code} {message}: "
        f"{number_format.sample(phones)}"
        for (outcome, list_id, code, message), phones in kinds.items()
    ]


def _removal_lines(result: ApplyResult) -> list[str]:
    """Say what taking a number off did not do, where one came off or waits for people."""
    note = result.prepared.state.provider.dialect.removal_note
    run = result.run
    has_exposed = any(
        key in run.tally.results and run.tally.results[key].outcome.value != "not-attempted"
        for key in run.plan.exposing_keys
    )
    return (
        [f"note: {note}"]
        if note and (has_exposed or any(change.by_hand for change in run.final_plan.changes))
        else []
    )


def _blocked_lines(result: ApplyResult, number_format: NumberFormat) -> list[str]:
    retained_phones: dict[tuple[str, str], list[str]] = {}
    for change in result.run.final_plan.changes:
        if change.is_exposing and change.blocked_by and not change.by_hand:
            retained_phones.setdefault((change.blocked_by[0].value, change.list_id), []).extend(change.phones)
    return [
        f"stays on {list_id}: {count_text(len(phones))}: {block_key}: {BLOCK_TEXTS[block_key]}. "
        f"Way out: {fix_text(block_key, list_id, sorted(phones), number_format)}"
        for (block_key, list_id), phones in retained_phones.items()
    ]
