"""The plan: one frozen value that preview and apply both consume, and its JSON form."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import islice, repeat
from operator import itemgetter
from typing import Any

from reconciler.core.model.deadline import Deadline
from reconciler.core.model.entries import Key, ProjectedTerms, Terms
from reconciler.core.model.finding import Finding, finding_to_json
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Dialect, Target
from reconciler.core.planning.change import (
    Action,
    BlockedBy,
    Change,
    Direction,
    Drift,
    PlanDirection,
    in_block_order,
    plan_direction,
)
from reconciler.core.planning.cost import Cost, estimate_cost
from reconciler.core.planning.coverage import no_coverage_json
from reconciler.core.planning.deadlines import open_requests, open_requests_to_json
from reconciler.core.planning.diff import authorized_changes, blocked_changes, diff, sort_changes
from reconciler.core.planning.guards import (
    Circumstances,
    RemovalBudget,
    apply_guards,
    block_over_ceiling,
    budget_of,
)
from reconciler.core.planning.inputs import PlanFacts
from reconciler.core.planning.modifications import CurrentHistory, overwritten_keys
from reconciler.core.planning.permission import resolve_target_state
from reconciler.core.planning.state import TargetState

FORMAT_VERSION = "1.0"
_ROWS_AT_ONCE = 10_000  # written as JSON for the digest; a million would take a gigabyte
COUNTS = ("create", "update", "delete", "unchanged", "unmanaged", "blocked", "by_hand")


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen, what is held back and why, what others changed. `changes` is in order of sending.

    `overwrites` are the numbers whose entry somebody else touched last, and which would be written over.
    `circumstances` is what the plan was made under: what holds back exposing changes holds back every end of
    a claim. `budget` is what would be removed against the limits.
    """

    changes: tuple[Change, ...]
    drift: tuple[Drift, ...]
    unchanged: int
    target_state: TargetState
    complete: bool
    cost: Cost
    overwrites: frozenset[Key] = frozenset()
    circumstances: Circumstances = field(default_factory=Circumstances)
    budget: RemovalBudget = field(default_factory=RemovalBudget)

    @property
    def summary(self) -> dict[str, int]:
        """Count what `apply` would do, what guards keep, and what is left to people."""
        counts = dict.fromkeys(COUNTS, 0)
        for change in self.changes:
            if change.by_hand or change.is_allowed:
                counts["by_hand" if change.by_hand else change.action.value] += len(change.phones)
        counts["blocked"] = len(self.blocked_keys) + sum(len(change.phones) for change in self.over_ceiling)
        counts["unchanged"] = self.unchanged
        counts["unmanaged"] = sum(len(d.phones) for d in self.drift if d.kind == "unmanaged")
        return counts

    def allowed_changes(self, direction: Direction) -> tuple[Change, ...]:
        """Give what would be done in one direction, in order."""
        return tuple(c for c in self.changes if c.is_allowed and c.direction is direction)

    @property
    def pending_count(self) -> int:
        """Count the numbers that `apply` would change."""
        return sum(len(c.phones) for c in self.changes if c.is_allowed)

    @property
    def blocked_keys(self) -> frozenset[Key]:
        """Name the numbers that guards keep; what is left to people is not among them."""
        blocked = (c for c in self.changes if c.is_exposing and c.blocked_by and not c.by_hand)
        return frozenset(key for c in blocked for key in c.keys)

    @property
    def blocks(self) -> Mapping[Key, tuple[BlockedBy, ...]]:
        """Say why guards keep each of these numbers; a number of which something else goes is left out."""
        blocks: dict[Key, tuple[BlockedBy, ...]] = {}
        going = {key[1:] for key in self.exposing_keys}
        for change in self.changes:
            if change.is_exposing and change.blocked_by and not change.by_hand:
                for key in change.keys:
                    if key not in going:
                        blocks[key] = in_block_order((*blocks.get(key, ()), *change.blocked_by))
        return blocks

    @property
    def over_ceiling(self) -> tuple[Change, ...]:
        """Give the creates that exceed CXone's ceiling."""
        return tuple(c for c in self.changes if BlockedBy.OVER_CEILING in c.blocked_by)

    @property
    def exposing_keys(self) -> frozenset[tuple[Action, str, str]]:
        """Name the exposing changes that would be done."""
        return frozenset((c.action, *key) for c in self.allowed_changes(Direction.EXPOSING) for key in c.keys)


def make_plan(inputs: PlanFacts, live: Live, circumstances: Circumstances | None = None) -> Plan:
    """Make the plan for one reading of live. Pure: the same input gives the same plan."""
    circumstances = circumstances or Circumstances()
    history = CurrentHistory(inputs.history, circumstances.written_keys)
    target_state = resolve_target_state(
        inputs,
        live,
        history,
        is_arriving=not circumstances.protective_sent,
        block_for=circumstances.block_for,
    )
    difference = diff(target_state, inputs, live, written_keys=circumstances.written_keys)
    found = difference.changes
    if live.is_unread:
        found += tuple(authorized_changes(target_state, inputs.dialect, (BlockedBy.INCOMPLETE_READ,)))
    changes = sort_changes(apply_guards(found, target_state, inputs, live, circumstances))
    changes = sort_changes(block_over_ceiling(changes, live))
    cost = estimate_cost(changes, live, inputs.rate, inputs.dialect.shape)
    overwritten = overwritten_keys(changes, live, inputs.history)
    return Plan(
        changes,
        difference.drift,
        difference.unchanged,
        target_state,
        live.complete,
        cost,
        overwritten,
        circumstances,
        budget_of(changes, inputs, circumstances),
    )


def make_expected_plan(inputs: PlanFacts, circumstances: Circumstances) -> Plan:
    """Make the plan's removals alone, where CXone was not read and has what was last applied.

    What others did in CXone since is not in it: a later opt-out, or a number that is gone already.
    """
    live = Live()
    history = CurrentHistory(inputs.history, circumstances.written_keys)
    target_state = resolve_target_state(
        inputs, live, history, is_arriving=True, block_for=circumstances.block_for
    )
    found = (*blocked_changes(target_state, inputs), *authorized_changes(target_state, inputs.dialect))
    changes = sort_changes(apply_guards(found, target_state, inputs, live, circumstances))
    return Plan(
        changes,
        (),
        0,
        target_state,
        complete=False,
        cost=Cost(0, 0),
        circumstances=circumstances,
        budget=budget_of(changes, inputs, circumstances),
    )


def budget_to_json(budget: RemovalBudget, command: str | None = None) -> dict[str, Any]:
    """Say what would be removed against the limits, by list; `command` would remove it all."""
    return {
        "wanted": budget.wanted,
        "allowed": budget.allowed,
        "command": command,
        "lists": [
            {
                "list_id": one.list_id,
                "wanted": one.wanted,
                "limit": one.limit,
                "limited_by": one.limited_by,
                "used": one.used,
                "left": one.left,
                "blocked": one.is_held_back,
            }
            for one in budget.lists
        ],
    }


def projection_to_json(terms: ProjectedTerms | None) -> dict[str, str] | None:
    """Say what live has, as far as the dialect tells."""
    if terms is None:
        return None
    fields = {"reasonCode": terms.reason_code, "expirationPolicy": terms.expiration_policy}
    return {name: value for name, value in fields.items() if value} | _end_to_json(terms)


def _end_to_json(terms: ProjectedTerms) -> dict[str, str]:
    return {"end": terms.end.isoformat()} if terms.end else {}


def change_to_json(change: Change, dialect: Dialect) -> dict[str, Any]:
    """Say one change as the plan's JSON has it."""
    after: Terms | None = change.after
    return {
        "action": change.action.value,
        "list_id": change.list_id,
        "direction": change.direction.value,
        "reason": change.reason.value,
        "before": projection_to_json(change.before),
        "after": None
        if after is None
        else {**dialect.write_fields(after), **_end_to_json(dialect.project(after))},
        "blocked_by": [b.value for b in change.blocked_by],
        "due": deadline_to_json(change.due),
        "phones": list(change.phones),
    }


def deadline_to_json(due: Deadline | None) -> dict[str, str] | None:
    """Say a deadline: the last day, the day from which it is worth an alarm, and the rule that sets it."""
    if due is None:
        return None
    return {"on": due.due.isoformat(), "target": due.target.isoformat(), "rule": due.rule}


def plan_digest(changes: Iterable[Change], dialect: Dialect, tenant: str, target: Target) -> str:
    """Name what would be done: tenant, target, and action, list, phone, reason and after of every number."""
    head = _compact([tenant, target.dialect, target.organisation, target.host]).removesuffix("]")
    sha256 = hashlib.sha256(f"{head},[".encode())
    rows = _rows(changes, dialect)
    glue = ""
    while chunk := ",".join(islice(rows, _ROWS_AT_ONCE)):
        sha256.update(f"{glue}{chunk}".encode())
        glue = ","
    sha256.update(b"]]")
    return f"sha256:{sha256.hexdigest()}"


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _rows(changes: Iterable[Change], dialect: Dialect) -> Iterator[str]:
    """Give every number that would be changed as JSON, sorted; what many have in common is written once."""
    lists: dict[tuple[str, str], list[Change]] = {}
    for c in changes:
        if c.is_allowed:
            lists.setdefault((c.action.value, c.list_id), []).append(c)
    for group, group_changes in sorted(lists.items(), key=itemgetter(0)):
        ends: dict[str, str] = {}
        for c in group_changes:
            after = "" if c.after is None else json.dumps(dict(dialect.write_fields(c.after)), sort_keys=True)
            ends.update(zip(c.phones, repeat(_compact([c.reason.value, after])[1:]), strict=False))
        start = _compact(group).removesuffix("]")
        # A number is digits behind a plus: JSON writes it as it is.
        yield from (f'{start},"{phone}",{ends[phone]}' for phone in sorted(ends))


class SourceKind(StrEnum):
    """Which files were planned."""

    COMMIT = "commit"  # of `revision`, as the commit has them
    WORKING_TREE = "working-tree"  # of the clone at `revision`, with files that differ from the commit
    MERGE = "merge"  # of `revision` merged into another branch
    NO_COMMIT = "no-commit"  # of a repository without a commit
    NO_REPOSITORY = "no-repository"  # of a folder outside of git


@dataclass(frozen=True, slots=True)
class PlanSource:
    """What was planned. `uncommitted` are the files that differ from the commit."""

    kind: SourceKind
    uncommitted: tuple[str, ...] = ()
    onto: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Say it as the plan's JSON has it."""
        return {"kind": self.kind.value, "uncommitted": list(self.uncommitted), "onto": self.onto}


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands over a plan: who made it, of what, when. `source` None: it is not known."""

    tool_version: str
    tenant: str
    target: Target | None
    revision: str | None
    last_applied_revision: str | None
    as_of: date
    created_at: str
    source: PlanSource | None = None


def cost_to_json(cost: Cost) -> dict[str, Any]:
    """Say what comes after planning."""
    return {"requests": cost.requests, "seconds": cost.seconds}


def plan_to_json(
    heading: Heading, plan: Plan, live: Live, dialect: Dialect, findings: Iterable[Finding]
) -> dict[str, Any]:
    """Say the plan as JSON, in the fixed form."""
    if heading.target is None:
        raise AssertionError
    return {
        **_head(heading),
        "digest": plan_digest(plan.changes, dialect, heading.tenant, heading.target),
        "direction": plan_direction(plan.changes).value,
        "applyable": plan.pending_count > 0,
        "complete": plan.complete,
        "errored": False,
        "live": live_to_json(live),
        "summary": plan.summary,
        "cost": cost_to_json(plan.cost),
        "budget": budget_to_json(plan.budget),
        "changes": [change_to_json(c, dialect) for c in plan.changes],
        "drift": [drift_to_json(d) for d in plan.drift],
        "requests": open_requests_to_json(open_requests(plan.changes, heading.as_of)),
        **no_coverage_json(),
        "findings": [finding_to_json(finding) for finding in findings],
    }


def failed_plan_to_json(heading: Heading, findings: Iterable[Finding]) -> dict[str, Any]:
    """Say that there is no plan: the same document, zero counts, the error among the findings."""
    return {
        **_head(heading),
        "digest": None,
        "direction": PlanDirection.NONE.value,
        "applyable": False,
        "complete": False,
        "errored": True,
        "live": {"entries": 0, "unreadable": 0, "foreign": 0, "read_at": None},
        "summary": dict.fromkeys(COUNTS, 0),
        "cost": {"requests": 0, "seconds": 0.0},
        "budget": budget_to_json(RemovalBudget()),
        "changes": [],
        "drift": [],
        "requests": [],
        **no_coverage_json(),
        "findings": [finding_to_json(finding) for finding in findings],
    }


def _head(heading: Heading) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": heading.tool_version,
        "tenant": heading.tenant,
        "revision": heading.revision,
        "held_revision": heading.last_applied_revision,
        "as_of": heading.as_of.isoformat(),
        "created_at": heading.created_at,
        "source": heading.source.to_json() if heading.source else None,
    }


def _live_origin(live: Live) -> str:
    if live.is_counted:
        return "counts"
    return "saved" if live.is_saved else "unread" if live.is_unread else ""


def live_to_json(live: Live) -> dict[str, Any]:
    """Count what was read; `from` is there where it was not read now, but kept since `read_at`."""
    return {
        **({"from": origin} if (origin := _live_origin(live)) else {}),
        "entries": live.entry_count,
        "unreadable": len(live.unreadable),
        "foreign": sum(live.foreign.values()),
        "read_at": live.read_at,
    }


def drift_to_json(drift: Drift) -> dict[str, Any]:
    """Say one kind of drift on one list."""
    return {"kind": drift.kind.value, "list_id": drift.list_id, "phones": list(drift.phones)}
