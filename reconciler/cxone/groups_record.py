"""Dialect `dnc-groups`: records as a read or a search shows them. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, NamedTuple

from reconciler.cxone.groups_calls import refused_read
from reconciler.cxone.groups_words import Malformed, content, count, objects, said, text
from reconciler.cxone.wire import Again, Request, Response, passing
from reconciler.model.provider import Failure

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
