"""A run that no report tells of: what its journal says that it sent, and what was answered."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import orjson

from reconciler.audit.report_rows import target_in
from reconciler.core.model.entries import Key
from reconciler.core.model.provider import Target, Verdict

# Connecting may take 5 s and the answer 25 s: so long can a request be under way whose answer nobody wrote
# down. A touch later than that may be somebody else's, and counts as such.
_UNDER_WAY = timedelta(seconds=30)

_STORED = frozenset({Verdict.ANSWERED, Verdict.AMBIGUOUS})

Named = tuple[str, str, str, str, str]
"""A release as a record names it: list, number, day, reason, evidence."""

Numbers = Mapping[str, Iterable[str]]
"""Numbers by list, as a journal and a report write them."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """One run without a report. Times are ours; `window` is when it can have written, on CXone's clock.

    `wrote` are the numbers whose touch in that window is ours; `removed` counts by list what it took off or
    weakened, or may have. `asked` is when each number was first asked for, on CXone's clock: what was touched
    before that was not by this run. `overwrote` are numbers whose entry somebody else had touched last,
    `took_off` those that it took off, or may have, `exposed` those that CXone said it took off or weakened.
    """

    run: Mapping[str, Any]  # as it introduced itself: revision, started_at, target and so on
    last_at: datetime
    chunks: int = 0
    unanswered: int = 0
    numbers: int = 0
    wrote: frozenset[Key] = frozenset()
    removed: Mapping[str, int] = field(default_factory=dict)
    window: tuple[datetime, datetime] | None = None
    asked: Mapping[Key, datetime] = field(default_factory=dict)
    overwrote: frozenset[Key] = frozenset()
    took_off: frozenset[Key] = frozenset()
    exposed: frozenset[Key] = frozenset()

    @property
    def started_at(self) -> str:
        """When it began, which names it: as its report would say it."""
        return str(self.run["started_at"])

    @property
    def target(self) -> Target:
        """The CXone that it wrote to."""
        return target_in(self.run["target"])

    @property
    def releases(self) -> Iterator[Named]:
        """Give the releases by which it was to take numbers off, or to weaken them."""
        for row in self.run.get("releases", ()):
            for phone in row["phones"]:
                yield (row["list_id"], phone, row["released_on"], row["reason"], row["evidence"])


def read_journal(data: bytes) -> tuple[Unfinished, ...]:
    """Read the runs of a journal, oldest first. A line that was cut short by the death of its run is none."""
    runs: list[_Run] = []
    for line in data.split(b"\n"):
        try:
            record = orjson.loads(line)
            if "run" in record:
                runs.append(_Run(record["run"], datetime.fromisoformat(record["at"])))
            elif runs:
                runs[-1].take(record)
        except (ValueError, KeyError, TypeError):
            continue
    return tuple(run.told() for run in runs)


def by_list(keys: Iterable[Key]) -> dict[str, list[str]]:
    """Write numbers list by list."""
    lists: dict[str, list[str]] = {}
    for list_id, phone in sorted(keys):
        lists.setdefault(list_id, []).append(phone)
    return lists


def _keys(numbers: Numbers) -> Iterator[Key]:
    return chain.from_iterable(((list_id, phone) for phone in phones) for list_id, phones in numbers.items())


class _Run:
    """One run as its records come."""

    def __init__(self, run: Mapping[str, Any], at: datetime) -> None:
        self._run = run
        self._last = at
        self._sent: dict[int, Mapping[str, Any]] = {}
        self._answered: dict[int, Mapping[str, Any]] = {}

    def take(self, record: Mapping[str, Any]) -> None:
        at = datetime.fromisoformat(record["at"])
        if "send" in record:
            self._sent[int(record["send"])] = record
        else:
            self._answered[int(record["answered"])] = record
        self._last = max(self._last, at)

    def told(self) -> Unfinished:
        wrote: set[Key] = set()
        overwrote: set[Key] = set()
        took_off: set[Key] = set()
        exposed: set[Key] = set()
        asked: dict[Key, datetime] = {}
        removed: dict[str, int] = {}
        window: tuple[datetime, datetime] | None = None
        for number, sent in self._sent.items():
            answer = self._answered.get(number)
            stored = self._stored(sent, answer)
            if not stored:
                continue
            weaker = stored & frozenset(_keys(sent["exposing"]))
            if answer is not None and Verdict(answer["verdict"]) is Verdict.ANSWERED:
                exposed |= weaker
            for list_id, _ in weaker:
                removed[list_id] = removed.get(list_id, 0) + 1
            if sent["action"] != "upsert":
                took_off |= stored
            if sent["action"] == "upsert":
                theirs = frozenset(_keys(sent["overwrites"]))
                wrote |= stored - theirs
                overwrote |= stored & theirs
                span = self._span(sent, answer)
                window = _joined(window, span)
                for key in stored:
                    asked.setdefault(key, span[0])
        return Unfinished(
            run=self._run,
            last_at=self._last,
            chunks=len(self._sent),
            unanswered=len(self._sent.keys() - self._answered.keys()),
            numbers=sum(1 for sent in self._sent.values() for _ in _keys(sent["numbers"])),
            wrote=frozenset(wrote),
            removed=removed,
            window=window,
            asked=asked,
            overwrote=frozenset(overwrote),
            took_off=frozenset(took_off),
            exposed=frozenset(exposed),
        )

    def _stored(self, sent: Mapping[str, Any], answer: Mapping[str, Any] | None) -> frozenset[Key]:
        """Name what may have been stored: everything that was not refused by an answer."""
        keys = frozenset(_keys(sent["numbers"]))
        if answer is None:
            return keys
        if Verdict(answer["verdict"]) not in _STORED:
            return frozenset()
        refused = frozenset(answer["refused"])
        return frozenset(key for key in keys if key[1] not in refused)

    def _span(self, sent: Mapping[str, Any], answer: Mapping[str, Any] | None) -> tuple[datetime, datetime]:
        """Say when a chunk can have been stored, on CXone's clock."""
        began = datetime.fromisoformat(sent["at"])
        if answer is not None:
            ended = datetime.fromisoformat(answer["at"])
        else:
            ended = max(self._last, began + _UNDER_WAY)
        offset = (answer or sent)["offset_seconds"] or (0.0, 0.0)
        return began + timedelta(seconds=offset[0]), ended + timedelta(seconds=offset[1])


def _joined(
    window: tuple[datetime, datetime] | None, span: tuple[datetime, datetime]
) -> tuple[datetime, datetime]:
    return span if window is None else (min(window[0], span[0]), max(window[1], span[1]))
