"""Dialect `dnc-groups`: which skills there are, which of them a group stops, and adding one to a group."""

from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from typing import Any

from reconciler.core.model.errors import CxoneUnreadable, DncError
from reconciler.core.model.outbound_skills import GroupSkills, Skill, SkillsReading, UnmappedGroup
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
from reconciler.cxone.groups.connection import GroupsConnection
from reconciler.cxone.groups.dialect import LEAST_PAGE
from reconciler.cxone.groups.reader import GroupsReader
from reconciler.cxone.http.messages import Request, Response, RetryableFailure, parse_retryable
from reconciler.cxone.http.sanitize import mark_invisible

# NICE's help: 1 e-mail, 3 chat, 6 work item; 4 is phone. What is not told may call.
_SILENT_MEDIA = frozenset({"1", "3", "6"})
_DONE = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT})

_NOT_STORED = Failure("NOT_STORED", "CXone took it, and the group does not show the skill")

Rows = tuple[tuple[dict[str, Any], ...], int | None]
"""The objects of one answer, and how many there are in all, where it says."""


class SkillsReader:
    """Reads skills and assigns them. One page of 100 skills is a request, and so is each list of a group."""

    def __init__(self, connection: GroupsConnection, reader: GroupsReader) -> None:
        self._connection = connection
        self._reader = reader
        self._asked = 0

    def read(self, list_ids: frozenset[str]) -> SkillsReading:
        """Read every skill, what these lists' groups stop and take from, and who feeds the other groups.

        Raises as a read does; CxoneUnreadable where fewer skills came than are counted.
        """
        self._asked = 0
        mapped = self._reader.groups_of(list_ids)
        skills = tuple(map(_skill, self._all_skills()))
        groups = tuple(
            GroupSkills(
                list_id,
                mark_invisible(group.name),
                frozenset(self._ids_of(group.id, "scrubbed")),
                frozenset(self._ids_of(group.id, "contributing")),
            )
            for list_id, group in sorted(mapped.items())
        )
        names = {skill.id: skill.name for skill in skills}
        mapped_ids = {group.id for group in mapped.values()}
        unmapped = tuple(
            UnmappedGroup(
                group.id,
                mark_invisible(group.name),
                group.records,
                tuple(names.get(one, one) for one in self._ids_of(group.id, "contributing")),
            )
            for group in self._reader.listed_groups
            if group.id not in mapped_ids
        )
        return SkillsReading(skills, groups, unmapped, self._asked)

    def assign(self, list_id: str, skill: str) -> Answer:
        """Let the list's group stop a skill, and look whether it does. Raises as a write does."""
        group = self._reader.group_id(list_id)
        request = self._connection.calls.assign_skill(group, skill)
        answer = self._connection.write(request, partial(_judge_assigned, request=request), divisible=False)
        if answer.verdict not in {Verdict.ANSWERED, Verdict.AMBIGUOUS}:
            return answer
        try:
            is_there = skill in self._ids_of(group, "scrubbed")
        except DncError as error:
            return Answer(Verdict.AMBIGUOUS, cause=Failure(error.rule, error.fact))
        if is_there:
            return Answer(Verdict.ANSWERED)
        return Answer(Verdict.REFUSED, cause=answer.cause or _NOT_STORED)

    def _all_skills(self) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        total: int | None = None
        for rows, counted in self._pages(self._connection.calls.skills, "skills"):
            total = counted if counted is not None else total
            found |= {_id(row): row for row in rows}
        if total is not None and len(found) < total:
            fact = f"{len(found)} of the {total} skills that CXone counts were listed"
            raise CxoneUnreadable(fact, "run it again when skills are not being changed")
        return list(found.values())

    def _ids_of(self, group: str, kind: str) -> list[str]:
        calls = self._connection.calls
        pages = self._pages(lambda skip, top: calls.group_skills(group, kind, skip, top), f"{kind}Skills")
        return list(dict.fromkeys(_id(row) for rows, _ in pages for row in rows))

    def _pages(self, page: Callable[[int, int], Request], name: str) -> Iterator[Rows]:
        """Read page by page; without a total, a page that shows nothing new is the last."""
        skip, seen = 0, set[str]()
        while True:
            request = page(skip, LEAST_PAGE)
            self._asked += 1
            rows, total = self._connection.read(request, partial(_judge_rows, request=request, name=name))
            yield rows, total
            ids = set(map(_id, rows))
            skip += len(rows)
            if ids <= seen or (total is not None and skip >= total):
                return
            seen |= ids


def _judge_rows(response: Response, *, request: Request, name: str) -> Rows | RetryableFailure:
    """Read an answer with skills. Raises CxoneRefused or CxoneUnavailable."""
    if response.status == HTTPStatus.OK:
        try:
            answer = parse_content(response.body)
            return tuple(map(_with_id, parse_objects(answer, name))), parse_count(answer.get("totalRecords"))
        except Malformed as fault:
            return RetryableFailure(Failure("unreadable", str(fault)))
    if response.status == HTTPStatus.NO_CONTENT:
        return (), 0
    return parse_retryable(response, refusal_reason(response)) or raise_for_read(request, response)


def _judge_assigned(response: Response, *, request: Request) -> Answer | RetryableFailure:
    failure = Failure(str(response.status), refusal_reason(response))
    if response.status in _DONE:
        return Answer(Verdict.ANSWERED)
    if again := parse_retryable(response, failure.message):
        return again
    raise_for_access(request, response)
    return Answer(Verdict.REFUSED, cause=failure)


def _with_id(row: dict[str, Any]) -> dict[str, Any]:
    if not _id(row):
        raise Malformed("a skill has no usable `skillId`")
    return row


def _id(row: dict[str, Any]) -> str:
    return parse_text(row.get("skillId"))


def _skill(row: dict[str, Any]) -> Skill:
    """Read a skill. What is not told may be: it may call, and run, unless CXone says that it does not."""
    strategy = mark_invisible(parse_text(row.get("outboundStrategy")))
    is_outbound = parse_bool(row.get("isOutbound"))
    return Skill(
        _id(row),
        mark_invisible(parse_text(row.get("skillName"))),
        strategy,
        is_active=parse_bool(row.get("isActive")) is not False,
        is_outbound=bool(strategy) if is_outbound is None else is_outbound,
        is_running=parse_bool(row.get("isRunning")) is not False,
        is_dialling=parse_text(row.get("mediaTypeId")) not in _SILENT_MEDIA,
    )
