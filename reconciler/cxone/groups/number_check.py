"""Dialect `dnc-groups`: finds out, read only, how a tenant stores numbers and which settings fit."""

import threading
from dataclasses import dataclass

import structlog

from reconciler.config.connection_settings import NumberForm
from reconciler.core.model.errors import CxoneRefused
from reconciler.core.model.finding import Finding
from reconciler.cxone.groups.dialect import Numbers
from reconciler.cxone.groups.reader import GroupsReader

_log = structlog.get_logger()


class FormCheck:
    """Looks one number up that should be there, once, before the first write of a run.

    Numbers in the wrong form would be stored and block nothing. A group without any number tells nothing yet:
    there the first number that was written is looked up, and nothing more is sent if it went wrong.
    """

    def __init__(self, reader: GroupsReader, numbers: Numbers) -> None:
        self._reader = reader
        self._numbers = numbers
        self._lock = threading.Lock()
        self._passed = False
        self._wrong: CxoneRefused | None = None

    def before(self) -> None:
        """Let a write go, or raise CxoneRefused with the remedy."""
        with self._lock:
            if self._wrong is None and not self._passed:
                self._wrong = self._judge_read()
            if self._wrong is not None:
                raise self._wrong

    def after(self, group: str, phone: str) -> CxoneRefused | None:
        """Look the first number up that was written, if nothing was there to be looked up before."""
        with self._lock:
            if not self._passed and self._wrong is None:
                self._wrong = self._judge(group, phone, "")
            return self._wrong

    def _judge_read(self) -> CxoneRefused | None:
        own, other = self._reader.forms
        if other > own:
            return self._mismatch(f"{other} of {own + other} records are stored in the other form")
        sample = self._reader.sample
        return None if sample is None else self._judge(sample.group, sample.phone, sample.stored)

    def _judge(self, group: str, phone: str, stored: str) -> CxoneRefused | None:
        """Look a number up as we write it, then as it is stored, or as the other form has it."""
        self._passed = True
        ours, other = self._numbers.wire(phone), self._numbers.other.wire(phone)
        try:
            if ours and self._reader.found(ours, group):
                return None
            for digits in (stored, other):
                if digits and digits != ours and self._reader.found(digits, group):
                    return self._mismatch("a number that is there is found in the other form only")
        except CxoneRefused as error:
            # Not every access key may search. What it may write must not wait for that.
            _log.warning("cxone.number_form_unchecked", why=error.fact)
            return None
        _log.warning("cxone.number_form_unchecked", why="a number that was read is not found by a search")
        return None

    def _mismatch(self, seen: str) -> CxoneRefused:
        right = self._numbers.other.form
        return CxoneRefused(
            f"`numberForm: {self._numbers.form}` is not how this tenant stores numbers: {seen}",
            f"write `numberForm: {right}` for this tenant in dnc.yaml (and check `region`); numbers in the "
            "wrong form would block no call",
            where="POST /dnc-groups/search",
        )


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
