"""Dialect `dnc-groups`: a tenant's groups, and which of them a list of the files is. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.provider import Failure
from reconciler.cxone.groups.calls import (
    Malformed,
    parse_bool,
    parse_content,
    parse_count,
    parse_objects,
    parse_text,
    raise_for_read,
    refusal_reason,
)
from reconciler.cxone.http.messages import Request, Response, RetryableFailure, parse_retryable
from reconciler.cxone.http.sanitize import mark_invisible

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Group:
    """One DNC group. `records` is `validRecords`, as far as the tenant says."""

    id: str
    name: str
    records: int = 0
    active: bool = True


@dataclass(frozen=True, slots=True)
class GroupList:
    """The groups that a tenant lists, those that were removed left out.

    `unlisted` is how many more than all that were listed `totalGroups` counts.
    """

    groups: tuple[Group, ...] = ()
    unlisted: int = 0


def judge_groups(response: Response, request: Request) -> GroupList | RetryableFailure:
    """Read the list of groups. Raises CxoneRefused or CxoneUnavailable."""
    if response.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
        try:
            answer = parse_content(response.body)
            items = parse_objects(answer, "dncGroups")
            return GroupList(
                tuple(_group(item) for item in items if parse_bool(item.get("isRemoved")) is not True),
                max(0, (parse_count(answer.get("totalGroups")) or 0) - len(items)),
            )
        except Malformed as fault:
            return RetryableFailure(Failure("unreadable", str(fault)))
    if response.status == HTTPStatus.NO_CONTENT:
        return GroupList()
    return parse_retryable(response, refusal_reason(response)) or raise_for_read(request, response)


def _group(item: dict[str, Any]) -> Group:
    group_id = parse_text(item.get("dncGroupId"))
    if not group_id:
        raise Malformed("a group has no usable `dncGroupId`")
    return Group(
        group_id,
        parse_text(item.get("dncGroupName")),
        parse_count(item.get("validRecords")) or 0,
        parse_bool(item.get("isActive")) is not False,
    )


def missing_groups(
    list_ids: Iterable[str], names_by_list: Mapping[str, str], groups: Sequence[Group]
) -> list[str]:
    """Name the groups that the lists need and the tenant does not have."""
    existing = {group.id for group in groups} | {group.name for group in groups}
    return sorted({names_by_list.get(list_id, list_id) for list_id in list_ids} - existing)


def match_groups(
    list_ids: frozenset[str], names_by_list: Mapping[str, str], groups: Sequence[Group]
) -> dict[str, Group]:
    """Find each list's group: by name, or by id; by default the one named like the list.

    Raises InvalidInput where there is none, more than one, or one for two lists.
    """
    groups_by_list: dict[str, Group] = {}
    lists_by_group: dict[str, str] = {}
    for list_id in sorted(list_ids):
        name = names_by_list.get(list_id, list_id)
        group = _only_match(list_id, name, [g for g in groups if name in {g.id, g.name}], groups)
        first_list = lists_by_group.setdefault(group.id, list_id)
        if first_list != list_id:
            raise _invalid_groups(
                f"the lists {first_list} and {list_id} are both the DNC group {mark_invisible(group.name)}",
                "give each its own group under `listIds`",
            )
        groups_by_list[list_id] = group
    return groups_by_list


def _only_match(list_id: str, name: str, matches: Sequence[Group], groups: Sequence[Group]) -> Group:
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise _invalid_groups(
            f"list {list_id}: {len(matches)} DNC groups have the name or id {mark_invisible(name)}: "
            f"{', '.join(sorted(group.id for group in matches))}",
            "rename one of them in CXone, or write an id that only one has under `listIds`",
        )
    names = sorted(mark_invisible(group.name) for group in groups)
    existing_names = ", ".join(names[:_SHOWN]) + (
        f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    )
    raise _invalid_groups(
        f"list {list_id}: there is no DNC group {mark_invisible(name)}; there is "
        f"{existing_names or 'none at all'}",
        "make the group in CXone, or write the name or id of another under `listIds`",
    )


def _invalid_groups(fact: str, fix: str) -> InvalidInput:
    return InvalidInput(fact, fix, where="dnc.yaml")
