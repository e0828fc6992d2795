"""The calls of the API, dialect `dnc-groups`, as NICE's published files have them."""

from collections.abc import Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.faults import RequestKind
from reconciler.sandbox.gate import Endpoint
from reconciler.sandbox.groups import records
from reconciler.sandbox.groups.behaviour import Groups
from reconciler.sandbox.groups.sign_in import GroupsSignIn
from reconciler.sandbox.groups.skills_api import SERVICES, SkillsApi, wrapped_answer
from reconciler.sandbox.tenant import Tenant
from reconciler.sandbox.tokens import READ, WRITE

_ROOT = f"{SERVICES}/dnc-groups"
_SINCE = 12.0  # the calls appear from 12.0 on
Guard = Callable[[RequestKind, Endpoint], Endpoint]


class GroupsApi:
    """Answers the calls for one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._sign_in = GroupsSignIn(tenant)
        self._skills = SkillsApi(tenant, self._sign_in, self._require_access)

    def routes(self, guard: Guard) -> list[Route]:
        """List the paths, none of which dialect `entries` has."""
        whole = (
            ("POST", "/authentication/v1/token/access-key", RequestKind.TOKEN, self._sign_in.access_key),
            ("POST", "/auth/token", RequestKind.TOKEN, self._sign_in.password),
            ("GET", "/.well-known/cxone-configuration", RequestKind.READ, self._sign_in.discovery),
            ("GET", _ROOT, RequestKind.READ, self._require_access(READ, self._groups)),
            ("POST", _ROOT, RequestKind.BULK, self._require_access(WRITE, self._make)),
            ("POST", f"{_ROOT}/search", RequestKind.READ, self._require_access(READ, self._search)),
            (
                "GET",
                f"{_ROOT}/{{group:int}}/records",
                RequestKind.READ,
                self._require_access(READ, self._records),
            ),
            (
                "POST",
                f"{_ROOT}/{{group:int}}/records",
                RequestKind.BULK,
                self._require_access(WRITE, self._add),
            ),
            (
                "DELETE",
                f"{_ROOT}/{{group:int}}/records",
                RequestKind.DELETE,
                self._require_access(WRITE, self._expire),
            ),
        )
        routes = [Route(path, guard(kind, call), methods=[method]) for method, path, kind, call in whole]
        return routes + self._skills.routes(guard)

    @property
    def _tenant_groups(self) -> Groups:
        return self._tenant.groups

    def _require_access(self, scope: str, call: Endpoint) -> Endpoint:
        """Let a call go on for those who may, at a version and for a group that there is."""

        async def allowed(request: Request) -> Response:
            if refused := self._sign_in.check_access(request, scope):
                return refused
            if request.path_params["version"] < _SINCE:
                return self._sign_in.refusal(404, "this version has no such call")
            group = request.path_params.get("group")
            if group is not None and group not in self._tenant_groups.store.names():
                return self._sign_in.refusal(404, "there is no such group")
            return await call(request)

        return allowed

    async def _groups(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        listed = [
            records.group_to_json(self._tenant_groups.quirks, g)
            for g in self._tenant_groups.store.groups(self._tenant_groups.today)
        ]
        total = len(listed) + self._tenant_groups.quirks.unlisted_groups
        return self._answer({"totalGroups": total, "dncGroups": listed}, listed, wrapped=True)

    async def _make(self, request: Request) -> Response:
        try:
            content = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            content = None
        name = content.get("dncGroupName") if isinstance(content, dict) else None
        if not isinstance(name, str) or not name:
            return self._sign_in.refusal(400, "dncGroupName is missing")
        group_id = self._tenant_groups.make(name)
        listed = [
            records.group_to_json(self._tenant_groups.quirks, g)
            for g in self._tenant_groups.store.groups(self._tenant_groups.today)
            if g.id == group_id
        ]
        return self._answer({"dncGroups": listed}, listed, wrapped=False)

    async def _records(self, request: Request) -> Response:
        quirks, query = self._tenant_groups.quirks, request.query_params
        skip, top = query.get("skip", "0"), query.get("top", str(quirks.most_records))
        if not (skip.isdigit() and top.isdigit() and query.keys() <= {"skip", "top", "fields", "orderBy"}):
            return self._sign_in.refusal(400, "skip and top are numbers")
        if quirks.refuses_more and int(top) > quirks.most_records:
            return self._sign_in.refusal(400, f"top is at most {quirks.most_records}")
        if "orderBy" in query and quirks.order_by == "refused":
            return self._sign_in.refusal(400, "orderBy names no column")
        page, total = self._tenant_groups.records(
            request.path_params["group"],
            int(skip),
            min(int(top), quirks.most_records),
            is_ordered="orderBy" in query,
        )
        request.state.items = len(page)
        content: dict[str, Any] = {quirks.array: [records.record_to_json(quirks, record) for record in page]}
        if quirks.totals:
            content["totalRecords"] = total
        return self._answer(content, page, wrapped=True)

    async def _add(self, request: Request) -> Response:
        return await self._write_records(request, int, records.add_record, wrapped=True)

    async def _expire(self, request: Request) -> Response:
        if not self._tenant_groups.quirks.deletes:
            return self._sign_in.refusal(405, "this tenant cannot expire records")
        wrapped = self._tenant_groups.quirks.wraps_expiry
        return await self._write_records(request, str, records.expire_record, wrapped=wrapped)

    async def _write_records(
        self,
        request: Request,
        kind: type,
        write: Callable[[Groups, int, records.PostedRecord], str],
        *,
        wrapped: bool,
    ) -> Response:
        try:
            posted = records.parse_records(await request.body(), kind)
        except records.Malformed as error:
            return self._sign_in.refusal(400, str(error))
        request.state.items = len(posted)
        if len(posted) > self._tenant_groups.quirks.most_posted:
            return self._sign_in.refusal(413, f"more than {self._tenant_groups.quirks.most_posted} records")
        results = [
            (record, write(self._tenant_groups, request.path_params["group"], record)) for record in posted
        ]
        return self._answer(
            records.results_to_json(self._tenant_groups.quirks, results), results, wrapped=wrapped
        )

    async def _search(self, request: Request) -> Response:
        quirks = self._tenant_groups.quirks
        in_query, in_body = request.query_params.get("phoneNumber", ""), _searched(await request.body())
        digits = {"wants-body": in_body, "wants-query": in_query}.get(quirks.search, in_query or in_body)
        if not quirks.searches:
            return self._sign_in.refusal(403, "the user may not search")
        if not digits.isdigit():
            return self._sign_in.refusal(400, "phoneNumber is missing")
        names = self._tenant_groups.store.names()
        results = [
            records.search_result_to_json(self._tenant_groups.quirks, record, names[record.group])
            for record in self._tenant_groups.search(digits)
            if record.group in names
            and (self._tenant_groups.quirks.shows_over or not record.is_expired(self._tenant_groups.today))
        ]
        return self._answer({"searchResults": results}, results, wrapped=False)

    def _answer(self, content: dict[str, Any], items: object, *, wrapped: bool) -> Response:
        return wrapped_answer(self._tenant_groups.quirks, content, items, wrapped=wrapped)


def _searched(body: bytes) -> str:
    """Give the number that a search names in its body; empty where it names none."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    phone = content.get("phoneNumber") if isinstance(content, dict) else None
    return phone if isinstance(phone, str) else ""
