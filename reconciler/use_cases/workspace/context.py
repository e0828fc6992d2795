"""Per-invocation context: options, environment, clock, output, and what the command measures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from reconciler.core.model.run_result import StoppedBy, stop_text
from reconciler.cxone.http.stats import Statistics
from reconciler.cxone.http.stop import TimeBudget

if TYPE_CHECKING:
    from reconciler.git.repository import Repository

_LATEST_ZONE = timedelta(hours=14)
_EARLIEST_ZONE = timedelta(hours=12)


def utc_now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Today:
    """Which day it is, where the day ends last (UTC-12) and where it begins first (UTC+14)."""

    as_of: date
    latest: date

    @classmethod
    def at(cls, moment: datetime, as_of: date | None = None) -> "Today":
        """Take the days of a moment, or those of a given date at UTC-12."""
        if as_of is not None:
            return cls(as_of, as_of + timedelta(days=1))
        return cls((moment - _EARLIEST_ZONE).date(), (moment + _LATEST_ZONE).date())


Clock = Callable[[], datetime]

Window = tuple[datetime, datetime]
"""From the first moment to the last."""


def is_within(window: Window, modified_at: datetime) -> bool:
    """Tell whether CXone's touch lies in a window. A time that it wrote without a fraction has lost it."""
    started_at, ended_at = window
    if not modified_at.microsecond:
        started_at = started_at.replace(microsecond=0)
    elif not modified_at.microsecond % 1000:
        started_at = started_at.replace(microsecond=started_at.microsecond // 1000 * 1000)
    return started_at <= modified_at <= ended_at


def iso(moment: datetime) -> str:
    """Write a moment as reports and plans have it: UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass
class TenantMetrics:
    """What is known of one tenant; None and empty where the command did not come so far.

    `waiting` counts requests that are open: their target day has come, and they are not live. `late` of them
    are past their last day. `not_at_remote` counts reports that only this clone has. `verified_at` is when a
    run last saw CXone as it left it. `uncovered` counts by list the skills that do not honour it and should.
    """

    entries: Mapping[str, int] = field(default_factory=dict)
    drift: Mapping[str, int] = field(default_factory=dict)
    changes: Mapping[str, int] = field(default_factory=dict)
    outcomes: Mapping[str, int] = field(default_factory=dict)
    waiting: int | None = None
    late: int | None = None
    blocked: int | None = None
    not_live: int | None = None
    not_at_remote: int | None = None
    conflicts: int | None = None
    verified_at: datetime | None = None
    status: str = ""
    uncovered: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Meter:
    """Filled as a command goes, so that it says of one that fails what was known by then."""

    tenants: dict[str, TenantMetrics] = field(default_factory=dict)
    request_statistics: Statistics | None = None

    def of_tenant(self, tenant: str) -> TenantMetrics:
        """Give what is measured of a tenant, from nothing at first."""
        return self.tenants.setdefault(tenant, TenantMetrics())


DEFAULT_CONFIGURATION = "dnc.yaml"


def find_configuration(folder: Path | None = None) -> Path:
    """Give the `dnc.yaml` of this folder, or of the nearest one above it in the same git working tree.

    Above the working tree nothing is looked for: a file there may be anybody's. Where there is none, the
    answer is the file that this folder would have.
    """
    here = (folder or Path.cwd()).absolute()
    for above in (here, *here.parents):
        if (above / DEFAULT_CONFIGURATION).is_file():
            is_ours = any((place / ".git").exists() for place in (above, *above.parents))
            return above / DEFAULT_CONFIGURATION if above != here and is_ours else Path(DEFAULT_CONFIGURATION)
        if (above / ".git").exists():
            break
    return Path(DEFAULT_CONFIGURATION)


STATE_FOLDER = ".dnc"  # beside the configuration: what is kept between runs, and is none of git's


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What GitLab's variables say. Each may be absent, and an empty one counts as absent."""

    variables: Mapping[str, str]

    def get(self, name: str) -> str | None:
        """Read one variable; empty is absent."""
        return self.variables.get(name) or None

    @property
    def is_running(self) -> bool:
        """Tell whether this is CI: `CI` is set, neither empty nor `false`."""
        return (self.get("CI") or "false").lower() != "false"

    @property
    def merge_target(self) -> str | None:
        """Name the branch that a merge request pipeline would merge into."""
        return self.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")

    @property
    def is_of_merge_request(self) -> bool:
        """Tell whether a merge request started this pipeline, whether or not it names a target."""
        return self.merge_target is not None or self.get("CI_PIPELINE_SOURCE") == "merge_request_event"

    @property
    def is_of_branch(self) -> bool:
        """Tell whether this pipeline is of a merge request, or of a branch or tag besides the default one."""
        branch, default = self.get("CI_COMMIT_BRANCH"), self.get("CI_DEFAULT_BRANCH")
        is_other_ref = self.get("CI_COMMIT_TAG") is not None or (branch is not None and branch != default)
        return self.is_of_merge_request or (self.is_running and is_other_ref)

    @property
    def is_scheduled(self) -> bool:
        """Tell whether a schedule started this pipeline."""
        return self.get("CI_PIPELINE_SOURCE") == "schedule"


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command line that use cases read.

    `onto` is the revision that a plan is to be merged into. `attest`: a run leaves a report in every case.
    """

    configuration: Path = Path(DEFAULT_CONFIGURATION)
    tenant: str | None = None
    as_of: date | None = None
    onto: str | None = None
    attest: bool = False


class StopRequest(Event):
    """The request to stop, and whose it is."""

    def __init__(self) -> None:
        super().__init__()
        self._by: StoppedBy | None = None

    def request(self, by: StoppedBy) -> None:
        """Ask to stop. The first to ask counts."""
        self._by = self._by or by
        self.set()

    @property
    def by(self) -> StoppedBy | None:
        """Say who asked; None while nobody did."""
        return (self._by or StoppedBy.SIGNAL) if self.is_set() else None


@dataclass(frozen=True, slots=True)
class RunState:
    """What changes while a command runs.

    `stop` is set when a signal asks the command to stop. `budget` ends writing, and only that, after some
    time; None: the time is not limited. `meter` collects measurements; None: no metrics are wanted.
    `repositories` are those that were opened, by the folder that they were looked for from.
    """

    stop: StopRequest = field(default_factory=StopRequest)
    budget: TimeBudget | None = None
    meter: Meter | None = None
    repositories: "dict[Path, Repository]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CommandContext:
    """One call of the tool: its options, the services that use cases need, and the state of the run.

    `say` writes a sentence for people to stderr. `start_logging` sets up logging before the first request
    to CXone; no other part of the tool logs. `watch` is given the counters of each client, to show people
    what is under way.
    """

    options: Options = field(default_factory=Options)
    environ: Mapping[str, str] = field(default_factory=dict)
    clock: Clock = utc_now
    say: Callable[[str], None] = lambda _: None
    start_logging: Callable[[], None] = lambda: None
    watch: Callable[[Statistics], None] = lambda _: None
    run: RunState = field(default_factory=RunState)

    @property
    def folder(self) -> Path:
        """The project folder: the folder of the configuration file."""
        return self.options.configuration.absolute().parent

    @property
    def pipeline(self) -> Pipeline:
        """What GitLab's variables say."""
        return Pipeline(self.environ)

    @property
    def stop_text(self) -> str:
        """Say who asked to stop; empty while nobody did."""
        by = self.run.stop.by
        return stop_text(by, in_pipeline=self.pipeline.is_running) if by else ""

    @property
    def leaves_always_a_report(self) -> bool:
        """Tell whether a run leaves a report also when nothing was to do, or when it failed."""
        return self.options.attest or self.pipeline.is_scheduled
