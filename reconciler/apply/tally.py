"""What became of every number: the outcomes, the requests as they went, and the error that ended a run."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from reconciler.model.claims import Key
from reconciler.model.errors import DncError
from reconciler.model.provider import Answer, Failure
from reconciler.planning.change import Action


class Outcome(StrEnum):
    """What became of one number's change: exactly one of these."""

    APPLIED = "applied"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    NOT_ATTEMPTED = "not-attempted"


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one number's change, and CXone's words where it refused."""

    outcome: Outcome
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it went: for the report's `chunks`."""

    action: str
    size: int
    answer: Answer


ChangeKey = tuple[Action, str, str]


class Results(MutableMapping[ChangeKey, Result]):
    """Results by action, list and number. A million take a number and a shared result each."""

    def __init__(self) -> None:
        self.counts: Counter[Outcome] = Counter()
        self._groups: dict[tuple[Action, str], dict[str, Result]] = {}

    def __getitem__(self, key: ChangeKey) -> Result:
        return self._groups[key[:2]][key[2]]

    def __setitem__(self, key: ChangeKey, result: Result) -> None:
        action, list_id, phone = key
        group = self._groups.setdefault((action, list_id), {})
        if (before := group.get(phone)) is not None:
            self.counts[before.outcome] -= 1
        self.counts[result.outcome] += 1
        group[phone] = result

    def __delitem__(self, key: ChangeKey) -> None:
        self.counts[self._groups[key[:2]].pop(key[2]).outcome] -= 1

    def __iter__(self) -> Iterator[ChangeKey]:
        return ((*group, phone) for group, results in self._groups.items() for phone in results)

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))

    def of(self, action: Action, list_id: str) -> Mapping[str, Result]:
        """Give the results of one action on one list, by number."""
        return self._groups.get((action, list_id), {})

    def having(self, outcomes: Collection[Outcome]) -> Iterator[ChangeKey]:
        """Give the keys that ended so; of most outcomes there is none, and that is known without a look."""
        if not any(self.counts[outcome] for outcome in outcomes):
            return
        for group, results in self._groups.items():
            yield from ((*group, phone) for phone, result in results.items() if result.outcome in outcomes)


# Nearly every number of a run ends in one of these.
_SHARED = {outcome: Result(outcome) for outcome in Outcome}


@dataclass(slots=True)
class Tally:
    """Everything that a run did. Filled by one thread, the one that called.

    `doubted` are the numbers of which CXone did not say that it stored what we sent, whatever a read showed
    afterwards, with the moment at which they were first asked for, on our clock: they may have been stored by
    somebody else before that.
    """

    results: Results = field(default_factory=Results)
    sent: list[Sent] = field(default_factory=list)
    error: DncError | None = None
    doubted: dict[Key, datetime] = field(default_factory=dict)

    def settle(self, key: ChangeKey, outcome: Outcome, failure: Failure | None = None) -> None:
        """Record one number's outcome."""
        self.results[key] = _SHARED[outcome] if failure is None else Result(outcome, failure)

    def having(self, *outcomes: Outcome) -> Iterator[ChangeKey]:
        """Give the changes that ended so."""
        return self.results.having(outcomes)

    @property
    def written(self) -> bool:
        """Tell whether anything may have been stored."""
        return any(self.having(Outcome.APPLIED, Outcome.UNKNOWN))
