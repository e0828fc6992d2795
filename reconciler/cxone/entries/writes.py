"""Dialect `entries`: the bulk upsert and the removal, requests and answers. Pure."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson

from reconciler.core.model.provider import Answer, Failure, Verdict, Write
from reconciler.cxone.entries.calls import Refusals
from reconciler.cxone.entries.dialect import EntriesDialect
from reconciler.cxone.http.messages import Request, Response, RetryableFailure, parse_retryable
from reconciler.cxone.http.sanitize import refusal_text, sanitize_masked
from reconciler.cxone.names import ListNames

LARGEST = 500  # customer-supplied specification: 1 to 500 in one request
# CXone has the entry exactly as it was sent.
_CONFLICTS = frozenset({"DUPLICATE_ENTRY", "CONFLICT"})
_UNDERSTOOD = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})


class _Malformed(Exception):
    """What is wrong with an answer."""


def encode(chunk: Sequence[Write], dialect: EntriesDialect, names: ListNames) -> bytes:
    """Write a chunk as CXone takes it: these five fields, no others. Raises ValueError for no such chunk."""
    phones = {write.phone for write in chunk}
    if not chunk or len(chunk) > LARGEST or len(phones) < len(chunk):
        raise ValueError(f"a chunk has 1 to {LARGEST} writes, each of another phone")
    # A chunk shares a few terms, so what the wire makes of them is asked once each.
    wires = {key: dialect.write_fields(terms) for key, terms in {id(w.terms): w.terms for w in chunk}.items()}
    return orjson.dumps([_entry(write, wires[id(write.terms)], names) for write in chunk])


def _entry(write: Write, fields: Mapping[str, str], names: ListNames) -> dict[str, str]:
    return {
        "phone": write.phone,
        "reasonCode": fields["reasonCode"],
        "expirationPolicy": fields["expirationPolicy"],
        "listId": names.tenant_name(write.list_id),
        "source": fields["source"],
    }


def judge_bulk(
    response: Response, request: Request, phones: frozenset[str], refusals: Refusals
) -> Answer | RetryableFailure:
    """Read the answer to a chunk of these phones. Raises CxoneRefused or CxoneUnavailable."""
    status = response.status
    if status in _UNDERSTOOD:
        try:
            return decode_bulk(response.body, phones)
        except _Malformed as fault:
            return RetryableFailure(Failure("unreadable", str(fault)), is_ambiguous=True)
    failure = Failure(str(status), refusal_text(response.body))
    if status < HTTPStatus.MULTIPLE_CHOICES:  # accepted, partial: not what the contract calls an answer
        return RetryableFailure(failure, is_ambiguous=True)
    if again := parse_retryable(response, failure.message):
        return again
    refusals.raise_for_access(request, response)
    verdict = Verdict.REFUSED
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(phones) > 1:
        verdict = Verdict.TOO_LARGE
    elif status == HTTPStatus.CONFLICT:
        verdict = Verdict.AMBIGUOUS
    return Answer(verdict, cause=failure)


def decode_bulk(body: bytes, phones: frozenset[str]) -> Answer:
    """Decode an understood answer strictly; one that does not add up says nothing about any number."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _Malformed("the answer is no JSON") from None
    if not isinstance(answer, dict):
        raise _Malformed("the answer is no JSON object")
    stored_count, failed_count = _count(answer.get("successes")), _count(answer.get("failures"))
    if stored_count + failed_count != len(phones):
        raise _Malformed(
            f"{stored_count} successes and {failed_count} failures do not make the {len(phones)} sent"
        )
    failures, conflicts = _errors(answer.get("errors"), phones)
    # The specification leaves open whether a duplicate counts as a success or as a failure: either adds up.
    if not len(failures) <= failed_count <= len(failures) + len(conflicts):
        raise _Malformed(
            f"{failed_count} failures, but `errors` names {len(failures)} and {len(conflicts)} duplicates"
        )
    return Answer(Verdict.ANSWERED, failures=failures, conflicts=frozenset(conflicts))


def _count(value: Any) -> int:  # noqa: ANN401  (whatever JSON holds)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise _Malformed("the answer has no usable `successes` and `failures`")


def _errors(items: Any, phones: frozenset[str]) -> tuple[dict[str, Failure], set[str]]:  # noqa: ANN401
    if items is None:
        items = []
    if not isinstance(items, list):
        raise _Malformed("the answer's `errors` is no list")
    failures: dict[str, Failure] = {}
    conflicts: set[str] = set()
    for item in items:
        phone = item.get("phone") if isinstance(item, dict) else None
        if not isinstance(phone, str) or phone not in phones:
            raise _Malformed("the answer's `errors` names a phone that was not sent")
        code, message = item.get("errorCode"), item.get("errorMessage")
        if code in _CONFLICTS:
            conflicts.add(phone)
        else:
            failures[phone] = Failure(sanitize_masked(str(code or "")), sanitize_masked(str(message or "")))
    return failures, conflicts - failures.keys()


# 404: somebody else took it off, or an earlier attempt of ours did.
_GONE = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND})
# The customer-supplied specification shows no removal, so a tenant may well have none.
_NO_SUCH_CALL = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})


def _plausible(body: bytes) -> bool:
    """Tell whether a 200 can be CXone's: without a body, or with a JSON object, but no page of a proxy's."""
    try:
        return not body.strip() or isinstance(orjson.loads(body), dict)
    except orjson.JSONDecodeError:
        return False


def judge_removal(response: Response, request: Request, refusals: Refusals) -> Answer | RetryableFailure:
    """Read the answer to a removal. Raises CxoneRefused or CxoneUnavailable."""
    status = response.status
    if status in _GONE:
        if status == HTTPStatus.OK and not _plausible(response.body):
            return RetryableFailure(
                Failure("unreadable", "200, with something else than an answer"), is_ambiguous=True
            )
        return Answer(Verdict.ANSWERED)
    failure = Failure(str(status), refusal_text(response.body))
    if status in _NO_SUCH_CALL:
        return Answer(Verdict.UNSUPPORTED, cause=failure)
    if again := parse_retryable(response, failure.message):
        return again
    refusals.raise_for_access(request, response)
    if status < HTTPStatus.MULTIPLE_CHOICES:  # accepted: it may come off later, or not
        return Answer(Verdict.AMBIGUOUS, cause=failure)
    return Answer(Verdict.REFUSED, cause=failure)
