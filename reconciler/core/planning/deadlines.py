"""Requests and their clock: which are not live although their day has come, and how long the others took."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import ceil
from typing import Any

from reconciler.core.model.deadline import Deadline
from reconciler.core.model.entries import Key
from reconciler.core.planning.change import Action, Change
from reconciler.core.planning.state import TargetState


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Numbers of one list whose request is not live although its target day has come. `phones` is sorted.

    `is_overdue` tells whether `due`, the last day, is over everywhere on Earth.
    """

    rule: str
    list_id: str
    due: date
    target: date
    is_overdue: bool
    phones: tuple[str, ...]


def open_requests(changes: Iterable[Change], as_of: date) -> tuple[OpenRequest, ...]:
    """Give the requests that are near or past their deadline and not live, the nearest first.

    `as_of` is the date at UTC-12. In the plan that a run ends with, these are what it left open.
    """
    phones_by_deadline: dict[tuple[Deadline, str], list[str]] = {}
    for change in changes:
        if change.action is Action.CREATE and change.due is not None and as_of >= change.due.target:
            phones_by_deadline.setdefault((change.due, change.list_id), []).extend(change.phones)
    return tuple(
        OpenRequest(due.rule, list_id, due.due, due.target, as_of > due.due, tuple(sorted(phones)))
        for (due, list_id), phones in sorted(phones_by_deadline.items())
    )


def open_requests_to_json(requests: Iterable[OpenRequest]) -> list[dict[str, Any]]:
    """Name them for machines, with every number."""
    return [
        {
            "rule": request.rule,
            "list_id": request.list_id,
            "due": request.due.isoformat(),
            "target": request.target.isoformat(),
            "past": request.is_overdue,
            "phones": list(request.phones),
        }
        for request in requests
    ]


def first_request_days(target_state: TargetState, keys: Iterable[Key]) -> dict[Key, date]:
    """Tell when numbers were asked for: the first `requestedOn` of all claims that stand on each, if any.

    A change's `after` can't tell: terms that the wire does not tell apart share one change.
    """
    dated_files = {
        list_id: [file for file in files if any(terms.requested_on for terms in file.distinct)]
        for list_id, files in target_state.active_files.items()
    }
    phones: dict[str, set[str]] = {}
    for list_id, phone in keys:
        if dated_files.get(list_id):
            phones.setdefault(list_id, set()).add(phone)
    first: dict[Key, date] = {}
    for list_id, list_phones in phones.items():
        for file in dated_files[list_id]:
            for phone in file.numbers.keys() & list_phones:
                day, key = file.numbers[phone].requested_on, (list_id, phone)
                if day is not None:
                    first[key] = min(day, first.get(key, day))
    return first


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """A request that went live on `live_on`, and by when it was to be (None: no rule says)."""

    list_id: str
    phone: str
    requested_on: date
    live_on: date
    due: Deadline | None = None

    @property
    def days(self) -> int:
        """Count the days that it took. Where it is tomorrow already, people ask before our day has come."""
        return max(0, (self.live_on - self.requested_on).days)

    @property
    def days_late(self) -> int:
        """Count the days after the honour-by date; 0 when it was in time, or had none."""
        return 0 if self.due is None else max(0, (self.live_on - self.due.due).days)


@dataclass(frozen=True, slots=True)
class RequestDurations:
    """How many days requests took until they were live: nearest-rank percentiles, None of no requests.

    `counts_by_days` counts them by days. `late` are those that went live after their honour-by date, by list
    and number; `in_time` counts those that had one and went live by it.
    """

    p50: int | None
    p95: int | None
    longest: int | None
    late: tuple[LiveRequest, ...]
    in_time: int = 0
    counts_by_days: Mapping[int, int] = field(default_factory=dict)


def summarize_durations(requests: Iterable[LiveRequest]) -> RequestDurations:
    """Sum up the requests that a run made live."""
    requests = tuple(requests)
    days = sorted(request.days for request in requests)
    late = tuple(sorted((r for r in requests if r.days_late), key=lambda r: (r.list_id, r.phone)))
    in_time = sum(r.due is not None for r in requests) - len(late)
    if not days:
        return RequestDurations(None, None, None, late)
    p50, p95 = (days[ceil(share * len(days)) - 1] for share in (0.5, 0.95))
    return RequestDurations(p50, p95, days[-1], late, in_time, Counter(days))
