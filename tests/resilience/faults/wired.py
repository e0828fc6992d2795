"""A world whose CXone is the sandbox, spoken to over HTTP; and all that a run lets be seen of itself."""

import io
import logging
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

import requests
from structlog.testing import capture_logs

from reconciler.config.connection_settings import EntriesSettings
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Run
from reconciler.core.model.entries import (
    Key,
    Policy,
    ProjectedTerms,
    ReasonCode,
    Release,
    ReleaseReason,
    Terms,
)
from reconciler.core.model.errors import CxoneUnreadable, DncError
from reconciler.core.planning.change import Action, Direction
from reconciler.cxone.entries.dialect import EntriesDialect
from reconciler.cxone.entries.provider import EntriesProvider
from reconciler.sandbox.entries.agent import Deed
from reconciler.sandbox.entries.entry import Entry
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.tenant import Settings
from reconciler.sandbox.tokens import Client
from tests.properties.reports import Report
from tests.unit.apply.blind_world import BlindWorld
from tests.unit.cxone.standin import Time

LIST = "dnc-a"
CANARY = "cAnArY7"
SECRET = f's&c=r+t/% "<ü>\\{CANARY}'
LOCAL = Terms(ReasonCode.LOCAL, Policy.NEVER)
STRONG = Terms(ReasonCode.CUSTOMER_REQUESTED, Policy.NEVER)
DIALECT = EntriesDialect()


def number(n: int) -> str:
    return f"+1{200 + n // 100}55501{n % 100:02d}"


HELD = [number(n) for n in range(6)]
STRONGER = [number(n) for n in range(6, 9)]
RELEASED = [number(n) for n in range(9, 11)]
REMOVED = number(11)
ADDED = [number(n) for n in range(20, 30)]
OPT_OUT = number(40)
FOREIGN = 1_100  # entries on a list of somebody else: enough for three pages


@dataclass
class Ended:
    """How an apply ended: with a run, or with an error before anything was written."""

    run: Run | None = None
    error: DncError | None = None
    requests: int = 0


@dataclass
class Seen:
    """Everything that logs, errors, reprs and addresses showed."""

    text: io.StringIO = field(default_factory=io.StringIO)
    tokens: list[str] = field(default_factory=list)

    def note(self, *things: object) -> None:
        for thing in things:
            self.text.write(f"{thing!r}\n{thing}\n")

    def error(self, error: BaseException) -> None:
        self.note(error)
        self.text.write("".join(traceback.format_exception(error)))

    @property
    def leaked(self) -> list[str]:
        """Name what of our secrets can be seen."""
        shown = self.text.getvalue()
        return [secret for secret in (CANARY, *self.tokens) if secret in shown]


class Wired(BlindWorld):
    """One tenant. Every apply signs in anew, and knows no more than the reports, as a process of its own."""

    def __init__(self, sandbox: Sandbox, url: str, seen: Seen, *, chunk_size: int, concurrency: int) -> None:
        super().__init__()
        self.sandbox = sandbox
        self.url = url
        self.seen = seen
        self.chunk_size = chunk_size
        self.concurrency = concurrency

    @property
    def stored(self) -> dict[Key, ProjectedTerms]:
        """What stands in CXone, whatever anybody says."""
        return {
            (e.list_id, e.phone): ProjectedTerms(e.reason_code, e.expiration_policy)
            for e in self.sandbox.entries()
        }

    @property
    def desired(self) -> dict[Key, ProjectedTerms]:
        return {(list_id, phone): DIALECT.project(t) for (_, list_id, phone), t in self.files.lines.items()}

    def apply(self) -> Ended:
        """Play one `dnc apply`."""
        time, before = Time(), len(self.sandbox.requests.list_requests())
        told = EntriesSettings(
            base_url=self.url,
            client_id="client-1",
            client_secret=SECRET,
            org_id="sandbox",
            requests_per_minute=1_000_000,
            concurrency=self.concurrency,
        )
        ended = Ended()
        with EntriesProvider(
            told,
            clock=lambda: self.clock.now,
            stop=time,
            monotonic=time.monotonic,
            uniform=lambda _least, most: most,
        ) as provider:
            self.cxone = provider
            try:
                ended.run = self._applied()
            except DncError as error:
                ended.error = error
                self.seen.error(error)
            self.seen.note(told, provider, provider.statistics, ended)
        ended.requests = len(self.sandbox.requests.list_requests()) - before
        return ended

    def _applied(self) -> Run:
        try:
            run = self.run(chunk_size=self.chunk_size)
        except CxoneUnreadable as error:
            self.seen.error(error)
            run = self.run_blind(error, chunk_size=self.chunk_size)
        if run.error is not None and not run.tally.has_written and not run.tally.sent_requests:
            self.reports.pop()
            raise run.error
        return run


@contextmanager
def wired(*, chunk_size: int = 4, concurrency: int = 1) -> Iterator[Wired]:
    """Serve a CXone and keep everything that can be seen."""
    seen, log = Seen(), io.StringIO()
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    level, send = root.level, requests.Session.send

    def watched(self, request, **options):
        seen.note(request.method, request.url)
        return send(self, request, **options)

    settings = Settings(clients={"client-1": Client(SECRET)})
    clock: list = []
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    requests.Session.send = watched
    try:
        with (
            capture_logs() as events,
            Sandbox(None, clock=lambda: clock[0].now, settings=settings) as sandbox,
        ):
            issue = sandbox.tokens.issue

            def issued(client_id, secret):
                token = issue(client_id, secret)
                seen.tokens += [token] if token else []
                return token

            sandbox.tokens.issue = issued
            made = Wired(sandbox, "", seen, chunk_size=chunk_size, concurrency=concurrency)
            clock.append(made.clock)
            with sandbox.serve() as url:
                made.url = url
                yield made
            seen.note(*events)
    finally:
        requests.Session.send = send
        root.setLevel(level)
        root.removeHandler(handler)
        seen.text.write(log.getvalue())


def set_up(made: Wired) -> dict[Key, ProjectedTerms]:
    """Play what came before, and change the files.

    Numbers are held; somebody took one off, and an agent added one. Gives what nobody has permission to take
    off or to weaken.
    """
    before = [*HELD, *STRONGER, *RELEASED, REMOVED]
    made.files.lines = {("a.yaml", LIST, phone): LOCAL for phone in before}
    made.sandbox.load(Entry(number(1_000 + n), "NATIONAL", "NEVER", "agents") for n in range(FOREIGN))
    made.sandbox.load(Entry(phone, "LOCAL", "NEVER", LIST) for phone in before if phone != REMOVED)
    wrote, now = frozenset((LIST, phone) for phone in before), made.clock.now
    claims, as_of = made.files.claims(), made.as_of
    made.reports.append(Report(claims, as_of, frozenset(), {}, now, now, wrote, Counter()))
    made.clock.tick(3 * 86400)
    made.sandbox.act(Deed.ADD, Entry(OPT_OUT, "CUSTOMER_REQUESTED", "NEVER", LIST))
    made.clock.tick(60)
    made.files.lines |= {("a.yaml", LIST, phone): LOCAL for phone in ADDED}
    made.files.lines |= {("a.yaml", LIST, phone): STRONG for phone in STRONGER}
    for phone in RELEASED:
        del made.files.lines["a.yaml", LIST, phone]
        made.files.releases.append(
            Release(LIST, phone, date(2026, 11, 25), ReleaseReason.CONSENT_GIVEN, "F-1")
        )
    return {key: terms for key, terms in made.stored.items() if key[1] not in RELEASED}


def exposed(made: Wired, stood: dict[Key, ProjectedTerms]) -> list[Key]:
    """Name whoever came off or was weakened without permission."""
    now = made.stored
    return [
        key
        for key, terms in stood.items()
        if key not in now or DIALECT.strength(now[key]) < DIALECT.strength(terms)
    ]


def untold(
    made: Wired, ended: Ended, stood: dict[Key, ProjectedTerms], before: dict[Key, ProjectedTerms]
) -> list[object]:
    """Name whoever was exposed, and every statement of a run that is not so."""
    now = made.stored
    wrong: list[object] = [("exposed", key) for key in exposed(made, stood)]
    if ended.run is None:
        return [*wrong, *([] if now == before else ["something was written"])]
    run = ended.run
    for (action, list_id, phone), result in run.tally.results.items():
        key = (list_id, phone)
        there = key not in now if action is Action.DELETE else now.get(key) == made.desired.get(key)
        if result.outcome is Outcome.APPLIED and not there:
            wrong.append((action, key, result))
        if result.outcome is Outcome.NOT_ATTEMPTED and now.get(key) != before.get(key):
            wrong.append((action, key, result))
        failed = result.outcome is not Outcome.APPLIED and action is not Action.DELETE
        if failed and result.failure is None and not run.error:
            wrong.append((action, key, "no reason given"))
    missing = made.desired.keys() - now.keys()
    # A held number that a reading which did not add up lacks stays held: it may be there.
    told = run.not_live if run.final_plan.complete else {*run.not_live, (LIST, REMOVED)}
    if not missing <= told:
        wrong.append(("not told", missing - told))
    # Protective first: nothing comes off while anything protective is in doubt, or was not attempted.
    unsure = [
        c for c in run.tally.with_outcome(Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED) if c[0] is not Action.DELETE
    ]
    off = [key for key in before if key not in now]
    if off and (unsure or run.read_back == "failed"):
        wrong.append(("off too early", off, unsure))
    if run.is_clean and any(now.get(key) != terms for key, terms in made.desired.items()):
        wrong.append("clean")
    return wrong


def put_right(made: Wired, stood: dict[Key, ProjectedTerms]) -> list[object]:
    """Take the faults away and apply once more; name what is not as it should be then."""
    made.sandbox.faults.clear()
    made.clock.tick(60)
    last = made.apply()
    if last.run is None or not last.run.is_clean:
        return [last]
    wrong: list[object] = [("exposed", key) for key in exposed(made, stood)]
    wanted = {**made.desired, (LIST, OPT_OUT): stood[LIST, OPT_OUT]}
    here = {key: terms for key, terms in made.stored.items() if key[0] == LIST}
    wrong += [("not as desired", here.keys() ^ wanted.keys())] if here != wanted else []
    return [*wrong, *last.run.final_plan.allowed_changes(Direction.PROTECTIVE)]
