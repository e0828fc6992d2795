"""Every fault that a request can meet, and the phases of a run in which it can meet it."""

from dataclasses import replace

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind

# The reads of these tests have three pages, so the fourth request for one belongs to the read-back.
PAGES = 3

PHASES: dict[str, tuple[RequestKind, int]] = {
    "sign-in": (RequestKind.TOKEN, 0),
    "read": (RequestKind.READ, 0),
    "read, half-way": (RequestKind.READ, 1),
    "create": (RequestKind.BULK, 0),
    "create, later": (RequestKind.BULK, 1),
    "update": (RequestKind.BULK, 3),
    "read-back": (RequestKind.READ, PAGES),
    "read-back, half-way": (RequestKind.READ, PAGES + 2),
    "delete": (RequestKind.DELETE, 0),
    "delete, later": (RequestKind.DELETE, 1),
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
    **{str(status): Fault(FaultAction.STATUS, status=status) for status in _STATUSES},
    **{
        f"{status}, stored": Fault(FaultAction.STATUS, status=status, stored=True)
        for status in (409, 500, 503, 504, 408)
    },
    "429": Fault(FaultAction.STATUS, status=429),
    **{f"429 {after}": Fault(FaultAction.STATUS, status=429, retry_after=after) for after in _AFTERS},
    "503 after 20": Fault(FaultAction.STATUS, status=503, retry_after="20"),
    "cut": Fault(FaultAction.CUT),
    "cut, stored": Fault(FaultAction.CUT, stored=True),
    "torn": Fault(FaultAction.TORN),
    "half JSON": Fault(FaultAction.HALF_JSON),
    "HTML": Fault(FaultAction.HTML),
    "HTML, stored": Fault(FaultAction.HTML, stored=True),
    "time-out, stored": Fault(FaultAction.SLOW, delay=0.3, stored=True),
    "short count": Fault(FaultAction.SHORT_COUNT),
    "no count": Fault(FaultAction.SHORT_COUNT, by=1000),
    "total too high": Fault(FaultAction.WRONG_TOTAL, by=7),
    "total too low": Fault(FaultAction.WRONG_TOTAL, by=-7),
    "redirect": Fault(FaultAction.REDIRECT),
    "revoked": Fault(FaultAction.REVOKE),
    "numbers as text": Fault(FaultAction.RETYPED),
    "unknown fields": Fault(FaultAction.UNKNOWN_FIELDS),
    "endless": Fault(FaultAction.ENDLESS),
    "endless, stored": Fault(FaultAction.ENDLESS, stored=True),
    "echo": Fault(FaultAction.ECHO, status=500),
    "echo as a page": Fault(FaultAction.ECHO, status=502, content_type="text/html"),
    "echo as a success": Fault(FaultAction.ECHO, status=200, content_type="text/html"),
    "echo in a refusal": Fault(FaultAction.ECHO, status=400),
    "nothing": Fault(FaultAction.TEXT, status=200),
    "null": Fault(FaultAction.TEXT, status=200, body="null"),
    "a list": Fault(FaultAction.TEXT, status=200, body="[]"),
    "an empty object": Fault(FaultAction.TEXT, status=200, body="{}"),
    "deep JSON": Fault(FaultAction.TEXT, status=200, body="[" * 100_000),
    "escapes": Fault(FaultAction.TEXT, status=400, body='{"message": "\\u001b[2J\\u001b]0;owned\\u0007"}'),
}


# What a removal cannot be told from one that was done: CXone says "gone", or says nothing with a 200.
LIES = ("404", "nothing", "an empty object")


def fault(name: str, phase: str, *, lasting: bool) -> Fault:
    """Make one fault for one phase; it comes once, or until it is cleared."""
    kind, skip = PHASES[phase]
    return replace(FAULTS[name], on=kind, skip=skip, times=None if lasting else 1)
