"""The audit report: what a run found and did, as a later run reads it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import orjson

from reconciler.audit.report_files import RESTORE_FIX, plan_path, sha256
from reconciler.audit.report_format import FORMAT_VERSION, REPORT
from reconciler.audit.report_people import Actor, Environment, People
from reconciler.audit.report_reads import ReadFacts
from reconciler.audit.report_rows import (
    BLOCKED,
    BY_HAND,
    ChunkRow,
    ConfiguredLimits,
    FailureRow,
    Latency,
    LingeringHold,
    Link,
    NumberRow,
    Requests,
    RetainedRow,
    RunError,
    UnreportedRunRow,
    Window,
    keys_in,
    target_from_json,
)
from reconciler.core.model.entries import Key
from reconciler.core.model.errors import BrokenChain
from reconciler.core.model.provider import Target
from reconciler.core.model.run_result import StoppedBy
from reconciler.core.model.target import is_same_target
from reconciler.core.planning.state import Retained

REANCHORED = "reanchored"  # the status of a report that only continues a chain after a purge


@dataclass(frozen=True, slots=True)
class Report(ReadFacts):
    """A report as it was read. Keys that a later version added are kept."""

    @property
    def seq(self) -> int:
        """The place in the tenant's chain, from 1."""
        return int(self.fields["seq"])

    @property
    def previous(self) -> Link | None:
        """The report before; None for the first."""
        link = self.fields["previous"]
        return Link(link["path"], link["sha256"]) if link else None

    @property
    def tenant(self) -> str:
        """The tenant that the run was for."""
        return str(self.fields["tenant"])

    @property
    def revision(self) -> str:
        """The commit that was applied."""
        return str(self.fields["revision"])

    @property
    def plan_sha256(self) -> str:
        """SHA-256 of the plan file beside the report."""
        return str(self.fields["plan_sha256"])

    @property
    def finished_at(self) -> datetime:
        """When the run was over, on our clock."""
        return datetime.fromisoformat(self.fields["finished_at"])

    @property
    def moment(self) -> datetime:
        """When the run was over: on CXone's clock as far as it was told, for ours may be set to any time."""
        cxone_time = self.fields.get("clock", {}).get("cxone")
        return datetime.fromisoformat(cxone_time) if cxone_time else self.finished_at

    @property
    def accepts_rewritten_history(self) -> bool:
        """Tell whether it says that history was rewritten before it, and that somebody accepted that."""
        return bool(self.fields["overrides"].get("accept_history"))

    @property
    def is_reanchored(self) -> bool:
        """Whether it continues a chain after a purge."""
        return bool(self.fields.get("reanchor"))

    @property
    def tool_version(self) -> str:
        """The version of the program that wrote it."""
        return str(self.fields["tool_version"])

    @property
    def is_failed(self) -> bool:
        """Whether the run failed."""
        return bool(self.fields["status"] == "failed")

    @property
    def error(self) -> RunError | None:
        """Why it failed."""
        fields = self.fields.get("error")
        return RunError(fields) if fields else None

    @property
    def last_applied_revision(self) -> str | None:
        """The revision of the last applied state."""
        revision: str | None = self.fields["held_revision"]
        return revision

    @property
    def as_of(self) -> date:
        """The day whose entries count, at UTC-12."""
        return date.fromisoformat(self.fields["as_of"])

    @property
    def target(self) -> Target:
        """The CXone that the run wrote to."""
        return target_from_json(self.fields["target"])

    def is_of_target(self, target: Target) -> bool:
        """Tell whether it is of this CXone, however its address is written."""
        return is_same_target(self.target, target)

    @property
    def own_ids(self) -> Mapping[str, str]:
        """The lists' own ids in CXone; a dialect of mere names has none."""
        ids: Mapping[str, str] = self.fields["target"].get("groups", {})
        return ids

    @property
    def hashes(self) -> Mapping[str, str]:
        """The hashes of lists, rules and configuration."""
        hashes: Mapping[str, str] = self.fields["hashes"]
        return hashes

    @property
    def seen_limits(self) -> ConfiguredLimits:
        """The limits that the run saw configured."""
        safety = self.fields["safety"]
        # Reports of the first version tell only what was in force, which was what they saw.
        configured = safety.get("configured", safety)
        return ConfiguredLimits(
            configured["max_removals"], configured["max_removal_percent"], configured.get("approvals", 0)
        )

    @property
    def removal_note(self) -> str:
        """What the dialect says of removals, where there were any."""
        return str(self.fields["safety"].get("removal_note") or "")

    @property
    def overrides(self) -> Mapping[str, Any]:
        """The limits that were replaced for this run, and by whom."""
        overrides: Mapping[str, Any] = self.fields["overrides"]
        return overrides

    @property
    def started_text(self) -> str:
        """When the run began, on our clock, as it is written."""
        return str(self.fields["started_at"])

    @property
    def started_at(self) -> datetime:
        """When the run began, on our clock."""
        return datetime.fromisoformat(self.fields["started_at"])

    @property
    def earliest_start(self) -> datetime:
        """When the run began, by the earlier of the two clocks."""
        return self.started_at + timedelta(seconds=min(0.0, *self._seconds_apart))

    @property
    def latest_start(self) -> datetime:
        """When the run began, by the later of the two clocks."""
        return self.started_at + timedelta(seconds=max(0.0, *self._seconds_apart))

    @property
    def latest_end(self) -> datetime:
        """When the run was over, by the later of the two clocks."""
        return self.finished_at + timedelta(seconds=max(0.0, *self._seconds_apart))

    @property
    def _seconds_apart(self) -> tuple[float, ...]:
        return tuple((self.fields.get("clock") or {}).get("offset_seconds") or (0,))

    @property
    def actions(self) -> Mapping[str, int]:
        """How many numbers the run was to change, by action."""
        return self._counts("create", "update", "delete")

    @property
    def outcomes(self) -> Mapping[str, int]:
        """How many numbers were written, and what became of the others."""
        return self._counts("applied", "rejected", "unknown", "not_attempted")

    @property
    def blocked(self) -> int:
        """How many removals a guard blocked; of a report that only repeats, how many it repeats."""
        repeated = len(self.retained_of_kind(BLOCKED)) if self.is_repeat else 0
        return repeated or self._counts("blocked")["blocked"]

    @property
    def by_hand(self) -> int:
        """How many numbers have to be removed by hand; of a report that only repeats, how many it repeats."""
        repeated = len(self.retained_of_kind(BY_HAND)) if self.is_repeat else 0
        return repeated or self._counts("by_hand")["by_hand"]

    @property
    def chunks(self) -> tuple[ChunkRow, ...]:
        """The write requests."""
        return tuple(map(ChunkRow, self.fields["chunks"]))

    @property
    def latency(self) -> Latency | None:
        """How long the write requests took; None: there was none."""
        times = [self.fields["latency_ms"].get(name) for name in ("p50", "p95", "max")]
        return None if None in times else Latency(*times)

    @property
    def failures(self) -> tuple[FailureRow, ...]:
        """The numbers that were not written, and why."""
        return tuple(map(FailureRow, self.fields["failures"]))

    @property
    def retained(self) -> tuple[RetainedRow, ...]:
        """The numbers that stay although the files no longer list them: all of them, in every report."""
        return tuple(map(RetainedRow, self.fields["kept"]))

    @property
    def retained_keys(self) -> frozenset[Key]:
        """Those numbers, each with its list."""
        return keys_in(self.retained)

    def retained_of_kind(self, kind: str) -> dict[Key, tuple[str, ...]]:
        """Those of one kind, each once, with what keeps it."""
        return {key: row.blocked_by for row in self.retained if row.kind == kind for key in row.keys}

    @property
    def retained_entries(self) -> dict[Key, Retained]:
        """Those numbers with the claims that keep them, and why they stay."""
        retained: dict[Key, Retained] = {}
        for row in self.retained:
            entry, guards = row.entry, row.guards
            for key in row.keys:
                earlier_entries = retained[key].entries if key in retained else ()
                retained[key] = Retained((*earlier_entries, entry), guards)
        return retained

    @property
    def not_live(self) -> tuple[NumberRow, ...]:
        """The numbers that should be live, and were not seen live."""
        return tuple(map(NumberRow, self.fields["not_live"]))

    @property
    def absent(self) -> tuple[NumberRow, ...]:
        """The numbers that no reading has seen live: those that were not live, and those only counted."""
        return (*self.not_live, *map(NumberRow, self.fields.get("counted", ())))

    @property
    def absent_keys(self) -> frozenset[Key]:
        """Those numbers, each with its list."""
        return keys_in(self.absent)

    @property
    def counted_keys(self) -> frozenset[Key]:
        """The numbers that were written and only counted, each with its list."""
        return keys_in(map(NumberRow, self.fields.get("counted", ())))

    @property
    def not_live_keys(self) -> frozenset[Key]:
        """Those numbers, each with its list."""
        return keys_in(self.not_live)

    @property
    def restored(self) -> tuple[NumberRow, ...]:
        """The numbers that others had removed or weakened, or this run had removed, and the run put back."""
        return tuple(map(NumberRow, self.fields["restored"]))

    @property
    def restored_keys(self) -> frozenset[Key]:
        """Those numbers, each with its list."""
        return keys_in(self.restored)

    @property
    def adopted(self) -> int:
        """How many numbers that others had added an entry names now."""
        return sum(row["count"] for row in self.fields.get("adopted", ()))

    @property
    def removed(self) -> Mapping[str, int]:
        """By list how many numbers came off, or may have."""
        removed: Mapping[str, int] = self.fields.get("removed", {})
        return removed

    @property
    def releases_used(self) -> Mapping[str, int]:
        """By list how many numbers a release let go. The plan names them."""
        used: Mapping[str, int] = self.fields.get("releases_used", {})
        return used

    @property
    def foreign_counts(self) -> Mapping[str, int]:
        """By list how many entries of others' were found at the first claim, seen or written over."""
        others: Mapping[str, int] = self.fields.get("others", {})
        return others

    @property
    def invalid(self) -> tuple[Mapping[str, Any], ...]:
        """The errors that stood in its revision's files, each with its file, line, rule and `held_at`."""
        return tuple(self.fields.get("invalid", ()))

    @property
    def lingering_holds(self) -> tuple[LingeringHold, ...]:
        """The holds that are gone from the files, and were still in force."""
        return tuple(map(LingeringHold, self.fields.get("lingering_holds", ())))

    @property
    def done(self) -> Mapping[str, int] | None:
        """How many numbers arrived, by kind; None: an earlier version does not tell."""
        done: Mapping[str, int] | None = self.fields.get("done")
        return done

    @property
    def done_actions(self) -> Mapping[str, int]:
        """How many numbers the run changed, by action; by an earlier version's report, how many it was to."""
        done = self.done
        if done is None:
            return self.actions
        kinds = {"create": ("added", "put_back"), "update": ("changed", "weakened"), "delete": ("removed",)}
        return {action: sum(done.get(kind, 0) for kind in names) for action, names in kinds.items()}

    @property
    def unverified(self) -> Mapping[str, int]:
        """By list how many numbers were sent and not seen since."""
        unverified: Mapping[str, int] = self.fields.get("unverified", {})
        return unverified

    @property
    def stopped_by(self) -> StoppedBy | None:
        """Who ended the run before its end, where that left anything undone."""
        stopped_by: str | None = self.fields.get("stopped_by")
        return StoppedBy(stopped_by) if stopped_by else None

    @property
    def unreported_runs(self) -> tuple[UnreportedRunRow, ...]:
        """The runs before it that ended without a report."""
        return tuple(map(UnreportedRunRow, self.fields.get("interrupted", ())))

    def unreported_windows(self, target: Target) -> Iterator[tuple[int, Window]]:
        """Give when those runs wrote to this CXone, by their place."""
        for number, run in enumerate(self.unreported_runs):
            window = run.write_window
            if window is not None and is_same_target(run.target, target):
                yield number, window

    @property
    def requests(self) -> Requests:
        """What people asked for: what went live, and what is still open."""
        return Requests(self.fields.get("requests") or {})

    @property
    def alarms(self) -> tuple[Mapping[str, Any], ...]:
        """What only time brought, and the run did not settle."""
        return tuple(self.fields.get("alarms", ()))

    @property
    def is_scheduled(self) -> bool:
        """Whether a schedule started the run."""
        return bool((self.fields.get("pipeline") or {}).get("pipeline_source") == "schedule")

    @property
    def actor(self) -> Actor:
        """Who ran the command, by git and the pipeline."""
        return Actor(self.fields.get("actor") or {})

    @property
    def people(self) -> People | None:
        """Who stands behind the run; None: an earlier version wrote it."""
        fields = self.fields.get("actors")
        return People(fields) if fields else None

    @property
    def initiator(self) -> tuple[str, str]:
        """The name of who started the run, and how that is known: by GitLab's word where there is one."""
        people = self.people
        triggerer = people.triggerer if people else None
        if triggerer and triggerer.login:
            return triggerer.login, triggerer.how
        return self.actor.name, self.actor.how

    @property
    def environment(self) -> Environment | None:
        """What the run ran with; None: it failed, or an earlier version wrote it."""
        fields = self.fields.get("ran")
        return Environment(fields) if fields else None


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report on the branch: its path from the root, the SHA-256 of its bytes, and the report."""

    path: str
    sha256: str
    report: Report

    @property
    def plan_path(self) -> str:
        """Where the plan file is: beside the report, with the same name."""
        return plan_path(self.path)

    @property
    def head(self) -> dict[str, Any]:
        """Name the report, and by its SHA-256 every report before it."""
        return {"seq": self.report.seq, **self.link}

    @property
    def link(self) -> Mapping[str, str]:
        """What the next report says of this one."""
        return {"path": self.path, "sha256": self.sha256}


def parse_report(data: bytes, where: str) -> StoredReport:
    """Read a report. BrokenChain, naming `where` and the field, if it is none, or of a later version."""
    try:
        fields = orjson.loads(data)
        version = int(str(fields["format_version"]).partition(".")[0])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise BrokenChain(
            f"this is no audit report ({type(error).__name__})", RESTORE_FIX, where=where
        ) from error
    if version > int(FORMAT_VERSION.partition(".")[0]):
        raise BrokenChain(
            f"the report has format {version}, this dnc knows {FORMAT_VERSION}",
            "install a newer dnc",
            where=where,
        )
    if odd := REPORT(fields):
        raise BrokenChain(f"this is no audit report: {odd.removeprefix('.')}", RESTORE_FIX, where=where)
    return StoredReport(where, sha256(data), Report(fields))
