"""A registry's copy in list files: what its `registry` block says, and that block brought up to date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.desired.content import SECTIONS
from reconciler.desired.dates import day_of
from reconciler.desired.documents import read_document
from reconciler.desired.nodes import MapNode, plain
from reconciler.desired.opened import column_of
from reconciler.desired.periods import parse_date
from reconciler.desired.sheet import Sheet
from reconciler.desired.spans import Branch
from reconciler.desired.spans import plain as plainly
from reconciler.desired.writer import quoted, scalar

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
