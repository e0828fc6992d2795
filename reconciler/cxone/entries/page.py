"""Dialect `entries`: one page of a read. Pure."""

from http import HTTPStatus
from operator import itemgetter
from typing import Any

import orjson

from reconciler.core.model.provider import Failure
from reconciler.cxone.entries.calls import PAGE_SIZE, Refusals
from reconciler.cxone.http.messages import Request, Response, RetryableFailure, parse_retryable
from reconciler.cxone.http.sanitize import refusal_text
from reconciler.cxone.read_pass import Page

_FIELDS = ("id", "phone", "reasonCode", "expirationPolicy", "listId", "lastModifiedTime")
Row = tuple[str, str, str, str, str, str | None]
"""The fields of one entry, in that order."""


_TAKE = itemgetter(*_FIELDS)


class _Malformed(Exception):
    """What is wrong with a page."""


def judge_page(
    response: Response, request: Request, number: int, refusals: Refusals
) -> Page | RetryableFailure:
    """Read the answer to a request for this page. Raises CxoneRefused or CxoneUnavailable."""
    if response.status == HTTPStatus.OK:
        try:
            return decode_page(response.body, number)
        except _Malformed as fault:
            return RetryableFailure(Failure("unreadable", f"{fault} (page {number})"))
    return parse_retryable(response, refusal_text(response.body)) or refusals.raise_for_read(
        request, response
    )


def decode_page(body: bytes, number: int, size: int = PAGE_SIZE) -> Page:
    """Decode a page strictly: what cannot be understood must not look like a list without numbers."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _Malformed(_json_problem(body)) from None
    if not isinstance(answer, dict):
        raise _Malformed("the answer is no JSON object")
    entity, total = answer.get("entity"), answer.get("total")
    if not isinstance(entity, list):
        raise _Malformed("the answer has no `entity`")
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise _Malformed("the answer has no usable `total`")
    if answer.get("page", number) != number:
        raise _Malformed("the answer is of another `page` than the one asked for")
    if len(entity) > size:
        raise _Malformed(f"the answer has more than {size} entries")
    ids, phones, codes, policies, list_names, times = _columns(entity)
    return Page(ids, phones, codes, policies, list_names, times, total)


def _columns(entity: list[Any]) -> list[tuple[Any, ...]]:
    """Turn entries into columns: all at once where every field is as it should be, else one by one."""
    if not entity:
        return [()] * len(_FIELDS)
    try:
        columns = list(zip(*map(_TAKE, entity), strict=True))
    except (KeyError, TypeError):
        columns = []
    if columns and all(map(_is_plain_text, columns)):
        return columns
    return list(zip(*map(_row, entity), strict=True))


def _is_plain_text(column: tuple[object, ...]) -> bool:
    """Tell whether a column is all text, and none of it empty."""
    try:
        "".join(column)  # type: ignore[arg-type]  # the quickest way to find out
    except TypeError:
        return False
    return all(column)


def _row(item: Any) -> Row:  # noqa: ANN401  (whatever JSON holds)
    """Take what can be taken: an entry that is odd in itself must not hide all the others.

    What is no text and no number becomes a phone that is no number, a list without a name, or terms that
    count as UNKNOWN for ever. Only the id is indispensable: entries are counted by it.
    """
    if type(item) is not dict:
        raise _Malformed("an entry is no JSON object")
    get = item.get
    entry_id, phone, list_name = get("id"), get("phone"), get("listId")
    code, policy, modified = get("reasonCode"), get("expirationPolicy"), get("lastModifiedTime")
    return (
        entry_id if type(entry_id) is str and entry_id else _id(entry_id),
        phone if type(phone) is str else str(phone),
        code if type(code) is str else "",
        policy if type(policy) is str else "",
        list_name if type(list_name) is str else "" if list_name is None else str(list_name),
        modified if type(modified) is str and modified else None,
    )


def _id(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise _Malformed("an entry has no usable `id`")


def _json_problem(body: bytes) -> str:
    if not body.strip():
        return "the answer is empty"
    if body.startswith(b"{"):
        return (
            "the answer is JSON that breaks off, or has a fault"  # not quoted: it may hold anything of ours
        )
    message = refusal_text(body)
    return f"the answer is no JSON: {message}" if message else "the answer is no JSON"
