"""Metrics as OpenMetrics text: families with the labels `tenant`, `list`, `kind` and the like, no numbers."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from reconciler.cxone.http.stats import Statistics
from reconciler.use_cases.workspace.context import Measured, Meter

_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0)  # seconds; a read waits 25 s at most
_FAILED = frozenset({1, 2, 4, 5})  # exit codes of a command that did not do what it is for


def openmetrics(meter: Meter, *, command: str, code: int, began: float, ended: float) -> bytes:
    """Write what was measured. `began` and `ended` are Unix times."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(meter, command, code, began, ended))
    text: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]  # the library has none there
    return text


class _Families(Collector):
    def __init__(self, meter: Meter, command: str, code: int, began: float, ended: float) -> None:
        self._meter = meter
        self._command = command
        self._code = code
        self._began = began
        self._ended = ended

    def collect(self) -> Iterator[Metric]:
        """Give every family that has something to say."""
        for family in (*self._run(), *self._state(), *self._wire()):
            if family.samples:
                yield family

    def _run(self) -> Iterator[Metric]:
        code = GaugeMetricFamily("dnc_run_exit_code", "How the command ended.", labels=["command"])
        code.add_metric([self._command], self._code)
        ended = GaugeMetricFamily(
            "dnc_run_ended_timestamp_seconds", "When the command ended.", labels=["command"]
        )
        ended.add_metric([self._command], self._ended)
        took = GaugeMetricFamily("dnc_run_duration_seconds", "How long it took.", labels=["command"])
        took.add_metric([self._command], self._ended - self._began)
        outcome = GaugeMetricFamily(
            "dnc_run_outcome",
            "1 at how the tenant's run ended: a report's status, or done or failed.",
            labels=["tenant", "command", "outcome"],
        )
        for tenant, told in self._meter.tenants.items():
            word = told.status or ("failed" if self._code in _FAILED else "done")
            outcome.add_metric([tenant, self._command, word], 1)
        yield from (code, ended, took, outcome)

    def _state(self) -> Iterator[Metric]:
        tenants = self._meter.tenants
        yield _by("dnc_entries", "Numbers live in CXone.", "list", _rows(tenants, lambda t: t.entries))
        yield _by("dnc_drift", "Numbers that others changed.", "kind", _rows(tenants, lambda t: t.drift))
        yield _by("dnc_changes", "Numbers to change.", "action", _rows(tenants, lambda t: t.changes))
        yield _by("dnc_outcomes", "Numbers by outcome.", "outcome", _rows(tenants, lambda t: t.outcomes))
        yield _by(
            "dnc_deadlines",
            "Requests not live although their day has come: open from the target, late after the last day.",
            "state",
            _rows(tenants, _deadlines),
        )
        yield _one("dnc_blocked", "Numbers that guards keep on.", {n: t.blocked for n, t in tenants.items()})
        yield _one("dnc_not_live", "Not protected.", {n: t.not_live for n, t in tenants.items()})
        times = {n: t.verified_at.timestamp() if t.verified_at else None for n, t in tenants.items()}
        yield _one("dnc_last_verified_timestamp_seconds", "When a run last saw CXone as it left it.", times)
        yield _one(
            "dnc_last_verified_age_seconds",
            "How long ago that was when the command ended.",
            {name: None if at is None else max(0.0, self._ended - at) for name, at in times.items()},
        )

    def _wire(self) -> Iterator[Metric]:
        for tenant, told in self._meter.tenants.items():
            if told.conflicts is not None:
                yield _count("dnc_conflicts", "Writes of what CXone had exactly so.", tenant, told.conflicts)
            if self._meter.wire is not None:
                yield from _traffic(tenant, self._meter.wire)


def _traffic(tenant: str, wire: Statistics) -> Iterator[Metric]:
    yield _count("dnc_http_requests", "Requests sent, each attempt.", tenant, wire.requests)
    yield _count("dnc_http_retries", "Attempts after the first.", tenant, wire.retries)
    yield _count("dnc_http_throttled", "Answers that said: too many.", tenant, wire.throttled)
    yield _count("dnc_http_sign_ins", "Tokens fetched.", tenant, wire.sign_ins)
    yield _count("dnc_http_retry_wait_seconds", "Waited before retries.", tenant, wire.waited_seconds)
    seconds = [ms / 1000 for ms in wire.latencies_ms]
    counts = [0] * (len(_BUCKETS) + 1)
    for one in seconds:
        counts[bisect_left(_BUCKETS, one)] += 1
    family = HistogramMetricFamily(
        "dnc_http_latency_seconds", "From sending to the whole answer.", labels=["tenant"]
    )
    bounds = [*(str(bound) for bound in _BUCKETS), "+Inf"]
    sums = [float(sum(counts[: place + 1])) for place in range(len(counts))]
    family.add_metric([tenant], list(zip(bounds, sums, strict=True)), sum(seconds))
    yield family


def _deadlines(told: Measured) -> Mapping[str, int]:
    if told.waiting is None or told.late is None:
        return {}
    return {"open": told.waiting, "late": told.late}


def _rows(
    tenants: Mapping[str, Measured], of: Callable[[Measured], Mapping[str, int]]
) -> Iterator[tuple[str, str, int]]:
    return ((name, word, count) for name, told in tenants.items() for word, count in sorted(of(told).items()))


def _by(name: str, said: str, label: str, rows: Iterable[tuple[str, str, int]]) -> Metric:
    family = GaugeMetricFamily(name, said, labels=["tenant", label])
    for tenant, word, count in rows:
        family.add_metric([tenant, word], count)
    return family


def _one(name: str, said: str, values: Mapping[str, float | None]) -> Metric:
    family = GaugeMetricFamily(name, said, labels=["tenant"])
    for tenant, value in values.items():
        if value is not None:
            family.add_metric([tenant], value)
    return family


def _count(name: str, said: str, tenant: str, value: float) -> Metric:
    family = CounterMetricFamily(name, said, labels=["tenant"])
    family.add_metric([tenant], value)
    return family
