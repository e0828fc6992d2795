"""The journal: what it says of a run, however that ended."""

import stat
from contextlib import suppress
from datetime import timedelta

import pytest

from reconciler.audit.journal import Journal, JournalledProvider
from reconciler.audit.unfinished import UnreportedAssignment, parse_journal
from reconciler.core.model.entries import Policy, ReasonCode, Terms
from reconciler.core.model.errors import CxoneUnavailable
from reconciler.core.model.provider import Answer, ClockOffset, Failure, Verdict, Write
from tests.unit.audit.builders import AT

A, B, C = "+12025550100", "+12025550101", "+12025550102"
LIST = "dnc-list-01"
RUN = {"revision": "abc", "started_at": AT.isoformat(), "target": {}, "pid": 1}
TERMS = Terms(ReasonCode.COMPANY_POLICY, Policy.NEVER)
OFFSET = ClockOffset(timedelta(seconds=-3), timedelta(seconds=-2))


class Clock:
    def __init__(self) -> None:
        self.moment = AT

    def __call__(self):
        self.moment += timedelta(seconds=1)
        return self.moment


class Cxone:
    """Answers as it is told; what is an error is raised."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)

    def clock_offset(self):
        return OFFSET

    def upsert(self, chunk):
        return self._next()

    def remove(self, key, entry_id):
        return self._next()

    def assign_skill(self, list_id, skill_id):
        return self._next()

    def _next(self):
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture
def journal(tmp_path):
    made = Journal(tmp_path / "dnc" / "production.journal", Clock())
    yield made
    made.close()


def writes(*phones):
    return [Write(LIST, phone, TERMS) for phone in phones]


def after(journal, *answers, overwrites=(), exposing=(), remove=False):
    """Let a run send so many chunks of three numbers, and die; tell what its journal says."""
    journal.begin(RUN, numbers=3)
    keys = frozenset((LIST, phone) for phone in overwrites)
    weak = frozenset((LIST, phone) for phone in exposing)
    provider = JournalledProvider(Cxone(*answers), journal, overwrites=keys, exposing=weak)
    for _ in answers:
        with suppress(CxoneUnavailable, KeyboardInterrupt):
            provider.remove((LIST, A), "1") if remove else provider.upsert(writes(A, B, C))
    (run,) = journal.unreported_runs()
    return run


def wrote(run):
    return sorted(phone for _, phone in run.written)


ANSWERED = Answer(Verdict.ANSWERED, attempts=1)
REFUSED_B = Answer(Verdict.ANSWERED, failures={B: Failure("X", "no")}, attempts=1)
DIES = KeyboardInterrupt()


@pytest.mark.parametrize(
    ("answer", "expected", "unanswered"),
    [
        (ANSWERED, [A, B, C], 0),
        (REFUSED_B, [A, C], 0),
        (Answer(Verdict.AMBIGUOUS), [A, B, C], 0),
        (Answer(Verdict.TOO_LARGE), [], 0),
        (Answer(Verdict.REFUSED), [], 0),
        (Answer(Verdict.NOT_SENT), [], 0),
        (CxoneUnavailable("nobody there"), [], 0),
        (DIES, [A, B, C], 1),
    ],
)
def test_what_may_have_been_stored(journal, answer, expected, unanswered):
    run = after(journal, answer)
    assert wrote(run) == expected
    assert (run.chunks, run.unanswered, run.numbers) == (1, unanswered, 3)
    assert (run.window is None) == (not expected)


def test_the_window_is_on_cxones_clock(journal):
    run = after(journal, ANSWERED)  # sent 2 s after the beginning, answered 3 s after it
    assert run.window == (AT + timedelta(seconds=2 - 3), AT + timedelta(seconds=3 - 2))


def test_without_an_answer_a_request_is_under_way_for_its_time_outs(journal):
    run = after(journal, DIES)
    assert run.window == (AT + timedelta(seconds=2 - 3), AT + timedelta(seconds=2 + 30 - 2))


def test_who_was_touched_by_others_is_not_ours_and_what_weakens_counts(journal):
    run = after(journal, ANSWERED, overwrites=[A], exposing=[C])
    assert wrote(run) == [B, C]
    assert run.removed == {LIST: 1}


@pytest.mark.parametrize(("answer", "count"), [(ANSWERED, 1), (DIES, 1), (Answer(Verdict.UNSUPPORTED), 0)])
def test_removals_count_and_are_no_writes(journal, answer, count):
    run = after(journal, answer, remove=True)
    assert run.removed == ({LIST: count} if count else {})
    assert wrote(run) == []


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [(ANSWERED, Verdict.ANSWERED), (DIES, None), (CxoneUnavailable("gone"), "not-sent")],
)
def test_skills_that_are_added_are_no_numbers_and_are_told(journal, answer, verdict):
    journal.begin(RUN, numbers=0)
    provider = JournalledProvider(Cxone(answer), journal, overwrites=frozenset(), exposing=frozenset())
    with suppress(CxoneUnavailable, KeyboardInterrupt):
        provider.assign_skill(LIST, "1002")
    (run,) = journal.unreported_runs()
    assert run.assignments == (UnreportedAssignment(LIST, "1002", verdict),)
    assert (run.chunks, run.unanswered, run.numbers, run.window) == (0, 0, 0, None)


def test_runs_add_up_until_a_report_tells_of_them(journal, tmp_path):
    after(journal, ANSWERED)
    journal.close()
    again = Journal(journal.path, Clock())
    again.begin({**RUN, "started_at": "later"}, numbers=0)
    assert [run.started_at for run in again.unreported_runs()] == [RUN["started_at"], "later"]
    again.forget()
    again.close()
    assert [run.started_at for run in again.unreported_runs()] == [RUN["started_at"]]
    again.begin({**RUN, "started_at": "later"}, numbers=0)
    again.finish()
    again.close()
    assert again.unreported_runs() == ()
    assert list(journal.path.parent.iterdir()) == []


def test_only_its_owner_reads_it_and_room_is_kept(journal):
    journal.begin(RUN, numbers=1000)
    room = journal.path.with_suffix(".room")
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert room.stat().st_size >= 2_200_000
    journal.release_reserve()
    assert not room.exists()


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_wherever_it_was_cut_it_is_read_as_far_as_it_goes(journal, cut):
    after(journal, ANSWERED, DIES)
    data = journal.path.read_bytes()
    for end in (data[: len(data) - cut], data[: len(data) - cut] + b"\n\xff\0{}\n[1]\n"):
        runs = parse_journal(end)
        assert len(runs) <= 1
        assert all(run.chunks <= 2 for run in runs)


def test_what_others_had_touched_is_named_and_when_each_number_was_asked_for(journal):
    run = after(journal, ANSWERED, DIES, overwrites=[A])
    assert run.overwritten == {(LIST, A)}
    assert run.requested_at[LIST, B] == run.window[0]  # of the first of two requests, on CXone's clock
    assert set(run.requested_at) == {(LIST, phone) for phone in (A, B, C)}
