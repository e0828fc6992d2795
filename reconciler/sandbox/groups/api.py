"""The calls of the API, dialect `dnc-groups`, as NICE's published files have them."""

from collections.abc import Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.answers import answer
from reconciler.sandbox.faults import Kind
from reconciler.sandbox.gate import Endpoint
from reconciler.sandbox.groups import records
from reconciler.sandbox.groups.behaviour import Groups
from reconciler.sandbox.groups.sign_in import GroupsSignIn
from reconciler.sandbox.tenant import Tenant
from reconciler.sandbox.tokens import READ, WRITE

_ROOT = "/incontactapi/services/v{version:float}/dnc-groups"
_SINCE = 12.0  # the calls appear from 12.0 on
Guard = Callable[[Kind, Endpoint], Endpoint]


class GroupsApi:
    """Answers the calls for one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._sign_in = GroupsSignIn(tenant)

    def routes(self, guard: Guard) -> list[Route]:
        """List the paths, none of which dialect `entries` has."""
        whole = (
            ("POST", "/authentication/v1/token/access-key", Kind.TOKEN, self._sign_in.access_key),
            ("POST", "/auth/token", Kind.TOKEN, self._sign_in.password),
            ("GET", "/.well-known/cxone-configuration", Kind.READ, self._sign_in.discovery),
            ("GET", _ROOT, Kind.READ, self._allowed(READ, self._groups)),
            ("POST", _ROOT, Kind.BULK, self._allowed(WRITE, self._make)),
            ("POST", f"{_ROOT}/search", Kind.READ, self._allowed(READ, self._search)),
            ("GET", f"{_ROOT}/{{group:int}}/records", Kind.READ, self._allowed(READ, self._records)),
            ("POST", f"{_ROOT}/{{group:int}}/records", Kind.BULK, self._allowed(WRITE, self._add)),
            ("DELETE", f"{_ROOT}/{{group:int}}/records", Kind.DELETE, self._allowed(WRITE, self._expire)),
            ("GET", f"{_ROOT}/{{group:int}}/scrubbed-skills", Kind.READ, self._allowed(READ, self._skills)),
        )
        return [Route(path, guard(kind, call), methods=[method]) for method, path, kind, call in whole]

    @property
    def _here(self) -> Groups:
        return self._tenant.groups

    def _allowed(self, scope: str, call: Endpoint) -> Endpoint:
        """Let a call go on for those who may, at a version and for a group that there is."""

        async def allowed(request: Request) -> Response:
            if refused := self._sign_in.access(request, scope):
                return refused
            if request.path_params["version"] < _SINCE:
                return self._sign_in.refused(404, "this version has no such call")
            group = request.path_params.get("group")
            if group is not None and group not in self._here.store.names():
                return self._sign_in.refused(404, "there is no such group")
            return await call(request)

        return allowed

    async def _groups(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        listed = [
            records.group_shown(self._here.quirks, g) for g in self._here.store.groups(self._here.today)
        ]
        return self._answer({"totalGroups": len(listed), "dncGroups": listed}, listed, wrapped=True)

    async def _make(self, request: Request) -> Response:
        try:
            content = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            content = None
        name = content.get("dncGroupName") if isinstance(content, dict) else None
        if not isinstance(name, str) or not name:
            return self._sign_in.refused(400, "dncGroupName is missing")
        made = self._here.make(name)
        listed = [
            records.group_shown(self._here.quirks, g)
            for g in self._here.store.groups(self._here.today)
            if g.id == made
        ]
        return self._answer({"dncGroups": listed}, listed, wrapped=False)

    async def _records(self, request: Request) -> Response:
        quirks, query = self._here.quirks, request.query_params
        skip, top = query.get("skip", "0"), query.get("top", str(quirks.most_records))
        if not (skip.isdigit() and top.isdigit() and query.keys() <= {"skip", "top", "fields", "orderBy"}):
            return self._sign_in.refused(400, "skip and top are numbers")
        if quirks.refuses_more and int(top) > quirks.most_records:
            return self._sign_in.refused(400, f"top is at most {quirks.most_records}")
        found, total = self._here.store.records(
            request.path_params["group"],
            int(skip),
            min(int(top), quirks.most_records),
            after="" if quirks.shows_over else self._here.today,
        )
        request.state.items = len(found)
        content: dict[str, Any] = {quirks.array: [records.shown(quirks, record) for record in found]}
        if quirks.totals:
            content["totalRecords"] = total
        return self._answer(content, found, wrapped=True)

    async def _add(self, request: Request) -> Response:
        return await self._written(request, int, records.added, wrapped=True)

    async def _expire(self, request: Request) -> Response:
        if not self._here.quirks.deletes:
            return self._sign_in.refused(405, "this tenant cannot expire records")
        return await self._written(request, str, records.expired, wrapped=False)

    async def _written(
        self,
        request: Request,
        kind: type,
        write: Callable[[Groups, int, records.Posted], str],
        *,
        wrapped: bool,
    ) -> Response:
        try:
            posted = records.parse(await request.body(), kind)
        except records.Malformed as error:
            return self._sign_in.refused(400, str(error))
        request.state.items = len(posted)
        if len(posted) > self._here.quirks.most_posted:
            return self._sign_in.refused(413, f"more than {self._here.quirks.most_posted} records")
        told = [(one, write(self._here, request.path_params["group"], one)) for one in posted]
        return self._answer(records.results(self._here.quirks, told), told, wrapped=wrapped)

    async def _search(self, request: Request) -> Response:
        digits = request.query_params.get("phoneNumber", "")
        if not self._here.quirks.searches:
            return self._sign_in.refused(403, "the user may not search")
        if not digits.isdigit():
            return self._sign_in.refused(400, "phoneNumber is missing")
        names = self._here.store.names()
        looked_for = digits if self._here.quirks.exact_search else self._here.stored(digits)
        found = [
            records.found(self._here.quirks, record, names[record.group])
            for record in self._here.store.found(looked_for)
            if record.group in names and (self._here.quirks.shows_over or not record.over(self._here.today))
        ]
        return self._answer({"searchResults": found}, found, wrapped=False)

    async def _skills(self, request: Request) -> Response:
        names = self._here.store.skills(request.path_params["group"])
        listed = [{"skillId": place, "skillName": name} for place, name in enumerate(names, 1)]
        content = {"totalRecords": len(listed), "_links": {}, "scrubbedSkills": listed}
        return self._answer(content, listed, wrapped=False)

    def _answer(self, content: dict[str, Any], what: object, *, wrapped: bool) -> Response:
        """Answer, wrapped as published or as the quirk has it; nothing may be 204."""
        quirks = self._here.quirks
        if quirks.no_content and not what:
            return Response(status_code=204)
        wrapped = {"published": wrapped, "always": True, "never": False}[quirks.wrapping]
        return answer({"resultSet": content} if wrapped else content)
