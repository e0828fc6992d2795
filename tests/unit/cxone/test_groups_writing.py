"""Adding numbers: every answer is checked, item by item."""

from datetime import date

import orjson
import pytest

from reconciler.core.model.entries import ProjectedTerms
from reconciler.core.model.errors import CxoneRefused
from reconciler.core.model.provider import Failure, Verdict, Write
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.unit.cxone.groups_world import LIST, NEVER, national, number, until, world, writes


@pytest.mark.parametrize(
    "quirks",
    [
        {},
        {"wrapping": "never"},
        {"wrapping": "always"},
        {"reversed_results": True},
        {"bare_results": True},
        {"second_post": "fail"},
        {"second_post": "duplicate"},
        {"form": "national"},
    ],
    ids=str,
)
def test_what_is_written_is_read(quirks):
    with world() as w:
        for name, value in quirks.items():
            setattr(w.quirks, name, value)
        dated = until(date(2027, 3, 1))
        w.put(9)
        w.read()
        answer = w.provider.upsert([*writes(1, 2), *writes(3, terms=dated)])
        assert (answer.verdict, answer.failures, answer.attempts) == (Verdict.ANSWERED, {}, 1)
        assert w.stored()[national(3)] == ["2027-03-03"]
        live = w.read()
        assert live.lists[LIST][number(3)].terms == w.provider.dialect.project(dated)
        assert live.lists[LIST][number(1)].terms == ProjectedTerms()


@pytest.mark.parametrize("reverse", [True, False])
def test_a_partial_failure_inside_200(reverse):
    with world() as w:
        w.quirks.reversed_results = reverse
        w.quirks.fails[national(2)] = "blocked by the carrier, call 2125550199"
        answer = w.provider.upsert(writes(1, 2, 3))
        assert answer.verdict is Verdict.ANSWERED
        assert answer.failures == {number(2): Failure("RECORD", "blocked by the carrier, call •••")}
        assert set(w.stored()) == {national(1), national(3)}


def test_without_digits_results_count_by_position():
    with world() as w:
        w.quirks.bare_results = True
        w.quirks.fails[national(2)] = "no"
        assert set(w.provider.upsert(writes(1, 2, 3)).failures) == {number(2)}


def test_results_that_are_missing_say_nothing_of_any_number():
    with world() as w:
        w.quirks.lost_results = 1
        answer = w.provider.upsert(writes(1, 2, 3))
        assert (answer.verdict, answer.attempts) == (Verdict.AMBIGUOUS, 1)
        assert "2 results for the 3 records" in answer.cause.message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"errorCount": 1, "recordResults": [{"success": True}, {"success": True}]}, "errorCount"),
        (
            {"recordResults": [{"success": True, "formattedPhone": "(999) 555-0100"}, {"success": True}]},
            "was not sent",
        ),
        ({"recordResults": [{"success": True, "formattedPhone": "(200) 555-0102"}] * 2}, "two results"),
        ({"recordResults": {}}, "no list"),
        ({"dncGroups": []}, "no `recordResults`"),
    ],
)
def test_results_that_do_not_add_up_are_in_doubt_and_not_sent_again(body, said):
    with world() as w:
        w.read()
        text = orjson.dumps({"resultSet": body}).decode()
        w.sandbox.plan(Fault(FaultAction.TEXT, on=RequestKind.BULK, status=200, body=text))
        answer = w.provider.upsert(writes(1, 2))
        assert (answer.verdict, answer.attempts) == (Verdict.AMBIGUOUS, 1)
        assert said in answer.cause.message


def test_a_second_post_updates():
    with world() as w:
        w.put(1, expired="2026-12-25")
        w.read()
        assert w.provider.upsert(writes(1)).verdict is Verdict.ANSWERED
        assert w.stored()[national(1)] == [None]


def test_a_second_post_that_fails_is_a_conflict_for_the_read_back():
    with world() as w:
        w.quirks.second_post = "fail"
        w.put(1, expired="2026-12-25")
        w.read()
        answer = w.provider.upsert(writes(1, 2))
        assert (answer.conflicts, answer.failures) == ({number(1)}, {})
        assert w.read().lists[LIST][number(1)].terms == ProjectedTerms(end=date(2026, 12, 23))


def test_a_second_post_that_makes_a_second_record_counts_with_its_longest_end():
    with world() as w:
        w.quirks.second_post = "duplicate"
        w.put(1, expired="2026-12-25")
        w.read()
        assert w.provider.upsert(writes(1)).verdict is Verdict.ANSWERED
        assert w.read().lists[LIST][number(1)].terms == ProjectedTerms()
        assert w.stored()[national(1)] == ["2026-12-25", None]


@pytest.mark.parametrize("second_post", ["update", "fail", "duplicate"])
@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultAction.STATUS, on=RequestKind.BULK, status=503),
        Fault(FaultAction.STATUS, on=RequestKind.BULK, status=500, stored=True),
        Fault(FaultAction.CUT, on=RequestKind.BULK, stored=True),
        Fault(FaultAction.HALF_JSON, on=RequestKind.BULK),
        Fault(FaultAction.HTML, on=RequestKind.BULK, stored=True),
        Fault(FaultAction.STATUS, on=RequestKind.BULK, status=429),
        Fault(FaultAction.REVOKE, on=RequestKind.BULK),
    ],
    ids=lambda fault: f"{fault.action}-{fault.status}-{fault.stored}",
)
def test_one_fault_loses_no_number(fault, second_post):
    with world() as w:
        w.quirks.second_post = second_post
        w.put(9)
        w.read()
        w.sandbox.plan(fault)
        answer = w.provider.upsert(writes(1, 2))
        assert answer.verdict is Verdict.ANSWERED
        assert answer.failures == {}
        assert {number(1), number(2), number(9)} == set(w.read().lists[LIST])


def test_a_failure_after_a_lost_answer_is_in_doubt():
    with world() as w:
        w.put(9)
        w.read()
        w.quirks.fails[national(1)] = "it cannot be added"
        w.sandbox.plan(Fault(FaultAction.CUT, on=RequestKind.BULK, stored=True))
        answer = w.provider.upsert(writes(1, 2))
        assert (answer.verdict, answer.cause.message) == (Verdict.AMBIGUOUS, "it cannot be added")


def test_a_chunk_of_two_lists_goes_as_two_requests():
    with world() as w:
        other = w.sandbox.groups.make("dnc-2")
        w.provider.read(frozenset({LIST, "dnc-2"}))
        w.quirks.fails[national(3)] = "no"
        answer = w.provider.upsert([*writes(1), *writes(2, 3, list_id="dnc-2")])
        assert (answer.verdict, set(answer.failures), answer.attempts) == (Verdict.ANSWERED, {number(3)}, 2)
        assert [asked.items for asked in w.asked(ending="/records") if asked.kind is RequestKind.BULK] == [
            1,
            2,
        ]
        assert len(w.sandbox.groups.store.find(national(2), other)) == 1


@pytest.mark.parametrize(
    ("fault", "verdict", "failed"),
    [
        (Fault(FaultAction.STATUS, on=RequestKind.BULK, skip=1, status=400), Verdict.ANSWERED, {number(2)}),
        (Fault(FaultAction.STATUS, on=RequestKind.BULK, skip=1, status=403), Verdict.AMBIGUOUS, set()),
        (Fault(FaultAction.STATUS, on=RequestKind.BULK, skip=1, status=409), Verdict.AMBIGUOUS, set()),
        (Fault(FaultAction.STATUS, on=RequestKind.BULK, status=400), Verdict.ANSWERED, {number(1)}),
    ],
    ids=lambda value: str(getattr(value, "status", "")),
)
def test_a_part_that_goes_wrong_hides_nothing_of_the_other(fault, verdict, failed):
    with world() as w:
        w.put(9)
        w.sandbox.groups.make("dnc-2")
        w.provider.read(frozenset({LIST, "dnc-2"}))
        w.sandbox.plan(fault)
        answer = w.provider.upsert([*writes(1), *writes(2, list_id="dnc-2")])
        assert (answer.verdict, set(answer.failures)) == (verdict, failed)


def test_the_first_part_that_is_refused_raises_since_nothing_was_stored():
    with world() as w:
        w.put(9)
        w.read()
        w.sandbox.plan(Fault(FaultAction.STATUS, on=RequestKind.BULK, status=403))
        with pytest.raises(CxoneRefused, match="403"):
            w.provider.upsert(writes(1))


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(400, Verdict.REFUSED), (404, Verdict.REFUSED), (409, Verdict.AMBIGUOUS), (405, Verdict.UNSUPPORTED)],
)
def test_an_answer_that_is_none(status, verdict):
    with world() as w:
        w.put(9)
        w.read()
        w.sandbox.plan(Fault(FaultAction.STATUS, on=RequestKind.BULK, status=status))
        assert w.provider.upsert(writes(1, 2)).verdict is verdict


def test_204_is_no_word_about_any_number():
    with world() as w:
        w.put(9)
        w.read()
        w.sandbox.plan(Fault(FaultAction.TEXT, on=RequestKind.BULK, status=204))
        assert w.provider.upsert(writes(1)).verdict is Verdict.AMBIGUOUS


def test_a_chunk_that_is_too_large():
    with world() as w:
        w.quirks.most_posted = 2
        assert w.provider.upsert(writes(1, 2, 3)).verdict is Verdict.TOO_LARGE
        assert w.provider.upsert(writes(1, 2)).verdict is Verdict.ANSWERED


def test_a_number_that_the_form_cannot_carry_fails_alone():
    with world() as w:
        german = "+4930123456"
        answer = w.provider.upsert([Write(LIST, german, NEVER), *writes(1)])
        assert (answer.verdict, set(answer.failures)) == (Verdict.ANSWERED, {german})
        assert answer.failures[german].code == "NUMBER_FORM"
        alone = w.provider.upsert([Write(LIST, german, NEVER)])
        assert (set(alone.failures), alone.attempts) == ({german}, 0)


def test_no_chunk_has_a_phone_twice():
    with world() as w:
        for chunk in ([], [*writes(1), *writes(1, list_id="dnc-2")]):
            with pytest.raises(ValueError, match="another phone"):
                w.provider.upsert(chunk)


def test_nothing_is_sent_once_asked_to_stop():
    with world() as w:
        w.put(9)
        w.read()
        w.provider.upsert(writes(1))
        w.time.stopped = True
        assert w.provider.upsert(writes(2)).verdict is Verdict.NOT_SENT
        assert national(2) not in w.stored()
