"""What a downloaded file holds: text, a workbook or XML, taken out of the ZIP or gzip that it came in."""

import gzip
import re
import zipfile
import zlib
from dataclasses import dataclass
from enum import Enum, auto
from io import BytesIO
from typing import IO

from reconciler.core.model.errors import InvalidInput

MAX_BYTES = 1 << 30  # unpacked: a table of a million rows has a tenth of that
_ZIP, _GZIP, _OLE = b"PK", b"\x1f\x8b", b"\xd0\xcf\x11\xe0"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_STEP = 1 << 20
_SAVE_AS = "save it as XLSX without a password, or as CSV"


class Form(Enum):
    """How a table is written."""

    TEXT = auto()
    WORKBOOK = auto()
    XML = auto()


@dataclass(frozen=True, slots=True)
class Content:
    """A table out of its wrapping: `data` of a workbook, `text` of anything else."""

    name: str
    form: Form
    data: bytes = b""
    text: str = ""


def open_content(name: str, data: bytes, *, is_packed: bool = False) -> Content:
    """Open a file. Raises InvalidInput for what holds no table, or more than one.

    `is_packed`: it was inside of another file, so it is no ZIP or gzip of tables itself.
    """
    if data.startswith(_OLE):
        fact = "this is an older workbook, or one with a password: its rows cannot be counted"
        raise InvalidInput(fact, _SAVE_AS, where=name)
    if data.startswith(_ZIP):
        return _open_zip(name, data, is_packed=is_packed)
    if data.startswith(_GZIP):
        return _open_packed(name, _unpack_gzip(name, data), is_packed=is_packed)
    text = decode_text(name, data)
    if not text.lstrip().startswith("<"):
        return Content(name, Form.TEXT, text=text)
    if re.search(r"<ph\b", text):
        return Content(name, Form.XML, text=text)
    fact = "this is HTML or XML, though not a registry's"
    raise InvalidInput(fact, "save it as CSV or XLSX", where=name)


def decode_text(name: str, data: bytes) -> str:
    """Decode text; what cannot be decoded is U+FFFD. Raises InvalidInput for what is no text."""
    if data.startswith(_UTF16):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data:
        return data.decode(unmarked_utf16(name, data), errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")  # what spreadsheets write where it is not UTF-8


def unmarked_utf16(name: str, data: bytes) -> str:
    """Name the byte order of UTF-16 without a mark: every other byte of plain text is zero."""
    start = data[: 1 << 12]
    first, second = start[::2].count(0), start[1::2].count(0)
    enough = len(start) // 4
    if second > enough and not first:
        return "utf-16-le"
    if first > enough and not second:
        return "utf-16-be"
    raise InvalidInput("this is no table", "export it as CSV, TSV or XLSX", where=name)


def _open_zip(name: str, data: bytes, *, is_packed: bool) -> Content:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            paths = {info.filename.lower() for info in archive.infolist()}
            if "xl/workbook.xml" in paths:
                return Content(name, Form.WORKBOOK, data)
            if paths & {"xl/workbook.bin", "content.xml"}:
                fact = "the rows of this kind of workbook cannot be counted"
                raise InvalidInput(fact, _SAVE_AS, where=name)
            members = [info for info in archive.infolist() if _may_be_table(info)]
            if len(members) != 1:
                fact = f"this ZIP has {len(members):,} files, and a table is one"
                raise InvalidInput(fact, "unpack it, and import the table that is meant", where=name)
            if members[0].flag_bits & 1:
                raise InvalidInput("this ZIP has a password", "unpack it first", where=name)
            with archive.open(members[0]) as stream:
                return _open_packed(name, _read_bounded(name, stream), is_packed=is_packed)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        fact = "this workbook or ZIP can't be read: it may be cut, or packed in an unusual way"
        raise InvalidInput(fact, f"download it again; or unpack it, or {_SAVE_AS}", where=name) from error


def _may_be_table(info: zipfile.ZipInfo) -> bool:
    """Leave out folders and what file managers add."""
    parts = info.filename.split("/")
    return not info.is_dir() and "__MACOSX" not in parts and not parts[-1].startswith(".")


def _unpack_gzip(name: str, data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as stream:
            return _read_bounded(name, stream)
    except (EOFError, OSError, zlib.error) as error:
        fact = "this gzip file can't be unpacked: it may be cut"
        raise InvalidInput(fact, "download it again", where=name) from error


def _read_bounded(name: str, stream: IO[bytes] | gzip.GzipFile) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := stream.read(_STEP):
        size += len(piece)
        if size > MAX_BYTES:
            fact = f"it unpacks to more than {MAX_BYTES >> 20:,} MB"
            raise InvalidInput(fact, "unpack it, and split the table", where=name)
        pieces.append(piece)
    return b"".join(pieces)


def _open_packed(name: str, data: bytes, *, is_packed: bool) -> Content:
    if is_packed:
        raise InvalidInput("this is packed more than once", "unpack it, and import the table", where=name)
    return open_content(name, data, is_packed=True)
