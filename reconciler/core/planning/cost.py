"""What a plan costs: requests, and seconds at the allowed rate."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.core.model.live import Live
from reconciler.core.model.provider import PACE_PERCENT, ApiShape
from reconciler.core.planning.change import Action, Change, Direction
from reconciler.core.planning.chunks import count_chunks

FULL_READ_BACK_PAGES = 200  # design: beyond that, totals, unless something exposing waits


@dataclass(frozen=True, slots=True)
class SendRate:
    """What bounds the sending: numbers a write, requests a minute, and how many may start at once."""

    chunk_size: int = 500
    requests_per_minute: int = 100
    concurrency: int = 4


@dataclass(frozen=True, slots=True)
class Cost:
    """What comes after planning, writes and read-back: requests, and seconds at the allowed rate."""

    requests: int
    seconds: float


def estimate_cost(changes: Iterable[Change], live: Live, rate: SendRate, shape: ApiShape) -> Cost:
    """Count what comes after planning; a plan that does nothing costs nothing."""
    allowed = [c for c in changes if c.is_allowed]
    if not allowed:
        return Cost(0, 0.0)
    creates: Counter[str] = Counter()
    removals: Counter[str] = Counter()
    for c in allowed:
        creates[c.list_id] += len(c.phones) * (c.action is Action.CREATE)
        removals[c.list_id] += len(c.phones) * (c.action is Action.DELETE)
    phases = ([c for c in allowed if c.direction is direction] for direction in Direction)
    writes = sum(count_chunks(phase, rate.chunk_size, one_list=shape.one_list) for phase in phases)
    pages = _read_back_pages(live, creates, shape)
    is_full = pages <= FULL_READ_BACK_PAGES or any(c.is_exposing for c in allowed)
    requests = writes + _removal_requests(removals, live, rate, shape) + (pages if is_full else 1)
    # Signing in and reading for the plan have used up the burst, but for what they were too few for.
    burst_left = max(0, rate.concurrency - 1 - read_pages(live, shape))
    waited = max(0, requests - burst_left)
    return Cost(requests, round(waited * 60 / (rate.requests_per_minute * (PACE_PERCENT / 100)), 1))


def with_skills(cost: Cost, requests: int, rate: SendRate) -> Cost:
    """Add so many requests, for skills that are read and added, where anything is done at all."""
    seconds = requests * 60 / (rate.requests_per_minute * (PACE_PERCENT / 100))
    return Cost(cost.requests + requests, round(cost.seconds + seconds, 1))


def _removal_requests(removals: Counter[str], live: Live, rate: SendRate, shape: ApiShape) -> int:
    """Count what taking numbers off takes, with the looks before and after it."""
    if not shape.removal_looks:
        return removals.total() * shape.per_removal
    requests = 0
    for list_id, count in removals.items():
        pages = max(1, math.ceil(len(live.lists.get(list_id, ())) / shape.page_size))
        is_one_by_one = count <= max(shape.removal_looks, pages)
        looks = (count if is_one_by_one else 1 + pages) + min(count, pages)
        requests += (looks + math.ceil(count / rate.chunk_size)) if count else 0
    return requests


def read_pages(live: Live, shape: ApiShape) -> int:
    """Count the requests that reading this takes."""
    return _read_back_pages(live, Counter(), shape)


def _read_back_pages(live: Live, creates: Counter[str], shape: ApiShape) -> int:
    """Count what reading back takes."""
    if not shape.one_list:
        return max(1, math.ceil((live.entry_count + creates.total()) / shape.page_size))
    lists = live.lists.keys() | creates
    sizes = (len(live.lists.get(name, ())) + creates[name] for name in lists)
    return 1 + sum(max(1, math.ceil(size / shape.page_size)) for size in sizes)
