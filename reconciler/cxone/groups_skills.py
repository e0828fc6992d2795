"""Dialect `dnc-groups`: whether a group blocks any call at all."""

from collections.abc import Mapping
from http import HTTPStatus

from reconciler.cxone.groups_calls import refused_read
from reconciler.cxone.groups_connection import GroupsConnection
from reconciler.cxone.groups_directory import Group
from reconciler.cxone.groups_look import warning
from reconciler.cxone.groups_words import Malformed, content, objects, said
from reconciler.cxone.wire import Again, Request, Response, passing
from reconciler.cxone.words import visible
from reconciler.model.errors import DncError
from reconciler.model.finding import Finding
from reconciler.model.provider import Failure


def judge_skills(response: Response, request: Request) -> int | Again:
    """Count the skills that a group scrubs. Raises CxoneRefused or CxoneUnavailable."""
    if response.status == HTTPStatus.OK:
        try:
            return len(objects(content(response.body), "scrubbedSkills"))
        except Malformed as fault:
            return Again(Failure("unreadable", str(fault)))
    if response.status == HTTPStatus.NO_CONTENT:
        return 0
    return passing(response, said(response)) or refused_read(request, response)


class Skills:
    """Warns of groups that protect nobody. Each group's skills are asked for once."""

    def __init__(self, connection: GroupsConnection) -> None:
        self._connection = connection
        self._known: dict[str, Finding | None] = {}

    def warnings(self, chosen: Mapping[str, Group]) -> list[Finding]:
        """Say which groups are inactive, and which have no scrubbed skill."""
        found: list[Finding] = []
        for list_id, group in chosen.items():
            name = f"list {list_id}: the DNC group {visible(group.name)}"
            if not group.active:
                found.append(warning(f"{name} is inactive: activate it in CXone, or it may block no call"))
            if group.id not in self._known:
                self._known[group.id] = self._judged(group.id, name)
            known = self._known[group.id]
            if known is not None:
                found.append(known)
        return found

    def _judged(self, group: str, name: str) -> Finding | None:
        request = self._connection.calls.scrubbed_skills(group)
        try:
            skills = self._connection.ask(request, lambda response: judge_skills(response, request))
        except DncError as error:
            return warning(f"{name}: whether it has scrubbed skills could not be read ({error.fact})")
        if skills:
            return None
        return warning(f"{name} has no scrubbed skill, so it blocks no call: assign its skills in CXone")
