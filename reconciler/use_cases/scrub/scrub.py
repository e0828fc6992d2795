"""`dnc scrub`: the rows of a calling list that may be dialled, and those that may not."""

import csv
import io
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, Any

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.gc_pause import collector_off
from reconciler.lists.scrub.columns import PhoneColumns
from reconciler.lists.scrub.listed import ListedNumbers, Listings
from reconciler.lists.scrub.rows import SECOND_READER, Kind, RowJudge, Verdict
from reconciler.lists.scrub.second_reader import listings_in_lines, suspect_texts
from reconciler.lists.scrub.text import RawRow
from reconciler.use_cases.scrub.certificate import certificate_bytes, certificate_json, sign
from reconciler.use_cases.scrub.on_list import OnList, gather
from reconciler.use_cases.scrub.outputs import Outputs, StagedFile
from reconciler.use_cases.scrub.request import OutputFiles, ScrubRequest
from reconciler.use_cases.scrub.tables import NO_COLUMN, CallingList, Part, open_calling_list
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.files import harmless_cell

_STEP = 250_000
_NO_VERDICT = Verdict(Kind.UNREADABLE, why=NO_COLUMN)
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


@collector_off()
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
        parting = RowParting(outputs, calling_list, on_list.listed)
        for part in parting.parts(request.columns):
            parting.add_part(ctx, part)
        tables = parting.finished()
        written = {kind: tables[kind].to_json(file) for kind, file in files.tables.items()}
        document = certificate_json(ctx, request, on_list, calling_list.input_json(), written, parting.tally)
        data = certificate_bytes(document)
        signature = sign(ctx, data)
        outputs.appear(tables, data, signature)
    return ScrubResult(files, parting.tally, on_list, document, signature is not None)


class RowParting:
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

    def parts(self, wanted: Sequence[str]) -> Iterator[Part]:
        """Give the tables of the calling list, to be added one after the other."""
        return self._list.parts(wanted, self._listed.region)

    def add_part(self, ctx: CommandContext, part: Part) -> None:
        """Judge the rows of a table, and write each where it belongs."""
        if not self._has_begun:
            self._begin()
        self.tally.add_columns(part.name, part.columns)
        self._sheets.append((self.tally.rows["drafted"], part.name))
        judge = RowJudge(self._listed, part.columns, self._listed.region) if part.columns else None
        while rows_at_once := list(islice(part.rows, _AT_ONCE)):
            self._write_rows(rows_at_once, judge, part.name)
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
        for raw in rows:
            verdict = _NO_VERDICT if judge is None else judge.judge(raw)
            if verdict.kind is Kind.CLEAN:
                clean.append(raw.text)
                index.append(raw.line)
                index.append(raw.lines)
            else:
                self._write_other(raw, verdict, sheet)
        self._drafted.write(self._encode("".join(clean)))
        self._drafted.rows += len(clean)
        self.tally.rows["drafted"] += len(clean)
        self._index.write(index.tobytes())

    def _write_other(self, raw: RawRow, verdict: Verdict, sheet: str) -> None:
        # Of several sheets the header is that of all, and the row's own CSV has its cells below it.
        cells = next(csv.reader(io.StringIO(raw.text)), []) if sheet else raw.row.cells
        line = f"{sheet}:{raw.line}" if sheet else str(raw.line)
        if verdict.kind is Kind.BLOCKED:
            self.tally.add_blocked(verdict)
            lists = " ".join(dict.fromkeys(listing.list_id for listing in verdict.listings))
            reasons = " ".join(dict.fromkeys(listing.reason for listing in verdict.listings))
            self._blocked.write(_csv_row([line, lists, reasons, " + ".join(verdict.columns), *cells]))
            self._blocked.rows += 1
        else:
            self._write_unreadable(line, verdict.why, cells)

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
        first = 0
        for entries in _entries(self._index):
            counts = entries[1::2]
            if sum(counts) == len(counts):
                texts = list(islice(lines, len(counts)))
            else:
                texts = ["".join(islice(lines, count)) for count in counts]
            for place in sorted(suspect_texts(self._listed, texts)):
                if found := next(listings_in_lines(self._listed, texts[place]), ()):
                    self._write_suspect(first + place, entries[2 * place], texts[place], found)
                    texts[place] = ""
            clean.write(self._encode("".join(texts)))
            clean.rows += sum(map(bool, texts))
            first += len(texts)
        if next(lines, None) is not None:
            raise InvalidInput("CLEAN has more lines than rows: nothing was written", "report this")
        self.tally.rows["clean"] = clean.rows
        self._demand_every_row()
        return {"clean": clean, "blocked": self._blocked, "unreadable": self._unreadable}

    def _write_suspect(self, place: int, line_number: int, text: str, found: Listings) -> None:
        """Write a row of the draft, by its place from 0, to the unreadable ones."""
        sheet = next(name for start, name in reversed(self._sheets) if start <= place)
        lists = ", ".join(dict.fromkeys(listing.list_id for listing in found))
        delimiter = self._list.input_json()["delimiter"] or ","
        cells = next(csv.reader(io.StringIO(text), delimiter=delimiter), [])
        line = f"{sheet}:{line_number}" if sheet else str(line_number)
        self._write_unreadable(line, f"{SECOND_READER} ({lists})", map(str.strip, cells))

    def _demand_every_row(self) -> None:
        rows = self.tally.rows
        if rows["read"] != rows["clean"] + rows["blocked"] + rows["unreadable"]:
            fact = (
                f"{rows['read']:,} rows were read, and another number is accounted for: nothing was written"
            )
            raise InvalidInput(fact, "report this, with the form of the file")


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
