"""Dialect `dnc-groups`: records as a read or search shows them, and the answer for each sent one. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, NamedTuple

from reconciler.core.model.provider import Answer, Failure, Verdict
from reconciler.cxone.groups.calls import (
    Malformed,
    content,
    count,
    objects,
    refused_access,
    refused_read,
    said,
    text,
    truth,
)
from reconciler.cxone.groups.dialect import Numbers, digits_of
from reconciler.cxone.http.messages import Again, Request, Response, passing
from reconciler.cxone.http.sanitize import plain

_AMERICAN = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?:[ T].*)?")


class Record(NamedTuple):
    """One record. `phone` and `expired` are as received: what they mean is the tenant's setting."""

    id: str
    phone: str
    expired: str
    modified: str | None


class Found(NamedTuple):
    """One record that a search found, in whichever group."""

    group: str
    record: Record


@dataclass(frozen=True, slots=True)
class Records:
    """One piece of a group, and how many records the group has, as far as the tenant says.

    `too_many`: there is none, since the tenant does not give so many records at once.
    """

    rows: Sequence[Record] = ()
    total: int | None = None
    too_many: bool = False


def judge_records(response: Response, request: Request, *, least: bool) -> Records | Again:
    """Read some records. A 400 may mean that too many were asked for, unless they are the least."""
    if response.status == HTTPStatus.OK:
        try:
            return _records(response.body)
        except Malformed as fault:
            return Again(Failure("unreadable", str(fault)))
    if response.status == HTTPStatus.NO_CONTENT:
        return Records()
    if response.status == HTTPStatus.BAD_REQUEST and not least:
        return Records(too_many=True)
    return passing(response, said(response)) or refused_read(request, response)


def _records(body: bytes) -> Records:
    inner = content(body)
    # The published files say the one, public code reads the other.
    found = objects(inner, "dncRecords", "dncGroupRecords")
    return Records([_record(item) for item in found], count(inner.get("totalRecords")))


def judge_search(response: Response, request: Request) -> tuple[Found, ...] | Again:
    """Read what a search found. A 400 says that it is no number of this tenant, so nothing was found."""
    if response.status == HTTPStatus.OK:
        try:
            rows = objects(content(response.body), "searchResults")
            return tuple(Found(text(row.get("dncGroupId")), _record(row)) for row in rows)
        except Malformed as fault:
            return Again(Failure("unreadable", str(fault)))
    if response.status in {HTTPStatus.NO_CONTENT, HTTPStatus.BAD_REQUEST}:
        return ()
    return passing(response, said(response)) or refused_read(request, response)


def _record(item: dict[str, Any]) -> Record:
    phone = text(item.get("phoneNumber")) or text(item.get("formattedPhone"))
    modified = item.get("lastUpdateTime")
    expired = item.get("expiredDate")
    return Record(
        text(item.get("recordId")) or f"number {phone}",
        phone,
        "" if expired is None else str(expired).strip(),
        modified if isinstance(modified, str) and modified else None,
    )


def date_of(written: str) -> date | None:
    """Read an `expiredDate`, whose format is not published: ISO 8601, or the American way round."""
    try:
        return datetime.fromisoformat(written).date()
    except ValueError:
        pass
    if found := _AMERICAN.fullmatch(written):
        month, day, year = map(int, found.groups())
        try:
            return date(year, month, day)
        except ValueError:
            pass
    return None


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
