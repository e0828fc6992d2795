"""Dialect `dnc-groups`: the calls of the API, how answers are wrapped, what refusals mean. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import quote

import orjson

from reconciler.core.model.errors import CxoneRefused, CxoneUnavailable
from reconciler.cxone.http.messages import Request, Response
from reconciler.cxone.http.sanitize import refusal_text, sanitize_masked

_STATUS_HEADER = "icStatusDescription"  # public code: some errors say why only there


class Malformed(Exception):
    """What is wrong with an answer."""


def parse_content(body: bytes) -> dict[str, Any]:
    """Give what an answer holds, with or without the `resultSet` around it. Raises Malformed.

    An empty body is an answer without data, as 204 is.
    """
    if not body.strip():
        return {}
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("the answer is no JSON") from None
    if not isinstance(answer, dict):
        raise Malformed("the answer is no JSON object")
    result_set = answer.get("resultSet", answer)
    if result_set is None:
        return {}
    if not isinstance(result_set, dict):
        raise Malformed("the answer's `resultSet` is no JSON object")
    return result_set


_COUNTS = ("totalRecords", "totalGroups", "errorCount")
_REFUSALS = frozenset({"error", "error_description", "errorDescription", "errorCode", "message"})


def parse_objects(answer: Mapping[str, Any], *names: str) -> list[dict[str, Any]]:
    """Give the array of objects under one of these names; it may be left out where it is empty.

    Raises Malformed where the rest of the answer counts some, holds another array, or names an error.
    """
    for name in names:
        if name in answer:
            value = answer[name] if answer[name] is not None else []
            if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
                raise Malformed(f"the answer's `{name}` is no list of objects")
            return value
    is_counted = any(parse_count(answer.get(name)) for name in _COUNTS)
    if is_counted or answer.keys() & _REFUSALS or any(isinstance(value, list) for value in answer.values()):
        raise Malformed(f"the answer has no `{'` and no `'.join(names)}`")
    return []


def parse_text(value: object) -> str:
    """Read an id or a number that may be text or an integer; anything else is empty."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def parse_count(value: object) -> int | None:
    """Read a count that may be text; None where it is none."""
    digits = parse_text(value)
    return int(digits) if digits.isascii() and digits.isdigit() else None


def parse_bool(value: object) -> bool | None:
    """Read true or false, also as text; None where it is neither."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(parse_text(value).lower())


def refusal_reason(response: Response) -> str:
    """Say why a server refused: in its body, or only in its header."""
    header = sanitize_masked(response.headers.get(_STATUS_HEADER) or "")
    words = refusal_text(response.body)
    # A body of JSON without any reason in it is given back as it is, and says less than the header.
    return header if header and (not words or words.startswith(("{", "["))) else words


_JSON = "application/json"
_GROUPS = "/dnc-groups"


class Calls:
    """The requests to one API. `setting` is the key of dnc.yaml that leads to its host."""

    def __init__(self, base: str, version: str, setting: str) -> None:
        self._base = base
        self._setting = setting
        self._root = f"/incontactapi/services/v{version}"

    def groups(self) -> Request:
        """List every group."""
        return self._request("GET", _GROUPS)

    def make_group(self, name: str) -> Request:
        """Make a group."""
        return self._request("POST", _GROUPS, body=orjson.dumps({"dncGroupName": name}))

    def records(self, group: str, skip: int, top: int, *, ordered: bool = True) -> Request:
        """Ask for some records of a group; the server may give fewer. Pages of no order may overlap."""
        order = "&orderBy=recordId" if ordered else ""
        return self._request("GET", _GROUPS, "records", group, query=f"skip={skip}&top={top}{order}")

    def add(self, group: str, records: list[Mapping[str, object]]) -> Request:
        """Add records: `phoneNumber` an integer, as published for this call."""
        return self._with_records("POST", group, records)

    def expire(self, group: str, records: list[Mapping[str, object]]) -> Request:
        """Expire records: `phoneNumber` text, as published for this call."""
        return self._with_records("DELETE", group, records)

    def search(self, digits: str, *, in_body: bool = False) -> Request:
        """Look a number up in every group. Sources differ on where a tenant wants it: query or body."""
        path = f"{_GROUPS}/search"
        if in_body:
            return self._request("POST", path, body=orjson.dumps({"phoneNumber": digits}))
        return self._request("POST", path, query=f"phoneNumber={quote(digits, safe='')}")

    def skills(self, skip: int, top: int) -> Request:
        """List some skills of every kind."""
        return self._request("GET", "/skills", query=f"skip={skip}&top={top}")

    def group_skills(self, group: str, kind: str, skip: int, top: int) -> Request:
        """List the skills of a group: `scrubbed`, whose calls it stops, or `contributing`."""
        query = f"skip={skip}&top={top}" if skip else ""
        return self._request("GET", _GROUPS, f"{kind}-skills", group, query=query)

    def assign_skill(self, group: str, skill: str) -> Request:
        """Let a group stop the calls of a skill."""
        request = self._request("POST", _GROUPS, "scrubbed-skills", group)
        return replace(
            request,
            path=f"{request.path}/{quote(skill, safe='')}",
            label=f"{request.label}/{{skillId}}",
        )

    def _with_records(self, method: str, group: str, records: list[Mapping[str, object]]) -> Request:
        return self._request(
            method, _GROUPS, "records", group, body=orjson.dumps({"dncGroupRecords": records})
        )

    def _request(  # noqa: PLR0913  (the parts of a request)
        self,
        method: str,
        path: str,
        part: str = "",
        group: str = "",
        *,
        query: str = "",
        body: bytes | None = None,
    ) -> Request:
        full_path = f"{path}/{quote(group, safe='')}/{part}" if part else path
        return Request(
            method,
            self._root + full_path,
            query=query,
            body=body,
            content_type="" if body is None else _JSON,
            label=f"{path}/{{groupId}}/{part}" if part else path,
            base=self._base,
            setting=self._setting,
        )


def raise_for_access(request: Request, response: Response) -> None:
    """Raise where credentials, permissions or address are wrong: 401 after a new token, 403, a redirect."""
    where, reason_text = request.at(""), refusal_reason(response)
    if response.status == HTTPStatus.UNAUTHORIZED:
        raise CxoneRefused(
            "401 even with a token that was fetched just now",
            "check that the access key is active, and of the tenant whose API this is",
            where=where,
        )
    if response.status == HTTPStatus.FORBIDDEN:
        raise CxoneRefused(
            f"403: the access key may not do this{': ' if reason_text else ''}{reason_text}",
            "give the user of the access key a role that may see and edit DNC groups",
            where=where,
        )
    if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
        raise CxoneUnavailable(
            f"{response.status}: redirects to another host or path; a token is never sent after it",
            f"set `{request.setting}` of this tenant to the address that serves the API itself",
            where=where,
        )


def raise_for_read(request: Request, response: Response) -> NoReturn:
    """Raise for an answer to a read that is neither data nor worth another attempt."""
    raise_for_access(request, response)
    reason_text = refusal_reason(response)
    if response.status == HTTPStatus.NOT_FOUND:
        raise CxoneRefused(
            f"404{': ' if reason_text else ''}{reason_text}",
            f"check `{request.setting}` and `apiVersion` of this tenant in dnc.yaml (the calls appear from "
            "12.0 on), and that the group was not removed a moment ago",
            where=request.at(""),
        )
    raise CxoneUnavailable(
        f"answered {response.status}{': ' if reason_text else ''}{reason_text}",
        "no answer that NICE publishes; confirm it with your CXone representative",
        where=request.at(""),
    )
