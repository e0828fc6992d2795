"""Every fault that a request can meet, and the phases of a run in which it can meet it."""

from dataclasses import replace

from reconciler.sandbox.faults import Action, Fault, Kind

# The reads of these tests have three pages, so the fourth request for one belongs to the read-back.
PAGES = 3

PHASES: dict[str, tuple[Kind, int]] = {
    "sign-in": (Kind.TOKEN, 0),
    "read": (Kind.READ, 0),
    "read, half-way": (Kind.READ, 1),
    "create": (Kind.BULK, 0),
    "create, later": (Kind.BULK, 1),
    "update": (Kind.BULK, 3),
    "read-back": (Kind.READ, PAGES),
    "read-back, half-way": (Kind.READ, PAGES + 2),
    "delete": (Kind.DELETE, 0),
    "delete, later": (Kind.DELETE, 1),
}

_STATUSES = (400, 401, 403, 404, 408, 409, 413, 415, 422, 425, 500, 501, 502, 503, 504, 599, 202, 207)
_AFTERS = (
    "0.01",
    "30",
    "86400",
    "-1",
    "soon",
    "Mon, 23 Nov 2026 18:00:30 GMT",
    "Mon, 01 Jan 2001 00:00:00 GMT",
)

FAULTS: dict[str, Fault] = {
    **{str(status): Fault(Action.STATUS, status=status) for status in _STATUSES},
    **{
        f"{status}, stored": Fault(Action.STATUS, status=status, stored=True)
        for status in (409, 500, 503, 504, 408)
    },
    "429": Fault(Action.STATUS, status=429),
    **{f"429 {after}": Fault(Action.STATUS, status=429, retry_after=after) for after in _AFTERS},
    "503 after 20": Fault(Action.STATUS, status=503, retry_after="20"),
    "cut": Fault(Action.CUT),
    "cut, stored": Fault(Action.CUT, stored=True),
    "torn": Fault(Action.TORN),
    "half JSON": Fault(Action.HALF_JSON),
    "HTML": Fault(Action.HTML),
    "HTML, stored": Fault(Action.HTML, stored=True),
    "time-out, stored": Fault(Action.SLOW, delay=0.3, stored=True),
    "short count": Fault(Action.SHORT_COUNT),
    "no count": Fault(Action.SHORT_COUNT, by=1000),
    "total too high": Fault(Action.WRONG_TOTAL, by=7),
    "total too low": Fault(Action.WRONG_TOTAL, by=-7),
    "redirect": Fault(Action.REDIRECT),
    "revoked": Fault(Action.REVOKE),
    "numbers as text": Fault(Action.RETYPED),
    "unknown fields": Fault(Action.UNKNOWN_FIELDS),
    "endless": Fault(Action.ENDLESS),
    "endless, stored": Fault(Action.ENDLESS, stored=True),
    "echo": Fault(Action.ECHO, status=500),
    "echo as a page": Fault(Action.ECHO, status=502, content_type="text/html"),
    "echo as a success": Fault(Action.ECHO, status=200, content_type="text/html"),
    "echo in a refusal": Fault(Action.ECHO, status=400),
    "nothing": Fault(Action.TEXT, status=200),
    "null": Fault(Action.TEXT, status=200, body="null"),
    "a list": Fault(Action.TEXT, status=200, body="[]"),
    "an empty object": Fault(Action.TEXT, status=200, body="{}"),
    "deep JSON": Fault(Action.TEXT, status=200, body="[" * 100_000),
    "escapes": Fault(Action.TEXT, status=400, body='{"message": "\\u001b[2J\\u001b]0;owned\\u0007"}'),
}


# What a removal cannot be told from one that was done: CXone says "gone", or says nothing with a 200.
LIES = ("404", "nothing", "an empty object")


def fault(name: str, phase: str, *, lasting: bool) -> Fault:
    """Make one fault for one phase; it comes once, or until it is cleared."""
    kind, skip = PHASES[phase]
    return replace(FAULTS[name], on=kind, skip=skip, times=None if lasting else 1)
