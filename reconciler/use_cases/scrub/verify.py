"""`dnc scrub --verify`: whether files are those of a certificate, and whether it still holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from reconciler.audit.ledger import Ledger
from reconciler.core.model.errors import BrokenChain, InvalidInput
from reconciler.git.repository import Repository
from reconciler.git.signed_files import signer_of
from reconciler.use_cases.scrub.certificate import FORMAT_VERSION, NAMESPACE
from reconciler.use_cases.scrub.outputs import digest_of, read_certificate
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.opening import open_record, signers_of

_PARTS = ("clean", "blocked", "unreadable")


@dataclass(frozen=True, slots=True)
class VerifiedCertificate:
    """What was found. `problems` say what does not fit; `is_over`: its time is over.

    `signer` is whose good signature it has; None: it has none. `checked` names the files that were compared.
    """

    certificate: Mapping[str, Any]
    checked: tuple[str, ...]
    problems: tuple[str, ...]
    signer: str | None
    is_over: bool

    @property
    def exit_code(self) -> int:
        """4 where something does not fit, 3 where all does and its time is over."""
        return 4 if self.problems else 3 if self.is_over else 0


def verify_certificate(ctx: CommandContext, file: Path, table: Path | None = None) -> VerifiedCertificate:
    """Compare a certificate with the files beside it, with the audit branch, and with the clock.

    `table` is where the calling list is now; by default beside the certificate. Raises InvalidInput for what
    is no certificate.
    """
    try:
        data = file.read_bytes()
        certificate = read_certificate(file)
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", "check the file", where=str(file)) from error
    version = str((certificate or {}).get("format_version", "")).partition(".")[0]
    if certificate is None or version != FORMAT_VERSION.partition(".")[0]:
        raise InvalidInput(
            "this is no certificate of this version of dnc", "name LIST.certificate.json", where=str(file)
        )
    record = open_record(ctx, goes_on=True)
    signature = _Signature(ctx, file, data, certificate)
    signers = signers_of(record.project.configuration.audit, record.repository, ctx)
    try:
        files = dict(_named_files(certificate, file.parent, table))
        valid_until = datetime.fromisoformat(certificate["valid_until"])
        problems = [
            *_file_problems(files),
            *_chain_problems(record.ledger, certificate),
            *_revision_problems(record.repository, certificate),
            *signature.problems(signers),
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        fact = f"this certificate is damaged: {type(error).__name__}"
        raise InvalidInput(fact, "make a new one: dnc scrub", where=str(file)) from error
    return VerifiedCertificate(
        certificate,
        tuple(path.name for path, _ in files.values()),
        tuple(problems),
        signature.signer,
        ctx.clock() > valid_until,
    )


def _named_files(
    certificate: Mapping[str, Any], folder: Path, table: Path | None
) -> Iterator[tuple[str, tuple[Path, str]]]:
    """Give the files that it names: beside it, whatever folder a name may lead to."""
    made = certificate["input"]
    yield "input", (table or folder / Path(made["file"]).name, made["sha256"])
    for kind in _PARTS:
        output = certificate["outputs"][kind]
        yield kind, (folder / Path(output["file"]).name, output["sha256"])


def _file_problems(files: Mapping[str, tuple[Path, str]]) -> Iterator[str]:
    for kind, (path, digest) in files.items():
        try:
            found = digest_of(path)
        except OSError as error:
            yield f"{path}: the {kind} cannot be read: {error.strerror}"
            continue
        if found != digest:
            yield f"{path}: the {kind} has another content than the certificate says"


def _chain_problems(ledger: Ledger, certificate: Mapping[str, Any]) -> Iterator[str]:
    """Find the report that the run went by in the chain of today."""
    tenant, named = str(certificate["tenant"]), certificate["basis"]["report"]
    ledger.refresh()
    if named is None:
        return
    try:
        is_there = any(
            stored.path == named["path"] and stored.sha256 == named["sha256"]
            for stored in ledger.reports(tenant)
        )
    except BrokenChain as error:
        yield f"the audit chain of {tenant} does not verify: {error.fact}"
        return
    yield from (f"the audit chain of {tenant} is in doubt: {doubt.fact}" for doubt in ledger.doubts(tenant))
    if not is_there:
        yield f"report {named['seq']}, by which it was made, is not in the audit chain of {tenant}"


def _revision_problems(repository: Repository, certificate: Mapping[str, Any]) -> Iterator[str]:
    revision = str(certificate["revision"])
    if not repository.has_commit(revision):
        yield f"the commit {revision[:12]}, whose lists it goes by, is not in this clone: run git fetch"


class _Signature:
    """The signature beside a certificate. `signer` is known once `problems` were asked for."""

    def __init__(self, ctx: CommandContext, file: Path, data: bytes, certificate: Mapping[str, Any]) -> None:
        self.signer: str | None = None
        self._ctx = ctx
        self._data = data
        self._file = file.with_name(f"{file.name}.sig")
        self._is_said = certificate.get("signed") is True

    def problems(self, signers: bytes | None) -> Iterator[str]:
        """Say what is wrong with it. Where `audit.signers` is set only a signature of those counts."""
        is_there = self._file.is_file()
        if not is_there:
            if self._is_said or signers is not None:
                yield f"{self._file}: the signature is missing"
            return
        if signers is None:
            if self._is_said:
                yield f"{self._file}: the signature cannot be checked: dnc.yaml has no audit.signers"
            return
        self.signer = signer_of(self._data, self._file.read_bytes(), signers, NAMESPACE, self._ctx.environ)
        if self.signer is None:
            yield f"{self._file}: the signature is not a good one by anybody in audit.signers"
