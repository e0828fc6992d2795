"""A provider that answers as told, for looking at one room at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reconciler.core.model.entries import Key, Policy, ProjectedTerms, ReasonCode, Terms
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Answer, ClockOffset, Dialect, Target, Verdict, Write
from reconciler.core.planning.change import Action, Change, Direction, Reason
from reconciler.cxone.entries.dialect import EntriesDialect

LIST = "dnc-a"
TARGET = Target("entries", "org-1", "cxone.test")
LOCAL = Terms(ReasonCode.LOCAL, Policy.NEVER)


def done(*_: object) -> Answer:
    return Answer(Verdict.ANSWERED, attempts=1)


@dataclass
class Scripted:
    """`on_upsert` and `on_remove` answer; what was sent is kept."""

    on_upsert: Callable[[Sequence[Write]], Answer] = done
    on_remove: Callable[[Key, str], Answer] = done
    on_read: Callable[[], Live] = Live
    on_total: Callable[[], int] = int
    dialect: Dialect = field(default_factory=EntriesDialect)
    target: Target = TARGET
    sent: list[list[str]] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def read(self, list_ids: frozenset[str]) -> Live:
        self.asked.append("read")
        return self.on_read()

    def total(self) -> int:
        self.asked.append("total")
        return self.on_total()

    def upsert(self, chunk: Sequence[Write]) -> Answer:
        self.sent.append([w.phone for w in chunk])
        return self.on_upsert(chunk)

    def remove(self, key: Key, entry_id: str) -> Answer:
        self.removed.append((key[1], entry_id))
        return self.on_remove(key, entry_id)

    def clock_offset(self) -> ClockOffset | None:
        return None


def phones(count: int) -> tuple[str, ...]:
    return tuple(f"+1212555{n:04d}" for n in range(100, 100 + count))


def upserting(numbers: Sequence[str], action: Action = Action.CREATE, terms: Terms = LOCAL) -> Change:
    before = None if action is Action.CREATE else ProjectedTerms("UNKNOWN", "NEVER")
    return Change(action, LIST, Direction.PROTECTIVE, Reason.DECLARED, before, terms, tuple(numbers))


def deleting(numbers: Sequence[str]) -> Change:
    before = ProjectedTerms("LOCAL", "NEVER")
    return Change(Action.DELETE, LIST, Direction.EXPOSING, Reason.RELEASED, before, None, tuple(numbers))
