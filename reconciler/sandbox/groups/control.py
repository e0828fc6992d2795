"""The control API of dialect `dnc-groups`, below `/_sandbox/`: quirks, groups, and what agents do."""

from dataclasses import fields
from typing import Any, get_args

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.answers import answer, problem
from reconciler.sandbox.groups.behaviour import Quirks
from reconciler.sandbox.tenant import Tenant


class Unreadable(Exception):
    """What was sent cannot be read."""


class GroupsControl:
    """Changes one tenant's groups from outside."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def routes(self) -> list[Route]:
        """List the paths."""
        return [
            Route("/_sandbox/quirks", self.behave, methods=["PUT"]),
            Route("/_sandbox/groups", self.make, methods=["POST"]),
            Route("/_sandbox/records", self.act, methods=["POST"]),
            Route("/_sandbox/records", self.records, methods=["GET"]),
        ]

    async def behave(self, request: Request) -> Response:
        """Set the quirks, all at once; what is not named is as NICE publishes it."""
        try:
            self._tenant.groups.quirks = parse_quirks(_parse_json(await request.body()))
        except Unreadable as error:
            return problem(400, str(error))
        return Response(status_code=204)

    async def make(self, request: Request) -> Response:
        """Make a group: `name`, and `active` and `removed` where they are not as usual."""
        content = _parse_json(await request.body())
        if not isinstance(content, dict) or not {"name"} <= content.keys() <= {"name", "active", "removed"}:
            return problem(400, "a group has a name, and may be active and removed")
        group_id = self._tenant.groups.make(
            str(content["name"]),
            active=bool(content.get("active", True)),
            removed=bool(content.get("removed")),
        )
        return answer({"dncGroupId": group_id}, 201)

    async def act(self, request: Request) -> Response:
        """Play an agent: `add` or `expire` the `phoneNumber` (digits) of a `group`, by its name."""
        groups = self._tenant.groups
        ids = {name: group for group, name in groups.store.names().items()}
        match _parse_json(await request.body()):
            case {"act": "add", "group": str(name), "phoneNumber": str(digits), **more} if name in ids:
                expired = more.get("expiredDate")
                groups.add_number(ids[name], digits, None if expired is None else str(expired))
                return answer({"done": 1, "missing": 0})
            case {"act": "expire", "group": str(name), "phoneNumber": str(digits)} if name in ids:
                is_expired = groups.store.expire(
                    ids[name], groups.to_stored_form(digits), groups.today, groups.now
                )
                return answer(
                    {"done": int(is_expired), "missing": int(not is_expired)}, 200 if is_expired else 404
                )
            case _:
                return problem(400, "an act is an object with act (add, expire), group and phoneNumber")

    async def records(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        """Dump every record of every group, in order."""
        store = self._tenant.groups.store
        return answer(
            [
                {"group": name, "phoneNumber": r.phone, "expiredDate": r.expired, "lastUpdateTime": r.updated}
                for group, name in store.names().items()
                for r in store.records(group, 0, -1)[0]
            ]
        )


def parse_quirks(content: Any) -> Quirks:  # noqa: ANN401  (any JSON)
    """Read quirks, each by its name in camel case. Raises Unreadable."""
    known = {_camel(field.name): field for field in fields(Quirks)}
    if not isinstance(content, dict) or not content.keys() <= known.keys():
        raise Unreadable(f"quirks are an object of {', '.join(known)}")
    values: dict[str, Any] = {}
    defaults = Quirks()
    for name, value in content.items():
        field = known[name]
        default = getattr(defaults, field.name)
        choices = get_args(field.type)
        converted = set(value) if isinstance(default, set) and isinstance(value, list) else value
        if type(converted) is not type(default) or (
            choices and isinstance(default, str) and converted not in choices
        ):
            raise Unreadable(f"{name} cannot be {value!r}")
        values[field.name] = converted
    return Quirks(**values)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _parse_json(body: bytes) -> Any:  # noqa: ANN401  (any JSON)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
