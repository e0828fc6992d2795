"""What an apply did, for reading and for machines."""

from typing import Any

from reconciler.cli.render.coverage_text import coverage_lines
from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.messages import block_text, fix_text, mismatch_text, not_at_remote_text
from reconciler.cli.render.plan_text import KEPT_SIGN, newest_report_line
from reconciler.cli.render.protection import protection_json, protection_text
from reconciler.cli.terminal import escape_line
from reconciler.core.apply.counted_run import COUNTS
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Run
from reconciler.core.apply.summary import done_counts
from reconciler.core.model.errors import ReadStopped, RewrittenHistory
from reconciler.core.model.finding import count_text, finding_to_json
from reconciler.core.model.run_result import Cause, cause_of, stop_text
from reconciler.core.planning.change import BlockedBy
from reconciler.use_cases.reconcile.apply import ApplyResult
from reconciler.use_cases.reconcile.early.counts import last_full_read
from reconciler.use_cases.reconcile.invalid_files import invalid_json
from reconciler.use_cases.reconcile.report.authorizations import reviewed_plan_json
from reconciler.use_cases.reconcile.report.content import failures
from reconciler.use_cases.reconcile.safety import budget_json


def apply_result_json(result: ApplyResult) -> dict[str, Any]:
    """Say what was planned and what became of it; the report on the audit branch has every number."""
    prepared, run = result.prepared, result.run
    all_findings = (*prepared.findings, *(result.problem.findings if result.problem else ()))
    return {
        **reviewed_plan_json(prepared),
        "status": result.status,
        "exit_code": result.exit_code,
        "outcomes": {outcome.value: count for outcome, count in run.tally.results.counts.items() if count},
        "done": done_counts(run),
        "protection": protection_json(result.protection),
        "stopped_by": result.stopped_by,
        "failures": failures(run),
        "not_live": [list(key) for key in sorted(run.not_live)],
        "invalid": invalid_json(prepared.invalid),
        "kept": [list(key) for key in sorted(run.retained)],
        "blocked": [
            {
                "list_id": change.list_id,
                "action": change.action.value,
                "reason": change.reason.value,
                "blocked_by": [block.value for block in change.blocked_by],
                "phones": list(change.phones),
            }
            for change in run.blocked
        ],
        "next_budget": budget_json(prepared.ctx, result.next_budget),
        "report": {"path": result.report.path, "sha256": result.report.sha256} if result.report else None,
        "not_at_remote": result.not_at_remote,
        "chain_head": result.head,
        "findings": [finding_to_json(finding) for finding in all_findings],
    }


def apply_result_text(result: ApplyResult, number_format: NumberFormat, *, names_report: bool = False) -> str:
    """Say what was done, the verdict below; last, who can still be called.

    `names_report`: with the newest report's SHA-256, for a log that outlives the branch.
    """
    blocks = [
        "\n".join(
            [
                *_sent_lines(result.run),
                *_read_back_lines(result),
                *_error_lines(result.run),
                *_blocked_lines(result, number_format),
                *_removal_lines(result),
                *_coverage_lines(result),
                *_report_lines(result),
                *([newest_report_line(result.head)] if names_report else []),
                f"{result.prepared.inputs.tenant.name}: {_verdict(result)}",
            ]
        ),
        invalid_lines(result),
        protection_lines(result, number_format),
    ]
    return "\n\n".join(block for block in blocks if block)


_MOST_ERRORS = 10


def invalid_lines(result: ApplyResult) -> str:
    """Name the errors in list files, and what became of what stands there; empty where there is none."""
    files = result.prepared.invalid
    if not files:
        return ""
    errors = [error for file in files for error in file.errors]
    more = len(errors) - _MOST_ERRORS
    lines = [
        f"NOT APPLIED: {count_text(len(errors), 'error')} in {count_text(len(files), 'file')}.",
        "What is new or changed there was not sent and is not protected. What was applied before stays.",
        "Nothing is removed until the errors are corrected.",
        *(f"  {escape_line(str(error))}" for error in errors[:_MOST_ERRORS]),
        *([f"  and {more:,} more"] if more > 0 else []),
        "  fix: correct them (dnc validate shows them all), and merge that",
    ]
    return "\n".join(lines)


def protection_lines(result: ApplyResult, number_format: NumberFormat) -> str:
    """Say who can still be called; empty where all is as the files say."""
    text = protection_text(
        result.protection, number_format, why=_end_text(result), is_reported=result.report is not None
    )
    if text and result.exit_code == 0 and result.run.tally.count_of(Outcome.REJECTED):
        text += "\n  These refusals are known from the report before, so the exit code is 0."
    return text


def _end_text(result: ApplyResult) -> str:
    """Say what ended the run before its end: who stopped it, or what CXone did."""
    if result.stopped_by is not None:
        return stop_text(result.stopped_by, in_pipeline=result.prepared.ctx.pipeline.is_running)
    error = result.run.error
    if error is None:
        return ""
    return f"{error.where}: {error.fact}" if error.where else error.fact


_DONE_WORDS = {"put_back": "put back"}


def _verdict(result: ApplyResult) -> str:
    """Say how the run ended and what it did by kind; what no read has seen is sent, and no more than that."""
    run, done = result.run, done_counts(result.run)
    if run.read_back == "failed":
        sent = sum(done.pop(kind, 0) for kind in ("added", "put_back", "changed"))
        parts = [f"{sent:,} sent and not verified"] if sent else []
    else:
        parts = []
    parts += [f"{count:,} {_DONE_WORDS.get(kind, kind)}" for kind, count in done.items()]
    rejected = (run.tally.results[key] for key in run.tally.with_outcome(Outcome.REJECTED))
    missing = sum(
        result.failure is not None and cause_of("rejected", result.failure.code) is Cause.MISSING
        for result in rejected
    )
    failed_counts = {
        "rejected": run.tally.count_of(Outcome.REJECTED) - missing,
        "missing": missing,
        "in doubt": run.tally.count_of(Outcome.UNKNOWN),
        "not sent": run.tally.count_of(Outcome.NOT_ATTEMPTED),
    }
    parts += [f"{count:,} {word}" for word, count in failed_counts.items() if count]
    why = f", {_end_text(result)}" if result.stopped_by is not None else ""
    return f"{result.status}{why}" + (f": {', '.join(parts)}" if parts else "")


def _sent_lines(run: Run) -> list[str]:
    total = len(run.tally.results)
    return [f"sent {total - run.tally.count_of(Outcome.NOT_ATTEMPTED):,} of {total:,}"] if total else []


def _read_back_lines(result: ApplyResult) -> list[str]:
    """Say what was read back, and what was done after it; of what was not read, nothing but that."""
    run, done = result.run, done_counts(result.run)
    lines = []
    if run.read_back == "failed":
        subject = "CXone could not be read" if run.live_before.is_unread else "CXone could not be read back"
        lines = [f"not verified: {_not_verified_text(result, subject)}. Run dnc apply again to verify."]
    elif run.read_back == "totals":
        rows = count_text(run.rows_read, "row")
        lines = [f"read back (totals): CXone counts {rows}, as expected; no number was read by itself"]
    elif run.read_back == COUNTS:
        rows = count_text(run.rows_read, "row")
        full_read = last_full_read(result.prepared.state.last_applied)
        when = f"{full_read.verified_text[:16]}Z" if full_read else "unknown"
        lines = [f"verified by counts: {rows} in CXone, as expected; last read in full: {when}"]
    elif run.read_back == "full":
        back = done_counts(run, run.put_back).get("put_back", 0)
        verified = sum(done.get(kind, 0) for kind in ("added", "put_back", "changed")) - back
        seen = f"{verified:,} verified, " if run.tally.has_written and verified else ""
        missing = "missing" if run.live_after.complete else "not seen: the read did not add up"
        rows = count_text(run.rows_read, "row")
        lines = [f"read back (full): {rows} live, {seen}{run.missing:,} {missing}"]
        later = (("removed", done.get("removed")), ("weakened", done.get("weakened")), ("put back", back))
        if after := [f"{count:,} {kind}" for kind, count in later if count]:
            source = (
                "each looked up again"
                if run.is_seen_after_removals
                else "by CXone's answers; no read looked again"
            )
            lines.append(f"after the read-back: {', '.join(after)}, {source}")
    return lines


def _not_verified_text(result: ApplyResult, subject: str) -> str:
    run = result.run
    sent = len(run.tally.results) - run.tally.count_of(Outcome.NOT_ATTEMPTED)
    end = _end_text(result)
    if isinstance(run.error, ReadStopped) and end:
        return f"{end} before the read-back ({sent:,} sent)"
    return f"{subject} ({sent:,} sent)"


def _error_lines(run: Run) -> list[str]:
    """Say what CXone did that ended the run, or its read-back."""
    error = run.error
    if error is None or isinstance(error, ReadStopped):
        return []
    place = f"{error.where}: " if error.where else ""
    return [f"! {place}{error.fact}" + (f"; fix: {error.fix}" if error.fix else "")]


def _report_lines(result: ApplyResult) -> list[str]:
    """Name the report, and say where it is only in this clone."""
    lines = [f"report: {result.report.path}" if result.report else f"no report: {_no_report_reason(result)}"]
    if result.not_at_remote:
        lines.append(not_at_remote_text(result.not_at_remote))
    return lines


def _no_report_reason(result: ApplyResult) -> str:
    if isinstance(result.chain_problem, RewrittenHistory):
        return "history was rewritten, and that is not accepted yet"
    return (
        "the chain of reports is broken" if result.chain_problem else "nothing was attempted, nothing changed"
    )


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


def _coverage_lines(result: ApplyResult) -> list[str]:
    """Say which skills do not honour a list, as read in this run, and what it added."""
    coverage = result.prepared.coverage
    lines = coverage_lines(coverage.plan_json(), result.prepared.heading.created_at)
    findings = [f"{finding}" for finding in coverage.findings]
    return [f"coverage: {line}" for line in lines] + findings


def _blocked_lines(result: ApplyResult, number_format: NumberFormat) -> list[str]:
    """Say what guards kept, with the reasons that the plan and the report give."""
    prepared = result.prepared
    budget = budget_json(prepared.ctx, result.next_budget)
    mismatch = mismatch_text(budget_json(prepared.ctx, prepared.plan.budget))
    lines = [f"warning: {mismatch}"] if mismatch else []
    retained_phones: dict[tuple[str, tuple[BlockedBy, ...]], list[str]] = {}
    for change in result.run.blocked:
        retained_phones.setdefault((change.list_id, change.blocked_by), []).extend(change.phones)
    for (list_id, blocked_by), phones in retained_phones.items():
        lines.append(f"{KEPT_SIGN} blocked on {list_id}: {count_text(len(phones))}")
        for block in blocked_by:
            fix = fix_text(block, list_id, sorted(phones), number_format, budget)
            lines.append(f"    {block}: {block_text(block, list_id, budget)}; fix: {fix}")
    return lines
