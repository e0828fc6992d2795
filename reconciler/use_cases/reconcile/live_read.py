"""Where a plan has live from: CXone, or the last reading that a run kept.

A merge request is planned many times, and each time a million rows would take 2,000 requests of the rate that
`apply` needs. So what `apply` and `drift` have read and verified is kept for it. `apply` itself always reads.

Who can write the file decides what a reviewer sees. So it carries a MAC, by a key that only protected jobs
have. Where that cannot be checked, CXone is read, unless the reading was asked for: then the plan says so.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from reconciler.config.configuration import Tenant, resolve
from reconciler.core.model.entries import Key
from reconciler.core.model.entry_table import EntryTable, terms_by_phone
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.live import Live
from reconciler.core.model.outbound_skills import SkillsReading
from reconciler.core.model.provider import Answer, ClockOffset, Dialect, Provider, Removals, Target, Write
from reconciler.core.planning.change import Direction
from reconciler.core.planning.cost import read_pages
from reconciler.core.planning.plan import Plan
from reconciler.cxone.http.sanitize import mark_invisible
from reconciler.cxone.saved_read import Stamp, load, saved_read_file, unusable_error
from reconciler.use_cases.reconcile.last_applied import Past
from reconciler.use_cases.workspace.connection import connect
from reconciler.use_cases.workspace.context import STATE_FOLDER, CommandContext, Today
from reconciler.use_cases.workspace.project import Project

CHEAP_READ_REQUESTS = (
    20  # requests: what takes no more is read anew, for the truth of now costs next to nothing
)
RULE = "CXONE-READ"
KEY_VARIABLE = "DNC_READING_KEY"
MIN_KEY_LENGTH = 16  # characters
ORIGIN_UNCHECKED = Finding(
    *("", 0, 0, "", RULE, Severity.WARNING),
    f"the origin of the saved reading cannot be checked, since {KEY_VARIABLE} is not set here: whoever can "
    "write a cache or an artifact of the pipeline can write one. This plan is never merged automatically; "
    "fix: plan with --reading live before you decide by it",
)
_MAX_AHEAD = timedelta(minutes=5)  # that two machines' clocks may differ


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
    cxone_name: Callable[[str], str]
    path: Path

    @property
    def target(self) -> Target:
        """Which CXone was read."""
        return self.stamp.target

    def missing_list(self, list_ids: frozenset[str]) -> str:
        """Name a list that this reading can say nothing of; empty where it tells of all.

        A list that was not asked for then, and of which nothing stood in CXone, is known to be empty. Of
        groups only those are known that were asked for, and those that were not are not to be counted anew.
        """
        lists_read = self.stamp.own_ids.keys()
        if self.dialect.shape.one_list:
            return min(lists_read ^ list_ids, default="")
        unknown_lists = (
            name
            for name in list_ids - lists_read
            if mark_invisible(self.cxone_name(name)) in self.live.foreign
        )
        return min(unknown_lists, default="")

    def read(self, list_ids: frozenset[str]) -> Live:
        """Give what was read, of these lists; others are only counted."""
        other_lists = self.stamp.own_ids.keys() - list_ids
        live = self.live
        foreign = dict(live.foreign)
        for name in other_lists:
            unreadable_count = sum(unreadable_entry.list_id == name for unreadable_entry in live.unreadable)
            twins = sum(len(ids) for (list_id, _), ids in live.duplicate_ids.items() if list_id == name)
            if rows := len(live.lists.get(name, ())) + unreadable_count + twins:
                foreign[mark_invisible(self.cxone_name(name))] = rows
        return replace(
            live,
            lists={name: entries for name, entries in live.lists.items() if name not in other_lists},
            duplicate_ids={key: ids for key, ids in live.duplicate_ids.items() if key[0] not in other_lists},
            duplicate_codes={
                key: codes for key, codes in live.duplicate_codes.items() if key[0] not in other_lists
            },
            unreadable=tuple(
                unreadable_count
                for unreadable_count in live.unreadable
                if unreadable_count.list_id not in other_lists
            ),
            foreign=dict(sorted(foreign.items())),
        )

    def reported_organisation(self) -> str:
        """Give nothing: nobody was asked."""
        return ""

    def tenant_list_id(self, list_id: str) -> str:
        """Give the tenant's own id of a list, as it was then."""
        return self.stamp.own_ids.get(list_id, "")

    def total(self) -> int:
        """Tell how many entries there were."""
        return self.live.entry_count

    def count(self, list_ids: frozenset[str]) -> int:  # noqa: ARG002  (the port's)
        """Refuse: `apply` never comes here."""
        raise AssertionError

    def early_capacity(self) -> int | None:
        """Tell nothing: nobody was asked."""
        return None

    def shows_as_sent(self, writes: Sequence[Write], total: int) -> bool | None:  # noqa: ARG002  (the port's)
        """Refuse: `apply` never comes here."""
        raise AssertionError

    def upsert(self, chunk: Sequence[Write]) -> Answer:  # noqa: ARG002  (the port's)
        """Refuse: `apply` never comes here."""
        raise AssertionError

    def remove(self, key: Key, entry_id: str) -> Answer:  # noqa: ARG002  (the port's)
        """Refuse: `apply` never comes here."""
        raise AssertionError

    def remove_together(self, keys: Sequence[Key]) -> Removals:  # noqa: ARG002  (the port's)
        """Refuse: `apply` never comes here."""
        raise AssertionError

    def read_skills(self, list_ids: frozenset[str]) -> SkillsReading | None:  # noqa: ARG002  (the port's)
        """Give nothing: skills are not kept; the newest report has what was known of them."""
        return None

    def assign_skill(self, list_id: str, skill_id: str) -> Answer:  # noqa: ARG002  (the port's)
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
            saved = _load_saved_read(written, project, ctx, asked_for=read_from is ReadFrom.SAVED)
            past = past_of(saved)
            _demand_current(saved, past, list_ids)
            if (
                read_from is ReadFrom.SAVED
                or read_pages(saved.live, saved.dialect.shape) > CHEAP_READ_REQUESTS
            ):
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


def discard_saved_read(folder: Path, tenant: Tenant, *, keeps_copy: bool = False) -> None:
    """Take the reading away before anything is written: a run that dies must not leave it behind.

    `keeps_copy`: under another name, for a run that may not have to read.
    """
    path = saved_read_path(folder / STATE_FOLDER, tenant)
    with suppress(OSError):
        if keeps_copy:
            path.replace(set_aside_path(path))
        else:
            set_aside_path(path).unlink(missing_ok=True)
            path.unlink(missing_ok=True)


def set_aside_path(path: Path) -> Path:
    """Name the place of a reading while its run writes."""
    return path.with_suffix(".set-aside")


def load_for_patch(
    project: Project, ctx: CommandContext, past: Past, list_ids: frozenset[str]
) -> SavedProvider | None:
    """Give the reading that stood when the run began; None where none can be used here."""
    tenant_settings = project.tenant(ctx.options.tenant)
    path = saved_read_path(ctx.folder / STATE_FOLDER, tenant_settings)
    aside = set_aside_path(path)
    try:
        place = aside if aside.exists() else path
        saved = _load_saved_read(tenant_settings, project, ctx, asked_for=False, path=place)
        _demand_current(saved, past, list_ids)
    except (InvalidInput, OSError):
        return None
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
    return saved


def saved_read_findings(live: Live, plan: Plan, now: datetime) -> Iterator[Finding]:
    """Say of a plan on a saved reading how old that is, and what it does not decide."""
    if not live.is_saved:
        return
    message = (
        f"planned on the reading of {live.read_at[:16]}Z, which is "
        f"{_age_text(now - _read_moment(live))} old: what "
        "changed in CXone since is not in it; apply reads CXone anew"
    )
    if plan.allowed_changes(Direction.EXPOSING):
        message += (
            ", and what is removed or weakened is decided on that: an opt-out since then keeps its number on"
        )
    yield Finding("", 0, 0, "", RULE, Severity.WARNING, message)


def reading_key(environ: Mapping[str, str]) -> bytes | None:
    """Give the key of a reading's MAC; None where none is set. Raises InvalidInput for a short one."""
    key = environ.get(KEY_VARIABLE, "")
    if key and len(key) < MIN_KEY_LENGTH:
        raise InvalidInput(
            f"{KEY_VARIABLE} is too short", f"set it to {MIN_KEY_LENGTH} random characters or more"
        )
    return key.encode() if key else None


def _is_origin_known(path: Path, ctx: CommandContext, *, asked_for: bool) -> bool:
    """Tell whether it is known who wrote a reading without a key: on a machine of one's own, its owner.

    Raises InvalidInput where it is not, unless the reading was asked for in a pipeline.
    """
    if ctx.pipeline.is_running:
        if not asked_for:
            raise unusable_error(path, f"cannot be checked, since {KEY_VARIABLE} is not set")
        return False
    facts = path.stat()
    if facts.st_uid != os.getuid() or facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise unusable_error(path, "is not yours alone: its owner or mode is another than dnc gave it")
    return True


def _load_saved_read(
    tenant_settings: Tenant,
    project: Project,
    ctx: CommandContext,
    *,
    asked_for: bool,
    path: Path | None = None,
) -> SavedProvider:
    """Load what was kept. Raises InvalidInput where that is not of this tenant, as it is, and of late."""
    path = path or saved_read_path(ctx.folder / STATE_FOLDER, tenant_settings)
    if tenant_settings.embedded:
        raise unusable_error(path, "of the built-in CXone is never kept")
    tenant = resolve(tenant_settings, ctx.environ, credentials=False)
    key = reading_key(ctx.environ)
    is_origin_known = key is not None or not path.exists() or _is_origin_known(path, ctx, asked_for=asked_for)
    stamp, live = load(path, key)
    if not is_origin_known:
        live = replace(live, warnings=(*live.warnings, ORIGIN_UNCHECKED))
    with connect(tenant, ctx) as dialect_provider:
        dialect = dialect_provider.dialect
        # Only the token says whose a tenant of dialect dnc-groups is, and nobody signs in for this.
        is_other = tenant.dialect == "entries" and dialect_provider.target != stamp.target
    if (
        stamp.tenant != tenant_settings.name
        or stamp.settings != tenant_settings.connection.read_settings()
        or is_other
    ):
        raise unusable_error(path, "is of another CXone, or was read under other settings")
    age, max_age = (
        ctx.clock() - _read_moment(live),
        timedelta(hours=project.configuration.saved_reads.max_age_hours),
    )
    if age > max_age:
        raise unusable_error(
            path, f"is {_age_text(age)} old, and {_age_text(max_age)} is the most (readings.maxAgeHours)"
        )
    if age < -_MAX_AHEAD:
        raise unusable_error(path, "was read in the future, by this machine's clock")
    as_of = Today.at(ctx.clock()).as_of
    return SavedProvider(dialect, stamp, _without_expired(live, as_of), tenant.own_list_id, path)


def _demand_current(saved_provider: SavedProvider, past: Past, list_ids: frozenset[str]) -> None:
    """Refuse a reading that runs since, or lists, have left behind. Raises InvalidInput."""
    newest = past.newest.sha256 if past.newest else None
    if saved_provider.stamp.report != newest:
        raise unusable_error(saved_provider.path, "is older than the newest report")
    if lacking := saved_provider.missing_list(list_ids | past.last_applied.list_ids):
        raise unusable_error(saved_provider.path, f"does not cover the list {lacking}")


def _without_expired(live: Live, as_of: date) -> Live:
    """Leave out what has ended since: a live reading would not show it any more."""
    lists = {}
    for name, entries in live.lists.items():
        terms = terms_by_phone(entries)
        distinct_terms = {id(api_terms): api_terms for api_terms in terms.values()}  # by identity: see ADR 19
        lapsed_terms = {
            api_terms for api_terms in distinct_terms.values() if api_terms.end and api_terms.end < as_of
        }
        stay = (
            {phone: entries[phone] for phone, api_terms in terms.items() if api_terms not in lapsed_terms}
            if lapsed_terms
            else None
        )
        lists[name] = entries if stay is None else EntryTable(stay)
    return replace(live, lists=lists)


def saved_read_path(folder: Path, tenant_settings: Tenant) -> Path:
    """Name the file of a tenant's reading."""
    return saved_read_file(folder, tenant_settings.name)


def _read_moment(live: Live) -> datetime:
    return datetime.fromisoformat(live.read_at)


def _age_text(age: timedelta) -> str:
    hours, minutes = divmod(max(0, round(age.total_seconds() / 60)), 60)
    return " ".join([f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0 or not hours))
