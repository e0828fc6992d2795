"""The alphabet: what may happen to one number on two lists. Each event that is a commit is one commit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from reconciler.core.model.entries import Hold, Policy, ReasonCode, Release, Terms
from reconciler.core.model.entries import ReleaseReason as Why
from script.exhausting.scene import HERE, PHONE, THERE, Scene
from tests.properties.story import Act
from tests.properties.world import Line

P, Q, OTHER = ("p.yaml", *HERE), ("q.yaml", *HERE), ("b.yaml", *THERE)
SOON = 5  # days until a dated term ends; the longer of the two waits is longer
Do = Callable[[Scene], None]


@dataclass(frozen=True)
class Event:
    """`words` say it in a sentence. `core`: it is of the smaller alphabet. `runs`: a run follows at once."""

    words: str
    do: Do
    core: bool = True
    runs: bool = True


def terms(reason: ReasonCode, days: int | None = None, asked: int | None = None) -> Callable[[date], Terms]:
    """Give terms by the day of the edit: the end so many days on, the request so many days back."""

    def on(today: date) -> Terms:
        requested = None if asked is None else today - timedelta(days=asked)
        policy = Policy.NEVER if days is None else Policy.ABSOLUTE
        end = None if days is None else today + timedelta(days=days)
        return Terms(reason, policy, end, requested)

    return on


CR, NATIONAL, STATE = ReasonCode.CUSTOMER_REQUESTED, ReasonCode.NATIONAL, ReasonCode.STATE
LOCAL = ReasonCode.LOCAL


def put(line: Line, made: Callable[[date], Terms]) -> Do:
    def do(scene: Scene) -> None:
        scene.files.lines[line] = made(scene.today)

    return do


def drop(*lines: Line) -> Do:
    def do(scene: Scene) -> None:
        scene.files.lines = {line: t for line, t in scene.files.lines.items() if line not in lines}

    return do


def release(why: Why, days: int = 0) -> Do:
    def do(scene: Scene) -> None:
        to = THERE[0] if why is Why.MOVED else None
        new = Release(*HERE, scene.today - timedelta(days=days), why, "FORM-1", to)
        if new not in scene.files.releases:
            scene.files.releases.append(new)

    return do


def together(*parts: Do) -> Do:
    def do(scene: Scene) -> None:
        for part in parts:
            part(scene)

    return do


def tidy(scene: Scene) -> None:
    scene.files.tidied += scene.files.releases
    scene.files.releases = []


def revert(scene: Scene) -> None:
    if scene.files.tidied:
        drop(P, Q)(scene)
        scene.files.releases, scene.files.tidied = [*scene.files.releases, *scene.files.tidied], []


def act(kind: str, *, enter: bool = False) -> Do:
    """Let somebody act in CXone or on the chain of reports, and the oracle know of it."""

    def do(scene: Scene) -> None:
        done = Act(kind, HERE, enter=enter)
        scene.oracle.acted(HERE, done, done.do(scene.world))

    return do


def hold(days: int | None) -> Do:
    def do(scene: Scene) -> None:
        until = None if days is None else scene.today + timedelta(days=days)
        if not scene.files.holds:
            scene.files.holds = [Hold("LIT-7", scene.today, until, phones=frozenset({PHONE}))]

    return do


def end_holds(scene: Scene) -> None:
    scene.files.holds = []


def shorten_holds(scene: Scene) -> None:
    """Let every hold end yesterday."""
    until = scene.today - timedelta(days=1)
    scene.files.holds = [Hold(h.matter, h.since, until, h.phones) for h in scene.files.holds]


def wait(days: int) -> Do:
    def do(scene: Scene) -> None:
        scene.wait(days)

    return do


def fault(name: str) -> Do:
    def do(scene: Scene) -> None:
        scene.armed = name

    return do


def _gone(why: Why, days: int = 0) -> Do:
    return together(drop(P, Q), release(why, days))


def _moved(made: Callable[[date], Terms]) -> Do:
    return together(_gone(Why.MOVED), put(OTHER, made))


EVENTS = (
    # Lines, in place.
    Event("file p says CUSTOMER_REQUESTED without an end", put(P, terms(CR))),
    Event("file p says CUSTOMER_REQUESTED that ends in 5 days", put(P, terms(CR, SOON))),
    Event("file p says CUSTOMER_REQUESTED, requested yesterday", put(P, terms(CR, asked=1))),
    Event("file p says NATIONAL", put(P, terms(NATIONAL))),
    Event("file p says STATE with an end in 5 days", put(P, terms(STATE, SOON))),
    Event("file p says LOCAL", put(P, terms(LOCAL))),
    Event("file q says CUSTOMER_REQUESTED that ends in 5 days", put(Q, terms(CR, SOON)), core=False),
    Event("file q says NATIONAL", put(Q, terms(NATIONAL))),
    Event("file q says LOCAL, requested yesterday", put(Q, terms(LOCAL, asked=1)), core=False),
    # Lines go.
    Event("all lines go", drop(P, Q)),
    Event("the line of file p goes", drop(P), core=False),
    # Releases, each with the lines in one commit; a release alone or beside a weaker line.
    Event("all lines go, with a CONSENT_GIVEN of today", _gone(Why.CONSENT_GIVEN)),
    Event("all lines go, with a CONSENT_GIVEN of 5 days ago", _gone(Why.CONSENT_GIVEN, 5)),
    Event("all lines go, with an ENTERED_IN_ERROR of today", _gone(Why.ENTERED_IN_ERROR), core=False),
    Event("all lines go, with a REGISTRY_REMOVED of today", _gone(Why.REGISTRY_REMOVED)),
    Event("all lines go, with a TERM_ENDED of today", _gone(Why.TERM_ENDED), core=False),
    Event("all lines go, with a MOVED; the other list says nothing new", _gone(Why.MOVED), core=False),
    Event(
        "all lines go, with a MOVED; the other list gets CUSTOMER_REQUESTED", _moved(terms(CR)), core=False
    ),
    Event("all lines go, with a MOVED; the other list gets one that ends in 5 days", _moved(terms(CR, SOON))),
    Event("a CONSENT_GIVEN of today is added", release(Why.CONSENT_GIVEN)),
    Event(
        "file p is weakened to LOCAL, with a CONSENT_GIVEN of today",
        together(put(P, terms(LOCAL)), release(Why.CONSENT_GIVEN)),
        core=False,
    ),
    Event("the releases are tidied up", tidy),
    Event("the tidying is reverted, and all lines go", revert, core=False),
    Event("the line of the other list goes", drop(OTHER), core=False),
    # Others in CXone.
    Event("an agent enters UNKNOWN without an end, where there is nothing", act("add")),
    Event(
        "an agent enters CUSTOMER_REQUESTED with an end that nobody can tell",
        act("date", enter=True),
    ),
    Event("a script enters NATIONAL", act("national", enter=True)),
    Event("an agent modifies the entry and leaves its terms", act("touch"), core=False),
    Event("an agent takes the number off", act("remove")),
    # Holds.
    Event("a hold names the number", hold(None)),
    Event("a hold names the number for 5 days", hold(SOON), core=False),
    Event("the hold is taken out", end_holds),
    Event("the hold is made to end yesterday", shorten_holds, core=False),
    # Time, faults, reports.
    Event("2 days pass", wait(2), core=False),
    Event("10 days pass", wait(10)),
    Event("the next write is refused", fault("refused"), core=False, runs=False),
    Event("the next write is stored and not answered", fault("stored"), core=False, runs=False),
    Event("the next removal is done and not answered", fault("gone"), core=False, runs=False),
    Event("somebody appends a report: the number is kept by a term that is over", act("forge"), core=False),
    Event("somebody appends a report that leaves out what keeps the number", act("omit"), core=False),
    Event("the chain of reports begins anew", act("rename"), core=False),
)
ALPHABETS = {"core": tuple(event for event in EVENTS if event.core), "whole": EVENTS}
