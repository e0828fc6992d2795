"""What the codes of a plan mean, and the fix of each block, in sentences: one place for all renderers."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from reconciler.cli.render.masking import NumberFormat
from reconciler.core.model.entries import is_list_id
from reconciler.core.model.finding import count_text
from reconciler.core.model.nested_changes import MISSING, nested_changes

_DAY_HOURS = 48
BLOCK_TEXTS = {
    "no-release": "no release allows its removal",
    "release-does-not-fit": "the release does not fit its reason code, or the other list lacks it yet",
    "later-opt-out": "someone else modified it in CXone later (a new opt-out), or the release is older than "
    "the entry",
    "budget": "over the removal budget of its list",
    "would-empty-list": "the list would be empty",
    "incomplete-read": "CXone was not read completely, or the latest read did not see it",
    "refused-elsewhere": "a protective change failed, so nothing is removed yet",
    "unsupported": "to remove by hand: dnc removes nothing from this tenant",
    "superseded": "a newer revision or an earlier plan replaces it, the working tree is not the commit, or "
    "history was rewritten",
    "hold": "a hold names it",
    "approval": "its release needs the approval of someone other than its author",
    "over-ceiling": "CXone takes no more entries: it is not protected",
    "other-chain": "what was applied last is in doubt: history was rewritten, or the chain of reports is not "
    "what it was",
    "invalid-files": "a list file has errors: nothing is removed until they are corrected",
}

FIXES = {
    "no-release": "restore the line, or add a release with evidence",
    "release-does-not-fit": "use a release whose reason fits (`dnc release --help`), or restore the line",
    "later-opt-out": "keep the number, or add a release dated after all of that: TERM_ENDED where its term "
    "is over, CONSENT_GIVEN or NUMBER_REASSIGNED where others asked for it",
    "budget": "split it over several days, or pass --allow-removals with exactly the plan's number",
    "would-empty-list": "pass --allow-removals with exactly the plan's number, if the list is to end",
    "incomplete-read": "run dnc apply again; if two reads do not add up, when CXone is quieter",
    "refused-elsewhere": "see the failures in the report; the next run tries again",
    "unsupported": "remove it in CXone; or set removal: delete (dnc-groups: expire) where that works",
    "superseded": "nothing, if a newer pipeline has run; else make the plan, or run the job, again",
    "hold": "wait until the hold ends: whoever wrote it into holds: in the files takes it out",
    "approval": "someone else approves its merge request; or, where no token can read that, adds approvedBy",
    "over-ceiling": "remove calling lists or groups that are not needed, then run it again",
    "other-chain": "see the alarm about it: a rewritten history is accepted with dnc apply --accept-history; "
    "for anything else run dnc audit verify, and call an auditor before the branch is changed",
    "invalid-files": "correct the files: dnc validate shows every error with its line",
}

REASON_TEXTS = {
    "declared": "new",
    "restored": "put back: someone removed or weakened it in CXone",
    "strengthened": "the files set stronger terms",
    "corrected": "the files set other terms",
    "released": "released",
    "lapsed": "its term is over",
    "vanished": "its line was deleted or weakened",
}

DRIFT_TEXTS = {
    "removed": "removed in CXone by someone else: the next full read puts it back (dnc apply --read full)",
    "strengthened": "made stronger in CXone by someone else: kept",
    "unmanaged": "added in CXone by an agent or a script: an opt-out, left alone",
}


def terms_summary(api_terms: Mapping[str, Any] | None) -> str:
    """Say terms in a few words."""
    if api_terms is None:
        return "nothing"
    parts = [api_terms.get("reasonCode", ""), api_terms.get("expirationPolicy", ""), api_terms.get("end", "")]
    if not any(parts[:2]):  # a dialect that carries the end alone
        parts = [f"until {api_terms['end']}" if api_terms.get("end") else "without end"]
    terms_text = " ".join(part for part in parts if part)
    return f"{terms_text}, source {api_terms['source']}" if api_terms.get("source") else terms_text


def change_summary(change: Mapping[str, Any]) -> str:
    """Say what a change puts on, takes off or makes different."""
    if change["action"] == "update":
        return terms_difference(change["before"], change["after"])
    return terms_summary(change["before"] if change["after"] is None else change["after"])


def terms_difference(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    """Say what differs between two terms: each distinct pair is compared once."""
    return _difference(tuple(sorted((before or {}).items())), tuple(sorted((after or {}).items())))


@lru_cache(maxsize=4096)
def _difference(before: tuple[tuple[str, Any], ...], after: tuple[tuple[str, Any], ...]) -> str:
    # The source is written and never read back, so a live entry says nothing to compare it by. `expiredDate`
    # is how `end` goes over the wire.
    terms_before, terms_after = (
        {key: value for key, value in side if key not in {"source", "expiredDate"}}
        for side in (before, after)
    )
    return (
        ", ".join(
            f"{change.key} {_value(change.before)} → {_value(change.after)}"
            for change in nested_changes(terms_before, terms_after)
        )
        or "terms that only git has"
    )


def _value(value: object) -> str:
    return "none" if value == MISSING else str(value)


def no_report_text(tenant: str) -> str:
    """Say that there is no report of a tenant: nobody ran, or somebody removed the record."""
    return (
        f"there is no report of {tenant}: dnc apply writes the first; if there was one before, it was "
        "removed: run dnc audit verify"
    )


def not_at_remote_text(number: int) -> str:
    """Say how many reports only this clone has, and the command that pushes them."""
    return f"Not at the remote: {count_text(number, 'report')} (push: dnc audit push)"


def age_text(past_moment: datetime, now: datetime) -> str:
    """Say how long ago something was."""
    hours, seconds = divmod(max(0, round((now - past_moment).total_seconds())), 3600)
    if hours >= _DAY_HOURS:
        return f"{hours // 24} days"
    return f"{hours} hours" if hours > 1 else f"{hours * 60 + seconds // 60} minutes"


_LIMIT_TEXTS = {
    "maxRemovals": "safety.maxRemovals",
    "maxRemovalPercent": "safety.maxRemovalPercent",
    "least": "the minimum for a list",
    "young": "the minimum, because the reports of this list began less than 7 days ago",
}


def mismatch_text(budget: Mapping[str, Any] | None) -> str:
    """Say that another number than the plan's was allowed; empty where none was, or it is the plan's."""
    if not budget or budget["allowed"] is None or budget["allowed"] == budget["wanted"]:
        return ""
    return f"--allow-removals {budget['allowed']} does not match: the plan removes {budget['wanted']}"


def block_text(block: str, list_id: str, budget: Mapping[str, Any] | None = None) -> str:
    """Say what keeps numbers of a list; of the removal budget with its figures, where they are known."""
    figures = _list_budget(block, list_id, budget)
    if budget is None or figures is None:
        return BLOCK_TEXTS[block]
    left = (
        f"{figures['wanted']:,} to remove, {figures['left']:,} of {figures['limit']:,} left for the last 7 "
        f"days ({figures['used']:,} used; limit: {_LIMIT_TEXTS[figures['limited_by']]})"
    )
    if block == "budget" and (mismatch := mismatch_text(budget)):
        return f"{mismatch}; on {list_id} {left}"
    return f"{BLOCK_TEXTS[block]}: {left}"


def _list_budget(block: str, list_id: str, budget: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if not budget or block not in {"budget", "would-empty-list"}:
        return None
    return next((figures for figures in budget["lists"] if figures["list_id"] == list_id), None)


# What nothing but a line or a release settles.
_BLOCKS_FIXED_BY_EDITS = frozenset({"no-release", "release-does-not-fit", "later-opt-out"})


def fix_text(
    block: str,
    list_id: str,
    phones: Sequence[str],
    number_format: NumberFormat,
    budget: Mapping[str, Any] | None = None,
) -> str:
    """Say the fix of one reason, with the commands that settle it where there are any."""
    if budget and (figures := _list_budget(block, list_id, budget)):
        command = f"to remove all {budget['wanted']:,}: `{budget['command']}`"
        if block == "would-empty-list":
            return f"if the list is to end, {command}"
        if figures["wanted"] <= figures["left"]:
            return f"{command}; or run it without --allow-removals"
        return f"{command}; or split it over several days" if figures["limit"] else command
    if block not in _BLOCKS_FIXED_BY_EDITS:
        return FIXES[block]
    restore_command, release_command = edit_commands(list_id, phones, number_format)
    return f"{FIXES[block]}: `{restore_command}`, or `{release_command}`"


def block_sentences(
    change: Mapping[str, Any], number_format: NumberFormat, budget: Mapping[str, Any] | None = None
) -> Iterator[str]:
    """Say of each reason that keeps a change what it is, and its fix."""
    for block in change["blocked_by"]:
        fix = fix_text(block, change["list_id"], change["phones"], number_format, budget)
        yield f"{block_text(block, change['list_id'], budget)}; fix: {fix}"


def kept_reason(
    change: Mapping[str, Any], number_format: NumberFormat, budget: Mapping[str, Any] | None = None
) -> str:
    """Say in one cell why a change is not sent; empty where it is."""
    effect = "stays" if change["direction"] == "exposing" else "left out"
    return "; ".join(f"{effect}: {sentence}" for sentence in block_sentences(change, number_format, budget))


def edit_commands(list_id: str, phones: Sequence[str], number_format: NumberFormat) -> tuple[str, str]:
    """Give the commands that put lines back and that release their numbers.

    Where numbers are masked, or too many, NUMBER stands for them. REASON and EVIDENCE are always for people:
    a reason that was only pasted would be no reason.
    """
    shows_numbers = not number_format.is_masked and len(phones) <= number_format.samples
    numbers = " ".join(phones) if shows_numbers else "NUMBER"
    # An id as files have it. Any other is nothing to paste into a shell, or to show as code.
    name = list_id if is_list_id(list_id) else "LIST"
    return (
        f"dnc restore {numbers} --list {name}",
        f"dnc release {numbers} --list {name} --reason REASON --evidence EVIDENCE",
    )
