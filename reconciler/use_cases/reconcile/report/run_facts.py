"""What a report says of the run: program, credential, clocks, pipeline, requests and latencies."""

import hmac
import os
import platform
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from math import ceil
from pathlib import Path
from typing import Any

import reconciler
from reconciler.config.connection_settings import REFERENCE
from reconciler.config.tenant import Tenant
from reconciler.core.apply.outcomes import SentRequest
from reconciler.core.model.provider import ClockOffset, Provider
from reconciler.core.planning.change import Action
from reconciler.git.repository import Repository
from reconciler.use_cases.reconcile.clock_skew import LIMIT_SECONDS, has_jumped, skew_seconds
from reconciler.use_cases.workspace.context import CommandContext, Pipeline, iso
from reconciler.use_cases.workspace.project import Project

_PIPELINE_VARIABLES = (
    "CI_PIPELINE_ID",
    "CI_PIPELINE_SOURCE",
    "CI_PIPELINE_URL",
    "CI_JOB_ID",
    "CI_JOB_URL",
    "CI_COMMIT_REF_NAME",
)


def actor_json(ctx: CommandContext, repository: Repository | None, revision: str | None) -> dict[str, Any]:
    """Say who ran this and who wrote the commit."""
    pipeline = ctx.pipeline
    user = repository.user_email() if repository else None
    return {
        "name": pipeline.get("GITLAB_USER_LOGIN") or user or ctx.environ.get("USER") or "unknown",
        "email": pipeline.get("GITLAB_USER_EMAIL") or user,
        "commit_author": repository.describe(revision).author if repository and revision else None,
        "how": "asserted",
    }


def pipeline_json(pipeline: Pipeline) -> dict[str, Any] | None:
    """Say which pipeline and job this is; None outside of one."""
    variables = {
        name.removeprefix("CI_").lower(): pipeline.get(name)
        for name in _PIPELINE_VARIABLES
        if pipeline.get(name)
    }
    return {**variables, "how": "asserted"} if variables else None


KEY_VARIABLE = "DNC_FINGERPRINT_KEY"
MIN_KEY_LENGTH = 16  # characters, as for masks: a short key is guessed
_PACKAGE = "dnc-reconciler"
_DIGITS = 32


def program_json(
    project: Project, tenant: Tenant, environ: Mapping[str, str], provider: Provider | None
) -> dict[str, Any]:
    """Say what ran, as a report keeps it. Rules, configuration and limits stand beside it in the report.

    `tenant` may be as it is configured, its references not resolved. Without a provider CXone told nothing.
    """
    organisation = provider.reported_organisation() if provider else ""
    return {
        "package": package_json(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "loosened_rules": list(project.rules.looser_rules),
        "organisation": {"told": organisation or None, "how": "token" if organisation else "not told"},
        "credential": credential_json(tenant, environ),
        "clock_skew": skew_json(provider.clock_offset() if provider else None),
    }


@cache
def package_json() -> Mapping[str, str | None]:
    """Name the program by the SHA-256 of its files, and say whether the installation's RECORD says the same.

    It is over sorted lines as RECORD has them, so a wheel's own RECORD gives the same. `record` is `none`
    for an editable installation: there the files are those of a clone.
    """
    digest = _digest(_file_lines(Path(reconciler.__file__).parent))
    recorded_digest = _recorded_digest()
    if recorded_digest is None:
        return {"name": _PACKAGE, "sha256": digest, "record": "none"}
    return {"name": _PACKAGE, "sha256": digest, "record": "same" if recorded_digest == digest else "differs"}


def _file_lines(folder: Path) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        prefix = Path(place).relative_to(folder.parent).as_posix()
        for name in names:
            data = Path(place, name).read_bytes()
            digest = urlsafe_b64encode(sha256(data).digest()).decode().rstrip("=")
            yield f"{prefix}/{name},sha256={digest},{len(data)}"


def _recorded_digest() -> str | None:
    try:
        record = distribution(_PACKAGE).read_text("RECORD") or ""
    except PackageNotFoundError:
        return None
    # Compiled files are the installation's own, and have no hash.
    lines = [line for line in record.splitlines() if line.startswith("reconciler/") and ",sha256=" in line]
    # An editable installation records the rules that it carries, and leaves the program where it lies.
    is_whole = any(line.startswith("reconciler/__init__.py,") for line in lines)
    return _digest(iter(lines)) if is_whole else None


def _digest(lines: Iterator[str]) -> str:
    return sha256("".join(f"{line}\n" for line in sorted(lines)).encode()).hexdigest()


def credential_json(tenant: Tenant, environ: Mapping[str, str]) -> dict[str, str | None]:
    """Tell credentials apart without naming them: a keyed fingerprint of the id, never of the secret.

    Keyed, because ids are short and known to many: a plain hash of one is found by trying.
    """
    key = environ.get(KEY_VARIABLE, "")
    # A run that failed may not have come to resolving it.
    name = REFERENCE.sub(lambda found: environ.get(found[1], ""), tenant.connection.credential_id)
    if tenant.embedded:
        return {"fingerprint": None, "why": "the built-in CXone has no credential of yours"}
    if len(key) < MIN_KEY_LENGTH:
        short = f"is shorter than {MIN_KEY_LENGTH} characters" if key else "is not set"
        return {"fingerprint": None, "why": f"{KEY_VARIABLE} {short}"}
    if not name:
        return {"fingerprint": None, "why": "the credential's id is not set"}
    mac = hmac.digest(key.encode(), f"dnc credential\0{name}".encode(), "sha256").hex()
    return {"fingerprint": f"hmac-sha256:{mac[:_DIGITS]}"}


def skew_json(offset: ClockOffset | None) -> dict[str, Any]:
    """Say how far CXone's clock is ahead of ours, at least; null where its answers do not tell."""
    seconds = None if offset is None else skew_seconds(offset)
    return {
        "seconds": seconds,
        "limit_seconds": LIMIT_SECONDS,
        "within": None if seconds is None else abs(seconds) <= LIMIT_SECONDS,
    }


def chunk_json(sent_request: SentRequest) -> dict[str, Any]:
    """Say one write request: what it was, how it went, how long it took."""
    answer = sent_request.answer
    return {
        "action": sent_request.action,
        "size": sent_request.size,
        "attempts": answer.attempts,
        "latency_ms": round(answer.latency_ms, 1),
        "verdict": answer.verdict.value,
        "successes": sent_request.size - len(answer.failures) - len(answer.conflicts)
        if answer.verdict == "answered"
        else 0,
        "failures": len(answer.failures),
        "conflicts": len(answer.conflicts),
        "started": iso(answer.started) if answer.started else None,
        "ended": iso(answer.ended) if answer.ended else None,
    }


def latency_json(sent: Iterable[SentRequest]) -> dict[str, float | None]:
    """Sum up latencies in milliseconds, by nearest rank; None of no requests."""
    times = sorted(sent_request.answer.latency_ms for sent_request in sent)
    if not times:
        return {"p50": None, "p95": None, "max": None}
    by_share = {share: round(times[max(0, ceil(share * len(times)) - 1)], 1) for share in (0.5, 0.95, 1.0)}
    return {"p50": by_share[0.5], "p95": by_share[0.95], "max": by_share[1.0]}


def clock_json(offset: ClockOffset | None, now: datetime) -> dict[str, Any]:
    """Say how CXone's clock stood to ours, as far as its answers told."""
    if offset is None:
        return {"ours": iso(now), "cxone": None}
    return {
        "ours": iso(now),
        "cxone": iso(now + (offset.least + offset.most) / 2),
        "offset_seconds": [offset.least.total_seconds(), offset.most.total_seconds()],
    }


def write_window(sent: Iterable[SentRequest], offset: ClockOffset | None) -> dict[str, str] | None:
    """Say when this run can have written, on CXone's clock: a touch in it, of a number we wrote, is ours.

    Removals leave no entry that could show a touch, so only what was written counts.
    """
    times = [
        (sent_request.answer.started, sent_request.answer.ended)
        for sent_request in sent
        if sent_request.action != Action.DELETE.value
    ]
    started_at = min((moment for moment, _ in times if moment), default=None)
    ended_at = max((moment for _, moment in times if moment), default=None)
    if started_at is None or ended_at is None or (offset is not None and has_jumped(offset)):
        return None  # between two times that a clock was set to lie touches of others
    least, most_offset = (offset.least, offset.most) if offset else (timedelta(0), timedelta(0))
    return {"from": iso(started_at + least), "to": iso(ended_at + most_offset)}
