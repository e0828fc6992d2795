"""Dialect `dnc-groups`: finds out, read only, how a tenant stores numbers and which settings fit."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import structlog

from reconciler.config.connection_settings import NumberForm
from reconciler.core.model.entries import Key
from reconciler.core.model.errors import CxoneRefused, CxoneUnavailable, ReadStopped
from reconciler.core.model.finding import Finding
from reconciler.cxone.groups.dialect import NumberConverter
from reconciler.cxone.groups.reader import GroupsReader

_log = structlog.get_logger()


class FormCheck:
    """Looks one number up that should be there, once, before the first write of a run.

    Numbers in the wrong form would be stored and block nothing. A group without any number tells nothing yet:
    there the first number that was written is looked up, and nothing more is sent if it went wrong.
    """

    def __init__(self, reader: GroupsReader, numbers: NumberConverter) -> None:
        self._reader = reader
        self._numbers = numbers
        self._lock = threading.Lock()
        self._is_checked = False
        self._error: CxoneRefused | None = None

    def check_before_write(self) -> None:
        """Let a write go, or raise CxoneRefused with the remedy."""
        with self._lock:
            if self._error is None and not self._is_checked:
                self._error = self._judge_read()
            if self._error is not None:
                raise self._error

    def check_after_write(self, group: str, phone: str) -> CxoneRefused | None:
        """Look the first number up that was written, if nothing was there to be looked up before."""
        with self._lock:
            if not self._is_checked and self._error is None:
                self._error = self._judge([(group, phone, "")])
            return self._error

    def _judge_read(self) -> CxoneRefused | None:
        own_form_count, other_form_count = self._reader.form_counts
        # One odd record may be anybody's mistake; a group of them is how the tenant stores numbers.
        if other_form_count > max(1, own_form_count):
            return self._mismatch(
                f"{other_form_count} of {own_form_count + other_form_count} records are stored in "
                "the other form"
            )
        samples = self._reader.samples
        return self._judge([(s.group, s.phone, s.stored) for s in samples]) if samples else None

    def _judge(self, samples: Sequence[tuple[str, str, str]]) -> CxoneRefused | None:
        """Look numbers up as we write them, then as they are stored, or as the other form has them.

        One that is found as we write it decides. What is not found at all, no other would be, either: that
        must not hold up what is to be written.
        """
        self._is_checked = True
        is_found_otherwise = False
        try:
            for group, phone, stored in samples:
                own_digits, other_digits = (
                    self._numbers.to_digits(phone),
                    self._numbers.other.to_digits(phone),
                )
                if own_digits and self._reader.find_records(own_digits, group):
                    return None
                is_found_otherwise = any(
                    digits and digits != own_digits and self._reader.find_records(digits, group)
                    for digits in (stored, other_digits)
                )
                if not is_found_otherwise:
                    break
        except ReadStopped:
            raise
        except (CxoneRefused, CxoneUnavailable) as error:
            # Not every access key may search, nor every tenant. What may be written must not wait for that.
            _log.warning("cxone.number_form_unchecked", why=error.fact)
            return None
        if is_found_otherwise:
            return self._mismatch("a number that is there is found in the other form only")
        _log.warning("cxone.number_form_unchecked", why="a number that was read is not found by a search")
        return None

    def _mismatch(self, evidence: str) -> CxoneRefused:
        other_form = self._numbers.other.form
        return CxoneRefused(
            f"`numberForm: {self._numbers.form}` is not how this tenant stores numbers: {evidence}",
            f"write `numberForm: {other_form}` for this tenant in dnc.yaml (and check `region`); "
            "numbers in the "
            "wrong form would block no call",
            where="POST /dnc-groups/search",
        )


@dataclass(frozen=True, slots=True)
class Probe:
    """What was seen. `own_form_count`: numbers in the form that is set; `other_form_count`: in the other one.

    `number_form` is the form to set, None where there is no number of the tenant's own country to tell it by.
    `search` says whether a number that was read is found again; None where none could be tried. `in_body`
    says where a search wants the number, None where none was understood; `refusal` why none may be made.

    `page_size` is the largest page that was shown, None where the tenant gave all that was asked for;
    `is_ordered` whether it takes an order. `shifts` are the hours beside midnight at which days are shown,
    `shown_days` by how many days the shown ends differ from those of the files, with counts. `expired_beside`
    counts numbers in force beside which a later record is over. `oddities` are ways in which answers differ
    from the published ones, and are understood; `adds_up`: everything that CXone counts was listed.
    """

    records: int
    own_form_count: int
    other_form_count: int
    number_form: NumberForm | None
    search: bool | None
    warnings: tuple[Finding, ...]
    in_body: bool | None = None
    refusal: str = ""
    page_size: int | None = None
    is_ordered: bool = True
    shifts: tuple[int, ...] = ()
    shown_days: Mapping[int, int] = field(default_factory=dict)
    expired_beside: int = 0
    oddities: tuple[str, ...] = ()
    adds_up: bool = True


def probe(
    reader: GroupsReader, numbers: NumberConverter, list_ids: frozenset[str], ends: Mapping[Key, date]
) -> Probe:
    """Read these lists' groups and look one number up. `ends` are the files'. Raises as a read does."""
    live = reader.read(list_ids)
    shown_ends = ((live.get(key), end) for key, end in ends.items())
    shown_days = Counter(
        (entry.terms.end - end).days for entry, end in shown_ends if entry is not None and entry.terms.end
    )
    own_form_count, other_form_count = reader.form_counts
    fitting_form: NumberForm | None = None
    if own_form_count or other_form_count:
        fitting_form = numbers.form if own_form_count >= other_form_count else numbers.other.form
    is_found, refusal = _find_again(reader, numbers)
    return Probe(
        live.entry_count,
        own_form_count,
        other_form_count,
        fitting_form,
        is_found,
        live.warnings,
        in_body=reader.search_in_body,
        refusal=refusal,
        page_size=reader.page_size if reader.is_capped else None,
        is_ordered=reader.is_ordered,
        shifts=reader.shifts,
        shown_days=dict(sorted(shown_days.items())),
        expired_beside=reader.expired_beside,
        oddities=reader.oddities,
        adds_up=live.complete,
    )


def _find_again(reader: GroupsReader, numbers: NumberConverter) -> tuple[bool | None, str]:
    """Say whether a number that was read is found, None where there is none; and why not, if refused."""
    sample = next(iter(reader.samples), None)
    digits = None if sample is None else numbers.to_digits(sample.phone)
    if sample is None or digits is None:
        return None, ""
    try:
        return bool(reader.find_records(digits, sample.group)), ""
    except (CxoneRefused, CxoneUnavailable) as error:
        return False, error.fact
