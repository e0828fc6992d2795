"""The port to CXone: what a dialect must do. Planning and apply know this and nothing below it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from reconciler.core.model.entries import Key, ProjectedTerms, Terms
from reconciler.core.model.live import Live
from reconciler.core.model.outbound_skills import SkillsReading

# Of the allowed rate of requests, so much is used: two clocks never agree, and the network bunches requests.
PACE_PERCENT = 98


@dataclass(frozen=True, slots=True)
class Target:
    """Which CXone this is. Another target than the last report's means that nothing is held."""

    dialect: str
    organisation: str
    host: str


@dataclass(frozen=True, slots=True)
class ApiShape:
    """What calls a wire has, as far as their number can be planned.

    A read gives up to `page_size` entries at once (500 by contract). `one_list`: a page and a write are of
    one list only, and a read asks for the lists first. Taking one number off takes `per_removal` requests.

    `removal_looks` is 0 where each removal is a call of its own. Else a call takes several numbers of a list,
    which are looked up before and after it: up to so many one by one, more by reading their list.
    `day_slack`: an end may be shown so many days beside the one that was sent. `tells_skills`: a read tells
    which skills honour a list.
    """

    page_size: int = 500
    one_list: bool = False
    per_removal: int = 1
    removal_looks: int = 0
    day_slack: int = 0
    tells_skills: bool = False

    def is_as_sent(self, shown: ProjectedTerms, sent: ProjectedTerms) -> bool:
        """Tell whether a read may show these terms where the others were sent."""
        if shown == sent or not self.day_slack or shown.end is None or sent.end is None:
            return shown == sent
        is_near = abs((shown.end - sent.end).days) <= self.day_slack
        return is_near and replace(shown, end=sent.end) == sent


class Dialect(Protocol):
    """What a wire can carry of terms, and how what it carries is ordered. Pure."""

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        ...

    def project(self, terms: Terms) -> ProjectedTerms:
        """Reduce terms to what the wire brings back on a read."""
        ...

    def strength(self, projected: ProjectedTerms) -> tuple[int, ...]:
        """Order what the wire carries; higher is stronger."""
        ...

    def is_unsurpassed(self, terms: Terms) -> bool:
        """Tell whether no entry of this wire can be stronger than these terms, as git has them."""
        ...

    def write_fields(self, terms: Terms) -> Mapping[str, str]:
        """Say which fields a write sends besides number and list, for the plan's `after`."""
        ...

    def git_only_fields(self, terms: Terms) -> tuple[str, ...]:
        """Name the fields of these terms that CXone never learns: they live in git alone."""
        ...

    @property
    def removal_note(self) -> str:
        """Say what taking a number off does not do here, for a plan and a report that remove; or nothing."""
        ...

    @property
    def shape(self) -> ApiShape:
        """Say what its calls take."""
        ...


@dataclass(frozen=True, slots=True)
class Write:
    """One upsert: this number, on this list (the files' name), with these terms."""

    list_id: str
    phone: str
    terms: Terms

    @property
    def key(self) -> Key:
        """The (`listId`, `phone`) that it writes."""
        return (self.list_id, self.phone)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why CXone did not take one number, in its own words."""

    code: str
    message: str


NOT_EXPIRED = "NOT_EXPIRED"  # an order that CXone took, and that had no effect


class Verdict(StrEnum):
    """What became of one request, after its retries."""

    ANSWERED = "answered"  # understood; failures and conflicts are by phone
    TOO_LARGE = "too-large"  # 413, or throttled over and over: the same numbers in smaller chunks
    AMBIGUOUS = "ambiguous"  # sent, and what happened to it cannot be known without a read
    REFUSED = "refused"  # refused as a whole: nothing of it was stored
    UNSUPPORTED = "unsupported"  # this tenant has no such call (405, 501)
    NOT_SENT = "not-sent"  # we were told to stop before it was sent


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one chunk or one removal.

    `failures` and `conflicts` are by phone: no phone is in a chunk twice. A conflict (CXone has it exactly
    so) is not a failure. `started` and `ended` bound the time in which it can have been stored, on OUR clock.
    `latency_ms` is of the last attempt. `in_doubt`: an attempt before the last may have stored it.
    """

    verdict: Verdict
    failures: Mapping[str, Failure] = field(default_factory=dict)
    conflicts: frozenset[str] = frozenset()
    attempts: int = 0
    latency_ms: float = 0.0
    started: datetime | None = None
    ended: datetime | None = None
    cause: Failure | None = None
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class Removals:
    """What became of several removals: each number's own answer; the calls, with how many numbers each."""

    answers: Mapping[Key, Answer]
    sent: Sequence[tuple[int, Answer]] = ()

    @property
    def as_one(self) -> Answer:
        """Tell them as one answer: what is in doubt of one is in doubt of all."""
        answers = self.answers.items()
        failures = {key[1]: failure for key, answer in answers for failure in answer.failures.values()}
        failures |= {key[1]: a.cause for key, a in answers if a.verdict is Verdict.REFUSED and a.cause}
        verdicts = {answer.verdict for answer in self.answers.values()}
        verdict = Verdict.ANSWERED
        if Verdict.AMBIGUOUS in verdicts:
            verdict = Verdict.AMBIGUOUS
        elif not self.sent:
            verdict = Verdict.NOT_SENT
        return Answer(verdict, failures, attempts=sum(answer.attempts for _, answer in self.sent))


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """CXone's clock minus ours lies between these, from the `Date` headers seen (whole seconds)."""

    least: timedelta
    most: timedelta


class Provider(Protocol):
    """One tenant of CXone, paced, retried and signed in. Raises CxoneUnavailable or CxoneRefused."""

    @property
    def dialect(self) -> Dialect:
        """What its wire can carry."""
        ...

    @property
    def target(self) -> Target:
        """Which CXone this is."""
        ...

    def read(self, list_ids: frozenset[str]) -> Live:
        """Read everything, looking twice where a read does not add up. Other lists are only counted."""
        ...

    def reported_organisation(self) -> str:
        """Name the organisation as CXone itself told it; empty where this wire does not."""
        ...

    def tenant_list_id(self, list_id: str) -> str:
        """Give the tenant's own id of a list: another one is another target. Empty where it has but a name.

        Raises InvalidInput where the tenant has no such list.
        """
        ...

    def total(self) -> int:
        """Ask only how many entries there are."""
        ...

    def count(self, list_ids: frozenset[str]) -> int:
        """Ask how many entries there are where writes to these lists show: in the tenant, or in their groups.

        It takes one request, or one a list.
        """
        ...

    def early_capacity(self) -> int | None:
        """Tell how many entries may be written before a read, by what was told so far; None: no limit.

        Ask `count` first.
        """
        ...

    def shows_as_sent(self, writes: Sequence[Write], total: int) -> bool | None:
        """Look in a few requests whether writes show as they were sent, beside `total` entries.

        None: this wire cannot tell without a read.
        """
        ...

    def upsert(self, chunk: Sequence[Write]) -> Answer:
        """Send one chunk, once the pace allows; no phone may be in it twice."""
        ...

    def remove(self, key: Key, entry_id: str) -> Answer:
        """Take one entry off by its id; one that is already gone counts as answered."""
        ...

    def remove_together(self, keys: Sequence[Key]) -> Removals:
        """Take entries of one list off, where `shape.removal_looks` says that a call takes several."""
        ...

    def read_skills(self, list_ids: frozenset[str]) -> SkillsReading | None:
        """Read skills, and which of them these lists' groups stop; None where the wire tells of none."""
        ...

    def assign_skill(self, list_id: str, skill_id: str) -> Answer:
        """Add a skill to those that a list's group stops, where `read_skills` tells of skills."""
        ...

    def clock_offset(self) -> ClockOffset | None:
        """Tell how CXone's clock stands to ours; None before the first answer with a `Date`."""
        ...
