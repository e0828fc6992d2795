"""Copies of a registry in list files: their `registry` block, and two compared by area code."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from reconciler.core.model.entries import Terms
from reconciler.lists.edit.canonical import quoted, scalar
from reconciler.lists.edit.flow_style import column_of
from reconciler.lists.edit.items import SECTIONS
from reconciler.lists.edit.sheet import Sheet
from reconciler.lists.releases_holds import day_of
from reconciler.rules.periods import parse_date
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import MapNode, plain
from reconciler.yaml_tree.spans import Branch
from reconciler.yaml_tree.spans import plain as plainly

_KEYS = ("name", "retrievedAt", "sha256", "areaCodes", "freshFor")


@dataclass(frozen=True, slots=True)
class Block:
    """What a file says of the registry that it is a copy of. `fresh_for` is None where nothing is said."""

    name: str
    retrieved_at: str
    sha256: str
    area_codes: tuple[str, ...]
    fresh_for: str | None = None

    @property
    def keys(self) -> dict[str, str | tuple[str, ...]]:
        """Give its keys as they are written."""
        said = (self.name, self.retrieved_at, self.sha256, self.area_codes, self.fresh_for)
        return {key: value for key, value in zip(_KEYS, said, strict=True) if value}


def block_of(path: str, data: bytes) -> Block | None:
    """Read a list file's block; None where it has none, or none that names a registry and a day."""
    if b"registry" not in data:
        return None
    root = read_document(path, data).root
    node = root.values.get("registry") if isinstance(root, MapNode) else None
    if not isinstance(node, MapNode):
        return None
    said = {key: plain(value) for key, value in node.values.items()}
    name, at, codes = said.get("name"), said.get("retrievedAt"), said.get("areaCodes")
    if not isinstance(name, str) or not isinstance(at, str) or day_of(at) is None:
        return None
    fresh = said.get("freshFor")
    return Block(
        name,
        at,
        str(said.get("sha256") or ""),
        tuple(str(code) for code in codes) if isinstance(codes, list) else (),
        fresh if isinstance(fresh, str) else None,
    )


def is_earlier(one: str, other: str) -> bool:
    """Tell whether one `retrievedAt` is earlier: by the moment where both have one, else by the day."""
    moments = [_moment(text) for text in (one, other)]
    if moments[0] and moments[1]:
        return moments[0] < moments[1]
    days = [day_of(text) for text in (one, other)]
    return bool(days[0] and days[1] and days[0] < days[1])


def with_block(path: str, data: bytes, block: Block) -> bytes:
    """Give a list file with its block saying this; what it says already stays as it is written.

    Raises InvalidInput as `Sheet.read` does.
    """
    sheet = Sheet.read(path, data)
    text, root = sheet.original
    found = root.get("registry")
    if isinstance(found, Branch):
        text = _corrected(text, found, block.keys)
    else:
        before = next(key.start for key, _ in root.pairs() if key.text in SECTIONS)
        lines = ["registry:", *(f"  {key}: {_written(key, value)}" for key, value in block.keys.items()), ""]
        text = text[:before] + "\n".join(lines) + text[before:]
    return (sheet.mark + text).replace("\n", sheet.newline).encode()


def _corrected(text: str, found: Branch, keys: Mapping[str, str | tuple[str, ...]]) -> str:
    edits: list[tuple[int, int, str]] = []
    between = ", " if found.is_flow else "\n" + " " * column_of(text, found.start)
    missing = ""
    for key, value in keys.items():
        part = found.get(key)
        if part is None:
            missing += f"{between}{key}: {_written(key, value)}"
        elif isinstance(value, str) and plainly(part) != value:
            edits.append((part.start, part.end, _written(key, value)))
    if missing:
        edits.append((found.parts[-1].end, found.parts[-1].end, missing))
    for start, end, written in sorted(edits, reverse=True):
        text = text[:start] + written + text[end:]
    return text


def _written(key: str, value: str | Sequence[str]) -> str:
    if not isinstance(value, str):
        return f"[{', '.join(quoted(code) for code in value)}]"
    return value if key == "retrievedAt" and parse_date(value) else scalar(value)


def _moment(text: str) -> datetime | None:
    if parse_date(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


MOST_LOSS = 2.0  # per cent of an area code's numbers: more is a broken file, until somebody looked
_NORTH_AMERICAN = 12  # characters of +1 and ten digits


@dataclass(frozen=True, slots=True)
class Copy:
    """One file of the last snapshot: its block, and the numbers in it that are the registry's own claims."""

    path: str
    block: Block
    numbers: Mapping[str, Terms]

    @property
    def area_codes(self) -> frozenset[str]:
        """Give the area codes that it covers."""
        return (frozenset(self.block.area_codes) | {area_code(number) for number in self.numbers}) - {""}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a snapshot says of the one before.

    `gone` are the numbers, by area code, that are not in it any more. `unchanged` are the area codes of
    which nothing comes off, with the reason; `staying` are single numbers that do not.
    """

    gone: Mapping[str, tuple[str, ...]]
    unchanged: Mapping[str, str]
    staying: Mapping[str, str] = field(default_factory=dict)


def area_code(number: str) -> str:
    """Give the area code of a number of +1; empty for any other."""
    return number[2:5] if number.startswith("+1") and len(number) == _NORTH_AMERICAN else ""


def compare(
    copies: Sequence[Copy],
    numbers: Collection[str],
    retrieved_at: str,
    *,
    most_loss: float = MOST_LOSS,
    unread: Sequence[int] = (),
) -> Comparison:
    """Compare the last snapshot's files with the numbers of a new one. What is in doubt stays.

    `most_loss` is in per cent of an area code's numbers. `unread` are the lines that could not be read: any
    number may stand there, so with one, nothing is known to be gone.
    """
    before = _by_area_code(number for copy in copies for number in copy.numbers)
    after = _by_area_code(numbers)
    day = day_of(retrieved_at)
    gone: dict[str, tuple[str, ...]] = {}
    unchanged: dict[str, str] = {}
    staying: dict[str, str] = {}
    for code in sorted(before.keys() - {""}):
        lost = before[code] - after.get(code, set())
        known = [copy.block.retrieved_at for copy in copies if code in copy.area_codes]
        if why := _doubt(before[code], after.get(code, set()), most_loss, unread):
            unchanged[code] = why
        elif late := next((at for at in known if is_earlier(retrieved_at, at)), None):
            unchanged[code] = f"the files have a newer snapshot of it, retrieved on {late}"
        elif lost:
            running = {number: _running(copies, number, day) for number in lost}
            staying |= {number: why for number, why in running.items() if why}
            gone[code] = tuple(sorted(number for number, why in running.items() if not why))
    return Comparison({code: found for code, found in gone.items() if found}, unchanged, staying)


def lost_from(copies: Sequence[Copy], numbers: Collection[str]) -> set[str]:
    """Give the numbers of the last snapshot that are not in a new one, of the area codes that it has."""
    codes = {area_code(number) for number in numbers}
    before = {number for copy in copies for number in copy.numbers if area_code(number) in codes}
    return before.difference(numbers)


def cut_off(lost: Collection[str], numbers: Sequence[str]) -> set[str]:
    """Give the missing numbers that a file which was cut would have had after its end.

    `numbers` are in the order of the file. Registries sort theirs: then these are the numbers after the last
    one. Where the last area code is not sorted, they are all that are missing, if all are of this area code.
    """
    code = area_code(numbers[-1]) if numbers else ""
    here = [number for number in numbers if area_code(number) == code]
    tail = {number for number in lost if area_code(number) == code}
    rising, falling = here == sorted(here), len(here) > 1 and here == sorted(here, reverse=True)
    if not rising and not falling and len(tail) == len(lost) and len(here) < len(numbers):
        return tail
    return {number for number in tail if (number < here[-1] if falling else number > max(here))}


def _doubt(before: set[str], after: set[str], most_loss: float, unread: Sequence[int]) -> str:
    """Say why an area code's missing numbers are not known to be gone; empty where they are."""
    lost = len(before - after)
    if not after:
        return f"it is missing from the file; its {len(before):,} numbers stay"
    if lost and unread:
        lines = ", ".join(str(line) for line in unread[:5]) + " …" * (len(unread) > 5)  # noqa: PLR2004  (as many as are named)
        return f"it lost {lost:,}, and they may stand where no number can be read: line {lines}"
    if lost * 100 > most_loss * len(before):
        share = f"{lost * 100 / len(before):.2f} %"
        return f"it lost {lost:,} of {len(before):,} numbers, {share}, the limit is {most_loss:g} %"
    return ""


def _running(copies: Sequence[Copy], number: str, day: date | None) -> str:
    """Say that a claim's own term is not over: a renewal is invisible in a list of bare numbers."""
    ends = [copy.numbers[number].end for copy in copies if number in copy.numbers]
    last = max((end for end in ends if end), default=None)
    if last and day and day <= last:
        return f"its term in the file runs until {last}: only a snapshot later than that lets it off"
    return ""


def _by_area_code(numbers: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for number in numbers:
        found.setdefault(area_code(number), set()).add(number)
    return found
