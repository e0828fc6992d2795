"""A few weeks of a tenant's life, played on a clock that is moved by hand: what pages are looked at with."""

from datetime import timedelta

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.project import Project, dated, entry, release

_MERGED = {"CI_PIPELINE_SOURCE": "push", "GITLAB_USER_LOGIN": "ann.analyst"}
_SCHEDULE = {"CI_PIPELINE_SOURCE": "schedule", "GITLAB_USER_LOGIN": "dnc-schedule"}
AREAS = (212, 305, 312, 415, 512, 602, 617, 713, 801, 919)


def number(at: int) -> str:
    """Give one of 1,000 fictional numbers."""
    return f"+1{AREAS[at // 100]}555{100 + at % 100:04}"


def play(project: Project, days: int) -> None:
    """Let people ask, agents act and schedules run for some days; the last run is 3 hours ago."""
    state = [
        entry(
            *(number(n) for n in range(500, 560)),
            reason="STATE",
            jurisdiction="US-FL",
            source="state-registry",
        )
    ]
    national = [number(n) for n in range(600, 700)]
    asked: list[dict] = []
    released: list[dict] = []
    for day in range(days):
        today = project.clock().date()
        for n in range(day % 4):
            at = day * 4 + n
            waited = 40 if day in (11, 19) and n == 0 else day % 9
            on = (today - timedelta(days=waited)).isoformat()
            asked.append(entry(number(at), requestedOn=on, evidence=f"CALL-{8000 + at}"))
        if day % 7 == 3:
            national += [number(700 + day * 2 + n) for n in range(14)]
        project.list(*asked, list_id="customers", name="customers", releases=released, commit=False)
        registries = [entry(*national, reason="NATIONAL", source="ftc"), *state]
        project.list(*registries, list_id="registries", name="registries", commit=False)
        ends = (today + timedelta(days=20 + 9 * (n % 8)) for n in range(24))
        campaigns = [dated(number(900 + n), until=end.isoformat()) for n, end in enumerate(ends)]
        project.list(*campaigns, list_id="campaigns", name="campaigns")
        _faults(project, day, days)
        project.run("apply", **_MERGED)
        project.clock.move(hours=10)
        if day % 5 == 2 and asked:
            project.agent("remove", asked[-1]["phones"][0], list_id="customers")
        if day % 6 == 1:
            project.agent("add", number(800 + day), list_id="customers")
        if day % 8 == 4 and len(asked) > 4:
            gone = asked.pop(1)
            released.append(release(gone["phones"][0], on=today.isoformat()))
        if day == 21:
            asked.pop(3)  # a line that just vanishes: the number is kept
        down = {"CXONE_CLIENT_SECRET": "changed by somebody"} if day == 26 else {}
        project.run("apply", **_SCHEDULE, **down)
        project.clock.move(hours=14)
    project.clock.move(hours=-11)


def _faults(project: Project, day: int, days: int) -> None:
    """Refuse a number that a request asks for, once for a day and once to the end; and fail twice."""
    refused = {
        9: {number(36 + 0): "INVALID"},
        10: {},
        days - 14: {},
        days - 13: {number((days - 13) * 4): "INVALID"},
    }
    project.sandbox.conduct.refused = refused.get(day, project.sandbox.conduct.refused)
    if day == 16:
        busy = Fault(FaultAction.STATUS, RequestKind.BULK, status=503)
        project.sandbox.plan(busy, busy)
