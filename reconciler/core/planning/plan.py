"""The plan: one frozen value that preview and apply both consume, and its JSON form."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, repeat
from operator import itemgetter
from typing import Any

from reconciler.core.model.deadline import Deadline
from reconciler.core.model.entries import Carried, Key, Terms
from reconciler.core.model.finding import Finding, finding_json
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Dialect, Target
from reconciler.core.planning.change import Action, BlockedBy, Change, Direction, Drift, Lane, lane
from reconciler.core.planning.cost import Cost, cost_of
from reconciler.core.planning.deadlines import open_requests, requests_json
from reconciler.core.planning.diff import differ, order
from reconciler.core.planning.guards import Circumstances, guard, within_ceiling
from reconciler.core.planning.inputs import Setting
from reconciler.core.planning.modifications import Present, overwrites
from reconciler.core.planning.permission import want
from reconciler.core.planning.state import Wanted

FORMAT_VERSION = "1.0"
_ROWS_AT_ONCE = 10_000  # written as JSON for the digest; a million would take a gigabyte
COUNTS = ("create", "update", "delete", "unchanged", "unmanaged", "blocked", "by_hand")


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen, what is held back and why, what others changed. `changes` is in order of sending.

    `overwrites` are the numbers whose entry somebody else touched last, and which would be written over.
    `met` is what the plan was made under: what holds back exposing changes holds back every end of a claim.
    """

    changes: tuple[Change, ...]
    drift: tuple[Drift, ...]
    unchanged: int
    wanted: Wanted
    complete: bool
    cost: Cost
    overwrites: frozenset[Key] = frozenset()
    met: Circumstances = field(default_factory=Circumstances)

    @property
    def summary(self) -> dict[str, int]:
        """Count what `apply` would do, what guards keep, and what is left to people."""
        counts = dict.fromkeys(COUNTS, 0)
        for change in self.changes:
            name = "by_hand" if change.by_hand else change.action.value if change.goes else "blocked"
            counts[name] += len(change.phones)
        counts["unchanged"] = self.unchanged
        counts["unmanaged"] = sum(len(d.phones) for d in self.drift if d.kind == "unmanaged")
        return counts

    def going(self, direction: Direction) -> tuple[Change, ...]:
        """Give what would be done in one direction, in order."""
        return tuple(c for c in self.changes if c.goes and c.direction is direction)

    @property
    def pending(self) -> int:
        """Count the numbers that `apply` would change."""
        return sum(len(c.phones) for c in self.changes if c.goes)

    @property
    def blocked(self) -> frozenset[Key]:
        """Name the numbers that guards keep; what is left to people is not among them."""
        kept = (c for c in self.changes if c.exposing and c.blocked_by and not c.by_hand)
        return frozenset(key for c in kept for key in c.keys)

    @property
    def over_ceiling(self) -> tuple[Change, ...]:
        """Give the creates that exceed CXone's ceiling."""
        return tuple(c for c in self.changes if BlockedBy.OVER_CEILING in c.blocked_by)

    @property
    def exposing(self) -> frozenset[tuple[Action, str, str]]:
        """Name the exposing changes that would be done."""
        return frozenset((c.action, *key) for c in self.going(Direction.EXPOSING) for key in c.keys)


def make_plan(setting: Setting, live: Live, met: Circumstances | None = None) -> Plan:
    """Make the plan for one reading of live. Pure: the same input gives the same plan."""
    met = met or Circumstances()
    history = Present(setting.history, met.wrote)
    wanted = want(setting, live, history, arriving=not met.arrived, holds_back=met.holds_back)
    difference = differ(wanted, setting, live)
    changes = order(guard(difference.changes, wanted, setting, live, met))
    changes = order(within_ceiling(changes, live))
    cost = cost_of(changes, live, setting.pace, setting.dialect.shape)
    over = overwrites(changes, live, setting.history)
    return Plan(changes, difference.drift, difference.unchanged, wanted, live.complete, cost, over, met)


def before_json(terms: Carried | None) -> dict[str, str] | None:
    """Say what live has, as far as the dialect tells."""
    if terms is None:
        return None
    told = {"reasonCode": terms.reason_code, "expirationPolicy": terms.expiration_policy}
    return {name: value for name, value in told.items() if value} | _end_json(terms)


def _end_json(terms: Carried) -> dict[str, str]:
    return {"end": terms.end.isoformat()} if terms.end else {}


def change_json(change: Change, dialect: Dialect) -> dict[str, Any]:
    """Say one change as the plan's JSON has it."""
    after: Terms | None = change.after
    return {
        "action": change.action.value,
        "list_id": change.list_id,
        "direction": change.direction.value,
        "reason": change.reason.value,
        "before": before_json(change.before),
        "after": None if after is None else {**dialect.wire(after), **_end_json(dialect.carried(after))},
        "blocked_by": [b.value for b in change.blocked_by],
        "due": due_json(change.due),
        "phones": list(change.phones),
    }


def due_json(due: Deadline | None) -> dict[str, str] | None:
    """Say a deadline: the last day, the day from which it is worth an alarm, and the rule that sets it."""
    if due is None:
        return None
    return {"on": due.due.isoformat(), "target": due.target.isoformat(), "rule": due.rule}


def digest(changes: Iterable[Change], dialect: Dialect, tenant: str, target: Target) -> str:
    """Name what would be done: tenant, target, and action, list, phone, reason and after of every number."""
    head = _compact([tenant, target.dialect, target.organisation, target.host]).removesuffix("]")
    told = hashlib.sha256(f"{head},[".encode())
    rows = _rows(changes, dialect)
    glue = ""
    while some := ",".join(islice(rows, _ROWS_AT_ONCE)):
        told.update(f"{glue}{some}".encode())
        glue = ","
    told.update(b"]]")
    return f"sha256:{told.hexdigest()}"


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _rows(changes: Iterable[Change], dialect: Dialect) -> Iterator[str]:
    """Give every number that would be changed as JSON, sorted; what many have in common is written once."""
    lists: dict[tuple[str, str], list[Change]] = {}
    for c in changes:
        if c.goes:
            lists.setdefault((c.action.value, c.list_id), []).append(c)
    for group, some in sorted(lists.items(), key=itemgetter(0)):
        ends: dict[str, str] = {}
        for c in some:
            after = "" if c.after is None else json.dumps(dict(dialect.wire(c.after)), sort_keys=True)
            ends.update(zip(c.phones, repeat(_compact([c.reason.value, after])[1:]), strict=False))
        start = _compact(group).removesuffix("]")
        # A number is digits behind a plus: JSON writes it as it is.
        yield from (f'{start},"{phone}",{ends[phone]}' for phone in sorted(ends))


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands over a plan: who made it, of what, when."""

    tool_version: str
    tenant: str
    target: Target | None
    revision: str | None
    held_revision: str | None
    as_of: date
    created_at: str


def plan_json(
    heading: Heading, plan: Plan, live: Live, dialect: Dialect, findings: Iterable[Finding]
) -> dict[str, Any]:
    """Say the plan as JSON, in the fixed form."""
    if heading.target is None:
        raise AssertionError
    return {
        **_head(heading),
        "digest": digest(plan.changes, dialect, heading.tenant, heading.target),
        "direction": lane(plan.changes).value,
        "applyable": plan.pending > 0,
        "complete": plan.complete,
        "errored": False,
        "live": live_json(live),
        "summary": plan.summary,
        "cost": {"requests": plan.cost.requests, "seconds": plan.cost.seconds},
        "changes": [change_json(c, dialect) for c in plan.changes],
        "drift": [drift_json(d) for d in plan.drift],
        "requests": requests_json(open_requests(plan.changes, heading.as_of)),
        "findings": [finding_json(f) for f in findings],
    }


def failed_json(heading: Heading, findings: Iterable[Finding]) -> dict[str, Any]:
    """Say that there is no plan: the same document, zero counts, the error among the findings."""
    return {
        **_head(heading),
        "digest": None,
        "direction": Lane.NONE.value,
        "applyable": False,
        "complete": False,
        "errored": True,
        "live": {"entries": 0, "unreadable": 0, "foreign": 0, "read_at": None},
        "summary": dict.fromkeys(COUNTS, 0),
        "cost": {"requests": 0, "seconds": 0.0},
        "changes": [],
        "drift": [],
        "requests": [],
        "findings": [finding_json(f) for f in findings],
    }


def _head(heading: Heading) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": heading.tool_version,
        "tenant": heading.tenant,
        "revision": heading.revision,
        "held_revision": heading.held_revision,
        "as_of": heading.as_of.isoformat(),
        "created_at": heading.created_at,
    }


def live_json(live: Live) -> dict[str, Any]:
    """Count what was read; `from` is there where it was not read now, but kept since `read_at`."""
    return {
        **({"from": "saved"} if live.saved else {}),
        "entries": live.entries,
        "unreadable": len(live.unreadable),
        "foreign": sum(live.foreign.values()),
        "read_at": live.read_at,
    }


def drift_json(drift: Drift) -> dict[str, Any]:
    """Say one kind of drift on one list."""
    return {"kind": drift.kind.value, "list_id": drift.list_id, "phones": list(drift.phones)}
