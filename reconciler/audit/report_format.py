"""What everybody who reads a report, or the plan beside it, relies on. Tests run every report through it."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from reconciler.audit.json_shapes import (
    COMMIT,
    DAY,
    DAYS,
    FLAG,
    HASH,
    MOMENT,
    NUMBER,
    PERCENT,
    PHONE,
    PHONES,
    PLACE,
    RUN_DAY,
    TEXT,
    WHOLE,
    Shape,
    fields,
    maybe,
    one_of,
    pairs,
    parse_moment,
    rows,
    simple,
)
from reconciler.audit.report_rows import RETAINED_KINDS
from reconciler.core.model.entries import REGISTRY_REASONS, Policy, ReasonCode, ReleaseReason
from reconciler.core.model.run_result import KINDS, StoppedBy
from reconciler.core.planning.change import Action, BlockedBy, Direction, DriftKind, Reason

FORMAT_VERSION = "1.0"
REPEATS = frozenset({"failed", "reanchored"})  # such a report repeats what the one before told
_STATUS = ("complete", "partial", "interrupted", "in-sync", *sorted(REPEATS))
_OUTCOMES = ("applied", "rejected", "unknown", "not-attempted")
_COUNTS = (
    *("create", "update", "delete", "blocked", "by_hand"),
    *("applied", "rejected", "unknown", "not_attempted"),
)
_DECADES = 10**9  # seconds: no two clocks of this century are further apart
_SLIP = timedelta(days=2)  # the day is taken before CXone is read, and 12 hours behind UTC


def _read_at(moment: Any) -> str:  # noqa: ANN401  (JSON)
    """Allow nothing where CXone could not be read."""
    return MOMENT(moment) if moment else ""


def _terms_contradiction(terms: Mapping[str, Any]) -> str:
    dated = terms["expirationPolicy"] != Policy.NEVER
    if terms["end"] and not dated:
        return ".end: the policy is NEVER, and there is an end"
    if dated and not terms["end"] and terms["reasonCode"] not in REGISTRY_REASONS:
        return f".end: missing, and the policy is {terms['expirationPolicy']}"
    return ""


_LIST: dict[str, Shape] = {"list_id": TEXT, "phones": PHONES}
_TERMS = fields(
    {
        "reasonCode": one_of(ReasonCode),
        "expirationPolicy": one_of(Policy),
        "end": maybe(DAY),
        "requestedOn": maybe(DAY),
        "source": TEXT,
        "jurisdiction": maybe(TEXT),
    },
    check=_terms_contradiction,
)
_TARGET: dict[str, Shape] = {"dialect": TEXT, "organisation": TEXT, "host": TEXT}
_WINDOW = maybe(fields({"from": MOMENT, "to": MOMENT}))
_OFFSET = maybe(
    simple(
        lambda told: len(told) == 2 and all(NUMBER(s) == "" and abs(s) < _DECADES for s in told),  # noqa: PLR2004
        "not two numbers of seconds, or beyond all bounds",
    )
)
_LINK = fields({"path": TEXT, "sha256": HASH})
_BLOCKED = rows(one_of(BlockedBy))
_PERSON = fields({"name": TEXT, "email?": maybe(TEXT)})
_LIMITS: dict[str, Shape] = {"max_removals": WHOLE, "max_removal_percent": PERCENT, "approvals?": WHOLE}
_LIST_HASHES = pairs(TEXT, fields({"count": WHOLE, "sha256": TEXT}))
_OPEN = fields({**_LIST, "rule": maybe(TEXT), "due": DAY, "past": FLAG})
_LATE = fields({**_LIST, "requested_on": DAY, "due": DAY, "rule": maybe(TEXT), "days_late": WHOLE})
_REQUEST = fields(
    {
        "reference": TEXT,
        "merger?": maybe(TEXT),
        "approvers?": maybe(rows(TEXT)),
        "how?": TEXT,
        "self_approved?": maybe(FLAG),
    }
)
_EXPOSING = fields(
    {
        **_LIST,
        "action": one_of(Action),
        "count": WHOLE,
        "permission": TEXT,
        "author": maybe(_PERSON),
        "commit": maybe(TEXT),
        "merge_request": maybe(_REQUEST),
        "blocked_by": rows(TEXT),
        "file?": maybe(TEXT),
        "release?": maybe(TEXT),
        "evidence?": maybe(TEXT),
        "approved_by?": maybe(TEXT),
        "self_approved?": maybe(FLAG),
    }
)
_ACTORS = fields(
    {
        "triggerer?": fields({"login": TEXT, "how": TEXT, "by": TEXT}),
        "unknown?": rows(TEXT),
        "authors?": rows(fields({"name": TEXT, "email": maybe(TEXT), "commits": WHOLE, "how": TEXT})),
        "merge_requests?": rows(_REQUEST),
        "exposing?": rows(_EXPOSING),
    },
    check=lambda told: "" if not told or {"triggerer", "unknown"} <= told.keys() else ": incomplete",
)
_RUN_FACTS = fields(
    {
        "package": fields({"sha256": TEXT, "record": TEXT}),
        "python": TEXT,
        "organisation": fields({"told": maybe(TEXT)}),
        "credential": fields({"fingerprint": maybe(TEXT), "why?": TEXT}),
        "clock_skew": fields({"seconds": maybe(NUMBER), "limit_seconds": NUMBER, "within": maybe(FLAG)}),
    }
)
_SKILL: dict[str, Shape] = {"skill_id": TEXT, "name": TEXT}
_SKILLS = rows(fields({**_SKILL, "strategy": TEXT, "running": FLAG}))
_COVERAGE = fields(
    {
        "list_id": TEXT,
        "group": TEXT,
        "honoured": WHOLE,
        "uncovered": _SKILLS,
        "excepted": rows(fields({**_SKILL, "reference": TEXT})),
        "unstoppable": _SKILLS,
        "contributing?": WHOLE,
    }
)
_ASSIGNMENT = fields(
    {
        **_SKILL,
        "list_id": TEXT,
        "group": TEXT,
        "outcome": one_of(_OUTCOMES),
        "code": TEXT,
        "message": TEXT,
    }
)
_RETAINED = fields(
    {
        **_LIST,
        "path": TEXT,
        "terms": _TERMS,
        "since": maybe(MOMENT),
        "retrieved_on?": maybe(DAY),
        "held_at?": maybe(COMMIT),
        "ended?": FLAG,
        "blocked_by": _BLOCKED,
        "kind?": one_of(RETAINED_KINDS),
    }
)
_HOLD = fields(
    {
        "matter": TEXT,
        "path": TEXT,
        "from": DAY,
        "until": maybe(DAY),
        "list_id": maybe(TEXT),
        "everything": FLAG,
        "phones": PHONES,
        "since": MOMENT,
    }
)
_BREAK = fields({"path": TEXT, "kind": TEXT, "about": TEXT, "said": TEXT, "found": TEXT})


def _first_contradiction(report: Mapping[str, Any]) -> str:
    """Say where fields contradict each other; clocks may be set, but not by days within one run."""
    return next(_contradictions(report), "")


def _contradictions(report: Mapping[str, Any]) -> Iterator[str]:
    started, finished = parse_moment(report["started_at"]), parse_moment(report["finished_at"])
    if started > finished:
        yield ".started_at: after finished_at"
    if (report["seq"] == 1) != (report["previous"] is None):
        yield ".previous: only the report with number 1 follows none"
    if report["status"] == "reanchored" and not report.get("reanchor"):
        yield ".reanchor: missing, and the status is reanchored"
    if report["status"] not in REPEATS:
        clock, as_of = report["clock"], date.fromisoformat(report["as_of"])
        nearby_days = [
            _day(started),
            *(_day(parse_moment(cxone_time)) for cxone_time in [clock.get("cxone")] if cxone_time),
        ]
        if all(abs(as_of - day) > _SLIP for day in nearby_days) and not _was_clock_set_forward(
            clock, started, as_of
        ):
            yield ".as_of: not the day of started_at"
    # A hold may go by the later of the two clocks: an earlier one would end it sooner. What only repeats the
    # report before has CXone's clock from nowhere, and leaves it as it is.
    latest = max(finished, parse_moment(report["clock"].get("cxone") or report["finished_at"]))
    bounds = {"kept": finished} | ({} if report["status"] in REPEATS else {"lingering_holds": latest})
    for name, bound in bounds.items():
        for n, row in enumerate(report.get(name, ())):
            if row["since"] and parse_moment(row["since"]) > bound:
                yield f".{name}[{n}].since: after finished_at"


def _was_clock_set_forward(clock: Mapping[str, Any], started: datetime, as_of: date) -> bool:
    """Tell whether our clock was set forward since the plan, of whose clocks the earlier told the day.

    By an earlier day more is held, so that day harms nobody; a later one would hold less.
    """
    return "planned" in clock and as_of <= _day(parse_moment(clock["planned"])) < _day(started)


def _day(moment: datetime) -> date:
    return date.fromordinal((moment - timedelta(hours=12)).toordinal())


REPORT = fields(
    {
        "format_version": TEXT,
        "tool_version": TEXT,
        "seq": PLACE,
        "previous": maybe(_LINK),
        "tenant": TEXT,
        "plan_sha256": HASH,
        "target": fields({**_TARGET, "groups?": pairs(TEXT, TEXT)}),
        "revision": COMMIT,
        "held_revision": maybe(COMMIT),
        "as_of": RUN_DAY,
        "plan_digest": TEXT,
        "actor": fields({"name": TEXT, "email?": maybe(TEXT), "commit_author?": maybe(TEXT), "how": TEXT}),
        "pipeline": maybe(pairs(TEXT, TEXT)),
        "hashes": fields({"lists": TEXT, "rules": TEXT, "configuration": TEXT}),
        "safety": fields({**_LIMITS, "configured?": fields(_LIMITS), "removal_note?": TEXT}),
        "overrides": fields({"allow_removals?": WHOLE, "accept_history?": FLAG, "by?": TEXT}),
        "started_at": MOMENT,
        "finished_at": MOMENT,
        "status": one_of(_STATUS),
        "summary": fields(dict.fromkeys(_COUNTS, WHOLE) | {"unmanaged?": WHOLE, "unchanged?": WHOLE}),
        "chunks": rows(fields({"attempts": WHOLE, "conflicts": WHOLE})),
        "latency_ms": fields(dict.fromkeys(("p50", "p95", "max"), maybe(NUMBER))),
        "failures": rows(
            fields(
                {
                    "action": one_of(Action),
                    "list_id": TEXT,
                    "phone": PHONE,
                    "outcome": one_of(_OUTCOMES),
                    "code": TEXT,
                    "message": TEXT,
                }
            )
        ),
        "not_live": rows(fields(_LIST)),
        "counted?": rows(fields(_LIST)),
        "kept": rows(_RETAINED),
        "releases_used?": pairs(TEXT, WHOLE),
        "others?": pairs(TEXT, WHOLE),
        "touched?": maybe(pairs(TEXT, WHOLE)),
        "lingering_holds?": rows(_HOLD),
        "invalid?": rows(
            fields(
                {
                    "file": TEXT,
                    "line": WHOLE,
                    "path": TEXT,
                    "rule": TEXT,
                    "message": TEXT,
                    "held_at": maybe(COMMIT),
                }
            )
        ),
        "restored": rows(fields(_LIST)),
        "restored_windows?": rows(fields({**_LIST, "verified_at": maybe(MOMENT), "seen_at": MOMENT})),
        "adopted?": rows(fields({"list_id": TEXT, "count": WHOLE})),
        "renewed?": rows(fields({"list_id": TEXT, "count": WHOLE})),
        "read_back": maybe(
            fields(
                {
                    "how": TEXT,
                    "at": _read_at,
                    "complete?": FLAG,
                    "entries": maybe(WHOLE),
                    "removals_seen?": maybe(FLAG),
                }
            )
        ),
        "clock": fields(
            {"ours?": MOMENT, "cxone?": maybe(MOMENT), "offset_seconds?": _OFFSET, "planned?": MOMENT}
        ),
        "write_window?": _WINDOW,
        "unmanaged_after?": WHOLE,
        "registry_twins?": rows(TEXT),
        "early?": fields({"numbers": WHOLE, "requests": WHOLE, "window": _WINDOW}),
        "removed?": pairs(TEXT, WHOLE),
        "done?": pairs(one_of(KINDS), WHOLE),
        "unverified?": pairs(TEXT, WHOLE),
        "stopped_by?": maybe(one_of(StoppedBy)),
        "interrupted?": rows(
            fields(
                {
                    "revision": TEXT,
                    "started_at": MOMENT,
                    "target": fields(_TARGET),
                    "chunks": fields({"unanswered": WHOLE}),
                    "numbers": WHOLE,
                    "write_window": _WINDOW,
                    "removed": pairs(TEXT, WHOLE),
                    "assignments?": rows(fields({"list_id": TEXT, "skill_id": TEXT, "outcome": TEXT})),
                }
            )
        ),
        "requests?": fields(
            {
                "days?": fields(dict.fromkeys(("p50", "p95", "max"), maybe(WHOLE))),
                "in_time?": WHOLE,
                "took?": pairs(DAYS, WHOLE),
                "late?": rows(_LATE),
                "open?": rows(_OPEN),
            }
        ),
        "alarms?": rows(fields({"message": TEXT})),
        "live": fields({"before": maybe(_LIST_HASHES), "after": maybe(_LIST_HASHES)}),
        "reasons?": pairs(TEXT, pairs(TEXT, WHOLE)),
        "error?": maybe(fields({"exit_code": WHOLE, "fact": TEXT, "where": TEXT, "revision": maybe(TEXT)})),
        "actors?": _ACTORS,
        "coverage?": rows(_COVERAGE),
        "coverage_read_at?": maybe(MOMENT),
        "coverage_names?": pairs(TEXT, fields({"ids": rows(TEXT), "found": rows(TEXT)})),
        "assignments?": rows(_ASSIGNMENT),
        "ran?": lambda told: "" if told == {} else _RUN_FACTS(told),
        "reanchor?": fields(
            {
                "heads": pairs(TEXT, TEXT),
                "reason": TEXT,
                "evidence": TEXT,
                "breaks": rows(_BREAK),
                "passed_over?": rows(_LINK),
                "left_out?": rows(_LINK),
            }
        ),
        "passed_over?": rows(_LINK),
    },
    check=_first_contradiction,
)

_CHANGE = fields(
    {
        **_LIST,
        "action": one_of(Action),
        "direction": one_of(Direction),
        "reason": one_of(Reason),
        "before": maybe(pairs(TEXT, maybe(TEXT))),
        "after": maybe(pairs(TEXT, maybe(TEXT))),
        "blocked_by": _BLOCKED,
        "outcome": one_of(_OUTCOMES),
    }
)

PLAN = fields(
    {
        "changes": rows(_CHANGE),
        "drift": rows(fields({**_LIST, "kind": one_of(DriftKind)})),
        "overwrites?": rows(fields(_LIST)),
        "interrupted_off?": rows(fields(_LIST)),
        "releases_used?": rows(
            fields({**_LIST, "released_on": DAY, "reason": one_of(ReleaseReason), "evidence": TEXT})
        ),
        "others?": rows(fields({**_LIST, "reason": maybe(TEXT)})),
        "touched?": rows(fields({**_LIST, "at": MOMENT})),
        "doubted?": rows(fields({**_LIST, "since": MOMENT})),
        "interrupted?": rows(rows(fields({**_LIST, "since": MOMENT}))),
        "adopted?": rows(fields(_LIST)),
        "renewed?": rows(fields(_LIST)),
        "complete?": FLAG,
        "live?": fields({"read_at": _read_at, "foreign?": WHOLE, "unreadable?": WHOLE}),
    }
)
