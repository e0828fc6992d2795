"""Where a plan has live from: CXone, or the last reading that a run kept.

A merge request is planned many times, and each time a million rows would take 2,000 requests of the rate that
`apply` needs. So what `apply` and `drift` have read and verified is kept for it. `apply` itself always reads.

Who can write the file decides what a reviewer sees. So it carries a MAC, by a key that only protected jobs
have. Where that cannot be checked, CXone is read, unless the reading was asked for: then the plan says so.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from reconciler.config.configuration import Tenant, resolve
from reconciler.core.model.entries import Key
from reconciler.core.model.entry_table import Book, terms_of
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Answer, ClockOffset, Dialect, Provider, Target, Write
from reconciler.core.planning.change import Direction
from reconciler.core.planning.cost import pages_of
from reconciler.core.planning.plan import Plan
from reconciler.cxone.http.sanitize import visible
from reconciler.cxone.saved_read import Stamp, load, unusable
from reconciler.use_cases.reconcile.last_applied import Past
from reconciler.use_cases.workspace.connection import connect
from reconciler.use_cases.workspace.context import STATE_FOLDER, CommandContext, Today
from reconciler.use_cases.workspace.project import Project

CHEAP = 20  # requests: what takes no more is read anew, for the truth of now costs next to nothing
RULE = "CXONE-READ"
KEY_VARIABLE = "DNC_READING_KEY"
LEAST_KEY = 16  # characters
UNCHECKED = Finding(
    *("", 0, 0, "", RULE, Severity.WARNING),
    f"the origin of the saved reading cannot be checked, since {KEY_VARIABLE} is not set here: whoever can "
    "write a cache or an artifact of the pipeline can write one. This plan is never merged automatically; "
    "fix: plan with --reading live before you decide by it",
)
_AHEAD = timedelta(minutes=5)  # that two machines' clocks may differ


class ReadFrom(StrEnum):
    """Where live is read from. `auto`: in merge request pipelines what was saved, where reading is dear.

    There, what was saved must have been saved with the key that the job has.
    """

    AUTO = "auto"
    LIVE = "live"
    SAVED = "saved"


@dataclass(frozen=True, slots=True)
class SavedProvider:
    """What was read before, in the place of CXone: no request is made, and nothing can be written."""

    dialect: Dialect
    stamp: Stamp
    live: Live
    own_names: Callable[[str], str]
    path: Path

    @property
    def target(self) -> Target:
        """Which CXone was read."""
        return self.stamp.target

    def lacking(self, list_ids: frozenset[str]) -> str:
        """Name a list that this reading can say nothing of; empty where it tells of all.

        A list that was not asked for then, and of which nothing stood in CXone, is known to be empty. Of
        groups only those are known that were asked for, and those that were not are not to be counted anew.
        """
        asked = self.stamp.own_ids.keys()
        if self.dialect.shape.one_list:
            return min(asked ^ list_ids, default="")
        unknown = (name for name in list_ids - asked if visible(self.own_names(name)) in self.live.foreign)
        return min(unknown, default="")

    def read(self, list_ids: frozenset[str]) -> Live:
        """Give what was read, of these lists; others are only counted."""
        others = self.stamp.own_ids.keys() - list_ids
        live = self.live
        foreign = dict(live.foreign)
        for name in others:
            odd = sum(one.list_id == name for one in live.unreadable)
            twins = sum(len(ids) for (list_id, _), ids in live.twins.items() if list_id == name)
            if rows := len(live.lists.get(name, ())) + odd + twins:
                foreign[visible(self.own_names(name))] = rows
        return replace(
            live,
            lists={name: entries for name, entries in live.lists.items() if name not in others},
            twins={key: ids for key, ids in live.twins.items() if key[0] not in others},
            codes={key: codes for key, codes in live.codes.items() if key[0] not in others},
            unreadable=tuple(odd for odd in live.unreadable if odd.list_id not in others),
            foreign=dict(sorted(foreign.items())),
        )

    def told_organisation(self) -> str:
        """Give nothing: nobody was asked."""
        return ""

    def own_id(self, list_id: str) -> str:
        """Give the tenant's own id of a list, as it was then."""
        return self.stamp.own_ids.get(list_id, "")

    def total(self) -> int:
        """Tell how many entries there were."""
        return self.live.entries

    def upsert(self, chunk: Sequence[Write]) -> Answer:  # noqa: ARG002  (the port's)
        """Refuse: `apply` never comes here."""
        raise AssertionError

    def remove(self, key: Key, entry_id: str) -> Answer:  # noqa: ARG002  (the port's)
        """Refuse: `apply` never comes here."""
        raise AssertionError

    def clock_offset(self) -> ClockOffset | None:
        """Tell nothing: no clock was seen."""
        return None


@contextmanager
def open_live(
    read_from: ReadFrom,
    project: Project,
    ctx: CommandContext,
    list_ids: frozenset[str],
    past_of: Callable[[Provider], Past],
) -> Iterator[tuple[Provider, Past]]:
    """Give what tells live, and the past of that CXone. `list_ids` are the files' lists.

    Raises InvalidInput where only a saved reading will do and there is none that can be used. Where one
    would do and cannot be used, that is said, and CXone is read.
    """
    written = project.tenant(ctx.options.tenant)
    found: tuple[SavedProvider, Past] | None = None
    if read_from is not ReadFrom.LIVE:
        try:
            saved = _saved(written, project, ctx, asked_for=read_from is ReadFrom.SAVED)
            past = past_of(saved)
            _demand_of_now(saved, past, list_ids)
            if read_from is ReadFrom.SAVED or pages_of(saved.live, saved.dialect.shape) > CHEAP:
                found = saved, past
        except InvalidInput as problem:
            if read_from is ReadFrom.SAVED:
                raise
            ctx.say(f"{problem.fact}; reading CXone instead")
    if found is not None:
        yield found
        return
    with connect(resolve(written, ctx.environ), ctx) as provider:
        yield provider, past_of(provider)


def saved_notes(live: Live, plan: Plan, now: datetime) -> Iterator[Finding]:
    """Say of a plan on a saved reading how old that is, and what it does not decide."""
    if not live.saved:
        return
    said = (
        f"planned on the reading of {live.read_at[:16]}Z, which is {_age(now - _moment(live))} old: what "
        "changed in CXone since is not in it; apply reads CXone anew"
    )
    if plan.going(Direction.EXPOSING):
        said += (
            ", and what comes off or weakens is decided on that: an opt-out since then keeps its number on"
        )
    yield Finding("", 0, 0, "", RULE, Severity.WARNING, said)


def reading_key(environ: Mapping[str, str]) -> bytes | None:
    """Give the key of a reading's MAC; None where none is set. Raises InvalidInput for a short one."""
    key = environ.get(KEY_VARIABLE, "")
    if key and len(key) < LEAST_KEY:
        raise InvalidInput(f"{KEY_VARIABLE} is too short", f"set it to {LEAST_KEY} random characters or more")
    return key.encode() if key else None


def _origin_known(path: Path, ctx: CommandContext, *, asked_for: bool) -> bool:
    """Tell whether it is known who wrote a reading without a key: on a machine of one's own, its owner.

    Raises InvalidInput where it is not, unless the reading was asked for in a pipeline.
    """
    if ctx.pipeline.running:
        if not asked_for:
            raise unusable(path, f"cannot be checked, since {KEY_VARIABLE} is not set")
        return False
    facts = path.stat()
    if facts.st_uid != os.getuid() or facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise unusable(path, "is not yours alone: its owner or mode is another than dnc gave it")
    return True


def _saved(written: Tenant, project: Project, ctx: CommandContext, *, asked_for: bool) -> SavedProvider:
    """Load what was kept. Raises InvalidInput where that is not of this tenant, as it is, and of late."""
    path = place_of(ctx.folder / STATE_FOLDER, written)
    if written.embedded:
        raise unusable(path, "of the built-in CXone is never kept")
    tenant = resolve(written, ctx.environ, credentials=False)
    key = reading_key(ctx.environ)
    known = key is not None or not path.exists() or _origin_known(path, ctx, asked_for=asked_for)
    stamp, live = load(path, key)
    if not known:
        live = replace(live, warnings=(*live.warnings, UNCHECKED))
    with connect(tenant, ctx) as unasked:
        dialect = unasked.dialect
        # Only the token says whose a tenant of dialect dnc-groups is, and nobody signs in for this.
        is_other = tenant.dialect == "entries" and unasked.target != stamp.target
    if stamp.tenant != written.name or stamp.settings != written.connection.read_settings() or is_other:
        raise unusable(path, "is of another CXone, or was read under other settings")
    age, most = ctx.clock() - _moment(live), timedelta(hours=project.configuration.readings.max_age_hours)
    if age > most:
        raise unusable(path, f"is {_age(age)} old, and {_age(most)} is the most (readings.maxAgeHours)")
    if age < -_AHEAD:
        raise unusable(path, "was read in the future, by this machine's clock")
    over = Today.at(ctx.clock()).as_of
    return SavedProvider(dialect, stamp, _without_lapsed(live, over), tenant.own_list_id, path)


def _demand_of_now(saved: SavedProvider, past: Past, list_ids: frozenset[str]) -> None:
    """Refuse a reading that runs since, or lists, have left behind. Raises InvalidInput."""
    newest = past.newest.sha256 if past.newest else None
    if saved.stamp.report != newest:
        raise unusable(saved.path, "is older than the newest report")
    if lacking := saved.lacking(list_ids | past.held.list_ids):
        raise unusable(saved.path, f"does not tell of the list {lacking}")


def _without_lapsed(live: Live, as_of: date) -> Live:
    """Leave out what has ended since: a live reading would not show it any more."""
    lists = {}
    for name, entries in live.lists.items():
        terms = terms_of(entries)
        distinct = {id(one): one for one in terms.values()}  # by identity: see ADR 19
        lapsed = {one for one in distinct.values() if one.end and one.end < as_of}
        stay = {p: entries[p] for p, one in terms.items() if one not in lapsed} if lapsed else None
        lists[name] = entries if stay is None else Book(stay)
    return replace(live, lists=lists)


def place_of(folder: Path, written: Tenant) -> Path:
    """Name the file of a tenant's reading."""
    return folder / f"{written.name}.reading"


def _moment(live: Live) -> datetime:
    return datetime.fromisoformat(live.read_at)


def _age(age: timedelta) -> str:
    hours, minutes = divmod(max(0, round(age.total_seconds() / 60)), 60)
    return " ".join([f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0 or not hours))
