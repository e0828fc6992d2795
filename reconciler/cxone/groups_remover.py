"""Dialect `dnc-groups`: taking a number off, which is expiring its record."""

from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.cxone.groups import GroupsDialect
from reconciler.cxone.groups_connection import GroupsConnection
from reconciler.cxone.groups_form import FormCheck
from reconciler.cxone.groups_number import Numbers
from reconciler.cxone.groups_reader import GroupsReader
from reconciler.cxone.groups_record import Found, date_of
from reconciler.cxone.groups_results import judge_results
from reconciler.cxone.groups_writer import NOT_SAYABLE
from reconciler.model.claims import Key
from reconciler.model.errors import DncError
from reconciler.model.live import LiveEntry
from reconciler.model.provider import Answer, Failure, Verdict
from reconciler.model.terms import Carried

_TOUCHED = Failure(
    "LATER_OPT_OUT", "somebody touched this record since it was read: it stays, and the next run decides anew"
)
_STILL_THERE = Failure("NOT_EXPIRED", "CXone took the order to expire it, and the record is still in force")


class GroupsRemover:
    """Expires a number's records. There is no hard delete, and calling lists loaded before stay scrubbed."""

    def __init__(
        self,
        connection: GroupsConnection,
        reader: GroupsReader,
        dialect: GroupsDialect,
        *,
        numbers: Numbers,
        form: FormCheck,
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._dialect = dialect
        self._numbers = numbers
        self._form = form

    def remove(self, key: Key) -> Answer:
        """Expire a number that nobody touched since it was read; one that is already over counts as answered.

        It is looked up before, since an agent may just have taken an opt-out, and after, since only that
        tells whether it is over.
        """
        self._form.before()
        group, digits = self._reader.group(key[0]), self._numbers.wire(key[1])
        if digits is None:
            return Answer(Verdict.REFUSED, why=NOT_SAYABLE)
        there = self._in_force(digits, group)
        if not there:
            return Answer(Verdict.ANSWERED)
        seen = self._reader.last.get(key) if self._reader.last else None
        if seen is None or any(self._touched(found, seen) for found in there):
            return Answer(Verdict.REFUSED, why=_TOUCHED)
        return self._proven(self._expired(key[1], digits, group), key[1], digits, group)

    def _proven(self, answer: Answer, phone: str, digits: str, group: str) -> Answer:
        """Look whether the number is over now: neither CXone's word nor a doubt tells for sure."""
        doubtful = answer.verdict is Verdict.AMBIGUOUS
        if not doubtful and (answer.verdict is not Verdict.ANSWERED or answer.failures):
            return answer
        try:
            still = self._in_force(digits, group)
        except DncError as error:
            return replace(answer, verdict=Verdict.AMBIGUOUS, why=Failure(error.rule, error.fact))
        if not still:
            return replace(answer, verdict=Verdict.ANSWERED, failures={}, why=None)
        return answer if doubtful else replace(answer, failures={phone: _STILL_THERE})

    def _expired(self, phone: str, digits: str, group: str) -> Answer:
        # Yesterday, where it is earliest: over by whichever zone and rule CXone counts.
        day = self._reader.as_of() - timedelta(1)
        record = {"phoneNumber": digits, "expiredDate": day.isoformat()}
        request = self._connection.calls.expire(group, [record])
        answer = self._connection.write(
            request,
            lambda response: judge_results(response, request, (phone,), self._numbers),
            divisible=False,
        )
        if answer.why is not None and answer.why.code in {"204", "404"}:
            # No data, or no such record any more: the look afterwards tells.
            return replace(answer, verdict=Verdict.ANSWERED, why=None)
        return answer

    def _in_force(self, digits: str, group: str) -> list[Found]:
        return [found for found in self._reader.found(digits, group) if not self._over(found)]

    def _over(self, found: Found) -> bool:
        end = self._carried(found).end
        return end is not None and end < self._reader.as_of()

    def _carried(self, found: Found) -> Carried:
        """Give the terms of a record that was found; an expiry that cannot be read may be the longest."""
        expired = date_of(found.record.expired)
        return Carried(end=self._dialect.end_of(expired) if expired else None)

    def _touched(self, found: Found, seen: LiveEntry) -> bool:
        """Tell whether a record is stronger or newer than was read; what can't be told counts as yes."""
        if self._dialect.strength(self._carried(found)) > self._dialect.strength(seen.terms):
            return True
        if found.record.modified == seen.modified:
            return seen.modified is None
        now, then = _second(found.record.modified), _second(seen.modified)
        return now is None or then is None or now > then


def _second(text: str | None) -> datetime | None:
    """Read a time to the second, without its zone: a search and a read may show it in different detail."""
    try:
        return datetime.fromisoformat(text or "").replace(tzinfo=None, microsecond=0)
    except ValueError:
        return None
