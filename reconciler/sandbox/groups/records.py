"""Records of dialect `dnc-groups` on the sandbox's wire: as they are sent, and as they are shown."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson

from reconciler.sandbox.groups.behaviour import Groups, Quirks
from reconciler.sandbox.groups.store import Group, Record

_DIGITS = re.compile(r"[1-9][0-9]{6,14}")


class Malformed(Exception):
    """The body as a whole cannot be taken."""


@dataclass(frozen=True, slots=True)
class PostedRecord:
    """One record as sent."""

    digits: str
    expired: str | None


def parse_records(body: bytes, kind: type) -> list[PostedRecord]:
    """Read `dncGroupRecords`; `kind` is the published type of `phoneNumber` here. Raises Malformed."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed("the body is not JSON") from error
    records = content.get("dncGroupRecords") if isinstance(content, dict) else None
    if not isinstance(records, list) or not records or content.keys() != {"dncGroupRecords"}:
        raise Malformed("send dncGroupRecords, and nothing else")
    return [_posted(item, kind) for item in records]


def _posted(item: Any, kind: type) -> PostedRecord:  # noqa: ANN401  (any JSON)
    if not isinstance(item, dict) or not {"phoneNumber"} <= item.keys() <= {"phoneNumber", "expiredDate"}:
        raise Malformed("a record is an object of phoneNumber and expiredDate")
    phone, expired = item["phoneNumber"], item.get("expiredDate")
    if type(phone) is not kind:
        raise Malformed(f"phoneNumber is of the wrong type, send {kind.__name__}")
    if expired is not None:
        try:
            date.fromisoformat(expired)
        except (ValueError, TypeError) as error:
            raise Malformed("expiredDate is no date") from error
    return PostedRecord(str(phone), expired)


def add_record(groups: Groups, group: int, posted: PostedRecord) -> str:
    """Add one record; give its error, empty where there is none."""
    quirks, digits = groups.quirks, posted.digits
    if error := quirks.fails.get(digits):
        return error
    if not _DIGITS.fullmatch(digits):
        return "invalid phone number"
    if digits in quirks.ignored:
        return ""
    groups.note_write(digits)
    if quirks.ceiling and groups.store.count() >= quirks.ceiling:
        return "the environment takes no more records"
    is_stored = groups.store.post(
        group, groups.to_stored_form(digits), posted.expired, groups.now, again=quirks.second_post
    )
    return "" if is_stored else "record already exists"


def expire_record(groups: Groups, group: int, posted: PostedRecord) -> str:
    """Expire one number; give its error, empty where there is none."""
    if error := groups.quirks.fails.get(posted.digits):
        return error
    if not groups.quirks.expires:
        return ""
    takes = "not-past" if groups.quirks.expire == "refuses-past" else groups.quirks.expire_days
    if posted.expired is not None and (
        takes == "none" or (takes == "not-past" and posted.expired < groups.today)
    ):
        return "expiredDate is not taken" if takes == "none" else "expiredDate is in the past"
    phone, day = groups.to_stored_form(posted.digits), posted.expired or groups.today
    groups.note_write(posted.digits)
    if groups.quirks.expire == "new-record":
        return "" if groups.store.post(group, phone, day, groups.now) else "no such record"
    return "" if groups.store.expire(group, phone, day, groups.now) else "no such record"


def results_to_json(quirks: Quirks, errors_by_record: list[tuple[PostedRecord, str]]) -> dict[str, Any]:
    """Write what became of each record."""
    items = [
        {
            "success": not error,
            "error": error,
            "formattedPhone": "" if quirks.bare_results else format_phone(posted.digits),
        }
        for posted, error in errors_by_record
    ]
    errors = sum(not item["success"] for item in items)
    items = items[: len(items) - quirks.lost_results]
    return {"errorCount": errors, "recordResults": items[::-1] if quirks.reversed_results else items}


def record_to_json(quirks: Quirks, record: Record) -> dict[str, Any]:
    """Write a record as a read shows it."""
    as_number = quirks.phones_as_numbers and record.phone.isdigit()
    return {
        "recordId": _id(quirks, record.id),
        "createdBy": 1,
        "phoneNumber": int(record.phone) if as_number else record.phone,
        "formattedPhone": format_phone(record.phone),
        "expiredDate": _format_expiry(quirks, record.expired),
        "dateCollected": record.updated,
        "lastUpdateTime": record.updated,
    }


def search_result_to_json(quirks: Quirks, record: Record, name: str) -> dict[str, Any]:
    """Write a record as a search shows it."""
    return {
        "dncGroupId": _id(quirks, record.group),
        "dncGroupName": name,
        "formattedPhone": format_phone(record.phone),
        "expiredDate": _format_expiry(quirks, record.expired),
        "dateCollected": record.updated,
        "lastUpdateTime": record.updated,
    }


def group_to_json(quirks: Quirks, group: Group) -> dict[str, Any]:
    """Write a group."""
    return {
        "dncGroupId": _id(quirks, group.id),
        "dncGroupName": group.name,
        "dncGroupDescription": "",
        "validRecords": group.valid,
        "isActive": group.active,
        "isRemoved": group.removed,
        "createDate": group.updated,
        "lastUpdateTime": group.updated,
    }


def format_phone(digits: str) -> str:
    """Write digits for people, as `formattedPhone` does."""
    local = digits[-10:]
    if not digits.isdigit() or len(local) < len("2125550123"):
        return digits
    code = f"+{digits[:-10]} " if digits[:-10] else ""
    return f"{code}({local[:3]}) {local[3:6]}-{local[6:]}"


def _id(quirks: Quirks, number: int) -> int | str:
    return str(number) if quirks.ids_as_text else number


def _format_expiry(quirks: Quirks, day: str | None) -> str | None:
    if day is None:
        return None
    match quirks.dates:
        case "day":
            return f"{_shown_moment(quirks, day):%Y-%m-%d}"
        case "time":
            return f"{_shown_moment(quirks, day):%Y-%m-%dT%H:%M:%S}.000Z"
        case "american":
            shown = _shown_moment(quirks, day)
            return f"{shown.month}/{shown.day}/{shown.year} {shown:%I:%M:%S %p}"
        case "words":
            return "the day after tomorrow"


def _shown_moment(quirks: Quirks, day: str) -> datetime:
    """Give the moment that the tenant shows for a day."""
    return datetime.combine(date.fromisoformat(day), time()) + timedelta(hours=quirks.shift_hours)
