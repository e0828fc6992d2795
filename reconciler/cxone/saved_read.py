"""A reading of CXone in a file: columns behind a header, a digest over both, and a MAC over the digest.

A million rows are loaded in a second, where reading them takes 2,000 requests. Nothing but this machine's
kind reads the file, and nothing that is odd about it is ever used. The digest tells damage. Who wrote the
file, only the MAC tells, to whoever has the key.
"""

import hashlib
import hmac
import json
import sys
from array import array
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from reconciler.core.model.entries import ProjectedTerms
from reconciler.core.model.entry_table import Columns, EntryTable, Texts
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.gc_pause import collector_off
from reconciler.core.model.live import Live, UnreadableEntry
from reconciler.core.model.provider import Target

FORMAT = "dnc-reading 3"
NO_MAC = "-"
_MACHINE = f"{sys.byteorder} {array('L').itemsize} {array('Q').itemsize}"
_DIGEST = len(hashlib.sha256().hexdigest())
_HEAD = len(FORMAT) + 2 * (_DIGEST + 1) + 1  # bytes of the first line, at most


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a reading is of: a tenant, as it is configured, and its CXone.

    `settings` are the tenant's, as they are written, that a reading depends on. `own_ids` are the lists that
    were asked for, each with the tenant's own id of it. `report` is the SHA-256 of the newest report then.
    """

    tenant: str
    settings: Mapping[str, Any]
    target: Target
    own_ids: Mapping[str, str]
    report: str | None


def saved_read_file(folder: Path, tenant: str) -> Path:
    """Name the file in which a tenant's reading is kept."""
    return folder / f"{tenant}.reading"


def unusable_error(path: Path, why: str) -> InvalidInput:
    """Say why a reading cannot stand in for CXone."""
    return _problem(path, f"the saved reading {why}")


def save(path: Path, stamp: Stamp, live: Live, key: bytes | None = None) -> None:
    """Keep a reading that adds up, in one step, for its owner only, with a MAC by `key`. Raises OSError."""
    with NamedTemporaryFile(dir=path.parent, prefix=".dnc-", suffix=".tmp", delete=False) as new:
        try:
            _write(new, stamp, live, key)
            new.flush()
            Path(new.name).replace(path)  # a temporary file is its owner's alone (0600)
        except BaseException:
            with suppress(OSError):
                Path(new.name).unlink(missing_ok=True)
            raise


def load(path: Path, key: bytes | None = None) -> tuple[Stamp, Live]:
    """Read a reading that was kept. With a `key` it must have been kept with that key.

    Raises InvalidInput where there is none, or it is not what was kept.
    """
    try:
        with path.open("rb") as file, collector_off():
            file_format, digest, mac = file.readline(_HEAD).decode("ascii").removesuffix("\n").rsplit(" ", 2)
            if file_format != FORMAT:
                raise unusable_error(path, "was kept by another version of dnc")
            start = file.tell()
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise unusable_error(path, "is damaged")
            if key and not hmac.compare_digest(mac, _mac(digest, key)):
                raise unusable_error(path, "was not kept with this DNC_READING_KEY")
            file.seek(start)
            return _read(path, file)
    except FileNotFoundError:
        raise _problem(path, "there is no saved reading") from None
    except OSError as error:
        raise unusable_error(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, LookupError, TypeError) as error:
        raise unusable_error(path, "is damaged") from error


def _problem(path: Path, fact: str) -> InvalidInput:
    return InvalidInput(fact, "keep a new one: dnc drift; or plan with --reading live", where=str(path))


def _write(file: IO[bytes], stamp: Stamp, live: Live, key: bytes | None) -> None:
    """Write the first line last, over its place: digest and MAC are known when all else is written."""
    file.write(f"{_head('0' * _DIGEST, key)}\n".encode())
    digest = hashlib.sha256()
    for part in _parts(stamp, live):
        digest.update(part)
        file.write(part)
    file.seek(0)
    file.write(_head(digest.hexdigest(), key).encode())


def _head(digest: str, key: bytes | None) -> str:
    return f"{FORMAT} {digest} {_mac(digest, key) if key else NO_MAC}"


def _mac(digest: str, key: bytes) -> str:
    return hmac.digest(key, f"{FORMAT}\0{digest}".encode(), "sha256").hex()


def _parts(stamp: Stamp, live: Live) -> Iterator[bytes | bytearray | memoryview]:
    """Give the header, one line of JSON, and then each list's columns."""
    columns = {name: _columns(entries) for name, entries in live.lists.items()}
    parts = {name: _blobs(list_columns) for name, list_columns in columns.items()}
    lists = {
        name: {
            "carried": [_projection_to_json(terms) for terms in columns[name].projections],
            "sizes": [len(blob) for blob in blobs],
        }
        for name, blobs in parts.items()
    }
    header = {"machine": _MACHINE, "stamp": asdict(stamp), "live": _live_header_to_json(live), "lists": lists}
    yield json.dumps(header).encode() + b"\n"
    for blobs in parts.values():
        yield from blobs


def _columns(entries: Mapping[str, Any]) -> Columns:
    return (entries if isinstance(entries, EntryTable) else EntryTable(entries)).columns


def _blobs(columns: Columns) -> list[bytes | bytearray | memoryview]:
    ids, id_ends = columns.ids.columns
    moments, moment_ends = columns.moments.columns
    numbers = (columns.terms, id_ends, columns.times, moment_ends)
    return [columns.phones, ids, moments, *(memoryview(column).cast("B") for column in numbers)]


def _read(path: Path, file: IO[bytes]) -> tuple[Stamp, Live]:
    header = json.loads(file.readline())
    if header["machine"] != _MACHINE:
        raise unusable_error(path, "was kept by another kind of machine")
    header_live, stamp = header["live"], header["stamp"]
    live = Live(
        lists={name: _read_table(file, list_header) for name, list_header in header["lists"].items()},
        duplicate_ids={(list_id, phone): tuple(ids) for list_id, phone, ids in header_live["twins"]},
        unreadable=tuple(UnreadableEntry(list_id, text) for list_id, text in header_live["unreadable"]),
        foreign=header_live["foreign"],
        entry_count=header_live["entries"],
        read_at=header_live["read_at"],
        warnings=tuple(
            Finding(**{**row, "severity": Severity(row["severity"])}) for row in header_live["warnings"]
        ),
        ceiling=header_live["ceiling"],
        is_saved=True,
        duplicate_codes={
            (list_id, phone): frozenset(codes) for list_id, phone, codes in header_live["codes"]
        },
    )
    return Stamp(**{**stamp, "target": Target(**stamp["target"])}), live


def _read_table(file: IO[bytes], list_header: Mapping[str, Any]) -> EntryTable:
    phones, ids, moments, *columns = (file.read(size) for size in list_header["sizes"])
    terms, id_ends, times, moment_ends = map(array, "LQLQ", columns)
    projections = tuple(_projection_from_json(terms) for terms in list_header["carried"])
    return EntryTable.of(
        Columns(phones, projections, terms, Texts.of(ids, id_ends), times, Texts.of(moments, moment_ends))
    )


def _live_header_to_json(live: Live) -> dict[str, Any]:
    return {
        "twins": [[*key, ids] for key, ids in live.duplicate_ids.items()],
        "unreadable": [[odd.list_id, odd.text] for odd in live.unreadable],
        "foreign": dict(live.foreign),
        "entries": live.entry_count,
        "read_at": live.read_at,
        "warnings": [asdict(finding) for finding in live.warnings],
        "ceiling": live.ceiling,
        "codes": [[*key, sorted(codes)] for key, codes in live.duplicate_codes.items()],
    }


def _projection_to_json(terms: ProjectedTerms) -> list[str | None]:
    return [terms.reason_code, terms.expiration_policy, terms.end.isoformat() if terms.end else None]


def _projection_from_json(fields: list[Any]) -> ProjectedTerms:
    reason_code, policy, end = fields
    return ProjectedTerms(reason_code, policy, date.fromisoformat(end) if end else None)
