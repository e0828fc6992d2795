"""Dialect `dnc-groups`: adding numbers, one group at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.cxone.groups import GroupsDialect
from reconciler.cxone.groups_connection import GroupsConnection
from reconciler.cxone.groups_form import FormCheck
from reconciler.cxone.groups_number import Numbers
from reconciler.cxone.groups_reader import GroupsReader
from reconciler.cxone.groups_results import judge_results
from reconciler.model.errors import DncError
from reconciler.model.provider import Answer, Failure, Verdict, Write

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
