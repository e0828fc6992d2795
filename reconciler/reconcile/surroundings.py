"""Where a command was called: folder, options, environment. Everything that a use case may not guess."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Event

from reconciler.cxone.stop import TimeBudget
from reconciler.reconcile.clock import Clock, utc_now
from reconciler.reconcile.meter import Meter

DEFAULT_CONFIGURATION = "dnc.yaml"
STATE_FOLDER = ".dnc"  # beside the configuration: what is kept between runs, and is none of git's


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What GitLab's variables say. Each may be absent, and an empty one counts as absent."""

    variables: Mapping[str, str]

    def get(self, name: str) -> str | None:
        """Read one variable; empty is absent."""
        return self.variables.get(name) or None

    @property
    def running(self) -> bool:
        """Tell whether this is CI: `CI` is set, neither empty nor `false`."""
        return (self.get("CI") or "false").lower() != "false"

    @property
    def merge_target(self) -> str | None:
        """Name the branch that a merge request pipeline would merge into."""
        return self.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")

    @property
    def of_merge_request(self) -> bool:
        """Tell whether a merge request started this pipeline, whether or not it names a target."""
        return self.merge_target is not None or self.get("CI_PIPELINE_SOURCE") == "merge_request_event"

    @property
    def of_branch(self) -> bool:
        """Tell whether this pipeline is of a merge request, or of a branch or tag besides the default one."""
        branch, default = self.get("CI_COMMIT_BRANCH"), self.get("CI_DEFAULT_BRANCH")
        other = self.get("CI_COMMIT_TAG") is not None or (branch is not None and branch != default)
        return self.of_merge_request or (self.running and other)

    @property
    def scheduled(self) -> bool:
        """Tell whether a schedule started this pipeline."""
        return self.get("CI_PIPELINE_SOURCE") == "schedule"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One call of the tool. `say` takes sentences for people, which go to stderr.

    `logs` sets up logging, before CXone is first asked: nothing else logs. `budget` ends writing, and only
    that, after some time; None: there is time. `attest`: a run leaves a report in every case. `meter` takes
    what is measured on the way; None: nobody asks.
    """

    configuration: Path = Path(DEFAULT_CONFIGURATION)
    tenant: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    clock: Clock = utc_now
    as_of: date | None = None
    onto: str | None = None
    say: Callable[[str], None] = lambda _: None
    logs: Callable[[], None] = lambda: None
    stop: Event = field(default_factory=Event)
    budget: TimeBudget | None = None
    attest: bool = False
    meter: Meter | None = None

    @property
    def folder(self) -> Path:
        """The project: the folder that the configuration lies in."""
        return self.configuration.absolute().parent

    @property
    def pipeline(self) -> Pipeline:
        """What GitLab's variables say."""
        return Pipeline(self.environ)

    @property
    def leaves_always_a_report(self) -> bool:
        """Tell whether a run leaves a report also when nothing was to do, or when it failed."""
        return self.attest or self.pipeline.scheduled
