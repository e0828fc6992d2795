"""What ran: which program, for which organisation and with whose credential, and how the clocks stood."""

import hmac
import platform
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import reconciler
from reconciler.desired.tenant import REFERENCE, Tenant
from reconciler.model.provider import ClockOffset, Provider
from reconciler.reconcile.project import Project
from reconciler.reconcile.skew import LIMIT_SECONDS, skew

KEY_VARIABLE = "DNC_FINGERPRINT_KEY"
LEAST_KEY = 16  # characters, as for masks: a short key is guessed
_PACKAGE = "dnc-reconciler"
_DIGITS = 32


def ran_json(
    project: Project, tenant: Tenant, environ: Mapping[str, str], provider: Provider | None
) -> dict[str, Any]:
    """Say what ran, as a report keeps it. Rules, configuration and limits stand beside it in the report.

    `tenant` may be as it is configured, its references not resolved. Without a provider CXone told nothing.
    """
    told = provider.told_organisation() if provider else ""
    return {
        "package": package_json(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "loosened_rules": list(project.rules.looser),
        "organisation": {"told": told or None, "how": "token" if told else "not told"},
        "credential": credential_json(tenant, environ),
        "clock_skew": skew_json(provider.clock_offset() if provider else None),
    }


def package_json() -> dict[str, str | None]:
    """Name the program by the SHA-256 of its files, and say whether the installation's RECORD says the same.

    It is over sorted lines as RECORD has them, so a wheel's own RECORD gives the same. `record` is `none`
    for an editable installation: there the files are those of a clone.
    """
    found = _digest(_lines(Path(reconciler.__file__).parent))
    recorded = _recorded()
    if recorded is None:
        return {"name": _PACKAGE, "sha256": found, "record": "none"}
    return {"name": _PACKAGE, "sha256": found, "record": "same" if recorded == found else "differs"}


def _lines(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            data = path.read_bytes()
            name = path.relative_to(folder.parent).as_posix()
            yield f"{name},sha256={urlsafe_b64encode(sha256(data).digest()).decode().rstrip('=')},{len(data)}"


def _recorded() -> str | None:
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
    name = REFERENCE.sub(lambda found: environ.get(found[1], ""), tenant.access_key_id or tenant.client_id)
    if tenant.embedded:
        return {"fingerprint": None, "why": "the built-in CXone has no credential of yours"}
    if len(key) < LEAST_KEY:
        short = f"is shorter than {LEAST_KEY} characters" if key else "is not set"
        return {"fingerprint": None, "why": f"{KEY_VARIABLE} {short}"}
    if not name:
        return {"fingerprint": None, "why": "the credential's id is not set"}
    mac = hmac.digest(key.encode(), f"dnc credential\0{name}".encode(), "sha256").hex()
    return {"fingerprint": f"hmac-sha256:{mac[:_DIGITS]}"}


def skew_json(offset: ClockOffset | None) -> dict[str, Any]:
    """Say how far CXone's clock is ahead of ours, at least; null where its answers do not tell."""
    seconds = None if offset is None else skew(offset)
    return {
        "seconds": seconds,
        "limit_seconds": LIMIT_SECONDS,
        "within": None if seconds is None else abs(seconds) <= LIMIT_SECONDS,
    }
