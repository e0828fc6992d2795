"""Dialect `dnc-groups`: records as a read or search shows them, and the answer for each sent one. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple

from reconciler.core.model.provider import Answer, Failure, Verdict
from reconciler.cxone.groups.calls import (
    Malformed,
    parse_bool,
    parse_content,
    parse_count,
    parse_objects,
    parse_text,
    raise_for_access,
    raise_for_read,
    refusal_reason,
)
from reconciler.cxone.groups.dialect import NumberConverter, digits_of
from reconciler.cxone.http.messages import Request, Response, RetryableFailure, parse_retryable
from reconciler.cxone.http.sanitize import sanitize_masked

_AMERICAN = re.compile(
    r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?:[ T]([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?(?: ?([AaPp])[Mm])?.*)?"
)
_NOON = time(12)
_LAST_MINUTE = (23, 59)


class Record(NamedTuple):
    """One record. `phone` and `expired` are as received: what they mean is the tenant's setting."""

    id: str
    phone: str
    expired: str
    modified: str | None


class SearchResult(NamedTuple):
    """One record that a search found, in whichever group."""

    group: str
    record: Record


_ARRAYS = ("dncRecords", "dncGroupRecords")  # the published files say the one, public code reads the other


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One piece of a group, and how many records the group has, as far as the tenant says.

    `refused`: there is none, since the tenant does not take so many at once, or the order. `oddities` say in
    which of the ways that are understood the answer differs from the published one.
    """

    rows: Sequence[Record] = ()
    total: int | None = None
    refused: bool = False
    oddities: frozenset[str] = frozenset()


def judge_records(response: Response, request: Request, *, least: bool) -> RecordPage | RetryableFailure:
    """Read some records. A 400 may be about how many are asked for and in which order, unless `least`."""
    if response.status == HTTPStatus.OK:
        try:
            return _parse_records(response.body)
        except Malformed as fault:
            return RetryableFailure(Failure("unreadable", str(fault)))
    if response.status == HTTPStatus.NO_CONTENT:
        return RecordPage()
    if response.status == HTTPStatus.BAD_REQUEST and not least:
        return RecordPage(refused=True)
    return parse_retryable(response, refusal_reason(response)) or raise_for_read(request, response)


def _parse_records(body: bytes) -> RecordPage:
    inner = parse_content(body)
    items = parse_objects(inner, *_ARRAYS)
    total = inner.get("totalRecords")
    oddities = {
        "counts as text": isinstance(total, str),
        "no total": total is None,
        "empty arrays left out": not inner.keys() & set(_ARRAYS),
        f"records under {_ARRAYS[1]}": _ARRAYS[1] in inner,
    }
    return RecordPage(
        [_parse_record(item) for item in items],
        parse_count(total),
        oddities=frozenset(oddity for oddity, is_so in oddities.items() if is_so),
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. Not `understood`: the tenant wants the number elsewhere, or it is no number."""

    results: tuple[SearchResult, ...] = ()
    understood: bool = True


def judge_search(response: Response, request: Request) -> Found | RetryableFailure:
    """Read what a search found. Raises CxoneRefused or CxoneUnavailable."""
    if response.status == HTTPStatus.OK:
        try:
            rows = parse_objects(parse_content(response.body), "searchResults")
            return Found(
                tuple(SearchResult(parse_text(row.get("dncGroupId")), _parse_record(row)) for row in rows)
            )
        except Malformed as fault:
            return RetryableFailure(Failure("unreadable", str(fault)))
    if response.status in {HTTPStatus.NO_CONTENT, HTTPStatus.BAD_REQUEST}:
        return Found(understood=response.status == HTTPStatus.NO_CONTENT)
    return parse_retryable(response, refusal_reason(response)) or raise_for_read(request, response)


def _parse_record(item: dict[str, Any]) -> Record:
    phone = parse_text(item.get("phoneNumber")) or parse_text(item.get("formattedPhone"))
    modified = item.get("lastUpdateTime")
    expired = item.get("expiredDate")
    return Record(
        parse_text(item.get("recordId")) or f"number {phone}",
        phone,
        "" if expired is None else str(expired).strip(),
        modified if isinstance(modified, str) and modified else None,
    )


def parse_expiry(written: str) -> date | None:
    """Read the day of an `expiredDate`, whose format is not published: ISO 8601, or the American way round.

    A tenant may keep a day as its local midnight and show that instant in UTC. So an instant with another
    offset is the day there, and one in UTC, or without a zone, is the day whose midnight is nearest to it.
    """
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        match = _AMERICAN.fullmatch(written)
        if match is None:
            return None
        month, day, year, hour, minute, half = match.groups()
        try:
            moment = datetime(int(year), int(month), int(day), int(hour or 0) % 24, int(minute or 0))  # noqa: DTZ001  (its zone is unknown)
        except ValueError:
            return None
        if half and hour:
            moment = moment.replace(hour=int(hour) % 12 + 12 * (half.upper() == "P"))
    return moment.date() if moment.utcoffset() else _nearest_day(moment)


def shown_shift(written: str) -> int:
    """Give how many hours after midnight a day is shown; before it, where the next midnight is nearer."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return 0
    if moment.utcoffset() or (moment.hour, moment.minute) == _LAST_MINUTE:
        return 0
    return moment.hour if moment.time() <= _NOON else moment.hour - 24


def _nearest_day(moment: datetime) -> date:
    is_last_minute = (moment.hour, moment.minute) == _LAST_MINUTE  # a day that ends is that day
    if moment.time() <= _NOON or is_last_minute or moment.date() == date.max:
        return moment.date()
    return moment.date() + timedelta(1)


_UNDERSTOOD = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
_NO_SUCH_CALL = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
# Whether a second post of a number fails is unknown, and so are the words. A read-back decides in the end.
_THERE_ALREADY = re.compile(r"already|duplicate|exists", re.IGNORECASE)


def judge_results(
    response: Response, request: Request, phones: Sequence[str], numbers: NumberConverter
) -> Answer | RetryableFailure:
    """Read the answer to records of these numbers. Raises CxoneRefused or CxoneUnavailable."""
    status = response.status
    if status in _UNDERSTOOD:
        return _judge_understood(response, phones, numbers)
    failure = Failure(str(status), refusal_reason(response))
    if status < HTTPStatus.MULTIPLE_CHOICES:  # no data: not a word about any number
        return Answer(Verdict.AMBIGUOUS, cause=failure)
    if status in _NO_SUCH_CALL:
        return Answer(Verdict.UNSUPPORTED, cause=failure)
    if again := parse_retryable(response, failure.message):
        return again
    raise_for_access(request, response)
    verdict = Verdict.REFUSED
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(phones) > 1:
        verdict = Verdict.TOO_LARGE
    elif status == HTTPStatus.CONFLICT:
        verdict = Verdict.AMBIGUOUS
    return Answer(verdict, cause=failure)


def _judge_understood(
    response: Response, phones: Sequence[str], numbers: NumberConverter
) -> Answer | RetryableFailure:
    try:
        answer = parse_content(response.body)
    except Malformed as fault:
        return RetryableFailure(Failure("unreadable", str(fault)), is_ambiguous=True)
    try:
        return decode_results(answer, phones, numbers)
    except Malformed as fault:
        # Asked again it would say the same, and a second post may make a second record.
        return Answer(Verdict.AMBIGUOUS, cause=Failure("unreadable", str(fault)))


def decode_results(answer: Mapping[str, Any], phones: Sequence[str], numbers: NumberConverter) -> Answer:
    """Read each result. Raises Malformed where they do not add up: then they say nothing of any number."""
    results = parse_objects(answer, "recordResults")
    if len(results) != len(phones):
        raise Malformed(f"{len(results)} results for the {len(phones)} records sent")
    failures: dict[str, Failure] = {}
    conflicts: set[str] = set()
    for phone, item in zip(_match_phones(results, phones, numbers), results, strict=True):
        error_text = parse_text(item.get("error"))
        success = parse_bool(item.get("success"))
        if success or (success is None and not error_text):
            continue
        if _THERE_ALREADY.search(error_text):
            conflicts.add(phone)
        else:
            failures[phone] = Failure("RECORD", sanitize_masked(error_text) or "no reason given")
    errors = parse_count(answer.get("errorCount"))
    if errors is not None and errors != len(failures) + len(conflicts):
        raise Malformed(f"`errorCount` is {errors}, and {len(failures) + len(conflicts)} results are errors")
    return Answer(Verdict.ANSWERED, failures=failures, conflicts=frozenset(conflicts))


def _match_phones(
    results: Sequence[dict[str, Any]], phones: Sequence[str], numbers: NumberConverter
) -> list[str]:
    """Give each result's number: the one at its position, unless its digits are those of another."""
    matched: list[str] = []
    for position, item in enumerate(results):
        shown = parse_text(item.get("phoneNumber")) or parse_text(item.get("formattedPhone"))
        if not digits_of(shown) or numbers.is_same_number(phones[position], shown):
            matched.append(phones[position])
            continue
        phone = next((phone for phone in phones if numbers.is_same_number(phone, shown)), None)
        if phone is None:
            raise Malformed("a result is of a number that was not sent")
        matched.append(phone)
    if len(set(matched)) != len(phones):
        raise Malformed("two results are of one number")
    return matched
