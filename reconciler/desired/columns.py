"""Which column of a table is which key of an entry."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from reconciler.desired.addition import KEYS
from reconciler.desired.table import Row
from reconciler.desired.typed import typed
from reconciler.model.errors import InvalidInput

FIELDS = ("phone", *KEYS)
_PHONE = frozenset(
    {
        *("phone", "phonenumber", "phoneno", "telephone", "telephonenumber", "tel", "number"),
        *("mobile", "mobilenumber", "cell", "cellphone", "msisdn", "e164"),
    }
)
_WORDS = frozenset({"reasonCode", "expirationPolicy"})  # written in capitals
# As the FTC's National Do Not Call Registry writes them: `AAA,NNNNNNN`, without a header.
_AREA, _LOCAL = re.compile("[0-9]{3}"), re.compile("[0-9]{7}")
_IN_TWO = 2


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands. `is_flat`: area code and number, each in a column of its own.

    `header` are the table's own names; empty where it has none.
    """

    places: Mapping[str, int]
    header: tuple[str, ...] = ()
    is_flat: bool = False

    def read(self, cells: tuple[str, ...]) -> dict[str, str]:
        """Give what a row says, by field; what is empty says nothing."""
        if self.is_flat:
            area, local = (*cells, "", "")[:_IN_TWO]
            is_number = _AREA.fullmatch(area) and _LOCAL.fullmatch(local)
            return {"phone": f"+1{area}{local}" if is_number else " ".join(cells)}
        said = {name: cells[at] for name, at in self.places.items() if at < len(cells) and cells[at]}
        return {name: value.upper() if name in _WORDS else value for name, value in said.items()}

    @property
    def ignored(self) -> tuple[str, ...]:
        """Name the columns that nothing is taken from."""
        taken = set(self.places.values())
        return tuple(name for at, name in enumerate(self.header) if name and at not in taken)


def columns_of(
    name: str, rows: Iterator[Row], named: Mapping[str, str], region: str
) -> tuple[Columns, Iterator[Row]]:
    """Find the columns by the header, or by the first row where there is none; give them and the data rows.

    `named` says which header a field has. Raises InvalidInput where it is not clear which the number is.
    """
    first = next(rows, None)
    if first is None:
        raise InvalidInput("this table is empty", "export it again", where=name)
    cells = first[1]
    if not named and len(cells) == _IN_TWO and _AREA.fullmatch(cells[0]) and _LOCAL.fullmatch(cells[1]):
        return Columns({}, is_flat=True), chain([first], rows)
    if not named and len(cells) == 1 and typed(cells[0], region).phone:
        return Columns({"phone": 0}), chain([first], rows)
    return Columns(_places(name, cells, named), cells), rows


def _places(name: str, header: tuple[str, ...], named: Mapping[str, str]) -> dict[str, int]:
    known = {_plain(field): field for field in KEYS} | dict.fromkeys(_PHONE, "phone")
    places: dict[str, int] = {}
    for field, wanted in named.items():
        if wanted not in header:
            fact = f"there is no column {wanted}"
            raise InvalidInput(fact, f"name one of: {_listed(header)}", where=f"--map {field}={wanted}")
        places[field] = header.index(wanted)
    for at, title in enumerate(header):
        field = known.get(_plain(title), "")
        if not field or field in named or at in places.values():
            continue
        if field in places:
            fact = f"two columns may be the {field}: {header[places[field]]} and {title}"
            raise InvalidInput(fact, f"say which: --map {field}={title}", where=name)
        places[field] = at
    if "phone" not in places:
        fact = f"no column is known to be the number: the first row has {_listed(header)}"
        raise InvalidInput(fact, "say which: --map phone=COLUMN", where=name)
    return places


def _plain(title: str) -> str:
    return re.sub("[^a-z0-9]", "", title.lower())


def _listed(header: Iterable[str]) -> str:
    """Name columns, but nothing that may be a number or a person: the first row may be no header."""
    titles = [title for title in header if title]
    return ", ".join(title if re.fullmatch(r"[^0-9@]{1,30}", title) else "(not shown)" for title in titles)
