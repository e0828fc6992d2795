"""A run that no report tells of: what its journal says that it sent, and what was answered."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import orjson

from reconciler.audit.json_shapes import bound_moment
from reconciler.audit.report_rows import target_from_json
from reconciler.core.model.entries import Key
from reconciler.core.model.provider import Target, Verdict

# Connecting may take 5 s and the answer 25 s: so long can a request be under way whose answer nobody wrote
# down. A touch later than that may be somebody else's, and counts as such.
_MAX_IN_FLIGHT = timedelta(seconds=30)

_STORED = frozenset({Verdict.ANSWERED, Verdict.AMBIGUOUS})

ASSIGN = "assign"  # the action of a request that adds a skill to a list's group, and has no numbers

ReleaseRecord = tuple[str, str, str, str, str]
"""A release as a record names it: list, number, day, reason, evidence."""

NumbersByList = Mapping[str, Iterable[str]]
"""Numbers by list, as a journal and a report write them."""


@dataclass(frozen=True, slots=True)
class UnreportedAssignment:
    """A skill that a run without a report was adding to a list's group. `verdict` None: no answer came."""

    list_id: str
    skill_id: str
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class UnreportedRun:
    """One run without a report. Times are ours; `window` is when it can have written, on CXone's clock.

    `written` are the numbers whose touch in that window is ours; `removed` counts by list what it took off or
    weakened, or may have. `requested_at` is when each number was first asked for, on CXone's clock: what was
    touched before that was not by this run. `overwritten` are numbers whose entry somebody else had touched
    last, `removed_keys` those that it took off, or may have, `exposed` those that CXone said it took off or
    weakened.
    """

    run: Mapping[str, Any]  # as it introduced itself: revision, started_at, target and so on
    last_at: datetime
    chunks: int = 0
    unanswered: int = 0
    numbers: int = 0
    written: frozenset[Key] = frozenset()
    removed: Mapping[str, int] = field(default_factory=dict)
    window: tuple[datetime, datetime] | None = None
    requested_at: Mapping[Key, datetime] = field(default_factory=dict)
    overwritten: frozenset[Key] = frozenset()
    removed_keys: frozenset[Key] = frozenset()
    exposed: frozenset[Key] = frozenset()
    assignments: tuple[UnreportedAssignment, ...] = ()

    @property
    def started_at(self) -> str:
        """When it began, which names it: as its report would say it."""
        return str(self.run["started_at"])

    @property
    def target(self) -> Target:
        """The CXone that it wrote to."""
        return target_from_json(self.run["target"])

    @property
    def releases(self) -> Iterator[ReleaseRecord]:
        """Give the releases by which it was to take numbers off, or to weaken them."""
        for row in self.run.get("releases", ()):
            for phone in row["phones"]:
                yield (row["list_id"], phone, row["released_on"], row["reason"], row["evidence"])


def parse_journal(data: bytes) -> tuple[UnreportedRun, ...]:
    """Read the runs of a journal, oldest first. A line that was cut short by the death of its run is none."""
    runs: list[_RunRecords] = []
    for line in data.split(b"\n"):
        try:
            record = orjson.loads(line)
            if "run" in record and runs and runs[-1].is_of(record["run"]):
                runs[-1].introduce_again(record["run"], _moment(record["at"]))
            elif "run" in record:
                runs.append(_RunRecords(record["run"], _moment(record["at"])))
            elif runs:
                runs[-1].add(record)
        except (ValueError, KeyError, TypeError):
            continue
    return tuple(run.to_unreported_run() for run in runs)


def group_by_list(keys: Iterable[Key]) -> dict[str, list[str]]:
    """Write numbers list by list."""
    lists: dict[str, list[str]] = {}
    for list_id, phone in sorted(keys):
        lists.setdefault(list_id, []).append(phone)
    return lists


def _moment(text: str) -> datetime:
    """Read a moment of a journal. A clock may have told any: the next report has to be able to repeat it."""
    return bound_moment(datetime.fromisoformat(text))


def _keys(numbers: NumbersByList) -> Iterator[Key]:
    return chain.from_iterable(((list_id, phone) for phone in phones) for list_id, phones in numbers.items())


class _RunRecords:
    """One run as its records come."""

    def __init__(self, run: Mapping[str, Any], at: datetime) -> None:
        self._run = run
        self._last = at
        self._sent: dict[int, Mapping[str, Any]] = {}
        self._answered: dict[int, Mapping[str, Any]] = {}
        self._assigned: dict[int, Mapping[str, Any]] = {}
        self._own: set[Key] = set()

    def is_of(self, run: Mapping[str, Any]) -> bool:
        """Tell whether a run is this one: it says more of itself after what it wrote early."""
        return all(self._run.get(name) == run.get(name) for name in ("started_at", "pid"))

    def introduce_again(self, run: Mapping[str, Any], at: datetime) -> None:
        self._run = run
        self._last = max(self._last, at)

    def add(self, record: Mapping[str, Any]) -> None:
        at = _moment(record["at"])
        if "own" in record:
            self._own.update(_keys(record["own"]))
        elif "send" in record:
            sent = self._assigned if record["action"] == ASSIGN else self._sent
            sent[int(record["send"])] = record
        else:
            self._answered[int(record["answered"])] = record
        self._last = max(self._last, at)

    def to_unreported_run(self) -> UnreportedRun:
        written: set[Key] = set()
        overwritten: set[Key] = set()
        removed_keys: set[Key] = set()
        exposed: set[Key] = set()
        requested_at: dict[Key, datetime] = {}
        removed_counts: dict[str, int] = {}
        window: tuple[datetime, datetime] | None = None
        for number, send in self._sent.items():
            answer = self._answered.get(number)
            stored = self._stored_keys(send, answer)
            if not stored:
                continue
            exposing = stored & frozenset(_keys(send["exposing"]))
            if answer is not None and Verdict(answer["verdict"]) is Verdict.ANSWERED:
                exposed |= exposing
            for list_id, _ in exposing:
                removed_counts[list_id] = removed_counts.get(list_id, 0) + 1
            if send["action"] != "upsert":
                removed_keys |= stored
            if send["action"] == "upsert":
                overwritten_keys = frozenset(_keys(send["overwrites"])) - self._own
                written |= stored - overwritten_keys
                overwritten |= stored & overwritten_keys
                span = self._write_window(send, answer)
                window = _extend_window(window, span)
                for key in stored:
                    requested_at.setdefault(key, span[0])
        return UnreportedRun(
            run=self._run,
            last_at=self._last,
            chunks=len(self._sent),
            unanswered=len(self._sent.keys() - self._answered.keys()),
            numbers=sum(1 for send in self._sent.values() for _ in _keys(send["numbers"])),
            written=frozenset(written - overwritten),  # by an early write, which may have hidden an opt-out
            removed=removed_counts,
            window=window,
            requested_at=requested_at,
            overwritten=frozenset(overwritten),
            removed_keys=frozenset(removed_keys),
            exposed=frozenset(exposed),
            assignments=tuple(self._assignments()),
        )

    def _assignments(self) -> Iterator[UnreportedAssignment]:
        for number, sent in self._assigned.items():
            answer = self._answered.get(number)
            verdict = Verdict(answer["verdict"]) if answer is not None else None
            yield UnreportedAssignment(sent["list_id"], sent["skill_id"], verdict)

    def _stored_keys(self, sent: Mapping[str, Any], answer: Mapping[str, Any] | None) -> frozenset[Key]:
        """Name what may have been stored: everything that was not refused by an answer."""
        keys = frozenset(_keys(sent["numbers"]))
        if answer is None:
            return keys
        if Verdict(answer["verdict"]) not in _STORED:
            return frozenset()
        refused_phones = frozenset(answer["refused"])
        return frozenset(key for key in keys if key[1] not in refused_phones)

    def _write_window(
        self, sent: Mapping[str, Any], answer: Mapping[str, Any] | None
    ) -> tuple[datetime, datetime]:
        """Say when a chunk can have been stored, on CXone's clock."""
        began = _moment(sent["at"])
        ended = _moment(answer["at"]) if answer else max(self._last, began + _MAX_IN_FLIGHT)
        offset = (answer or sent)["offset_seconds"] or (0.0, 0.0)
        least, most = (timedelta(seconds=seconds) for seconds in offset)
        return bound_moment(began + least), bound_moment(ended + most)


def _extend_window(
    window: tuple[datetime, datetime] | None, span: tuple[datetime, datetime]
) -> tuple[datetime, datetime]:
    return span if window is None else (min(window[0], span[0]), max(window[1], span[1]))
