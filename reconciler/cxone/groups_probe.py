"""Dialect `dnc-groups`: what a tenant is like, read only, for whoever writes its settings."""

from dataclasses import dataclass

from reconciler.cxone.groups_number import Numbers
from reconciler.cxone.groups_reader import GroupsReader
from reconciler.cxone.groups_settings import NumberForm
from reconciler.model.errors import CxoneRefused
from reconciler.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Probe:
    """What was seen. Of the `records`, `own` are numbers in the form that is set, `other` in the other one.

    `number_form` is the form to set, None where there is no number of the tenant's own country to tell it by.
    `search` says whether a number that was read is found again; None where none could be tried.
    """

    records: int
    own: int
    other: int
    number_form: NumberForm | None
    search: bool | None
    warnings: tuple[Finding, ...]


def probe(reader: GroupsReader, numbers: Numbers, list_ids: frozenset[str]) -> Probe:
    """Read these lists' groups and look one number up. Raises as a read does."""
    live = reader.read(list_ids)
    own, other = reader.forms
    right: NumberForm | None = None
    if own or other:
        right = numbers.form if own >= other else numbers.other.form
    return Probe(live.entries, own, other, right, _found(reader, numbers), live.warnings)


def _found(reader: GroupsReader, numbers: Numbers) -> bool | None:
    sample = reader.sample
    digits = None if sample is None else numbers.wire(sample.phone)
    if sample is None or digits is None:
        return None
    try:
        return bool(reader.found(digits, sample.group))
    except CxoneRefused:
        return False
