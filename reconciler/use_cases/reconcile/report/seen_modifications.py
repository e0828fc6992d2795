"""What others did to entries that we hold, as a run saw it: on record before anybody can take it away.

An entry that somebody modified and that somebody then removed comes back as one of ours. What it showed is
known from then on only by the report of a run that saw it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import takewhile

from reconciler.audit.json_shapes import bound_moment
from reconciler.audit.report import StoredReport
from reconciler.core.apply.run import Run
from reconciler.core.model.entries import Key
from reconciler.core.model.entry_table import phones_modified
from reconciler.core.model.live import Live
from reconciler.core.planning.modifications import Modification, modification_of, parse_modification
from reconciler.use_cases.reconcile.last_applied import Past
from reconciler.use_cases.reconcile.reported_numbers import write_window_of
from reconciler.use_cases.workspace.context import is_within


def seen_modifications(past: Past, run: Run) -> Mapping[Key, datetime]:
    """Give the held numbers whose entry somebody else modified since the last look, each with the moment.

    On CXone's clock, in UTC; of a time without a zone the latest that it may be. What this run wrote itself
    is for the next one to judge: by then it is told by this run's write window.
    """
    if past.last_applied.revision is None:
        return {}
    last_report = _last_full_read(past)
    modifications: dict[Key, datetime] = {}
    wrote = run.written_keys | run.plan.overwrites
    for live in (run.live_before, run.live_after) if run.read_back == "full" else (run.live_before,):
        for key, moment in _foreign_modifications(past, live, last_report):
            if key not in wrote or live is run.live_before:
                modifications[key] = max(moment, modifications.get(key, moment))
    return modifications


def _last_full_read(past: Past) -> StoredReport | None:
    """Find the newest report of a run that read all there was, and so saw every earlier modification."""
    reports = takewhile(past.history.is_same_target, past.history.walk)
    return next(
        (stored_report for stored_report in reports if stored_report.report.modified_counts is not None), None
    )


def _foreign_modifications(
    past: Past, live: Live, last_report: StoredReport | None
) -> Iterator[tuple[Key, datetime]]:
    since = last_report.report.earliest_start if last_report else None

    def is_new(text: str | None) -> bool:
        modification = parse_modification(text)
        return modification is not None and (since is None or modification.latest >= since)

    for list_id, entries in live.lists.items():
        for phone in phones_modified(entries, is_new):
            key = (list_id, phone)
            modification = modification_of(entries[phone])
            if modification is None or key not in past.last_applied:
                continue
            moment = _reported_moment(modification)
            if last_report and _is_known(past, last_report, key, modification):
                continue
            if past.history.is_ours(key, modification.at):
                continue
            first_applied = past.history.applied_since(key, next(past.last_applied.entries(key)))
            if first_applied is None or modification.latest >= first_applied:
                yield key, moment


def _reported_moment(modification: Modification) -> datetime:
    """Give the moment as a report has it: CXone may tell any, and a report only the years of runs."""
    return bound_moment(modification.latest)


def _is_known(past: Past, last_report: StoredReport, key: Key, modification: Modification) -> bool:
    """Tell whether the run of the last look wrote the entry then, or its report has this very touch.

    What it wrote over somebody else's counts as theirs since the beginning of that run.
    """
    plan_facts = past.history.walk.plan_facts(last_report)
    window = write_window_of(past.history.walk, last_report, key)
    if plan_facts["touched"].get(key) == _reported_moment(modification):
        return True
    is_certain = (key in plan_facts["wrote"] and key not in plan_facts["doubted"]) or key in plan_facts[
        "overwrote"
    ]
    return is_certain and window is not None and is_within(window, modification.at)
