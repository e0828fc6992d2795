"""Dialect `dnc-groups`: adds numbers, and removes them by expiring their records."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.core.model.entries import Carried, Key
from reconciler.core.model.errors import DncError
from reconciler.core.model.live import LiveEntry
from reconciler.core.model.provider import Answer, Failure, Verdict, Write
from reconciler.cxone.groups.connection import GroupsConnection
from reconciler.cxone.groups.dialect import GroupsDialect, Numbers
from reconciler.cxone.groups.number_check import FormCheck
from reconciler.cxone.groups.reader import GroupsReader
from reconciler.cxone.groups.records import Found, date_of, judge_results

NOT_SAYABLE = Failure(
    "NUMBER_FORM",
    "this number cannot be written in the tenant's `numberForm` so that it is found again: "
    "`numberForm: international` can, if the tenant takes it",
)
_IN_DOUBT = frozenset({Verdict.AMBIGUOUS, Verdict.NOT_SENT})


class GroupsWriter:
    """Sends writes. A post of a number that is there may update it, fail, or make a second record."""

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

    def upsert(self, chunk: Sequence[Write]) -> Answer:
        """Send a chunk, each list's part by itself, and say what became of all of it."""
        parts: dict[str, list[Write]] = {}
        for write in chunk:
            parts.setdefault(write.list_id, []).append(write)
        if not chunk or len({write.phone for write in chunk}) < len(chunk):
            raise ValueError("a chunk has at least one write, and each is of another phone")
        self._form.before()
        answers: list[tuple[list[Write], Answer]] = []
        for list_id, writes in parts.items():
            try:
                answers.append((writes, self._sent(list_id, writes)))
            except DncError as error:
                if not any(answer.attempts for _, answer in answers):
                    raise
                why = Failure(error.rule, error.fact)
                answers.append((writes, Answer(Verdict.NOT_SENT, why=why)))
                break
        return joined(answers)

    def _sent(self, list_id: str, writes: list[Write]) -> Answer:
        group = self._reader.group(list_id)
        records: list[Mapping[str, object]] = []
        phones: list[str] = []
        unsayable: dict[str, Failure] = {}
        for write in writes:
            digits = self._numbers.wire(write.phone)
            if digits is None:
                unsayable[write.phone] = NOT_SAYABLE
                continue
            phones.append(write.phone)
            records.append({"phoneNumber": int(digits), **self._dialect.wire(write.terms)})
        if not records:
            return Answer(Verdict.ANSWERED, failures=unsayable)
        request = self._connection.calls.add(group, records)
        answer = self._connection.write(
            request,
            lambda response: judge_results(response, request, phones, self._numbers),
            divisible=len(phones) > 1,
        )
        if answer.verdict is Verdict.ANSWERED:
            answer = self._looked_up(group, phones, answer)
        return replace(answer, failures={**answer.failures, **unsayable}) if unsayable else answer

    def _looked_up(self, group: str, phones: Sequence[str], answer: Answer) -> Answer:
        """Check the form by the first number that was taken, where nothing could be checked before."""
        taken = next((p for p in phones if p not in answer.failures and p not in answer.conflicts), None)
        try:
            wrong = None if taken is None else self._form.after(group, taken)
        except DncError:
            return answer  # a read that fails says nothing of what was stored; the read-back will
        if wrong is None:
            return answer
        return replace(answer, verdict=Verdict.AMBIGUOUS, why=Failure("NUMBER_FORM", wrong.fact))


def joined(answers: Sequence[tuple[Sequence[Write], Answer]]) -> Answer:
    """Make one answer of those to a chunk's parts; what is not known of one is not known of the chunk."""
    if len(answers) == 1:
        return answers[0][1]
    parts = [answer for _, answer in answers]
    failures: dict[str, Failure] = {}
    for writes, answer in answers:
        failures |= answer.failures
        if answer.verdict in {Verdict.REFUSED, Verdict.UNSUPPORTED} and answer.why is not None:
            failures |= dict.fromkeys((write.phone for write in writes), answer.why)
    doubtful = next((answer for answer in parts if answer.verdict in _IN_DOUBT), None)
    large = next((answer for answer in parts if answer.verdict is Verdict.TOO_LARGE), None)
    verdict = Verdict.ANSWERED
    if all(answer.verdict is Verdict.NOT_SENT for answer in parts):
        verdict = Verdict.NOT_SENT
    elif doubtful or large:
        verdict = Verdict.AMBIGUOUS if doubtful else Verdict.TOO_LARGE
    sent = [answer for answer in parts if answer.attempts]
    return Answer(
        verdict,
        failures=failures,
        conflicts=frozenset().union(*(answer.conflicts for answer in parts)),
        attempts=sum(answer.attempts for answer in parts),
        latency_ms=sent[-1].latency_ms if sent else 0.0,
        started=sent[0].started if sent else None,
        ended=sent[-1].ended if sent else None,
        why=(doubtful or large or parts[0]).why,
        in_doubt=any(one.in_doubt or one.verdict is Verdict.ANSWERED for one in parts),
    )


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
