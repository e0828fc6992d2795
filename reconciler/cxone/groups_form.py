"""Dialect `dnc-groups`: whether numbers are sent in the form that the tenant stores."""

import threading

import structlog

from reconciler.cxone.groups_number import Numbers
from reconciler.cxone.groups_reader import GroupsReader
from reconciler.model.errors import CxoneRefused

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
