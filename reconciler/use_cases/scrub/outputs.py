"""Output files that appear whole or not at all, for their owner only, and never over somebody else's file."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from reconciler.core.model.errors import InvalidInput
from reconciler.use_cases.scrub.request import OutputFiles

KIND = "dnc-scrub-certificate"
_STAGED = ".dnc-scrub-"
_STEP = 1 << 20
_LARGEST_CERTIFICATE = 16 << 20


def digest_of(file: Path) -> str:
    """Give a file's SHA-256. Raises OSError."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_certificate(file: Path) -> Mapping[str, Any] | None:
    """Read a certificate; None for what is none. Raises OSError."""
    if file.stat().st_size > _LARGEST_CERTIFICATE:
        return None
    try:
        document = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document.get("kind") == KIND else None


@dataclass(slots=True)
class StagedFile:
    """A file under a name of its own until all is known: its digest, its bytes and its rows so far."""

    path: Path
    stream: IO[bytes]
    digest: Any = field(default_factory=hashlib.sha256)
    size: int = 0
    rows: int = 0

    def write(self, data: bytes) -> None:
        """Write bytes."""
        self.stream.write(data)
        self.digest.update(data)
        self.size += len(data)

    def to_json(self, file: Path) -> dict[str, Any]:
        """Say what a certificate says of it, under the name that it gets."""
        return {"file": file.name, "rows": self.rows, "bytes": self.size, "sha256": self.digest.hexdigest()}


class Outputs:
    """The files of one run. Nothing appears under its name before `appear`."""

    def __init__(self, files: OutputFiles, table: Path) -> None:
        self.files = files
        self._table = table
        self._staged: list[StagedFile] = []

    def make_room(self) -> None:
        """Remove what an earlier run made under these names, so that no old CLEAN outlives a run that fails.

        Only what that run's own certificate shows, byte for byte, goes. Raises InvalidInput where another
        file has one of the names.
        """
        self._demand_names()
        try:
            self._remove_leftovers()
            certificate = self.files.certificate
            is_there = certificate.exists() or certificate.is_symlink()
            earlier = read_certificate(certificate) if is_there and certificate.is_file() else None
            if is_there and earlier is None:
                fact = "this file is there, and it is no certificate of dnc: nothing was written"
                raise InvalidInput(fact, "name another file: --certificate", where=str(certificate))
            made = (earlier or {}).get("outputs", {})
            others = [
                file for kind, file in self.files.tables.items() if not _remove_made(file, made.get(kind))
            ]
        except OSError as error:
            raise _unwritable(self.files.clean, error) from error
        if others:
            fact = "this file is there, and no certificate shows that dnc scrub wrote it: nothing was written"
            raise InvalidInput(fact, "move it away, or name another CLEAN: -o", where=str(others[0]))

    def _demand_names(self) -> None:
        places = [*self.files.tables.values(), self.files.certificate, self.files.signature]
        resolved = [place.resolve() for place in places]
        if self._table.resolve() in resolved or len(set(resolved)) < len(resolved):
            fact = "two of the files have one name: the calling list, the outputs and the certificate"
            raise InvalidInput(fact, "name another CLEAN: -o", where=str(self.files.clean))
        for place in places:
            if not place.parent.is_dir():
                raise InvalidInput("there is no such folder", "make it", where=str(place.parent))

    def _remove_leftovers(self) -> None:
        for leftover in self.files.clean.parent.glob(f"{_STAGED}*.tmp"):
            if leftover.name.startswith(self._prefix):
                leftover.unlink(missing_ok=True)

    @property
    def _prefix(self) -> str:
        return f"{_STAGED}{self.files.clean.name}-"

    @contextmanager
    def staging(self) -> Iterator["Outputs"]:
        """Keep staged files until the end, and no longer. Raises InvalidInput where one cannot be written."""
        try:
            yield self
        except OSError as error:
            raise _unwritable(self.files.clean, error) from error
        finally:
            for staged in self._staged:
                with suppress(OSError):
                    staged.stream.close()
                with suppress(OSError):
                    staged.path.unlink(missing_ok=True)

    def stage(self) -> StagedFile:
        """Begin a file, readable for its owner only."""
        with NamedTemporaryFile(
            dir=self.files.clean.parent, prefix=self._prefix, suffix=".tmp", delete=False
        ) as made:
            path = Path(made.name)
        staged = StagedFile(path, path.open("r+b", buffering=_STEP))
        self._staged.append(staged)
        return staged

    def appear(self, tables: Mapping[str, StagedFile], certificate: bytes, signature: bytes | None) -> None:
        """Give every file its name, CLEAN last: without its certificate it is never seen."""
        sealed = self.stage()
        sealed.write(certificate)
        signed = None
        if signature is not None:
            signed = self.stage()
            signed.write(signature)
        for staged in self._staged:
            staged.stream.flush()
            os.fsync(staged.stream.fileno())
        self.files.signature.unlink(missing_ok=True)
        if signed is not None:
            signed.path.replace(self.files.signature)
        named: list[Path] = []
        try:
            for kind in ("blocked", "unreadable"):
                tables[kind].path.replace(self.files.tables[kind])
                named.append(self.files.tables[kind])
            sealed.path.replace(self.files.certificate)
            tables["clean"].path.replace(self.files.clean)
        except BaseException:
            for file in named:
                with suppress(OSError):
                    file.unlink()
            raise


def _remove_made(file: Path, made: object) -> bool:
    """Remove a file that a certificate names with its digest; tell whether its name is free then."""
    if not file.exists() and not file.is_symlink():
        return True
    is_made = (
        isinstance(made, dict)
        and made.get("file") == file.name
        and file.is_file()
        and not file.is_symlink()
        and made.get("sha256") == digest_of(file)
    )
    if is_made:
        file.unlink()
    return is_made


def _unwritable(file: Path, error: OSError) -> InvalidInput:
    return InvalidInput(
        f"the output cannot be written: {error.strerror}",
        "check the folder's rights and the disk's free space, or name another CLEAN: -o",
        where=str(file.parent),
    )
