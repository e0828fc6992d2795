"""`dnc scrub`: the rows of a calling list that may be dialled, and those that may not."""

import csv
import io
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, Any

from reconciler.core.model.errors import InvalidInput
from reconciler.lists.scrub.columns import PhoneColumns
from reconciler.lists.scrub.listed import ListedNumbers, Listings
from reconciler.lists.scrub.rows import SECOND_READER, Kind, RowJudge, Verdict
from reconciler.lists.scrub.second_reader import listings_in_lines
from reconciler.lists.scrub.text import RawRow
from reconciler.use_cases.scrub.certificate import certificate_bytes, certificate_json, sign
from reconciler.use_cases.scrub.on_list import OnList, gather
from reconciler.use_cases.scrub.outputs import Outputs, StagedFile
from reconciler.use_cases.scrub.request import OutputFiles, ScrubRequest
from reconciler.use_cases.scrub.tables import NO_COLUMN, CallingList, open_calling_list
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.files import harmless_cell

_STEP = 250_000
_AT_ONCE = 4096  # rows that are looked at together
_ENTRY = array("Q").itemsize * 2  # of the index: where a row began, and how many lines it has


@dataclass(slots=True)
class Tally:
    """What became of the rows, counted. `by_list` and `by_reason` count rows, each once a list and a reason.

    `columns` are those that numbers were read from, `left_out` those with numbers that were not asked for, by
    sheet where there are several. `why` counts unreadable rows by reason.
    """

    rows: Counter[str] = field(default_factory=Counter)
    by_list: Counter[str] = field(default_factory=Counter)
    by_reason: Counter[str] = field(default_factory=Counter)
    why: Counter[str] = field(default_factory=Counter)
    columns: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def add_columns(self, sheet: str, columns: PhoneColumns | None) -> None:
        """Name the columns of a part."""
        if columns is not None:
            place = f"{sheet}: " if sheet else ""
            self.columns += [f"{place}{columns.title(index)}" for index in columns.phones]
            self.left_out += [f"{place}{columns.title(index)}" for index in columns.left_out]

    def add_blocked(self, verdict: Verdict) -> None:
        """Count a blocked row."""
        self.rows["blocked"] += 1
        self.by_list.update({listing.list_id for listing in verdict.listings})
        self.by_reason.update({listing.reason for listing in verdict.listings})


@dataclass(frozen=True, slots=True)
class ScrubResult:
    """A run that is whole: its files, what became of the rows, and the certificate that says so."""

    files: OutputFiles
    tally: Tally
    on_list: OnList
    certificate: Mapping[str, Any]
    is_signed: bool

    @property
    def has_unreadable(self) -> bool:
        """Tell whether a row could not be read."""
        return self.tally.rows["unreadable"] > 0


def scrub(ctx: CommandContext, request: ScrubRequest) -> ScrubResult:
    """Scrub a calling list. Nothing appears under an output's name unless the whole run is good.

    Raises InvalidInput, RepositoryProblem, BrokenChain or StaleRegistry; earlier outputs are gone then.
    """
    files = OutputFiles.of(request)
    outputs = Outputs(files, request.file)
    outputs.make_room()
    calling_list = open_calling_list(request.file)
    on_list = gather(ctx, request)
    with outputs.staging():
        writing = _Writing(outputs, calling_list, on_list.listed)
        for part in calling_list.parts(request.columns, on_list.tenant.region):
            writing.add_part(ctx, part.name, part.columns, part.rows)
        tables = writing.finished()
        written = {kind: tables[kind].to_json(file) for kind, file in files.tables.items()}
        document = certificate_json(ctx, request, on_list, calling_list.input_json(), written, writing.tally)
        data = certificate_bytes(document)
        signature = sign(ctx, data)
        outputs.appear(tables, data, signature)
    return ScrubResult(files, writing.tally, on_list, document, signature is not None)


class _Writing:
    """The rows of a run on their way into its files. Of the calling list only a few rows are held at a time.

    `_drafted` is CLEAN as it is first written, `_index` has for each of its rows the line it began in and how
    many lines it has there.
    """

    def __init__(self, outputs: Outputs, calling_list: CallingList, listed: ListedNumbers) -> None:
        self.tally = Tally()
        self._outputs = outputs
        self._list = calling_list
        self._listed = listed
        self._drafted = outputs.stage()
        self._index = outputs.stage()
        self._blocked = outputs.stage()
        self._unreadable = outputs.stage()
        self._sheets: list[tuple[int, str]] = []
        self._has_begun = False

    def add_part(
        self, ctx: CommandContext, sheet: str, columns: PhoneColumns | None, rows: Iterator[RawRow]
    ) -> None:
        """Judge the rows of a table, and write each where it belongs."""
        if not self._has_begun:
            self._begin()
        self.tally.add_columns(sheet, columns)
        self._sheets.append((self.tally.rows["drafted"], sheet))
        judge = RowJudge(self._listed, columns, self._listed.region) if columns is not None else None
        while rows_at_once := list(islice(rows, _AT_ONCE)):
            self._write_rows(rows_at_once, judge, sheet)
            done = self.tally.rows["read"]
            self.tally.rows["read"] += len(rows_at_once)
            if (done + len(rows_at_once)) // _STEP > done // _STEP:
                ctx.say(f"{done + len(rows_at_once):,} rows read")

    def _begin(self) -> None:
        self._has_begun = True
        header = list(self._list.header)
        self._drafted.write(self._encode(self._list.heading))
        self._blocked.write(_csv_row(["line", "lists", "reasons", "columns", *header]))
        self._unreadable.write(_csv_row(["line", "why", *header]))

    def _encode(self, text: str) -> bytes:
        return text.encode(self._list.encoding, self._list.errors)

    def _write_rows(self, rows: list[RawRow], judge: RowJudge | None, sheet: str) -> None:
        clean: list[str] = []
        index = array("Q")
        may_have = self._listed.may_have
        for raw in rows:
            row, text = raw
            if judge is not None:
                is_clean = not row.problem and judge.is_usual(row.cells) and not may_have(text)
                if is_clean or (verdict := judge.judge(row)).kind is Kind.CLEAN:
                    clean.append(text)
                    index.append(row.line)
                    index.append(row.lines)
                    continue
            else:
                verdict = Verdict(Kind.UNREADABLE, why=NO_COLUMN)
            self._write_other(raw, verdict, sheet)
        self._drafted.write(self._encode("".join(clean)))
        self._drafted.rows += len(clean)
        self.tally.rows["drafted"] += len(clean)
        self._index.write(index.tobytes())

    def _write_other(self, raw: RawRow, verdict: Verdict, sheet: str) -> None:
        line = f"{sheet}:{raw.row.line}" if sheet else str(raw.row.line)
        if verdict.kind is Kind.BLOCKED:
            self.tally.add_blocked(verdict)
            lists = " ".join(dict.fromkeys(listing.list_id for listing in verdict.listings))
            reasons = " ".join(dict.fromkeys(listing.reason for listing in verdict.listings))
            self._blocked.write(_csv_row([line, lists, reasons, " + ".join(verdict.columns), *raw.row.cells]))
            self._blocked.rows += 1
        else:
            self._write_unreadable(line, verdict.why, raw.row.cells)

    def _write_unreadable(self, line: str, why: str, cells: Iterable[str]) -> None:
        self.tally.rows["unreadable"] += 1
        self.tally.why[why] += 1
        self._unreadable.write(_csv_row([line, why, *cells]))
        self._unreadable.rows += 1

    def finished(self) -> dict[str, StagedFile]:
        """Read the draft of CLEAN again, line by line, and give the tables."""
        clean = self._outputs.stage()
        lines = _lines_of(self._drafted, self._list.encoding, self._list.errors)
        heading = "".join(islice(lines, _line_count(self._list.heading)))
        if heading != self._list.heading or _found(self._listed, heading):
            fact = "the first line was taken for the header, and has digits of a listed number"
            raise InvalidInput(f"{fact}: nothing was written", "give the table a header of titles only")
        clean.write(self._encode(heading))
        place = 0
        for entries in _entries(self._index):
            texts = []
            for line_number, line_count in zip(entries[::2], entries[1::2], strict=True):
                text = "".join(islice(lines, line_count))
                found = _found(self._listed, text) if self._listed.may_have(text) else ()
                if found:
                    sheet = next(name for start, name in reversed(self._sheets) if start <= place)
                    lists = ", ".join(dict.fromkeys(listing.list_id for listing in found))
                    cells = next(csv.reader(io.StringIO(text), delimiter=self._delimiter), [])
                    line = f"{sheet}:{line_number}" if sheet else str(line_number)
                    self._write_unreadable(line, f"{SECOND_READER} ({lists})", map(str.strip, cells))
                else:
                    texts.append(text)
                place += 1
            clean.write(self._encode("".join(texts)))
            clean.rows += len(texts)
        if next(lines, None) is not None:
            raise InvalidInput("CLEAN has more lines than rows: nothing was written", "report this")
        self.tally.rows["clean"] = clean.rows
        self._demand_every_row()
        return {"clean": clean, "blocked": self._blocked, "unreadable": self._unreadable}

    def _demand_every_row(self) -> None:
        rows = self.tally.rows
        if rows["read"] != rows["clean"] + rows["blocked"] + rows["unreadable"]:
            fact = (
                f"{rows['read']:,} rows were read, and another number is accounted for: nothing was written"
            )
            raise InvalidInput(fact, "report this, with the form of the file")

    @property
    def _delimiter(self) -> str:
        return self._list.input_json()["delimiter"] or ","


def _found(listed: ListedNumbers, text: str) -> Listings:
    return next(listings_in_lines(listed, text), ())


def _line_count(text: str) -> int:
    return sum(1 for _ in io.StringIO(text, newline=""))


def _lines_of(staged: StagedFile, encoding: str, errors: str) -> Iterator[str]:
    """Read a staged file's physical lines, each with its line end."""
    staged.stream.flush()
    with staged.path.open("r", encoding=encoding, errors=errors, newline="") as lines:
        yield from lines


def _entries(staged: StagedFile) -> Iterator["array[int]"]:
    staged.stream.flush()
    with staged.path.open("rb") as stream:
        for data in _blocks(stream):
            entries = array("Q")
            entries.frombytes(data)
            yield entries


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    while data := stream.read(_ENTRY * _AT_ONCE):
        yield data


def _csv_row(cells: Iterable[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(map(harmless_cell, cells))
    return buffer.getvalue().encode("utf-8", "replace")
