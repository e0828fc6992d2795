"""Dialect `dnc-groups`: a tenant's groups, and which of them a list of the files is. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.provider import Failure
from reconciler.cxone.groups.calls import Malformed, content, count, objects, refused_read, said, text, truth
from reconciler.cxone.http.messages import Again, Request, Response, passing
from reconciler.cxone.http.sanitize import visible

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Group:
    """One DNC group. `records` is `validRecords`, as far as the tenant says."""

    id: str
    name: str
    records: int = 0
    active: bool = True


def judge_groups(response: Response, request: Request) -> tuple[Group, ...] | Again:
    """Read the list of groups, those that were removed left out. Raises CxoneRefused or CxoneUnavailable."""
    if response.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
        try:
            found = objects(content(response.body), "dncGroups")
            return tuple(_group(item) for item in found if truth(item.get("isRemoved")) is not True)
        except Malformed as fault:
            return Again(Failure("unreadable", str(fault)))
    if response.status == HTTPStatus.NO_CONTENT:
        return ()
    return passing(response, said(response)) or refused_read(request, response)


def _group(item: dict[str, Any]) -> Group:
    group_id = text(item.get("dncGroupId"))
    if not group_id:
        raise Malformed("a group has no usable `dncGroupId`")
    return Group(
        group_id,
        text(item.get("dncGroupName")),
        count(item.get("validRecords")) or 0,
        truth(item.get("isActive")) is not False,
    )


def lacking(list_ids: Iterable[str], own: Mapping[str, str], groups: Sequence[Group]) -> list[str]:
    """Name the groups that the lists need and the tenant does not have."""
    known = {group.id for group in groups} | {group.name for group in groups}
    return sorted({own.get(list_id, list_id) for list_id in list_ids} - known)


def chosen(list_ids: frozenset[str], own: Mapping[str, str], groups: Sequence[Group]) -> dict[str, Group]:
    """Find each list's group: by name, or by id; by default the one named like the list.

    Raises InvalidInput where there is none, more than one, or one for two lists.
    """
    found: dict[str, Group] = {}
    takers: dict[str, str] = {}
    for list_id in sorted(list_ids):
        name = own.get(list_id, list_id)
        group = _one(list_id, name, [g for g in groups if name in {g.id, g.name}], groups)
        other = takers.setdefault(group.id, list_id)
        if other != list_id:
            raise _wrong(
                f"the lists {other} and {list_id} are both the DNC group {visible(group.name)}",
                "give each its own group under `listIds`",
            )
        found[list_id] = group
    return found


def _one(list_id: str, name: str, found: Sequence[Group], groups: Sequence[Group]) -> Group:
    if len(found) == 1:
        return found[0]
    if found:
        raise _wrong(
            f"list {list_id}: {len(found)} DNC groups have the name or id {visible(name)}: "
            f"{', '.join(sorted(group.id for group in found))}",
            "rename one of them in CXone, or write an id that only one has under `listIds`",
        )
    names = sorted(visible(group.name) for group in groups)
    there = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    raise _wrong(
        f"list {list_id}: there is no DNC group {visible(name)}; there is {there or 'none at all'}",
        "make the group in CXone, or write the name or id of another under `listIds`",
    )


def _wrong(fact: str, way_out: str) -> InvalidInput:
    return InvalidInput(fact, way_out, where="dnc.yaml")
