"""Metrics as OpenMetrics text: families with the labels `tenant`, `list`, `kind` and the like, no numbers."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from reconciler.cxone.http.stats import Statistics
from reconciler.use_cases.workspace.context import Meter, TenantMetrics

_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0)  # seconds; a read waits 25 s at most
_FAILED = frozenset({1, 2, 4, 5})  # exit codes of a command that did not do what it is for


def openmetrics(meter: Meter, *, command: str, code: int, started_at: float, ended_at: float) -> bytes:
    """Write what was measured. `started_at` and `ended_at` are Unix times."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(meter, command, code, started_at, ended_at))
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
        for family in (*self._run_metrics(), *self._state_metrics(), *self._request_metrics()):
            if family.samples:
                yield family

    def _run_metrics(self) -> Iterator[Metric]:
        code = GaugeMetricFamily("dnc_run_exit_code", "How the command ended.", labels=["command"])
        code.add_metric([self._command], self._code)
        ended_metric = GaugeMetricFamily(
            "dnc_run_ended_timestamp_seconds", "When the command ended.", labels=["command"]
        )
        ended_metric.add_metric([self._command], self._ended)
        took = GaugeMetricFamily("dnc_run_duration_seconds", "How long it took.", labels=["command"])
        took.add_metric([self._command], self._ended - self._began)
        outcome = GaugeMetricFamily(
            "dnc_run_outcome",
            "1 at how the tenant's run ended: a report's status, or done or failed.",
            labels=["tenant", "command", "outcome"],
        )
        for tenant, tenant_metrics in self._meter.tenants.items():
            status = tenant_metrics.status or ("failed" if self._code in _FAILED else "done")
            outcome.add_metric([tenant, self._command, status], 1)
        yield from (code, ended_metric, took, outcome)

    def _state_metrics(self) -> Iterator[Metric]:
        tenants = self._meter.tenants
        for name, help_text, label, counts_of in _LABELLED_GAUGES:
            yield _labelled_gauge(name, help_text, label, _rows(tenants, counts_of))
        for name, help_text, count_of in _TENANT_GAUGES:
            yield _tenant_gauge(name, help_text, {tenant: count_of(one) for tenant, one in tenants.items()})
        times = {
            name: one.verified_at.timestamp() if one.verified_at else None for name, one in tenants.items()
        }
        yield _tenant_gauge(
            "dnc_last_verified_timestamp_seconds", "When a run last saw CXone as it left it.", times
        )
        yield _tenant_gauge(
            "dnc_last_verified_age_seconds",
            "How long ago that was when the command ended.",
            {
                name: None if moment is None else max(0.0, self._ended - moment)
                for name, moment in times.items()
            },
        )

    def _request_metrics(self) -> Iterator[Metric]:
        for tenant, tenant_metrics in self._meter.tenants.items():
            if tenant_metrics.conflicts is not None:
                yield _tenant_counter(
                    "dnc_conflicts", "Writes of what CXone had exactly so.", tenant, tenant_metrics.conflicts
                )
            if self._meter.request_statistics is not None:
                yield from _request_families(tenant, self._meter.request_statistics)


def _request_families(tenant: str, statistics: Statistics) -> Iterator[Metric]:
    yield _tenant_counter("dnc_http_requests", "Requests sent, each attempt.", tenant, statistics.requests)
    yield _tenant_counter("dnc_http_retries", "Attempts after the first.", tenant, statistics.retries)
    yield _tenant_counter("dnc_http_throttled", "Answers that said: too many.", tenant, statistics.throttled)
    yield _tenant_counter("dnc_http_sign_ins", "Tokens fetched.", tenant, statistics.sign_ins)
    yield _tenant_counter(
        "dnc_http_retry_wait_seconds", "Waited before retries.", tenant, statistics.waited_seconds
    )
    seconds = [milliseconds / 1000 for milliseconds in statistics.latencies_ms]
    counts = [0] * (len(_BUCKETS) + 1)
    for duration in seconds:
        counts[bisect_left(_BUCKETS, duration)] += 1
    family = HistogramMetricFamily(
        "dnc_http_latency_seconds", "From sending to the whole answer.", labels=["tenant"]
    )
    bounds = [*(str(bound) for bound in _BUCKETS), "+Inf"]
    sums = [float(sum(counts[: place + 1])) for place in range(len(counts))]
    family.add_metric([tenant], list(zip(bounds, sums, strict=True)), sum(seconds))
    yield family


def _deadlines(tenant_metrics: TenantMetrics) -> Mapping[str, int]:
    if tenant_metrics.waiting is None or tenant_metrics.late is None:
        return {}
    return {"open": tenant_metrics.waiting, "late": tenant_metrics.late}


_LABELLED_GAUGES: tuple[tuple[str, str, str, Callable[[TenantMetrics], Mapping[str, int]]], ...] = (
    ("dnc_entries", "Numbers live in CXone.", "list", lambda one: one.entries),
    ("dnc_drift", "Numbers that others changed.", "kind", lambda one: one.drift),
    ("dnc_changes", "Numbers to change.", "action", lambda one: one.changes),
    ("dnc_uncovered_skills", "Outbound skills that do not honour a list.", "list", lambda one: one.uncovered),
    ("dnc_outcomes", "Numbers by outcome.", "outcome", lambda one: one.outcomes),
    (
        "dnc_deadlines",
        "Requests not live although their day has come: open from the target, late after the last day.",
        "state",
        _deadlines,
    ),
)

_TENANT_GAUGES: tuple[tuple[str, str, Callable[[TenantMetrics], int | None]], ...] = (
    ("dnc_blocked", "Numbers that guards keep on.", lambda one: one.blocked),
    ("dnc_not_live", "Not protected.", lambda one: one.not_live),
    ("dnc_reports_not_at_remote", "Reports that only this clone has.", lambda one: one.not_at_remote),
)


def _rows(
    tenants: Mapping[str, TenantMetrics], counts_of: Callable[[TenantMetrics], Mapping[str, int]]
) -> Iterator[tuple[str, str, int]]:
    return (
        (name, word, count)
        for name, tenant_metrics in tenants.items()
        for word, count in sorted(counts_of(tenant_metrics).items())
    )


def _labelled_gauge(name: str, help_text: str, label: str, rows: Iterable[tuple[str, str, int]]) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=["tenant", label])
    for tenant, word, count in rows:
        family.add_metric([tenant, word], count)
    return family


def _tenant_gauge(name: str, help_text: str, values: Mapping[str, float | None]) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=["tenant"])
    for tenant, value in values.items():
        if value is not None:
            family.add_metric([tenant], value)
    return family


def _tenant_counter(name: str, help_text: str, tenant: str, value: float) -> Metric:
    family = CounterMetricFamily(name, help_text, labels=["tenant"])
    family.add_metric([tenant], value)
    return family
