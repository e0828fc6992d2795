"""Copies of a registry in list files: their `registry` block, and two compared by area code."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from reconciler.core.model.entries import Terms
from reconciler.lists.edit.canonical import write_quoted, write_scalar
from reconciler.lists.edit.flow_style import column_of
from reconciler.lists.edit.items import SECTIONS
from reconciler.lists.edit.sheet import Sheet
from reconciler.lists.releases_holds import parse_day
from reconciler.rules.periods import parse_date
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import MapNode, plain
from reconciler.yaml_tree.spans import Branch
from reconciler.yaml_tree.spans import plain as plainly

_KEYS = ("name", "retrievedAt", "sha256", "areaCodes", "freshFor")


@dataclass(frozen=True, slots=True)
class RegistryBlock:
    """What a file says of the registry that it is a copy of. `fresh_for` is None where nothing is said."""

    name: str
    retrieved_at: str
    sha256: str
    area_codes: tuple[str, ...]
    fresh_for: str | None = None

    @property
    def keys(self) -> dict[str, str | tuple[str, ...]]:
        """Give its keys as they are written."""
        values = (self.name, self.retrieved_at, self.sha256, self.area_codes, self.fresh_for)
        return {key: value for key, value in zip(_KEYS, values, strict=True) if value}


def parse_registry_block(path: str, data: bytes) -> RegistryBlock | None:
    """Read a list file's block; None where it has none, or none that names a registry and a day."""
    if b"registry" not in data:
        return None
    root = read_document(path, data).root
    node = root.values.get("registry") if isinstance(root, MapNode) else None
    if not isinstance(node, MapNode):
        return None
    values = {key: plain(value) for key, value in node.values.items()}
    name, retrieved_at, codes = values.get("name"), values.get("retrievedAt"), values.get("areaCodes")
    if not isinstance(name, str) or not isinstance(retrieved_at, str) or parse_day(retrieved_at) is None:
        return None
    fresh_for = values.get("freshFor")
    return RegistryBlock(
        name,
        retrieved_at,
        str(values.get("sha256") or ""),
        tuple(str(code) for code in codes) if isinstance(codes, list) else (),
        fresh_for if isinstance(fresh_for, str) else None,
    )


def is_earlier(retrieved_at: str, other: str) -> bool:
    """Tell whether one `retrievedAt` is earlier: by the moment where both have one, else by the day."""
    moments = [_moment(text) for text in (retrieved_at, other)]
    if moments[0] and moments[1]:
        return moments[0] < moments[1]
    days = [parse_day(text) for text in (retrieved_at, other)]
    return bool(days[0] and days[1] and days[0] < days[1])


def with_registry_block(path: str, data: bytes, block: RegistryBlock) -> bytes:
    """Give a list file with its block saying this; what it says already stays as it is written.

    Raises InvalidInput as `Sheet.read` does.
    """
    sheet = Sheet.read(path, data)
    text, root = sheet.original
    node = root.get("registry")
    if isinstance(node, Branch):
        text = _update_block(text, node, block.keys)
    else:
        insert_at = next(key.start for key, _ in root.pairs() if key.text in SECTIONS)
        lines = [
            "registry:",
            *(f"  {key}: {_write_value(key, value)}" for key, value in block.keys.items()),
            "",
        ]
        text = text[:insert_at] + "\n".join(lines) + text[insert_at:]
    return (sheet.bom + text).replace("\n", sheet.newline).encode()


def _update_block(text: str, node: Branch, keys: Mapping[str, str | tuple[str, ...]]) -> str:
    edits: list[tuple[int, int, str]] = []
    separator = ", " if node.is_flow else "\n" + " " * column_of(text, node.start)
    missing_keys = ""
    for key, value in keys.items():
        value_node = node.get(key)
        if value_node is None:
            missing_keys += f"{separator}{key}: {_write_value(key, value)}"
        elif isinstance(value, str) and plainly(value_node) != value:
            edits.append((value_node.start, value_node.end, _write_value(key, value)))
    if missing_keys:
        edits.append((node.parts[-1].end, node.parts[-1].end, missing_keys))
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def _write_value(key: str, value: str | Sequence[str]) -> str:
    if not isinstance(value, str):
        return f"[{', '.join(write_quoted(code) for code in value)}]"
    return value if key == "retrievedAt" and parse_date(value) else write_scalar(value)


def _moment(text: str) -> datetime | None:
    if parse_date(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


MAX_LOSS_PERCENT = 2.0  # per cent of an area code's numbers: more is a broken file, until somebody looked
_LINES_NAMED = 5
_NORTH_AMERICAN_LENGTH = 12  # characters of +1 and ten digits


@dataclass(frozen=True, slots=True)
class RegistryCopy:
    """One file of the last snapshot: its block, and the numbers in it that are the registry's own claims."""

    path: str
    block: RegistryBlock
    numbers: Mapping[str, Terms]

    @property
    def area_codes(self) -> frozenset[str]:
        """Give the area codes that it covers."""
        return (frozenset(self.block.area_codes) | {area_code(number) for number in self.numbers}) - {""}


@dataclass(frozen=True, slots=True)
class SnapshotComparison:
    """What a snapshot says of the one before.

    `removed_numbers` are the numbers, by area code, that are not in it any more. `unchanged_codes` are the
    area codes of which nothing comes off, with the reason; `retained_numbers` are single numbers that do not.
    """

    removed_numbers: Mapping[str, tuple[str, ...]]
    unchanged_codes: Mapping[str, str]
    retained_numbers: Mapping[str, str] = field(default_factory=dict)


def area_code(number: str) -> str:
    """Give the area code of a number of +1; empty for any other."""
    return number[2:5] if number.startswith("+1") and len(number) == _NORTH_AMERICAN_LENGTH else ""


def compare_snapshot(
    copies: Sequence[RegistryCopy],
    numbers: Collection[str],
    retrieved_at: str,
    *,
    max_loss: float = MAX_LOSS_PERCENT,
    unread_lines: Sequence[int] = (),
) -> SnapshotComparison:
    """Compare the last snapshot's files with the numbers of a new one. What is in doubt stays.

    `max_loss` is in per cent of an area code's numbers. `unread_lines` are the lines that could not be read:
    any number may stand there, so with one, nothing is known to be gone.
    """
    numbers_before = _by_area_code(number for copy in copies for number in copy.numbers)
    numbers_after = _by_area_code(numbers)
    day = parse_day(retrieved_at)
    removed_numbers: dict[str, tuple[str, ...]] = {}
    unchanged_codes: dict[str, str] = {}
    retained_numbers: dict[str, str] = {}
    for code in sorted(numbers_before.keys() - {""}):
        before, after = numbers_before[code], numbers_after.get(code, set())
        missing = before - after
        reason = _removal_doubt(before, after, max_loss, unread_lines)
        if reason := reason or _newer_copy(copies, code, retrieved_at):
            unchanged_codes[code] = reason
        elif missing:
            running_terms = {number: _running_term(copies, number, day) for number in missing}
            retained_numbers |= {number: reason for number, reason in running_terms.items() if reason}
            removed_numbers[code] = tuple(
                sorted(number for number, reason in running_terms.items() if not reason)
            )
    return SnapshotComparison(
        {code: removed for code, removed in removed_numbers.items() if removed},
        unchanged_codes,
        retained_numbers,
    )


def _newer_copy(copies: Sequence[RegistryCopy], code: str, retrieved_at: str) -> str:
    """Say that an area code has a newer copy in the files; empty where it has none."""
    dates = [copy.block.retrieved_at for copy in copies if code in copy.area_codes]
    newer = next((known for known in dates if is_earlier(retrieved_at, known)), None)
    return f"the files have a newer snapshot of it, retrieved on {newer}" if newer else ""


def compare_changes(
    copies: Sequence[RegistryCopy],
    removals: Collection[str],
    retrieved_at: str,
    unread_lines: Sequence[int] = (),
) -> SnapshotComparison:
    """Compare the last snapshot's files with what a change list takes off. What is in doubt stays.

    `unread_lines` are lines that could not be read: with one, nothing is released.
    """
    listed = {number for copy in copies for number in copy.numbers}
    day = parse_day(retrieved_at)
    removed_numbers: dict[str, tuple[str, ...]] = {}
    unchanged_codes: dict[str, str] = {}
    retained_numbers: dict[str, str] = {}
    for code, numbers in sorted(_by_area_code(listed.intersection(removals)).items()):
        if unread_lines:
            unchanged_codes[code] = f"lines of the file cannot be read: line {_lines_text(unread_lines)}"
        elif reason := _newer_copy(copies, code, retrieved_at):
            unchanged_codes[code] = reason
        else:
            running_terms = {number: _running_term(copies, number, day) for number in sorted(numbers)}
            retained_numbers |= {number: reason for number, reason in running_terms.items() if reason}
            removed_numbers[code] = tuple(number for number, reason in running_terms.items() if not reason)
    return SnapshotComparison(
        {code: removed for code, removed in removed_numbers.items() if removed},
        unchanged_codes,
        retained_numbers,
    )


def missing_numbers(copies: Sequence[RegistryCopy], numbers: Collection[str]) -> set[str]:
    """Give the numbers of the last snapshot that are not in a new one, of the area codes that it has."""
    codes = {area_code(number) for number in numbers}
    numbers_before = {number for copy in copies for number in copy.numbers if area_code(number) in codes}
    return numbers_before.difference(numbers)


def possibly_cut(missing: Collection[str], numbers: Sequence[str]) -> set[str]:
    """Give the missing numbers that a file which was cut would have had after its end.

    `numbers` are in the order of the file. Registries sort theirs: then these are the numbers after the last
    one. Where the last area code is not sorted, they are all that are missing, if all are of this area code.
    """
    code = area_code(numbers[-1]) if numbers else ""
    last_area = [number for number in numbers if area_code(number) == code]
    tail = {number for number in missing if area_code(number) == code}
    is_ascending, is_descending = (
        last_area == sorted(last_area),
        len(last_area) > 1 and last_area == sorted(last_area, reverse=True),
    )
    if not is_ascending and not is_descending and len(tail) == len(missing) and len(last_area) < len(numbers):
        return tail
    return {
        number for number in tail if (number < last_area[-1] if is_descending else number > max(last_area))
    }


def _lines_text(lines: Sequence[int]) -> str:
    return ", ".join(map(str, lines[:_LINES_NAMED])) + " …" * (len(lines) > _LINES_NAMED)


def _removal_doubt(
    numbers_before: set[str], numbers_after: set[str], max_loss: float, unread_lines: Sequence[int]
) -> str:
    """Say why an area code's missing numbers are not known to be gone; empty where they are."""
    lost_count = len(numbers_before - numbers_after)
    if not numbers_after:
        return f"it is missing from the file; its {len(numbers_before):,} numbers stay"
    if lost_count and unread_lines:
        lines = _lines_text(unread_lines)
        return f"it lost {lost_count:,}, and they may be where no number can be read: line {lines}"
    if lost_count * 100 > max_loss * len(numbers_before):
        share = f"{lost_count * 100 / len(numbers_before):.2f} %"
        return (
            f"it lost {lost_count:,} of {len(numbers_before):,} numbers, {share}, the limit is {max_loss:g} %"
        )
    return ""


def _running_term(copies: Sequence[RegistryCopy], number: str, day: date | None) -> str:
    """Say that a claim's own term is not over: a renewal is invisible in a list of bare numbers."""
    ends = [copy.numbers[number].end for copy in copies if number in copy.numbers]
    last_end = max((end for end in ends if end), default=None)
    if last_end and day and day <= last_end:
        return f"its term in the file runs until {last_end}: only a later snapshot releases it"
    return ""


def _by_area_code(numbers: Iterable[str]) -> dict[str, set[str]]:
    by_code: dict[str, set[str]] = {}
    for number in numbers:
        by_code.setdefault(area_code(number), set()).add(number)
    return by_code
