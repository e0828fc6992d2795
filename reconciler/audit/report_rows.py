"""The parts of a report, typed: each reads its fields from the JSON when they are asked for.

`fields` is the JSON as it was read, so a part that is passed on keeps what a later version added.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from reconciler.core.model.entries import Hold, Key, Policy, ReasonCode, Terms
from reconciler.core.model.provider import Target
from reconciler.core.planning.change import BlockedBy
from reconciler.core.planning.state import AppliedEntry

Window = tuple[datetime, datetime]
"""From the first moment to the last."""


@dataclass(frozen=True, slots=True)
class Link:
    """The report before: where it is, and the SHA-256 of its bytes."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Row:
    """A part of a report as it was read."""

    fields: Mapping[str, Any]


class NumberRow(Row):
    """Numbers of one list that the report says the same of."""

    __slots__ = ()

    @property
    def list_id(self) -> str:
        """The list, as the files name it."""
        return str(self.fields["list_id"])

    @property
    def phones(self) -> Sequence[str]:
        """The numbers."""
        phones: Sequence[str] = self.fields["phones"]
        return phones

    @property
    def keys(self) -> Iterator[Key]:
        """The numbers, each with its list."""
        list_id = self.list_id
        return ((list_id, phone) for phone in self.phones)


# Why a number stays, as a row of `kept` calls it.
BLOCKED = "blocked"  # a guard keeps it
BY_HAND = "by-hand"  # `removal: none` leaves its removal to people
NOT_REMOVED = "not-removed"  # its removal was sent without success, or was not attempted
LISTED = "listed"  # the files list it all the same: nothing would change in CXone
RETAINED_KINDS = (BLOCKED, BY_HAND, NOT_REMOVED, LISTED)


class RetainedRow(NumberRow):
    """Numbers that stay although the files no longer list them, with the claim that keeps them."""

    __slots__ = ()

    @property
    def path(self) -> str:
        """The file that last had them."""
        return str(self.fields["path"])

    @property
    def blocked_by(self) -> tuple[str, ...]:
        """Why they stay."""
        return tuple(self.fields["blocked_by"])

    @property
    def kind(self) -> str:
        """What they stay for, one of RETAINED_KINDS; a report of an earlier version does not say it."""
        return str(self.fields.get("kind") or (BLOCKED if self.blocked_by else NOT_REMOVED))

    @property
    def guards(self) -> tuple[BlockedBy, ...]:
        """Why they stay, as the planning names it."""
        return tuple(BlockedBy(why) for why in self.fields["blocked_by"])

    @property
    def terms_json(self) -> Mapping[str, Any]:
        """Their terms as the report writes them."""
        terms: Mapping[str, Any] = self.fields["terms"]
        return terms

    @property
    def since(self) -> str | None:
        """The moment since when they have been held, as the report writes it."""
        since: str | None = self.fields["since"]
        return since

    @property
    def entry(self) -> AppliedEntry:
        """The claim that keeps them. One without a revision is of no file that git has."""
        day = self.fields.get("retrieved_on")
        return AppliedEntry(
            self.path,
            _terms_from_json(self.terms_json),
            datetime.fromisoformat(self.since) if self.since else None,
            retrieved_on=date.fromisoformat(day) if day else None,
            last_revision=self.fields.get("held_at") or "",
            is_own_ended=bool(self.fields.get("ended")),
        )


class OpenRow(NumberRow):
    """Requests of one list that are not live yet, with the day by which they must be."""

    __slots__ = ()

    @property
    def rule(self) -> str | None:
        """The rule that sets the day."""
        rule: str | None = self.fields["rule"]
        return rule

    @property
    def due(self) -> date:
        """The last day on which they are in time."""
        return date.fromisoformat(self.fields["due"])

    @property
    def is_past(self) -> bool:
        """Whether that day was over when the run ended."""
        return bool(self.fields["past"])


class LateRow(NumberRow):
    """Requests of one list that this run made live after their day."""

    __slots__ = ()

    @property
    def rule(self) -> str | None:
        """The rule that sets the day."""
        rule: str | None = self.fields["rule"]
        return rule

    @property
    def requested_on(self) -> date:
        """The day of the request."""
        return date.fromisoformat(self.fields["requested_on"])

    @property
    def due(self) -> date:
        """The last day on which they would have been in time."""
        return date.fromisoformat(self.fields["due"])

    @property
    def days_late(self) -> int:
        """The days between that day and the day on which they went live."""
        return int(self.fields["days_late"])


class Requests(Row):
    """What a run made live of what people asked for, and what is still open. An earlier version has none."""

    __slots__ = ()

    @property
    def in_time(self) -> int | None:
        """How many had a day and went live by it; None: the report does not count them."""
        in_time: int | None = self.fields.get("in_time")
        return in_time

    @property
    def counts_by_days(self) -> Mapping[int, int]:
        """How many went live, by the days that they took."""
        return {int(days): count for days, count in self.fields.get("took", {}).items()}

    @property
    def is_without_counts(self) -> bool:
        """Whether some went live, and the report does not count them by days: an earlier version wrote it."""
        return "took" not in self.fields and self.fields.get("days", {}).get("max") is not None

    @property
    def late(self) -> tuple[LateRow, ...]:
        """Those that went live after their day."""
        return tuple(map(LateRow, self.fields.get("late", ())))

    @property
    def open(self) -> tuple[OpenRow, ...]:
        """Those that are not live yet."""
        return tuple(map(OpenRow, self.fields.get("open", ())))


class FailureRow(Row):
    """One number that was not written, and what CXone answered."""

    __slots__ = ()

    @property
    def key(self) -> Key:
        """The number with its list."""
        return self.fields["list_id"], self.fields["phone"]

    @property
    def action(self) -> str:
        """What was to be done."""
        return str(self.fields["action"])

    @property
    def outcome(self) -> str:
        """What became of it."""
        return str(self.fields["outcome"])

    @property
    def code(self) -> str:
        """CXone's code; empty where it gave none."""
        return str(self.fields["code"])

    @property
    def message(self) -> str:
        """CXone's words; empty where it gave none."""
        return str(self.fields["message"])


class ChunkRow(Row):
    """One write request."""

    __slots__ = ()

    @property
    def attempts(self) -> int:
        """How often it was sent."""
        return int(self.fields["attempts"])

    @property
    def conflicts(self) -> int:
        """How many of its numbers somebody else had changed."""
        return int(self.fields["conflicts"])


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a run's write requests took, in milliseconds."""

    p50: float
    p95: float
    longest: float


class ReadBack(Row):
    """The verification read after the writes."""

    __slots__ = ()

    @property
    def is_full(self) -> bool:
        """Whether it read every list."""
        return bool(self.fields["how"] == "full")

    @property
    def is_complete(self) -> bool:
        """Whether it read without a gap. Reports of the first version tell of no gaps."""
        return bool(self.fields.get("complete", True))

    @property
    def at(self) -> str:
        """When it began, as the report writes it; empty where CXone could not be read."""
        return str(self.fields["at"] or "")

    @property
    def removals_seen(self) -> bool | None:
        """Whether what was removed after it was looked up again; None: nothing was, or nobody knows."""
        seen: bool | None = self.fields.get("removals_seen")
        return seen


class ListCount(Row):
    """What was live on one list: how many numbers, and the SHA-256 of the sorted lines."""

    __slots__ = ()

    @property
    def count(self) -> int:
        """How many numbers."""
        return int(self.fields["count"])

    @property
    def sha256(self) -> str:
        """The name of exactly these numbers under their terms."""
        return str(self.fields["sha256"])


class UnreportedRunRow(Row):
    """A run before this one that ended without a report, as its journal told of it."""

    __slots__ = ()

    @property
    def revision(self) -> str:
        """The commit that it applied."""
        return str(self.fields["revision"])

    @property
    def started_at(self) -> str:
        """When it began, which names it: as its report would say it."""
        return str(self.fields["started_at"])

    @property
    def target(self) -> Target:
        """The CXone that it wrote to."""
        return target_from_json(self.fields["target"])

    @property
    def unanswered(self) -> int:
        """How many of its requests got no answer."""
        return int(self.fields["chunks"]["unanswered"])

    @property
    def numbers(self) -> int:
        """How many numbers it sent."""
        return int(self.fields["numbers"])

    @property
    def write_window(self) -> Window | None:
        """When it can have written, on CXone's clock; None: it wrote nothing."""
        return window_from_json(self.fields)

    @property
    def removed(self) -> Mapping[str, int]:
        """By list how many numbers it took off, or may have."""
        removed: Mapping[str, int] = self.fields.get("removed", {})
        return removed

    @property
    def assignments(self) -> Sequence[Mapping[str, str]]:
        """The skills that it was adding to lists' groups, each with its outcome."""
        rows: Sequence[Mapping[str, str]] = self.fields.get("assignments", ())
        return rows


class LingeringHold(Row):
    """A hold that is gone from the files, and was still in force."""

    __slots__ = ()

    @property
    def hold(self) -> Hold:
        """The hold as its file had it."""
        fields = self.fields
        return Hold(
            fields["matter"],
            date.fromisoformat(fields["from"]),
            date.fromisoformat(fields["until"]) if fields["until"] else None,
            frozenset(fields["phones"]),
            fields["list_id"],
            everything=fields["everything"],
            path=fields["path"],
        )

    @property
    def since(self) -> datetime:
        """When the first run began whose report says that it is gone."""
        return datetime.fromisoformat(self.fields["since"])


@dataclass(frozen=True, slots=True)
class ConfiguredLimits:
    """The safety limits that a run saw configured."""

    max_removals: int
    max_removal_percent: float
    approvals: int


class RunError(Row):
    """Why a run failed."""

    __slots__ = ()

    @property
    def exit_code(self) -> int:
        """The exit code of its command."""
        return int(self.fields["exit_code"])

    @property
    def fact(self) -> str:
        """What was wrong."""
        return str(self.fields.get("fact") or "")

    @property
    def where(self) -> str:
        """The place; empty where there is none."""
        return str(self.fields["where"] or "")

    @property
    def revision(self) -> str:
        """The commit that was checked out; empty where there was none."""
        return str(self.fields["revision"] or "")


def keys_in(rows: Iterable[NumberRow]) -> frozenset[Key]:
    """Give the numbers of rows, each with its list."""
    return frozenset(key for row in rows for key in row.keys)


def count_numbers(rows: Iterable[NumberRow]) -> int:
    """Count the numbers of rows."""
    return sum(len(row.phones) for row in rows)


def target_from_json(fields: Mapping[str, Any]) -> Target:
    """Read which CXone a report or a journal names."""
    return Target(fields["dialect"], fields["organisation"], fields["host"])


def window_from_json(fields: Mapping[str, Any], name: str = "write_window") -> Window | None:
    """Read when a run can have written; None where it wrote nothing, or an earlier version does not say."""
    window = fields.get(name)
    if window is None:
        return None
    return datetime.fromisoformat(window["from"]), datetime.fromisoformat(window["to"])


def _terms_from_json(fields: Mapping[str, Any]) -> Terms:
    return Terms(
        ReasonCode(fields["reasonCode"]),
        Policy(fields["expirationPolicy"]),
        date.fromisoformat(fields["end"]) if fields["end"] else None,
        date.fromisoformat(fields["requestedOn"]) if fields["requestedOn"] else None,
        fields["source"],
        fields["jurisdiction"],
    )
