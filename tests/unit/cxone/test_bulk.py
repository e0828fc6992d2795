import json

import pytest

from reconciler.core.model.entries import Policy, ReasonCode, Terms
from reconciler.core.model.errors import CxoneRefused, CxoneUnavailable
from reconciler.core.model.provider import Answer, Failure, Verdict, Write
from reconciler.cxone.entries.calls import Refusals, bulk_request, removal_request
from reconciler.cxone.entries.dialect import EntriesDialect
from reconciler.cxone.entries.writes import encode, judge_bulk, judge_removal
from reconciler.cxone.http.messages import Response, RetryableFailure
from reconciler.cxone.names import ListNames

TERMS = Terms(ReasonCode.NATIONAL, Policy.NEVER, source="compliance-db")
ONE, TWO, THREE = "+12125550101", "+12125550102", "+12125550103"
PHONES = frozenset({ONE, TWO, THREE})
REFUSALS = Refusals("acme", "acme.test")


def judge(
    status: int, body: object = b"", phones: frozenset[str] = PHONES, **headers: str
) -> Answer | RetryableFailure:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge_bulk(Response(status, headers, content), bulk_request(b"[]"), phones, REFUSALS)


def error(phone: str, code: str, message: str = "no") -> dict[str, str]:
    return {"phone": phone, "errorCode": code, "errorMessage": message}


def test_five_fields_and_no_others():
    body = encode([Write("a", ONE, TERMS)], EntriesDialect(), ListNames({"a": "Tenant A"}))
    assert body == (
        b'[{"phone":"+12125550101","reasonCode":"NATIONAL","expirationPolicy":"NEVER",'
        b'"listId":"Tenant A","source":"compliance-db"}]'
    )


@pytest.mark.parametrize(
    "chunk",
    [
        [],
        [Write("a", ONE, TERMS), Write("b", ONE, TERMS)],
        [Write("a", f"+1212555{n:04d}", TERMS) for n in range(501)],
    ],
)
def test_what_is_no_chunk(chunk):
    with pytest.raises(ValueError, match="1 to 500"):
        encode(chunk, EntriesDialect(), ListNames({}))


@pytest.mark.parametrize("status", [200, 201])
def test_stored(status):
    answer = judge(status, {"successes": 3, "failures": 0, "errors": []})
    assert answer == Answer(Verdict.ANSWERED)


def test_no_errors_at_all_where_nothing_failed():
    assert judge(200, {"successes": 3, "failures": 0}) == Answer(Verdict.ANSWERED)


@pytest.mark.parametrize(("stored", "failed"), [(2, 1), (1, 2)])
def test_duplicates_add_up_however_they_are_counted(stored, failed):
    errors = [error(ONE, "INVALID_PHONE"), error(TWO, "DUPLICATE_ENTRY")]
    answer = judge(200, {"successes": stored, "failures": failed, "errors": errors})
    assert answer == Answer(
        Verdict.ANSWERED, failures={ONE: Failure("INVALID_PHONE", "no")}, conflicts=frozenset({TWO})
    )


def test_a_conflict_is_no_failure():
    answer = judge(200, {"successes": 2, "failures": 1, "errors": [error(ONE, "CONFLICT")]})
    assert answer == Answer(Verdict.ANSWERED, conflicts=frozenset({ONE}))


def test_a_failure_of_the_same_phone_outweighs_its_conflict():
    errors = [error(ONE, "CONFLICT"), error(ONE, "INVALID_PHONE")]
    answer = judge(200, {"successes": 2, "failures": 1, "errors": errors})
    assert isinstance(answer, Answer)
    assert (set(answer.failures), answer.conflicts) == ({ONE}, frozenset())


def test_a_message_is_made_harmless():
    said = f"bad\x1b[31m {ONE} " + "x" * 300
    answer = judge(200, {"successes": 2, "failures": 1, "errors": [error(ONE, "BAD\n", said)]})
    assert isinstance(answer, Answer)
    failure = answer.failures[ONE]
    assert failure.code == "BAD"
    assert len(failure.message) == 200
    assert "\x1b" not in failure.message
    assert "2125550101" not in failure.message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>fine</html>",
        b'{"successes": 3, "fail',
        [],
        {"successes": 3},
        {"successes": "3", "failures": 0},
        {"successes": True, "failures": 2},
        {"successes": 4, "failures": -1},
        {"successes": 2, "failures": 0, "errors": []},
        {"successes": 3, "failures": 1, "errors": [error(ONE, "X")]},
        {"successes": 2, "failures": 1, "errors": []},
        {"successes": 2, "failures": 1},
        {"successes": 3, "failures": 0, "errors": [error(ONE, "X")]},
        {"successes": 1, "failures": 2, "errors": [error(ONE, "X")]},
        {"successes": 2, "failures": 1, "errors": [error("+12125550199", "X")]},
        {"successes": 2, "failures": 1, "errors": [error("2125550101", "CONFLICT")]},
        {"successes": 2, "failures": 1, "errors": ["X"]},
        {"successes": 2, "failures": 1, "errors": {"phone": ONE}},
    ],
)
def test_what_does_not_add_up_is_ambiguous(body):
    answer = judge(200, body)
    assert isinstance(answer, RetryableFailure)
    assert answer.is_ambiguous
    assert answer.cause.code == "unreadable"


@pytest.mark.parametrize("status", [202, 204, 207, 408, 425, 500, 502, 503, 504, 599])
def test_ambiguous_statuses(status):
    answer = judge(status)
    assert isinstance(answer, RetryableFailure)
    assert answer.is_ambiguous


def test_throttled():
    answer = judge(429, **{"Retry-After": "3"})
    assert answer == RetryableFailure(Failure("429", ""), is_throttled=True, retry_after="3")


@pytest.mark.parametrize(
    ("status", "phones", "verdict"),
    [
        (413, PHONES, Verdict.TOO_LARGE),
        (413, frozenset({ONE}), Verdict.REFUSED),
        (409, PHONES, Verdict.AMBIGUOUS),
        (400, PHONES, Verdict.REFUSED),
        (404, PHONES, Verdict.REFUSED),
        (422, PHONES, Verdict.REFUSED),
    ],
)
def test_other_statuses(status, phones, verdict):
    answer = judge(status, {"message": f"not {ONE}"}, phones)
    assert isinstance(answer, Answer)
    assert answer.verdict is verdict
    assert answer.cause == Failure(str(status), "not +•••")


def test_a_missing_scope_says_what_to_do():
    with pytest.raises(CxoneRefused) as caught:
        judge(403, {"error": "insufficient_scope"})
    text = str(caught.value)
    assert "POST /api/v2/dnc/entries/bulk" in text
    assert "dnc:entries:write" in text
    assert "acme" in text


def test_a_401_after_renewal_is_a_refusal():
    with pytest.raises(CxoneRefused):
        judge(401)


def test_a_redirect_is_no_answer():
    with pytest.raises(CxoneUnavailable, match="redirects to another host"):
        judge(302, Location="https://elsewhere.invalid/")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.ANSWERED),
        (204, Verdict.ANSWERED),
        (404, Verdict.ANSWERED),
        (202, Verdict.AMBIGUOUS),
        (405, Verdict.UNSUPPORTED),
        (501, Verdict.UNSUPPORTED),
        (400, Verdict.REFUSED),
        (409, Verdict.REFUSED),
    ],
)
def test_removals(status, verdict):
    answer = judge_removal(Response(status), removal_request("x"), REFUSALS)
    assert isinstance(answer, Answer)
    assert answer.verdict is verdict


@pytest.mark.parametrize("body", [b"", b" ", b"{}", b'{"deleted": true}'])
def test_a_removal_may_be_answered_with_200(body):
    assert judge_removal(Response(200, {}, body), removal_request("x"), REFUSALS) == Answer(Verdict.ANSWERED)


@pytest.mark.parametrize("body", [b"<html>", b"null", b"[]", b'"ok"', b'{"deleted"'])
def test_a_page_of_a_proxy_removed_nothing(body):
    again = judge_removal(Response(200, {}, body), removal_request("x"), REFUSALS)
    assert isinstance(again, RetryableFailure)
    assert again.is_ambiguous


def test_an_id_is_quoted_and_not_shown():
    request = removal_request("a/b?c=../+1")
    assert request.path == "/api/v2/dnc/entries/a%2Fb%3Fc%3D..%2F%2B1"
    assert request.call == "DELETE /api/v2/dnc/entries/{id}"
