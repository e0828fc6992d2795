"""The control API of dialect `dnc-groups`, below `/_sandbox/`: quirks, groups, and what agents do."""

from dataclasses import fields
from typing import Any, get_args

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.answers import answer, problem
from reconciler.sandbox.groups.behaviour import Quirks
from reconciler.sandbox.groups.skills import Skill, SkillKind
from reconciler.sandbox.tenant import Tenant

_SKILL_GROUPS: dict[str, SkillKind] = {"scrubbedBy": "scrubbed", "contributesTo": "contributing"}


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
            Route("/_sandbox/skills", self.add_skill, methods=["POST"]),
            Route("/_sandbox/skills", self.skills, methods=["GET"]),
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

    async def add_skill(self, request: Request) -> Response:
        """Add a skill: `name`, what else it is (`Skill`), its groups."""
        skills = self._tenant.groups.store.skills
        ids = {name: group for group, name in self._tenant.groups.store.names().items()}
        match _parse_json(await request.body()):
            case {"name": str(), **more} as content if more.keys() <= {*Skill._fields[2:], *_SKILL_GROUPS}:
                groups_by_kind: dict[SkillKind, Any] = {
                    kind: more.get(key, []) for key, kind in _SKILL_GROUPS.items()
                }
            case _:
                return problem(
                    400, f"a skill is an object of {', '.join((*Skill._fields[1:], *_SKILL_GROUPS))}"
                )
        if not all(isinstance(names, list) and set(names) <= ids.keys() for names in groups_by_kind.values()):
            return problem(400, f"{' and '.join(_SKILL_GROUPS)} name groups that there are")
        number = skills.add(Skill(0, **{k: v for k, v in content.items() if k in Skill._fields}))
        for kind, names in groups_by_kind.items():
            for name in names:
                skills.assign(ids[name], number, kind)
        return answer({"skillId": number}, 201)

    async def skills(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        """Dump every skill, with the names of its groups."""
        groups = self._tenant.groups.store

        def group_names(skill: Skill, kind: SkillKind) -> list[str]:
            return [n for group, n in groups.names().items() if skill in groups.skills.of_group(group, kind)]

        return answer(
            [
                skill._asdict() | {key: group_names(skill, kind) for key, kind in _SKILL_GROUPS.items()}
                for skill in groups.skills.all_skills()
            ]
        )

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
