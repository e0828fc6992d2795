"""The XML that a registry gives out: area codes with numbers in them, `<ac val><ph val/></ac>`."""

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from reconciler.core.model.errors import InvalidInput
from reconciler.lists.tables.rows import Row

_PHONE_TAG = re.compile(r"<ph[\s/>]")
_ACTIONS = frozenset("AD")


@dataclass(slots=True)
class _Reader:
    """The rows so far. `kind` is what the file says of itself, in capitals: FULL, as a rule."""

    rows: list[Row] = field(default_factory=list)
    kind: str = ""
    area_code: str = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        value = attributes.get("val", "").strip()
        if tag == "list":
            self.kind = attributes.get("type", "").strip().upper()
        elif tag == "ac":
            self.area_code = value
        elif tag == "ph":
            actions = (text.strip().upper() for name, text in attributes.items() if name != "val")
            action = next((text for text in actions if text in _ACTIONS), "")
            self.rows.append(Row(len(self.rows) + 1, (self.area_code, value, *([action] if action else []))))


@dataclass(frozen=True, slots=True)
class RegistryXml:
    """Its rows, by their places from 1, as the flat form has them; and how many its text has."""

    rows: tuple[Row, ...]
    is_whole: bool
    counted: int


def read_registry_xml(name: str, text: str) -> RegistryXml:
    """Read a registry's XML. Raises InvalidInput where it is not well formed: it may be cut."""
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = reader.start
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        # Decoded already: what it says of its encoding no longer holds.
        parser.Parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode(), True)  # noqa: FBT003  (expat takes it by position)
    except (expat.ExpatError, ValueError) as error:
        fact = f"this XML can't be read: {error}: it may be cut"
        raise InvalidInput(fact, "download it again", where=name) from error
    return RegistryXml(
        tuple(reader.rows), reader.kind in {"", "FULL"}, sum(1 for _ in _PHONE_TAG.finditer(text))
    )


def _refuse_doctype(*_: object) -> None:
    raise ValueError("it has a document type, which no registry writes")
