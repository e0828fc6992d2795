"""Dialect `entries`: its calls, and what becomes of each entry of a bulk post. Contract of 2026-11-23."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response

from reconciler.core.model.entries import Policy, ReasonCode
from reconciler.core.model.phone import is_e164
from reconciler.sandbox.answers import answer, problem
from reconciler.sandbox.entries.entry import Conduct, Entry
from reconciler.sandbox.entries.store import StoreResult
from reconciler.sandbox.tenant import Tenant
from reconciler.sandbox.tokens import READ, WRITE, Access

MOST_ENTRIES = 500

_FIELDS = ("phone", "reasonCode", "expirationPolicy", "listId", "source")
_NAMES = frozenset(_FIELDS)
_REASONS = frozenset(str(code) for code in ReasonCode)
_POLICIES = frozenset(str(policy) for policy in Policy)


class Malformed(Exception):
    """The body as a whole cannot be taken: a 400, and nothing of it is stored."""


def parse_chunk(body: bytes) -> list[Entry]:
    """Read a chunk. Raises Malformed for anything but an array of objects with exactly the five fields."""
    try:
        items = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed("the body is not JSON") from error
    if not isinstance(items, list):
        raise Malformed("the body is not an array")
    if not 1 <= len(items) <= MOST_ENTRIES:
        raise Malformed(f"{len(items)} entries were sent, 1 to {MOST_ENTRIES} can be")
    return [_entry(index, item) for index, item in enumerate(items)]


def _entry(index: int, item: object) -> Entry:
    if not isinstance(item, dict) or item.keys() != _NAMES:
        raise Malformed(f"entry {index} does not have exactly the fields {', '.join(_FIELDS)}")
    values = [item[name] for name in _FIELDS]
    if not all(isinstance(value, str) for value in values):
        raise Malformed(f"a field of entry {index} is not text")
    return Entry(*values)


@dataclass
class JudgedChunk:
    """One chunk on its way: what is to be stored, what is not, and the errors so far."""

    to_store: list[Entry] = field(default_factory=list)
    pretended_count: int = 0
    errors: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, phone: str, code: str, message: str) -> None:
        """Note a failure."""
        self.errors.append({"phone": phone, "errorCode": code, "errorMessage": message})

    def settle(self, stored: Sequence[StoreResult]) -> tuple[dict[str, object], int]:
        """Write the answer, with its status, once the entries are stored."""
        for entry, result in zip(self.to_store, stored, strict=True):
            if result is StoreResult.UNCHANGED:
                self.refuse(entry.phone, "DUPLICATE_ENTRY", "the entry exists exactly so")
        failures = len(self.errors)
        unchanged = sum(result is StoreResult.UNCHANGED for result in stored)
        body: dict[str, object] = {
            "successes": len(self.to_store) + self.pretended_count - unchanged,
            "failures": failures,
            "errors": self.errors,
        }
        return body, 201 if StoreResult.CREATED in stored else 200


def judge_chunk(entries: Sequence[Entry], conduct: Conduct) -> JudgedChunk:
    """Sort a chunk's entries into what is stored and what is refused, each by itself."""
    chunk = JudgedChunk()
    seen: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        refusal = _refusal(entry, conduct)
        first = seen.setdefault((entry.list_id, entry.phone), entry)
        if refusal:
            chunk.refuse(entry.phone, *refusal)
        elif first is not entry:
            code = "DUPLICATE_ENTRY" if first == entry else "CONFLICT"
            chunk.refuse(entry.phone, code, "the chunk has this number for this list already")
        elif entry.phone in conduct.ignored:
            chunk.pretended_count += 1
        else:
            chunk.to_store.append(entry)
    return chunk


def _refusal(entry: Entry, conduct: Conduct) -> tuple[str, str] | None:
    """Find the code and the words that one entry is refused with."""
    code = conduct.refused.get(entry.phone)
    checks = (
        (code is None, code or "", "this number is refused"),
        (is_e164(entry.phone), "INVALID_PHONE", "the phone is no E.164 number"),
        (entry.reason_code in _REASONS, "INVALID_REASON_CODE", "there is no such reason code"),
        (entry.expiration_policy in _POLICIES, "INVALID_EXPIRATION_POLICY", "there is no such policy"),
        (bool(entry.list_id), "INVALID_LIST_ID", "the list has no id"),
        (bool(entry.source), "INVALID_SOURCE", "the source is empty"),
    )
    return next(((error_code, words) for holds, error_code, words in checks if not holds), None)


LARGEST_PAGE = 500

# Customer-supplied specification: the base URL is `https://{orgId}.my.cxone.com`.
_DOMAIN = ".my.cxone.com"
_COUNT = re.compile(r"[0-9]{1,18}")
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
_GRANT = {"grant_type", "client_id", "client_secret"}


class Api:
    """Answers the four calls for one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def token(self, request: Request) -> Response:
        """POST /api/v2/oauth/token: sign a client in."""
        if _media_type(request) != "application/x-www-form-urlencoded":
            return _grant_refused(400, "invalid_request", "send a form")
        form = _form(await request.body(), "utf-8")
        if form is None or form.keys() != _GRANT:
            return _grant_refused(400, "invalid_request", f"send exactly {', '.join(sorted(_GRANT))}")
        if form["grant_type"] != "client_credentials":
            return _grant_refused(400, "unsupported_grant_type", "only client_credentials")
        token = self._tenant.tokens.issue(form["client_id"], form["client_secret"])
        if token is None:
            return _grant_refused(401, "invalid_client", "unknown client, or a wrong secret")
        content = {
            "access_token": token,
            "expires_in": self._tenant.settings.token_seconds,
            "token_type": "Bearer",
        }
        return answer(content, headers={"Cache-Control": "no-store"})

    async def read(self, request: Request) -> Response:
        """GET /api/v2/dnc/entries: one page, in the order in which the entries came."""
        if refused := self._refused(request, READ):
            return refused
        query = _form(request.url.query.encode(), "ascii")
        if query is None or query.keys() != {"pageSize", "page"}:
            return problem(400, "send pageSize and page, and nothing else")
        size, number = _count(query["pageSize"]), _count(query["page"])
        if not 1 <= size <= LARGEST_PAGE or number < 1:
            return problem(400, f"pageSize is 1 to {LARGEST_PAGE}, page counts from 1")
        entries, total = self._tenant.store.page(number, size)
        request.state.items = len(entries)
        return answer({"entity": [entry.to_json() for entry in entries], "page": number, "total": total})

    async def bulk(self, request: Request) -> Response:
        """POST /api/v2/dnc/entries/bulk: create or update up to 500 entries."""
        if refused := self._refused(request, WRITE):
            return refused
        if _media_type(request) != "application/json":
            return problem(415, "send application/json")
        body = await request.body()
        if len(body) > self._tenant.settings.largest_body:
            return problem(413, f"the body has more than {self._tenant.settings.largest_body} bytes")
        try:
            entries = parse_chunk(body)
        except Malformed as error:
            return problem(400, str(error))
        request.state.items = len(entries)
        most = self._tenant.conduct.most_items
        if most is not None and len(entries) > most:
            return problem(413, f"more than {most} entries")
        judged = judge_chunk(entries, self._tenant.conduct)
        content, status = judged.settle(self._tenant.store.upsert(judged.to_store, self._tenant.now()))
        return answer(content, status)

    async def delete(self, request: Request) -> Response:
        """DELETE /api/v2/dnc/entries/{id}: take one entry off. Assumed: the specification has no removal."""
        if refused := self._refused(request, WRITE):
            return refused
        if not self._tenant.conduct.deletes:
            return problem(405, "this tenant cannot remove", {"Allow": ""})
        if not self._tenant.store.delete(request.path_params["id"]):
            return problem(404, "there is no such entry")
        return Response(status_code=204)

    def _refused(self, request: Request, scope: str) -> Response | None:
        """Judge who calls; None when the call may go on."""
        if self._names_another_organisation(request):
            return problem(403, "the host names another organisation")
        bearer = _BEARER.fullmatch(request.headers.get("authorization", ""))
        match self._tenant.tokens.access(bearer[1] if bearer else "", scope):
            case Access.GRANTED:
                return None
            case Access.NO_TOKEN:
                return problem(401, "no valid token", {"WWW-Authenticate": "Bearer"})
            case Access.NO_SCOPE:
                return problem(403, f"the client does not have the scope {scope}")
            case Access.OTHER_ORGANISATION:
                return problem(403, "the client belongs to another organisation")

    def _names_another_organisation(self, request: Request) -> bool:
        host = request.headers.get("host", "").partition(":")[0].lower()
        return host.endswith(_DOMAIN) and host != self._tenant.settings.organisation.lower() + _DOMAIN


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _form(text: bytes, encoding: str) -> dict[str, str] | None:
    """Read a form or a query; None when it cannot be read, or names something twice."""
    try:
        pairs = parse_qsl(text.decode(encoding), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        return None
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else None


def _count(text: str) -> int:
    return int(text) if _COUNT.fullmatch(text) else 0


def _grant_refused(status: int, error: str, description: str) -> Response:
    """Refuse a sign-in, in the form that OAuth 2.0 gives (RFC 6749, section 5.2)."""
    return answer({"error": error, "error_description": description}, status)
