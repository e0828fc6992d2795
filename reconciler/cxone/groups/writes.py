"""Dialect `dnc-groups`: adds numbers to groups."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.core.model.errors import DncError
from reconciler.core.model.provider import Answer, Failure, Verdict, Write
from reconciler.cxone.groups.connection import GroupsConnection
from reconciler.cxone.groups.dialect import GroupsDialect, NumberConverter
from reconciler.cxone.groups.number_check import FormCheck
from reconciler.cxone.groups.reader import GroupsReader
from reconciler.cxone.groups.records import judge_results

NUMBER_NOT_WRITABLE = Failure(
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
        numbers: NumberConverter,
        form: FormCheck,
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._dialect = dialect
        self._numbers = numbers
        self._form = form

    def upsert(self, chunk: Sequence[Write]) -> Answer:
        """Send a chunk, each list's part by itself, and say what became of all of it."""
        writes_by_list: dict[str, list[Write]] = {}
        for write in chunk:
            writes_by_list.setdefault(write.list_id, []).append(write)
        if not chunk or len({write.phone for write in chunk}) < len(chunk):
            raise ValueError("a chunk has at least one write, and each is of another phone")
        self._form.check_before_write()
        answers: list[tuple[list[Write], Answer]] = []
        for list_id, writes in writes_by_list.items():
            try:
                answers.append((writes, self._send_to_group(list_id, writes)))
            except DncError as error:
                if not any(answer.attempts for _, answer in answers):
                    raise
                failure = Failure(error.rule, error.fact)
                answers.append((writes, Answer(Verdict.NOT_SENT, cause=failure)))
                break
        return join_answers(answers)

    def _send_to_group(self, list_id: str, writes: list[Write]) -> Answer:
        group = self._reader.group_id(list_id)
        records: list[Mapping[str, object]] = []
        phones: list[str] = []
        unwritable: dict[str, Failure] = {}
        for write in writes:
            digits = self._numbers.to_digits(write.phone)
            if digits is None:
                unwritable[write.phone] = NUMBER_NOT_WRITABLE
                continue
            phones.append(write.phone)
            records.append({"phoneNumber": int(digits), **self._dialect.write_fields(write.terms)})
        if not records:
            return Answer(Verdict.ANSWERED, failures=unwritable)
        request = self._connection.calls.add(group, records)
        answer = self._connection.write(
            request,
            lambda response: judge_results(response, request, phones, self._numbers),
            divisible=len(phones) > 1,
        )
        if answer.verdict is Verdict.ANSWERED:
            answer = self._check_form(group, phones, answer)
        return replace(answer, failures={**answer.failures, **unwritable}) if unwritable else answer

    def _check_form(self, group: str, phones: Sequence[str], answer: Answer) -> Answer:
        """Check the form by the first number that was taken, where nothing could be checked before."""
        accepted = next((p for p in phones if p not in answer.failures and p not in answer.conflicts), None)
        try:
            form_error = None if accepted is None else self._form.check_after_write(group, accepted)
        except DncError:
            return answer  # a read that fails says nothing of what was stored; the read-back will
        if form_error is None:
            return answer
        return replace(answer, verdict=Verdict.AMBIGUOUS, cause=Failure("NUMBER_FORM", form_error.fact))


def join_answers(answers: Sequence[tuple[Sequence[Write], Answer]]) -> Answer:
    """Make one answer of those to a chunk's parts; what is not known of one is not known of the chunk."""
    if len(answers) == 1:
        return answers[0][1]
    parts = [answer for _, answer in answers]
    failures: dict[str, Failure] = {}
    for writes, answer in answers:
        failures |= answer.failures
        if answer.verdict in {Verdict.REFUSED, Verdict.UNSUPPORTED} and answer.cause is not None:
            failures |= dict.fromkeys((write.phone for write in writes), answer.cause)
    doubtful_answer = next((answer for answer in parts if answer.verdict in _IN_DOUBT), None)
    too_large_answer = next((answer for answer in parts if answer.verdict is Verdict.TOO_LARGE), None)
    verdict = Verdict.ANSWERED
    if all(answer.verdict is Verdict.NOT_SENT for answer in parts):
        verdict = Verdict.NOT_SENT
    elif doubtful_answer or too_large_answer:
        verdict = Verdict.AMBIGUOUS if doubtful_answer else Verdict.TOO_LARGE
    sent_answers = [answer for answer in parts if answer.attempts]
    return Answer(
        verdict,
        failures=failures,
        conflicts=frozenset().union(*(answer.conflicts for answer in parts)),
        attempts=sum(answer.attempts for answer in parts),
        latency_ms=sent_answers[-1].latency_ms if sent_answers else 0.0,
        started=sent_answers[0].started if sent_answers else None,
        ended=sent_answers[-1].ended if sent_answers else None,
        cause=(doubtful_answer or too_large_answer or parts[0]).cause,
        in_doubt=any(one.in_doubt or one.verdict is Verdict.ANSWERED for one in parts),
    )
