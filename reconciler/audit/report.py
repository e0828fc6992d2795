"""The audit report: what a run found and did, as stable bytes."""

import gzip
import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NotRequired, TypedDict

import orjson

from reconciler.audit.report_format import PLAN, REPEATS, REPORT
from reconciler.core.model.errors import BrokenChain

FORMAT_VERSION = "1.0"
REANCHORED = "reanchored"  # the status of a report that only continues a chain after a purge

PLAN_SUFFIX = ".plan.json.gz"
REPORT_SUFFIX = ".json"

# A million numbers are 16 MB, packed into 4 (into 2 where they follow each other).
_PLAN_BYTES = 512 * 1024 * 1024
_PLAN_RATIO = 200
_PLAN_FREE = 1024 * 1024

_TENANT = re.compile(r"[a-z0-9-]+")
_NAME = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{6}Z-[0-9a-f]{12}-[0-9a-f]{8}\.json")


class Content(TypedDict):
    """Everything in a report but its place in the chain, in the order of writing. Times are ISO 8601, UTC."""

    tool_version: str
    tenant: str
    target: Mapping[str, Any]  # dialect, organisation, host; groups: each list's own id, where it has one
    revision: str  # the commit that was applied
    held_revision: str | None  # the commit of the report that held was taken from
    as_of: str
    plan_digest: str
    actor: Mapping[str, Any]  # from git and CI_*, marked `asserted`
    pipeline: Mapping[str, Any] | None
    hashes: Mapping[str, str]  # of lists, rules and configuration
    safety: Mapping[str, Any]  # limits in force
    overrides: Mapping[str, Any]  # which of them were replaced for this run, and by whom
    started_at: str
    finished_at: str
    status: str  # complete, partial, interrupted, in-sync, failed
    summary: Mapping[str, Any]
    chunks: Sequence[Mapping[str, Any]]
    latency_ms: Mapping[str, float | None]  # p50, p95, max
    failures: Sequence[Mapping[str, Any]]  # every number with its code and message
    not_live: Sequence[Mapping[str, Any]]
    kept: Sequence[Mapping[str, Any]]  # the whole set, each time
    releases_used: Mapping[str, int]  # by list: numbers whose claim a release let go; the plan has them
    others: Mapping[str, int]  # by list: entries of others', found at the first claim, seen or written over
    touched: Mapping[str, int] | None  # by list: those seen; None where not all was read
    lingering_holds: Sequence[Mapping[str, Any]]  # gone from the files, in force until said for a day
    restored: Sequence[Mapping[str, Any]]
    restored_windows: Sequence[Mapping[str, Any]]  # between which moments they can have been off
    adopted: Sequence[Mapping[str, Any]]  # by list: how many that others had added a claim names now
    renewed: Sequence[Mapping[str, Any]]  # by terms before and after: how many hold longer or stronger now
    read_back: Mapping[str, Any] | None  # how, at, entries, rows that were read, mismatches, missing
    clock: Mapping[str, Any]  # ours and CXone's
    write_window: Mapping[str, str] | None  # when it can have written, on CXone's clock
    removed: Mapping[str, int]  # by list: what came off, or may have; the 7-day budget counts it
    interrupted: Sequence[Mapping[str, Any]]  # runs before, of which no report told
    requests: Mapping[str, Any]  # how many days they took, which were late, which are open
    alarms: Sequence[Mapping[str, Any]]  # what only time brought, and the run did not settle
    live: Mapping[str, Any]  # before and after: count and SHA-256 of the sorted lines, for each list
    reasons: Mapping[str, Mapping[str, int]]  # by list and reason: how many were live afterwards
    error: Mapping[str, Any] | None  # of a run that failed: what it said, and its exit code
    actors: Mapping[str, Any]  # who stands behind the run and each exposing change, verified or asserted
    ran: Mapping[str, Any]  # program, Python, organisation and credential as far as told, clock skew
    reanchor: NotRequired[Mapping[str, Any]]  # of a chain that is continued after a purge: heads, why, breaks
    passed_over: NotRequired[Sequence[Mapping[str, str]]]  # reports whose signature does not count


@dataclass(frozen=True, slots=True)
class Link:
    """The report before: where it is, and the SHA-256 of its bytes."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it was read. Keys that a later version added are kept."""

    fields: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401  (JSON)
        return self.fields[key]

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401  (JSON)
        """Look a field up that not every report has."""
        return self.fields.get(key, default)

    @property
    def seq(self) -> int:
        """The place in the tenant's chain, from 1."""
        return int(self.fields["seq"])

    @property
    def repeats(self) -> bool:
        """Tell whether it only repeats what the one before told: its run failed, or there was none."""
        return self.fields["status"] in REPEATS

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
        told = self.fields.get("clock", {}).get("cxone")
        return datetime.fromisoformat(told) if told else self.finished_at

    @property
    def rewritten(self) -> bool:
        """Tell whether it says that history was rewritten before it, and that somebody accepted that."""
        return bool(self.fields["overrides"].get("accept_history"))


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


def build(content: Content, *, seq: int, previous: Mapping[str, str] | None, plan_sha256: str) -> bytes:
    """Write a report: the same content gives the same bytes."""
    head = {
        "format_version": FORMAT_VERSION,
        "tool_version": content["tool_version"],
        "seq": seq,
        "previous": previous,
        "tenant": content["tenant"],
        "plan_sha256": plan_sha256,
    }
    body = {name: content[name] for name in Content.__annotations__ if name in content and name not in head}  # type: ignore[literal-required]  # the TypedDict's own keys
    return dump(head | body)


def relink(
    report: Report,
    *,
    seq: int,
    previous: Mapping[str, str] | None,
    passed_over: Sequence[Mapping[str, str]] | None = None,
) -> bytes:
    """Write a report again at another place in the chain, otherwise unchanged but for what is passed over."""
    over = {} if passed_over is None else {"passed_over": passed_over}
    return dump({**report.fields, "seq": seq, "previous": previous, **over})


def dump(fields: Mapping[str, Any]) -> bytes:
    """Write JSON as every report is written."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    try:
        return orjson.dumps(fields, option=options)
    except TypeError:
        # An author's name or a variable need be no UTF-8, and must not cost the report of what was written.
        return orjson.dumps(_encodable(fields), option=options)


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_encodable(name): _encodable(item) for name, item in value.items()}
    return [_encodable(item) for item in value] if isinstance(value, list | tuple) else value


def parse(data: bytes, where: str) -> StoredReport:
    """Read a report. BrokenChain, naming `where` and the field, if it is none, or of a later version."""
    try:
        fields = orjson.loads(data)
        version = int(str(fields["format_version"]).partition(".")[0])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise BrokenChain(
            f"this is no audit report ({type(error).__name__})", _RESTORE, where=where
        ) from error
    if version > int(FORMAT_VERSION.partition(".")[0]):
        raise BrokenChain(
            f"the report has format {version}, this dnc knows {FORMAT_VERSION}",
            "install a newer dnc",
            where=where,
        )
    if odd := REPORT(fields):
        raise BrokenChain(f"this is no audit report: {odd.removeprefix('.')}", _RESTORE, where=where)
    return StoredReport(where, sha256(data), Report(fields))


def read_plan(data: bytes, where: str) -> dict[str, Any]:
    """Read the plan beside a report. BrokenChain, naming `where` and the field, if it is none."""
    try:
        plan: dict[str, Any] = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BrokenChain("this is no plan (not JSON)", _RESTORE, where=where) from error
    if odd := PLAN(plan):
        raise BrokenChain(f"this is no plan: {odd.removeprefix('.')}", _RESTORE, where=where)
    return plan


_RESTORE = "run `dnc audit verify`; restore the branch from a clone that still has the report"


def sha256(data: bytes) -> str:
    """Name bytes by their SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def pack_plan(plan: bytes) -> bytes:
    """Compress the plan's JSON: the same plan gives the same bytes."""
    return gzip.compress(plan, compresslevel=6, mtime=0)


def unpack_plan(packed: bytes, where: str = "") -> bytes:
    """Read what `pack_plan` wrote. BrokenChain, naming `where`, for anything else and for what is too large.

    The last four bytes tell the size, so what is refused has not been unpacked.
    """
    size = int.from_bytes(packed[-4:], "little")
    if size > min(_PLAN_BYTES, max(_PLAN_FREE, _PLAN_RATIO * len(packed))):
        raise BrokenChain(
            f"the plan would be {size:,} bytes, packed into {len(packed):,}: no plan of this program is so",
            _RESTORE,
            where=where,
        )
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plan = unpacking.decompress(packed, size + 1)
    except zlib.error as error:
        raise BrokenChain("the plan is not packed by gzip", _RESTORE, where=where) from error
    if len(plan) != size or not unpacking.eof or unpacking.unused_data:
        raise BrokenChain("the plan is not as long as its own end says", _RESTORE, where=where)
    return plan


def report_path(folder: str, tenant: str, at: datetime, revision: str, unique: str) -> str:
    """Name a report's file: tenant, moment (UTC, to microseconds), revision, and 8 random digits."""
    moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return f"{tenant_folder(folder, tenant)}{moment}-{revision[:12]}-{unique}{REPORT_SUFFIX}"


def tenant_folder(folder: str, tenant: str) -> str:
    """Name the folder of a tenant's reports, ending in a slash."""
    if not _TENANT.fullmatch(tenant):
        raise ValueError(f"not a tenant's name: {tenant!r}")
    return f"{folder.strip('/')}/{tenant}/"


def plan_path(path: str) -> str:
    """Name the plan file that belongs to a report's file."""
    return path.removesuffix(REPORT_SUFFIX) + PLAN_SUFFIX


def report_of(path: str) -> str:
    """Name the report that a plan file belongs to; a report is its own."""
    return path.removesuffix(PLAN_SUFFIX) + REPORT_SUFFIX if path.endswith(PLAN_SUFFIX) else path


def tenant_of(path: str, folder: str) -> str | None:
    """Tell whose report a file is; None if it is not named like a report."""
    below = path.removeprefix(f"{folder.strip('/')}/")
    tenant, _, name = below.partition("/")
    return tenant if below != path and _TENANT.fullmatch(tenant) and _NAME.fullmatch(name) else None
