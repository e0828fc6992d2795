"""Dialect `dnc-groups`: what an answer says of each record that was sent. Pure.

A partial failure comes back as HTTP 200 with `success: false` inside, and the results have no index, so each
is matched by its digits and by its position, and they are counted.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from reconciler.cxone.groups_calls import refused_access
from reconciler.cxone.groups_number import Numbers, digits_of
from reconciler.cxone.groups_words import Malformed, content, count, objects, said, text, truth
from reconciler.cxone.wire import Again, Request, Response, passing
from reconciler.cxone.words import plain
from reconciler.model.provider import Answer, Failure, Verdict

_UNDERSTOOD = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
_NO_SUCH_CALL = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
# Whether a second post of a number fails is unknown, and so are the words. A read-back decides in the end.
_THERE_ALREADY = re.compile(r"already|duplicate|exists", re.IGNORECASE)


def judge_results(
    response: Response, request: Request, phones: Sequence[str], numbers: Numbers
) -> Answer | Again:
    """Read the answer to records of these numbers. Raises CxoneRefused or CxoneUnavailable."""
    status = response.status
    if status in _UNDERSTOOD:
        return _understood(response, phones, numbers)
    why = Failure(str(status), said(response))
    if status < HTTPStatus.MULTIPLE_CHOICES:  # no data: not a word about any number
        return Answer(Verdict.AMBIGUOUS, why=why)
    if status in _NO_SUCH_CALL:
        return Answer(Verdict.UNSUPPORTED, why=why)
    if again := passing(response, why.message):
        return again
    refused_access(request, response)
    verdict = Verdict.REFUSED
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(phones) > 1:
        verdict = Verdict.TOO_LARGE
    elif status == HTTPStatus.CONFLICT:
        verdict = Verdict.AMBIGUOUS
    return Answer(verdict, why=why)


def _understood(response: Response, phones: Sequence[str], numbers: Numbers) -> Answer | Again:
    try:
        found = content(response.body)
    except Malformed as fault:
        return Again(Failure("unreadable", str(fault)), ambiguous=True)
    try:
        return decode(found, phones, numbers)
    except Malformed as fault:
        # Asked again it would say the same, and a second post may make a second record.
        return Answer(Verdict.AMBIGUOUS, why=Failure("unreadable", str(fault)))


def decode(found: Mapping[str, Any], phones: Sequence[str], numbers: Numbers) -> Answer:
    """Read each result. Raises Malformed where they do not add up: then they say nothing of any number."""
    results = objects(found, "recordResults")
    if len(results) != len(phones):
        raise Malformed(f"{len(results)} results for the {len(phones)} records sent")
    failures: dict[str, Failure] = {}
    conflicts: set[str] = set()
    for phone, item in zip(_matched(results, phones, numbers), results, strict=True):
        words = text(item.get("error"))
        success = truth(item.get("success"))
        if success or (success is None and not words):
            continue
        if _THERE_ALREADY.search(words):
            conflicts.add(phone)
        else:
            failures[phone] = Failure("RECORD", plain(words) or "no reason given")
    errors = count(found.get("errorCount"))
    if errors is not None and errors != len(failures) + len(conflicts):
        raise Malformed(f"`errorCount` is {errors}, and {len(failures) + len(conflicts)} results are errors")
    return Answer(Verdict.ANSWERED, failures=failures, conflicts=frozenset(conflicts))


def _matched(results: Sequence[dict[str, Any]], phones: Sequence[str], numbers: Numbers) -> list[str]:
    """Give each result's number: the one at its position, unless its digits are those of another."""
    matched: list[str] = []
    for position, item in enumerate(results):
        shown = text(item.get("phoneNumber")) or text(item.get("formattedPhone"))
        if not digits_of(shown) or numbers.same(phones[position], shown):
            matched.append(phones[position])
            continue
        phone = next((phone for phone in phones if numbers.same(phone, shown)), None)
        if phone is None:
            raise Malformed("a result is of a number that was not sent")
        matched.append(phone)
    if len(set(matched)) != len(phones):
        raise Malformed("two results are of one number")
    return matched
