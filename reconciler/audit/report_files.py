"""The files of a report: their names, and the packed plan beside it."""

import gzip
import hashlib
import re
import zlib
from datetime import UTC, datetime
from typing import Any

import orjson

from reconciler.audit.report_format import PLAN
from reconciler.core.model.errors import BrokenChain

RESTORE_FIX = "run `dnc audit verify`; restore the branch from a clone that still has the report"

PLAN_SUFFIX = ".plan.json.gz"
REPORT_SUFFIX = ".json"

# A million numbers are 16 MB, packed into 4 (into 2 where they follow each other).
_PLAN_BYTES = 512 * 1024 * 1024
_PLAN_RATIO = 200
_PLAN_FREE = 1024 * 1024

_TENANT = re.compile(r"[a-z0-9-]+")
_NAME = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{6}Z-[0-9a-f]{12}-[0-9a-f]{8}\.json")


def parse_plan(data: bytes, where: str) -> dict[str, Any]:
    """Read the plan beside a report. BrokenChain, naming `where` and the field, if it is none."""
    try:
        plan: dict[str, Any] = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BrokenChain("this is no plan (not JSON)", RESTORE_FIX, where=where) from error
    if odd := PLAN(plan):
        raise BrokenChain(f"this is no plan: {odd.removeprefix('.')}", RESTORE_FIX, where=where)
    return plan


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
            RESTORE_FIX,
            where=where,
        )
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plan = unpacking.decompress(packed, size + 1)
    except zlib.error as error:
        raise BrokenChain("the plan is not packed by gzip", RESTORE_FIX, where=where) from error
    if len(plan) != size or not unpacking.eof or unpacking.unused_data:
        raise BrokenChain("the plan is not as long as its own end says", RESTORE_FIX, where=where)
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


def report_path_of(path: str) -> str:
    """Name the report that a plan file belongs to; a report is its own."""
    return path.removesuffix(PLAN_SUFFIX) + REPORT_SUFFIX if path.endswith(PLAN_SUFFIX) else path


def tenant_of_path(path: str, folder: str) -> str | None:
    """Tell whose report a file is; None if it is not named like a report."""
    below = path.removeprefix(f"{folder.strip('/')}/")
    tenant, _, name = below.partition("/")
    return tenant if below != path and _TENANT.fullmatch(tenant) and _NAME.fullmatch(name) else None
