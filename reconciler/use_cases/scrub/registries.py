"""Copies of registries among the list files, and until when each of them is fresh."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import count_text
from reconciler.lists.edit.registry_copies import parse_registry_block
from reconciler.lists.list_names import list_id_of
from reconciler.lists.reader import Source
from reconciler.lists.releases_holds import parse_day
from reconciler.rules.registry_age import fresh_until
from reconciler.rules.rule_set import Rules


class StaleRegistry(InvalidInput):
    """A registry's copy is older than its rule allows, so nobody may call by it."""

    exit_code = 3
    rule = "REGISTRY-AGE"


@dataclass(frozen=True, slots=True)
class RegistryCopy:
    """A list file that is a copy of a registry. `fresh_until` is its last fresh day; None: no rule asks."""

    path: str
    list_id: str
    name: str
    retrieved_at: str
    sha256: str
    fresh_until: date | None

    def is_stale(self, on: date) -> bool:
        """Tell whether it is too old on a day."""
        return self.fresh_until is not None and self.fresh_until < on

    def to_json(self, on: date) -> dict[str, Any]:
        """Say it in a certificate."""
        return {
            "file": self.path,
            "list_id": self.list_id,
            "name": self.name,
            "retrieved_at": self.retrieved_at,
            "sha256": self.sha256 or None,
            "fresh_until": self.fresh_until.isoformat() if self.fresh_until else None,
            "stale": self.is_stale(on),
        }


def registry_copies(sources: Iterable[Source], rules: Rules, as_of: date) -> Iterator[RegistryCopy]:
    """Give the list files that say which registry they are a copy of."""
    for source in sources:
        block = parse_registry_block(source.path, source.data)
        day = parse_day(block.retrieved_at) if block else None
        if block and day:
            last = fresh_until(rules, as_of, block.name, day, block.fresh_for)
            yield RegistryCopy(
                source.path, list_id_of(source.data), block.name, block.retrieved_at, block.sha256, last
            )


def demand_fresh(copies: Iterable[RegistryCopy], on: date) -> None:
    """Refuse to scrub by a copy that is stale on the last day of the calls. Raises StaleRegistry."""
    stale = [copy for copy in copies if copy.is_stale(on)]
    if not stale:
        return
    first = min(stale, key=lambda copy: (copy.fresh_until or date.max, copy.path))
    more = f", and {count_text(len(stale) - 1, 'other copy').replace('copys', 'copies')}" * (len(stale) > 1)
    fact = (
        f"the copy of {first.name} was retrieved on {first.retrieved_at[:10]} and was fresh until "
        f"{first.fresh_until}{more}: nothing was written"
    )
    fix = "retrieve it again; or --allow-stale, and the certificate says so"
    raise StaleRegistry(fact, fix, where=first.path)
