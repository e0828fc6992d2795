"""The calls about skills, dialect `dnc-groups`: which there are, and which of them a group has."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.answers import answer
from reconciler.sandbox.faults import RequestKind
from reconciler.sandbox.gate import Endpoint
from reconciler.sandbox.groups.behaviour import Quirks
from reconciler.sandbox.groups.sign_in import GroupsSignIn
from reconciler.sandbox.groups.skills import Skill, SkillKind, SkillStore, skill_to_json
from reconciler.sandbox.tenant import Tenant
from reconciler.sandbox.tokens import READ, WRITE

SERVICES = "/incontactapi/services/v{version:float}"
_QUERY = frozenset({"mediaTypeId", "outboundStrategy", "isActive", "skip", "top", "fields", "orderBy"})
_KINDS: tuple[SkillKind, ...] = ("scrubbed", "contributing")


class SkillsApi:
    """Answers these calls for one tenant. `require_access` lets those through who may call."""

    def __init__(
        self, tenant: Tenant, sign_in: GroupsSignIn, require_access: Callable[[str, Endpoint], Endpoint]
    ) -> None:
        self._tenant = tenant
        self._sign_in = sign_in
        self._require_access = require_access

    def routes(self, guard: Callable[[RequestKind, Endpoint], Endpoint]) -> list[Route]:
        """List the paths."""
        read, write = self._require_access(READ, self._skills), RequestKind.BULK
        routes = [Route(f"{SERVICES}/skills", guard(RequestKind.READ, read), methods=["GET"])]
        for kind in _KINDS:
            path = f"{SERVICES}/dnc-groups/{{group:int}}/{kind}-skills"
            one = f"{path}/{{skill:int}}"
            listed, assigned, removed = self._group_calls(kind)
            routes += [
                Route(path, guard(RequestKind.READ, self._require_access(READ, listed)), methods=["GET"]),
                Route(one, guard(write, self._require_access(WRITE, assigned)), methods=["POST"]),
                Route(
                    one, guard(RequestKind.DELETE, self._require_access(WRITE, removed)), methods=["DELETE"]
                ),
            ]
        return routes

    @property
    def _store(self) -> SkillStore:
        return self._tenant.groups.store.skills

    @property
    def _quirks(self) -> Quirks:
        return self._tenant.groups.quirks

    async def _skills(self, request: Request) -> Response:
        query, most = request.query_params, self._quirks.most_records
        skip, top = query.get("skip", "0"), query.get("top", str(most))
        if not (skip.isdigit() and top.isdigit() and query.keys() <= _QUERY):
            return self._sign_in.refusal(400, "skip and top are numbers")
        if not self._quirks.reads_skills:
            return self._sign_in.refusal(403, "the user may not see skills")
        matching = [skill for skill in self._store.all_skills() if _matches(skill, request)]
        page = matching[int(skip) : int(skip) + min(int(top), most)]
        request.state.items = len(page)
        content = {
            "totalRecords": len(matching),
            "skills": [skill_to_json(skill, ids_as_text=self._quirks.ids_as_text) for skill in page],
        }
        return wrapped_answer(self._quirks, content, page, wrapped=False)

    def _group_calls(self, kind: SkillKind) -> tuple[Endpoint, Endpoint, Endpoint]:
        """Give the calls that list, assign and remove a group's skills of this kind."""

        async def listed(request: Request) -> Response:
            if not self._quirks.reads_skills:
                return self._sign_in.refusal(403, "the user may not see skills")
            skills = self._store.of_group(request.path_params["group"], kind)
            rows = [
                {"skillId": str(one.id) if self._quirks.ids_as_text else one.id, "skillName": one.name}
                for one in skills
            ]
            content = {"totalRecords": len(rows), "_links": {}, f"{kind}Skills": rows}
            return wrapped_answer(self._quirks, content, rows, wrapped=False)

        async def assigned(request: Request) -> Response:
            number = request.path_params["skill"]
            skill = next((one for one in self._store.all_skills() if one.id == number), None)
            if skill is None:
                return self._sign_in.refusal(404, "there is no such skill")
            if kind == "scrubbed" and not skill.can_be_scrubbed:
                return self._sign_in.refusal(400, "manual and inbound skills have no scrub groups")
            self._store.assign(request.path_params["group"], number, kind)
            return Response(status_code=200)

        async def removed(request: Request) -> Response:
            if not self._store.unassign(request.path_params["group"], request.path_params["skill"], kind):
                return self._sign_in.refusal(404, "the group does not have this skill")
            return Response(status_code=200)

        return listed, assigned, removed


def wrapped_answer(quirks: Quirks, content: dict[str, Any], items: object, *, wrapped: bool) -> Response:
    """Answer, wrapped as published or as the quirk has it; nothing may be 204."""
    if quirks.no_content and not items:
        return Response(status_code=204)
    if quirks.omits_empty:
        content = {name: value for name, value in content.items() if value != []}
    wrapped = {"published": wrapped, "always": True, "never": False}[quirks.wrapping]
    whole = {"resultSet": content} if wrapped else content
    return answer(_as_text(whole) if quirks.text_values else whole)


def _as_text(value: object) -> object:
    """Write counts and flags as text, as servers of another make do."""
    match value:
        case dict():
            return {name: _as_text(inner) for name, inner in value.items()}
        case list():
            return [_as_text(inner) for inner in value]
        case bool() | int():
            return str(value)
        case _:
            return value


def _matches(skill: Skill, request: Request) -> bool:
    query = request.query_params
    return (
        query.get("mediaTypeId") in {None, "", str(skill.media)}
        and query.get("outboundStrategy", "").lower() in {"", skill.strategy.lower()}
        and query.get("isActive", "").lower() in {"", str(skill.active).lower()}
    )
