"""What rules mean for the numbers that are in the files: how many each concerns, and how many it refuses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from reconciler.desired.lists import Source, in_examples, read_all
from reconciler.desired.reading import Reading
from reconciler.desired.schema import Rules


@dataclass(frozen=True, slots=True)
class Concerned:
    """Numbers of files: a number that two files claim counts twice.

    `concerned` are those that the rule holds for and is about, `refused` those of them that it finds an error
    in.
    """

    concerned: int = 0
    refused: int = 0


def census(sources: Iterable[Source], rules: Rules, *, as_of: date) -> Mapping[str, Concerned]:
    """Count by rule: the rules about entries that are in force on `as_of`, the date at UTC-12."""
    reading = Reading(rules=rules, as_of=as_of, latest=date.max, examples=in_examples, concerned={})
    read_all(reading, sources)
    found: dict[str, set[tuple[str, str]]] = {}
    for finding, refused in reading.refused.items():
        found.setdefault(finding.rule, set()).update((finding.file, phone) for phone in refused.phones)
    concerned = reading.concerned or {}
    return {
        rule: Concerned(concerned.get(rule, 0), len(found.get(rule, ())))
        for rule in concerned.keys() | found.keys()
    }
